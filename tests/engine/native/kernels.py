"""The core's kernels as functions over arrays, and what csrc/contract.h says in exact numbers. In: arrays. Out: arrays."""

import ctypes
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.engine.runners.native.library import FORMATS, MatrixC, RowsC, aligned, library, native_kernels

__all__ = ["NAMES", "Quantised", "Weights", "attended", "chain", "product", "quantise"]

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

NAMES = tuple(name for name in ("avx512", "avx2", "portable") if native_kernels(name) is not None)
"""The kernels that this processor can run."""


def handle(name: str) -> int:
    found = native_kernels(name)
    assert found is not None
    return found[0]


class Quantised:
    """Rows of activations, as the core keeps them."""

    def __init__(self, name: str, x: Floats) -> None:
        rows, columns = x.shape
        stride, blocks, groups = columns + 64, -(-columns // BLOCK), columns // 32
        self.integers = aligned(rows * stride, np.int8).reshape(rows, stride)
        self.scales, self.sums = np.zeros((rows, blocks), np.float32), np.zeros((rows, groups), np.float32)
        for row in range(rows):
            library().alize_quantise(
                handle(name),
                x[row : row + 1].ctypes.data,
                columns,
                self.integers[row:].ctypes.data,
                self.scales[row:].ctypes.data,
                self.sums[row:].ctypes.data,
            )
        self.columns = columns
        self.c = RowsC(self.integers.ctypes.data, self.scales.ctypes.data, self.sums.ctypes.data, stride, blocks, groups)


BLOCK = 32
"""Activations that share a scale: csrc/contract.h."""
