"""The merges behind ranks. In: the words of a byte-level BPE, the least rank first, as Tekken lists them. Out: the pairs that make them."""

import heapq
from collections.abc import Iterator, Mapping, Sequence

__all__ = ["merges", "parts"]


def merges(words: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Of each word, the two parts that are left when everything of a lower rank in it is merged; in the order of the words.

    >>> list(merges([b"a", b"b", b"c", b"ab", b"abc"]))
    [(b'a', b'b'), (b'ab', b'c')]
    """
    ranks = {word: rank for rank, word in enumerate(words)}
    for rank, word in enumerate(words):
        pair = parts(word, ranks, rank) if len(word) > 1 else []
        if len(pair) == 2:  # else no merge leads to it: it is found whole, or not at all
            yield pair[0], pair[1]


def parts(word: bytes, ranks: Mapping[bytes, int], below: int) -> list[bytes]:
    """What is left of a word when its parts are merged, the pair of the least rank first, until there are two or no rank is `below`.

    A heap has the pairs that there are or were, so a word costs as many steps as it has letters, times a logarithm: a vocabulary is a
    stranger's, and one long word must not take the day.
    """
    ends, starts = list(range(1, len(word) + 1)), list(range(len(word)))  # of the part that begins, or ends, at a letter
    pairs: list[tuple[int, int, int]] = []

    def offer(start: int) -> None:
        """The part that begins there, and the one behind it."""
        if ends[start] < len(word):
            end = ends[ends[start]]
            rank = ranks.get(word[start:end], below)
            if rank < below:
                heapq.heappush(pairs, (rank, start, end))

    for start in range(len(word) - 1):
        offer(start)
    left, gone = len(word), set[int]()
    while left > 2 and pairs:
        _, start, end = heapq.heappop(pairs)
        middle = ends[start]
        if start in gone or middle == len(word) or ends[middle] != end:  # one of the two is part of something longer by now
            continue
        gone.add(middle)
        ends[start], starts[end - 1] = end, start
        left -= 1
        offer(start)
        if start:
            offer(starts[start - 1])
    return [word[start : ends[start]] for start in range(len(word)) if start not in gone]
