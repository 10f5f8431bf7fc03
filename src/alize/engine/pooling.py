"""One vector of a text whose rows come in pieces. In: rows, as they are computed. Out: a vector of length 1.

The definition is `pooled` in model/embedder.py, which has all rows at once; a text of 32,000 tokens is never there whole here.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Pool", "Pooling"]

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
