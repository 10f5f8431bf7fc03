"""Decode steps that are recorded once and repeated. In: a batch with one token of each sequence. Out: logits.

At a batch of a few rows a GPU computes a layer faster than Python can ask for it. A CUDA graph is the whole step, asked for at once; but it
has always the same shapes and reads the same addresses. So there is one for each of a few numbers of rows, which read their inputs from
memory that stays: a batch is padded to the next of these numbers, and its numbers are written there.

    3 rows, as 4       tokens     [ 91 | 17 | 5 | 0 ]
                       positions  [ 20 |  8 | 0 | 0 ]
                       tables     [ 4 2 | 9 -1 | 3 -1 | S -1 ]        S: a block that belongs to nobody

A padded row writes into S what nobody reads, and no row sees what another one does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from alize.engine.runners.base import BLOCK, Batch, Ints
from alize.engine.runners.torch_cache import PagedCache
from alize.engine.runners.torch_triton.inputs import inputs, slots_of, table_of
from alize.engine.runners.torch_triton.memory import KernelAttention
from alize.engine.runners.torch_triton.tiles import FIELDS
from alize.model.build import Model

__all__ = ["MOST_ROWS", "DecodeSteps", "padded", "rows_recorded"]

MOST_ROWS = 256
"""As many as run at once by default (`max_running`). More are computed as any other batch."""


def rows_recorded(rows: int) -> int:
    """The next number of rows that there is a graph for.

    >>> [rows_recorded(rows) for rows in (1, 2, 3, 5, 64, 65)]
    [1, 2, 4, 8, 64, 128]
    """
    return 1 << (rows - 1).bit_length()


def padded(batch: Batch, rows: int, scratch: Mapping[str, int]) -> Batch:
    """A batch of decodes with rows behind it that write into the `scratch` block of each group."""
    more = rows - len(batch.lengths)
    tables: dict[str, Ints] = {}
    for name, table in batch.tables.items():
        tables[name] = np.pad(table, ((0, more), (0, 0)), constant_values=-1)
        tables[name][len(table) :, 0] = scratch[name]
    zeros, ones = np.zeros(more, np.int32), np.ones(more, np.int32)
    return replace(
        batch,
        tokens=np.concatenate([batch.tokens, zeros]),
        positions=np.concatenate([batch.positions, zeros]),
        lengths=np.concatenate([batch.lengths, ones]),
        contexts=np.concatenate([batch.contexts, ones]),
        tables=tables,
        sample=np.concatenate([batch.sample, zeros.astype(np.bool_)]),
    )


@dataclass(frozen=True, slots=True)
class _Recorded:
    graph: torch.cuda.CUDAGraph
    logits: Tensor  # written anew at each replay


class DecodeSteps:
    """The recorded steps over one set of caches. Each cache has one block more than is handed out, its last."""

    def __init__(self, model: Model, caches: Mapping[str, PagedCache], scratch: Mapping[str, int], length: int, device: str) -> None:
        """`length`: positions of a tile. On a CPU nothing is recorded: the same step, over the same memory, is computed anew each time."""
        self._model, self._caches, self._scratch, self._length = model, caches, scratch, length
        self._records = device.startswith("cuda")
        self._recorded: dict[int, _Recorded] = {}
        self._pool = torch.cuda.graph_pool_handle() if self._records else None
        most = -(-model.config.max_context // BLOCK)
        shapes: dict[str, tuple[int, ...]] = {"tokens": (), "positions": (), "tiles": (FIELDS,)}
        for name in caches:
            shapes |= {slots_of(name): (), table_of(name): (most,)}
        self._inputs = {name: torch.zeros((MOST_ROWS, *shape), dtype=torch.int32, device=device) for name, shape in shapes.items()}

    def takes(self, batch: Batch) -> bool:
        """Whether a batch is one of decodes, with nothing beside the model's own weights and its cache."""
        if batch.want != "tokens" or batch.shown or any(batch.adapters):
            return False
        return len(batch.tokens) == len(batch.lengths) <= MOST_ROWS

    def logits(self, batch: Batch) -> Tensor:
        """[R, V], good until the next call."""
        rows = rows_recorded(len(batch.lengths))
        self.fill(padded(batch, rows, self._scratch))
        if not self._records:
            return self.compute(rows)[: len(batch.lengths)]
        if rows not in self._recorded:
            self._recorded[rows] = _record(lambda: self.compute(rows), self._pool)
        self._recorded[rows].graph.replay()
        return self._recorded[rows].logits[: len(batch.lengths)]

    def fill(self, batch: Batch) -> None:
        """Write a batch into the memory that stays. What is left behind the end of a table is never read."""
        for name, array in inputs(batch, self._length).items():
            whole = self._inputs[name]
            into = whole[: len(array), : array.shape[1]] if array.ndim == 2 else whole[: len(array)]
            into.copy_(torch.as_tensor(array))

    def compute(self, rows: int) -> Tensor:
        """The step over the first rows of that memory: what is recorded."""
        these = {name: whole[:rows] for name, whole in self._inputs.items()}
        hidden_TD = self._model(these["tokens"], these["positions"], KernelAttention(self._caches, these))
        return self._model.head(hidden_TD)

    def forget(self) -> None:
        """Record anew what comes next: a layer has been replaced. In other memory: what was recorded may still hold some of this."""
        self._recorded.clear()
        self._pool = torch.cuda.graph_pool_handle() if self._records else None


def _record(compute: Callable[[], Tensor], pool: Any) -> _Recorded:
    """Once for nothing, since kernels are compiled and libraries make their workspaces the first time, then once to be recorded."""
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        compute()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool, stream=beside):
        logits = compute()
    return _Recorded(graph, logits)
