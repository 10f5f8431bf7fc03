"""Merges of ranked words, held against the plain way to find them."""

import doctest

from hypothesis import given
from hypothesis import strategies as st

from alize.convert import merges as module
from alize.convert.merges import merges, parts

WORDS = st.lists(st.binary(min_size=1, max_size=12).map(lambda word: bytes(97 + octet % 3 for octet in word)), unique=True, max_size=40)


def test_the_examples_hold() -> None:
    assert doctest.testmod(module).failed == 0


def plainly(words: list[bytes]) -> list[tuple[bytes, ...]]:
    """Looking through the whole word before each merge."""
    ranks, found = {word: rank for rank, word in enumerate(words)}, list[tuple[bytes, ...]]()
    for rank, word in enumerate(words):
        left = [word[at : at + 1] for at in range(len(word))]
        while len(left) > 2:
            each = [ranks.get(left[at] + left[at + 1], rank) for at in range(len(left) - 1)]
            if min(each) >= rank:
                break
            at = each.index(min(each))
            left[at : at + 2] = [left[at] + left[at + 1]]
        found += [tuple(left)] * (len(left) == 2)
    return found


@given(WORDS)
def test_they_are_those_that_the_plain_way_finds(words: list[bytes]) -> None:
    assert list(merges(words)) == plainly(words)


class Counted(dict[bytes, int]):
    """Ranks that count how often they are asked."""

    asked = 0

    def get(self, key: bytes, default: int) -> int:  # type: ignore[override]
        self.asked += 1
        return super().get(key, default)


def test_a_long_word_asks_for_three_ranks_a_letter_at_most() -> None:
    word = b"ab" * 2000
    ranks = Counted({b"ab" * 2**power: power for power in range(12)})
    assert [len(part) for part in parts(word, ranks, 100)] == [2048, 1024, 512, 256, 128, 32]
    assert ranks.asked < 3 * len(word)
