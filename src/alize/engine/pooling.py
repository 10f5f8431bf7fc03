"""One vector of a text whose rows come in pieces. In: rows, as they are computed. Out: a vector of length 1; and what is computed together.

The definition is `pooled` in model/embedder.py, which has all rows at once; a text of 32,000 tokens is never there whole here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Pool", "Pooling", "in_steps"]

Pooling = Literal["mean", "cls", "last"]
"""All rows alike, the first one, the last one."""

_LEAST = 1e-12  # a vector shorter than this has no direction


@dataclass(slots=True)
class Pool:
    """Of one text."""

    pooling: Pooling
    total: npt.NDArray[np.float64] | None = None

    def add(self, rows: npt.NDArray[np.float32]) -> None:
        """The next rows, at least one."""
        if self.pooling == "mean":
            total = rows.sum(axis=0, dtype=np.float64)
            self.total = total if self.total is None else self.total + total
        elif self.pooling == "last" or self.total is None:
            self.total = rows[0 if self.pooling == "cls" else -1].astype(np.float64)

    def vector(self) -> npt.NDArray[np.float32]:
        """What the text has become."""
        assert self.total is not None, "a text has at least one token"
        return (self.total / max(float(np.linalg.norm(self.total)), _LEAST)).astype(np.float32)


def in_steps(lengths: Sequence[int], most: int, alone: bool) -> Iterator[list[int]]:
    """Which sequences to compute together: as many as have `most` tokens, at least one, by their lengths; one where each goes `alone`.

    >>> list(in_steps([5, 3, 9, 4], 8, alone=False))
    [[1, 3], [0], [2]]
    """
    step, size = list[int](), 0
    for index in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        if step and (alone or size + lengths[index] > most):
            yield step
            step, size = [], 0
        step.append(index)
        size += lengths[index]
    if step:
        yield step
