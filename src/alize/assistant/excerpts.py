"""What a search shows. In: a text and the words looked for. Out: the part around the first of them, and where each stands in it."""

from dataclasses import dataclass
from itertools import accumulate

from alize.storage.folding import fold

__all__ = ["Excerpt", "excerpt"]

_BEFORE, _LENGTH = 60, 240  # characters


@dataclass(frozen=True, slots=True)
class Excerpt:
    text: str
    marks: tuple[tuple[int, int], ...]  # half-open, in UTF-16 units, as a browser counts


def excerpt(text: str, words: str) -> Excerpt:
    """
    >>> excerpt("Un été à Paris", "ete PARIS").marks
    ((3, 6), (9, 14))
    """
    flat = " ".join(text.split())
    pieces = [fold(character) for character in flat]  # each stands for one character of the text
    folded = "".join(pieces)
    origin = [index for index, piece in enumerate(pieces) for _ in piece]
    found: list[tuple[int, int]] = []
    for word in fold(words).split():
        at = folded.find(word)
        while at >= 0:
            found.append((origin[at], origin[at + len(word) - 1] + 1))
            at = folded.find(word, at + len(word))
    found.sort()
    begin = max(0, found[0][0] - _BEFORE) if found else 0
    shown = flat[begin : begin + _LENGTH]
    marks = [(a - begin, min(b - begin, len(shown))) for a, b in _merged(found) if a - begin < len(shown)]
    lead, tail = "…" if begin else "", "…" if begin + _LENGTH < len(flat) else ""
    units = [len(lead), *accumulate((2 if ord(c) > 0xFFFF else 1 for c in shown), initial=len(lead))][1:]
    return Excerpt(lead + shown + tail, tuple((units[a], units[b]) for a, b in marks))


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in ranges:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
