"""A batch as the core takes it. In: arrays. Out: a StepC that points into them.

A batch that is given again, with other numbers in the same arrays, needs no other StepC.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.engine.runners.base import Batch, RowSampling
from alize.engine.runners.native.beside import Beside
from alize.engine.runners.native.draws import Draws
from alize.engine.runners.native.library import BesideC, StepC

__all__ = ["Prepared", "step_of"]

Ints = npt.NDArray[np.int32]


class Prepared:
    """A batch of which the likeliest token of each sampled row is drawn."""

    def __init__(
        self,
        batch: Batch,
        groups: Sequence[str],
        adapters: "ctypes.Array[ctypes.c_void_p] | None",
        widest: int,
        sampling: Sequence[RowSampling],
        vocab: int,
    ) -> None:
        self.batch = batch
        self.rows: list[int] = np.flatnonzero(batch.sample).tolist()
        self.draws = Draws([sampling[row] for row in self.rows], [0] * len(self.rows), vocab)  # positions mean nothing to the likeliest
        last = (np.cumsum(batch.lengths, dtype=np.int32) - 1)[self.rows]
        given = (batch.tokens, batch.positions, batch.lengths)
        self.step, self._kept = step_of(batch, groups, adapters, widest, *given, last, draws=self.draws)
        pointed = [*self._kept[0], *self._kept[3:6]]
        assert all(mine is own for mine, own in zip(pointed, [*(batch.tables[name] for name in groups), *given], strict=True)), "a copy"


def step_of(
    batch: Batch,
    groups: Sequence[str],
    adapters: "ctypes.Array[ctypes.c_void_p] | None",
    widest: int,
    tokens: Ints,
    positions: Ints,
    lengths: Ints,
    rows: Ints,
    hidden: npt.NDArray[np.float32] | None = None,
    logits: npt.NDArray[np.float32] | None = None,
    draws: Draws | None = None,
    beside: Beside | None = None,
) -> tuple[StepC, list[Any]]:
    """A step of a batch's tables and adapters, and what it points to: keep both."""
    tables = [np.ascontiguousarray(batch.tables[name], np.int32) for name in groups]
    table = (ctypes.c_void_p * len(tables))(*(each.ctypes.data for each in tables))
    width = np.array([each.shape[1] for each in tables], np.int32)
    tokens, positions, lengths, rows = (np.ascontiguousarray(each, np.int32) for each in (tokens, positions, lengths, rows))
    step = StepC(
        tokens=len(tokens),
        sequences=len(lengths),
        token=tokens.ctypes.data,
        position=positions.ctypes.data,
        length=lengths.ctypes.data,
        table=ctypes.addressof(table),
        width=width.ctypes.data,
        row=rows.ctypes.data,
        rows=len(rows),
        adapter=None if adapters is None else ctypes.addressof(adapters),
        widest_rank=widest,
        hidden=None if hidden is None else hidden.ctypes.data,
        logits=None if logits is None else logits.ctypes.data,
        draw=None if draws is None else draws.draw,
        drawn=None if draws is None else draws.drawn,
        beside=BesideC() if beside is None else beside.call,
        besides=0 if beside is None else len(beside),
    )
    return step, [tables, table, width, tokens, positions, lengths, rows, adapters, draws, beside]
