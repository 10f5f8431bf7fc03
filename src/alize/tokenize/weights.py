"""How large a template's values would be if they were written out. In: a value. Out: characters, and levels of nesting.

A list may hold one text a million times, or itself-like lists forty levels deep (`[x, x]` again and again): small in memory, endless to
whoever prints, compares or hashes it. So each container is measured when it is made, and what is too large is stopped then.

>>> inner = ["ab", "ab"]
>>> Weights(lambda: None).of([inner, inner])
(56, 2)
"""

from collections.abc import Callable, Collection, ItemsView, KeysView, ValuesView
from typing import Any, cast

from jinja2.exceptions import SecurityError

__all__ = ["TemplateOverrun", "Weights"]

_ENTRY = 8  # characters that an entry counts beside what it says
_SHORT = 20  # characters of what is no text: a number, a macro, an iterator
_DEEPEST = 250  # levels; hashing tuples nested without end would overflow the stack of the process
_REMEMBERED = 2**20  # entries of the containers that are remembered, 8 MB


class TemplateOverrun(SecurityError):
    """A template spent more time or memory than any honest one needs."""


class Weights:
    """The containers of one rendering. Templates cannot change one once it is made, so each is measured once."""

    def __init__(self, turn: Callable[[], None]) -> None:
        """`turn` is called for every entry that is looked at: it stops what takes too long."""
        self.most: float = float("inf")  # characters of one container
        self._turn = turn
        self._known: dict[int, tuple[object, int, int]] = {}  # id → the container (which keeps its id its own), characters, levels
        self._entries = 0

    def size(self, *values: object) -> int:
        """Characters of all of them together."""
        return sum(self.of(value)[0] for value in values)

    def of(self, value: object, level: int = 0) -> tuple[int, int]:
        """Characters and levels. Raises TemplateOverrun beyond `most`, and beyond 250 levels."""
        if isinstance(value, str):
            return len(value), 0
        if isinstance(value, int):
            return _SHORT + value.bit_length() // 3, 0
        if (known := self._known.get(id(value))) is not None:
            return known[1], known[2]
        entries = _entries(value)
        if entries is None:
            return _SHORT, 0
        if level > _DEEPEST:
            raise TemplateOverrun(f"it nested more than {_DEEPEST} levels")
        characters = levels = 0
        for entry in entries:
            self._turn()
            inside, below = self.of(entry, level + 1)
            characters += _ENTRY + inside
            levels = max(levels, below)
        self.check(characters)
        if levels >= _DEEPEST:
            raise TemplateOverrun(f"it nested more than {_DEEPEST} levels")
        self._remember(value, len(entries), characters, levels + 1)
        return characters, levels + 1

    def added(self, whole: object, left: object, right: object) -> None:
        """Note that `whole` is `left + right`, so that a list that grows by one entry a turn is not measured anew each time."""
        if isinstance(whole, list | tuple):
            (before, deep), (after, deeper) = self.of(left), self.of(right)
            self.check(before + after)
            self._remember(cast("object", whole), len(cast("list[Any]", whole)), before + after, max(deep, deeper))

    def check(self, characters: int) -> None:
        """Raise TemplateOverrun for more than one container may hold."""
        if characters > self.most:
            raise TemplateOverrun(f"it made a list of more than {self.most:.0f} characters")

    def _remember(self, value: object, entries: int, characters: int, levels: int) -> None:
        self._entries += entries
        if self._entries > _REMEMBERED:  # they are measured again where they are met again
            self._known.clear()
            self._entries = entries
        self._known[id(value)] = (value, characters, levels)


def _entries(value: object) -> Collection[Any] | None:
    """What a container writes out: the keys and values of a dictionary, of its views too."""
    if isinstance(value, list | tuple):
        return cast("list[Any]", value)
    if isinstance(value, dict):
        return [each for pair in cast("dict[Any, Any]", value).items() for each in pair]
    if isinstance(value, ItemsView):
        return [each for pair in cast("ItemsView[Any, Any]", value) for each in pair]
    if isinstance(value, KeysView | ValuesView):
        return list(cast("KeysView[Any]", value))
    return None
