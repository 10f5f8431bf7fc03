"""Whether to look for what a grammar leaves nothing else for. In: what came of the last looks. Out: whether to look now.

A look costs masks that would else be computed beside the step (guides.py). So where four times nothing of what was found was worth a row
(speculation.py), there is the next look only after a step without one, then after three, seven, fifteen and thirty-one.
"""

__all__ = ["Lookout"]

_IN_VAIN, _LONGEST = 4, 31  # looks before there are fewer, and steps without one at most


class Lookout:
    """Of one engine."""

    def __init__(self) -> None:
        self._vain = self._rest = self._since = 0

    def due(self) -> bool:
        """Asked once in every step that has somebody to look for."""
        self._since += 1
        return self._since > self._rest

    def looked(self, *, worth: bool) -> None:
        """Something was found. `worth`: whether any of it is computed."""
        self._vain, self._since = 0 if worth else self._vain + 1, 0
        self._rest = 0 if self._vain < _IN_VAIN else min(2 * self._rest + 1, _LONGEST)
