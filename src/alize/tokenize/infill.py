"""Fill-in-the-middle (Bavarian et al. 2022). In: the text before a gap and the text after it. Out: ids that a model continues in the gap.

Models learn it from texts cut in three and put in another order, each part behind a marker of its own. Two orders are in use:

    [SUFFIX] after [PREFIX] before                          Mistral's: what is drawn goes on where the prompt ends
    <fim_prefix> before <fim_suffix> after <fim_middle>     StarCoder's, CodeLlama's and Qwen's
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["InfillMarkers", "infill_markers"]

_SPELLINGS: tuple[tuple[str, str, str | None], ...] = (
    ("[PREFIX]", "[SUFFIX]", None),
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    ("▁<PRE>", "▁<SUF>", "▁<MID>"),
)


@dataclass(frozen=True, slots=True)
class InfillMarkers:
    """Ids of control tokens."""

    prefix: int
    suffix: int
    middle: int | None  # None: Mistral's order

    def join(self, before: Sequence[int], after: Sequence[int]) -> list[int]:
        """
        >>> InfillMarkers(1, 2, None).join([7, 8], [9]), InfillMarkers(1, 2, 3).join([7, 8], [9])
        ([2, 9, 1, 7, 8], [1, 7, 8, 2, 9, 3])
        """
        if self.middle is None:
            return [self.suffix, *after, self.prefix, *before]
        return [self.prefix, *before, self.suffix, *after, self.middle]


def infill_markers(control: Mapping[str, int]) -> InfillMarkers | None:
    """The markers among these control tokens, None where a model has none."""
    for prefix, suffix, middle in _SPELLINGS:
        if prefix in control and suffix in control and (middle is None or middle in control):
            return InfillMarkers(control[prefix], control[suffix], None if middle is None else control[middle])
    return None
