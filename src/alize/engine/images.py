"""Images of a request. In: pixels, and where in the prompt their tokens stand. Out: which square each of these tokens shows.

The tokens of an image lie in rows as its squares do. The last of each row shows nothing: it says that the row, or the image, ends.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alize.engine.media import Ints

__all__ = ["Image", "Sight"]


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
    data: bytes  # float32, [3, rows · side, columns · side]: colours as the model was trained on them
    key: bytes  # the same for the same picture, whatever prompt it stands in

    @classmethod
    def of(cls, pixels: npt.NDArray[np.float32], side: int, start: int) -> "Image":
        """`pixels` are [3, height, width], multiples of `side`."""
        rows, columns = pixels.shape[1] // side, pixels.shape[2] // side
        assert pixels.shape == (3, rows * side, columns * side)
        data = np.ascontiguousarray(pixels, np.float32).tobytes()
        return cls(start, rows, columns, data, hashlib.blake2b(data, digest_size=24, person=b"%dx%d" % (rows, columns)).digest())

    @property
    def held(self) -> int:
        return len(self.data)

    @property
    def length(self) -> int:
        """Tokens it takes."""
        return self.rows * (self.columns + 1)

    @property
    def shown(self) -> int:
        """All but the one that says that it ends."""
        return self.length - 1

    def array(self, side: int) -> npt.NDArray[np.float32]:
        """The pixels again: [3, height, width]."""
        return np.frombuffer(self.data, np.float32).reshape(3, self.rows * side, self.columns * side)

    def shows(self, tokens: Ints) -> Ints:
        """Each square has a row; the last token of each row of squares shows nothing.

        >>> Image(5, 2, 3, b"", b"").shows(np.arange(2, 6)).tolist()
        [2, -1, 3, 4]
        """
        row, column = np.divmod(tokens, self.columns + 1)
        return np.where(column < self.columns, row * self.columns + column, -1)
