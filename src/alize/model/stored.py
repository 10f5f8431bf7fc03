"""Layers whose weights stay as their file has them. In: a Matrix. Out: what nn.Linear and nn.Embedding give, from decoded pieces.

A product with few rows reads every weight once and uses it once: what it costs is the reading. A 4-bit weight is an eighth of a float32 to
read, so it is decoded where it is used, in a piece of the processor's own cache, and the float32 is never written to memory:

    matrix in the file, 4 bits      a piece of rows, float32         product
    ┌──────────────────────┐        ┌───────────────────┐
    │ rows 0 … 31          │ ─────> │ 32 · 4096 values  │ ──> y[:, 0:32]
    │ rows 32 … 63         │        │ 512 KiB, reused   │
    │ …                    │        └───────────────────┘
    └──────────────────────┘

The layers of model/ stay plain; load.py puts these in their places where it is asked to. They compute in float32 or wider, also where
activations are bfloat16, and are for inference alone: the pieces are overwritten.
"""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.weights.checkpoints.base import Matrix

__all__ = ["StoredEmbedding", "StoredLinear", "Workers"]

PIECE = 1 << 17
"""Values decoded at once for few rows: 512 KiB of float32."""

LARGE_PIECE = 1 << 20
"""For many rows, where the product takes longer than the decoding and wants larger matrices."""

FEW = 4
"""So many rows are multiplied where they are decoded, each thread its own part. OpenMP's threads have no part in it: they would go on
turning for milliseconds after every piece, on the cores that decode the next one."""


class Workers:
    """Threads that decode, and a piece of memory for each. NumPy lets go of the interpreter while it computes."""

    def __init__(self, count: int | None = None) -> None:
        self.count = count or torch.get_num_threads()
        self._pool = ThreadPoolExecutor(self.count, "decode") if self.count > 1 else None
        self._own = threading.local()

    def desk(self, values: int) -> npt.NDArray[np.float32]:
        """This thread's piece, with room for so many values."""
        desk = getattr(self._own, "desk", None)
        if desk is None or len(desk) < values:
            desk = self._own.desk = np.empty(values, np.float32)
        return desk[:values]

    def split(self, rows: int, width: int, work: Callable[[int, int], None]) -> None:
        """work(start, stop) for all rows, by all threads where there is enough for them."""
        parts = min(self.count, -(-rows * width // PIECE))
        if parts <= 1 or self._pool is None:
            work(0, rows)
            return
        bounds = [rows * part // parts for part in range(parts + 1)]
        for done in [self._pool.submit(work, start, stop) for start, stop in itertools.pairwise(bounds)]:
            done.result()


class StoredLinear(nn.Module):
    """x @ matrix.T + bias"""

    def __init__(self, matrix: Matrix, bias: Tensor | None, workers: Workers) -> None:
        super().__init__()
        self.matrix, self.bias, self.workers = matrix, bias, workers
        self.out_features, self.in_features = matrix.shape

    def forward(self, x: Tensor) -> Tensor:
        wide = x.reshape(-1, self.in_features).to(torch.promote_types(x.dtype, torch.float32))
        few = len(wide) <= FEW and wide.device.type == "cpu"
        y_TR = (self._few if few else self._many)(wide)
        y_TR = y_TR if self.bias is None else y_TR + self.bias
        return y_TR.to(x.dtype).view(*x.shape[:-1], self.out_features)

    def _few(self, x_TD: Tensor) -> Tensor:
        y_TR = x_TD.new_empty(len(x_TD), self.out_features)
        rows_TD, into_TR = x_TD.numpy(), y_TR.numpy()
        height = max(1, PIECE // self.in_features)

        def multiply(start: int, stop: int) -> None:
            desk = self.workers.desk(height * self.in_features)
            for first in range(start, stop, height):
                last = min(first + height, stop)
                piece = self.matrix.rows(first, last, desk)
                for row, into in zip(rows_TD, into_TR, strict=True):
                    np.einsum("rd,d->r", piece, row, out=into[first:last])

        self.workers.split(self.out_features, self.in_features, multiply)
        return y_TR

    def _many(self, x_TD: Tensor) -> Tensor:
        y_TR = x_TD.new_empty(len(x_TD), self.out_features)
        width, height = self.in_features, max(1, LARGE_PIECE // self.in_features)
        desk = np.empty(min(height, self.out_features) * width, np.float32)
        for first in range(0, self.out_features, height):
            count = min(height, self.out_features - first)
            self.workers.split(count, width, lambda a, b, first=first: self._decode(first, a, b, desk))
            piece = torch.as_tensor(desk[: count * width]).view(count, width)
            y_TR[:, first : first + count] = F.linear(x_TD, piece.to(x_TD.device, x_TD.dtype))
        return y_TR

    def _decode(self, first: int, start: int, stop: int, desk: npt.NDArray[np.float32]) -> None:
        self.matrix.rows(first + start, first + stop, desk[start * self.in_features :])


class StoredEmbedding(nn.Module):
    """Rows of the matrix: only those that are asked for are ever read."""

    def __init__(self, matrix: Matrix, dtype: torch.dtype, device: str) -> None:
        super().__init__()
        self.matrix, self.dtype, self.device = matrix, dtype, device
        self.num_embeddings, self.embedding_dim = matrix.shape

    def forward(self, tokens_T: Tensor) -> Tensor:
        different, where = np.unique(tokens_T.numpy(force=True), return_inverse=True)
        table = np.empty((len(different), self.embedding_dim), np.float32)
        for token, row in zip(different.tolist(), table, strict=True):
            self.matrix.rows(token, token + 1, row)
        return torch.as_tensor(table[where.reshape(-1)]).view(*tokens_T.shape, -1).to(self.device, self.dtype)
