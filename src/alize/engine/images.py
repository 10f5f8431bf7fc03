"""Images of a request. In: pixels, and where in the prompt their tokens stand. Out: which of these tokens show what.

The tokens of an image lie in rows as its squares do. The last of each row shows nothing: it says that the row, or the image, ends.

    rows 2, columns 3, start 5:   prompt   … [IMG] [IMG] [IMG] [BREAK] [IMG] [IMG] [IMG] [END] …
                                  token        5     6     7      8      9    10    11    12
                                  square       0     1     2             3     4     5
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Image", "Ints", "Shown", "Sight", "shown"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sight:
    """How a model takes images."""

    side: int  # pixels a side of the square that one token shows
    most: int  # pixels of the longest side of an image


@dataclass(frozen=True, slots=True)
class Image:
    """One image, ready to be seen. Make it with `Image.of`."""

    start: int  # index of its first token in the prompt
    rows: int
    columns: int  # of squares
    pixels: bytes  # float32, [3, rows · side, columns · side]: colours as the model was trained on them
    key: bytes  # the same for the same picture, whatever prompt it stands in

    @classmethod
    def of(cls, pixels: npt.NDArray[np.float32], side: int, start: int) -> "Image":
        """`pixels` are [3, height, width], multiples of `side`."""
        rows, columns = pixels.shape[1] // side, pixels.shape[2] // side
        assert pixels.shape == (3, rows * side, columns * side)
        data = np.ascontiguousarray(pixels, np.float32).tobytes()
        return cls(start, rows, columns, data, hashlib.blake2b(data, digest_size=24, person=b"%dx%d" % (rows, columns)).digest())

    @property
    def length(self) -> int:
        """Tokens it takes."""
        return self.rows * (self.columns + 1)

    def array(self, side: int) -> npt.NDArray[np.float32]:
        """The pixels again: [3, height, width]."""
        return np.frombuffer(self.pixels, np.float32).reshape(3, self.rows * side, self.columns * side)


@dataclass(frozen=True, slots=True)
class Shown:
    """A stretch of an image's tokens in a batch."""

    image: Image
    first: int  # the first of its tokens that is in the batch
    count: int
    at: int  # where in the batch that is

    def squares(self) -> tuple[Ints, Ints]:
        """Of the tokens that show something: where in the batch they are, and which square of the image each shows.

        >>> image = Image(5, 2, 3, b"", b"")
        >>> [part.tolist() for part in Shown(image, first=2, count=4, at=10).squares()]
        [[10, 12, 13], [2, 3, 4]]
        """
        tokens = np.arange(self.first, self.first + self.count)
        row, column = np.divmod(tokens, self.image.columns + 1)
        shows = column < self.image.columns
        return (np.arange(self.count) + self.at)[shows], (row * self.image.columns + column)[shows]


def shown(images: Sequence[Image], start: int, count: int, at: int) -> list[Shown]:
    """What of a prompt's images is among `count` of its tokens from `start` on, which lie in the batch from `at` on."""
    found: list[Shown] = []
    for image in images:
        first, last = max(start, image.start), min(start + count, image.start + image.length)
        if first < last:
            found.append(Shown(image, first - image.start, last - first, at + first - start))
    return found
