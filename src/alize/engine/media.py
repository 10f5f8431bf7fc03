"""What a prompt shows beside its text. In: an image or a sound, and where its tokens stand. Out: which tokens of a batch show what of it.

an image, start 5:   prompt   … [IMG] [IMG] [IMG] [BREAK] [IMG] [IMG] [IMG] [END] …
                     token        5     6     7      8      9    10    11    12
                     row          0     1     2             3     4     5          of what its encoder gives

a step that runs tokens 7 … 10 of the prompt, from place 40 of its batch on: row 2 at 40, row 3 at 42, row 4 at 43
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Ints", "Medium", "Shown", "ahead", "salted", "shown"]

Ints = npt.NDArray[np.int64]


class Medium(Protocol):
    """An image or a sound, ready to be encoded."""

    @property
    def start(self) -> int:
        """Index of its first token in the prompt."""
        ...

    @property
    def length(self) -> int:
        """Tokens it takes."""
        ...

    @property
    def shown(self) -> int:
        """Tokens up to the last one that shows something of it."""
        ...

    @property
    def held(self) -> int:
        """Bytes that its request holds for what its encoder takes."""
        ...

    @property
    def key(self) -> bytes:
        """The same for the same data, whatever prompt it stands in."""
        ...

    def shows(self, tokens: Ints) -> Ints:
        """Which row of what its encoder gives each of its tokens shows; -1 for one that shows nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A stretch of a medium's tokens in a batch."""

    medium: Medium
    first: int  # the first of its tokens that is in the batch
    count: int
    at: int  # where in the batch that is

    def rows(self) -> tuple[Ints, Ints]:
        """Of the tokens that show something: where in the batch they are, and which of the encoder's rows each shows."""
        rows = self.medium.shows(np.arange(self.first, self.first + self.count))
        return (np.arange(self.count) + self.at)[rows >= 0], rows[rows >= 0]


def salted(key: bytes, salt: str) -> bytes:
    """The key of a medium that is found within one salt alone: how soon it is seen does not say whether another has shown it, too."""
    return hashlib.blake2b(key, digest_size=24, key=hashlib.blake2b(salt.encode()).digest()).digest()


def ahead(media: Sequence[Medium], start: int, end: int) -> list[Medium]:
    """Those that one of a prompt's tokens start … end-1 needs, or one behind these."""
    return [medium for medium in media if medium.start < end and start < medium.start + medium.shown]


def shown(media: Sequence[Medium], start: int, count: int, at: int) -> list[Shown]:
    """What of a prompt's media is among `count` of its tokens from `start` on, which lie in the batch from `at` on."""
    found: list[Shown] = []
    for medium in media:
        first, last = max(start, medium.start), min(start + count, medium.start + medium.length)
        if first < last:
            found.append(Shown(medium, first - medium.start, last - first, at + first - start))
    return found
