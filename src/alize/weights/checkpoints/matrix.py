"""A matrix left in its file. In: a tensor as it lies there. Out: any of its rows as float32, and nothing else decoded.

A 4-bit model of seven billion weights takes 4 GB in its file and 29 GB as float32. So it stays in the file, mapped, and a product decodes
as many rows as fit into the processor's cache, uses them, and decodes the next ones in their place.
"""

import numpy as np
import numpy.typing as npt

from alize.weights.checkpoints.base import Scale, StoredTensor
from alize.weights.checkpoints.dequantize import dequantize

__all__ = ["StoredMatrix", "rescale"]


class StoredMatrix:
    """A `Matrix` over the bytes of a file. Its rows are those of the checkpoint's array, to the bit."""

    def __init__(self, tensor: StoredTensor) -> None:
        rows, width = tensor.shape
        self.shape = (rows, width)
        self.nbytes = tensor.data.nbytes + (0 if tensor.scale is None else tensor.scale.values.nbytes)
        self._kind, self._scale, self._heads = tensor.kind, tensor.scale, tensor.rotary_halves
        self._data: npt.NDArray[np.uint8] = tensor.data.reshape(rows, tensor.data.nbytes // max(1, rows))

    def rows(self, start: int, stop: int, out: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Rows [start, stop) in canonical order, decoded into the beginning of `out`."""
        shape = (stop - start, self.shape[1])
        data = self._data[self._in_file(start, stop)] if self._heads else self._data[start:stop]
        room = out[: shape[0] * shape[1]]
        values = dequantize(self._kind, data.reshape(-1), shape, room)
        decoded = room.reshape(shape)
        if not np.may_share_memory(values, decoded):  # a plain kind: a view of the file
            decoded[...] = values
        if self._scale is not None:
            rescale(decoded, self._scale, self._in_file(start, stop))
        return decoded

    def _in_file(self, start: int, stop: int) -> npt.NDArray[np.int64]:
        """Where the rows are. Of heads in halves, a row and its neighbour are half a head apart (mapped.py draws it)."""
        rows = np.arange(start, stop)
        if not self._heads:
            return rows
        height = self.shape[0] // self._heads
        within = rows % height
        return rows - within + within // 2 + within % 2 * (height // 2)


def rescale(values: npt.NDArray[np.float32], scale: Scale, rows: npt.NDArray[np.int64]) -> None:
    """Multiply numbers of FP8, in place, by the factors of their blocks. `rows`: which rows of the matrix they are."""
    factors = scale.values[rows // scale.rows]
    for block in range(factors.shape[1]):
        values[:, block * scale.columns : (block + 1) * scale.columns] *= factors[:, block, None]
