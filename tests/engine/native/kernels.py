"""The core's kernels as functions over arrays, and what csrc/contract.h says, in exact numbers. In: arrays. Out: arrays."""

import ctypes
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.engine.runners.native.library import FORMATS, MatrixC, RowsC, aligned, library, native_kernels

__all__ = ["BLOCK", "NAMES", "Quantised", "Weights", "exact_product", "handle", "largest", "product", "quantise"]

Floats = npt.NDArray[np.float32]

BLOCK = GROUP = 32
"""Activations, and weights, that share a scale."""

NAMES = tuple(name for name in ("avx512", "avx2", "portable") if native_kernels(name) is not None)
"""The kernels that this processor can run."""


def handle(name: str) -> int:
    found = native_kernels(name)
    assert found is not None
    return found[0]


@dataclass(frozen=True)
class Quantised:
    """Rows of activations as integers, scales and sums, and what stands apart."""

    integers: npt.NDArray[np.int8]  # [rows, columns + 64]
    scales: Floats
    sums: Floats
    marks: npt.NDArray[np.uint8]  # [rows, blocks up to a multiple of 8]
    apart: Floats  # [rows, blocks]

    def c(self) -> RowsC:
        of = (self.integers, self.scales, self.sums, self.marks, self.apart)
        widths = (each.shape[1] for each in (self.integers, self.scales, self.sums, self.marks))
        return RowsC(*(each.ctypes.data for each in of), *widths)


def quantise(name: str, x: Floats) -> Quantised:
    rows, columns = x.shape
    integers = aligned(rows * (columns + 64), np.int8).reshape(rows, columns + 64)
    integers[:] = 0
    blocks = columns // BLOCK
    scales, sums, apart = (np.zeros((rows, blocks), np.float32) for _ in range(3))
    made = Quantised(integers, scales, sums, np.zeros((rows, -(-blocks // 8) * 8), np.uint8), apart)
    for row in range(rows):
        where = (each[row].ctypes.data for each in (made.integers, made.scales, made.sums, made.marks, made.apart))
        library().alize_quantise(handle(name), x[row].ctypes.data, columns, *where)
    return made


class Weights:
    """A matrix as a GGUF file has it, and packed."""

    def __init__(self, kind: str, integers: npt.NDArray[np.int64], d: npt.NDArray[np.float16], m: npt.NDArray[np.float16]) -> None:
        """`integers` [rows, columns]: nibbles, or -128 … 127 of Q8_0. `d` and `m` [rows, columns / 32]."""
        self.kind, self.integers, self.d, self.m = kind, integers, d, m
        rows, columns = integers.shape
        blocks = _blocks(kind, integers, d, m)
        height = -(-rows // 16) * 16
        source = np.r_[np.arange(rows), np.full(height - rows, -1)].astype(np.int32)
        self._kept: list[npt.NDArray[Any]] = [
            aligned(library().alize_bytes_of_values(FORMATS[kind], height, columns), np.uint8),
            aligned(height * columns // GROUP, np.uint16),
            aligned(height * columns // GROUP, np.uint16),
        ]
        where = [each.ctypes.data for each in self._kept]
        library().alize_pack(FORMATS[kind], blocks.ctypes.data, source.ctypes.data, height, columns, *where)
        self.c = MatrixC(FORMATS[kind], height, columns, *where)

    def row(self, row: int) -> Floats:
        """One of its rows, as the core looks a token up."""
        out = np.empty(self.integers.shape[1], np.float32)
        library().alize_unpack_row(ctypes.byref(self.c), row, out.ctypes.data)
        return out


def _blocks(kind: str, integers: npt.NDArray[np.int64], d: npt.NDArray[np.float16], m: npt.NDArray[np.float16]) -> npt.NDArray[np.uint8]:
    rows, columns = integers.shape
    grouped = integers.reshape(rows, columns // GROUP, GROUP)
    parts = [d[..., None].view(np.uint8).reshape(rows, -1, 2)]
    if kind == "Q4_1":
        parts.append(m[..., None].view(np.uint8).reshape(rows, -1, 2))
    if kind == "Q8_0":
        parts.append(grouped.astype(np.int8).view(np.uint8))
    else:
        parts.append((grouped[..., :16] | grouped[..., 16:] << 4).astype(np.uint8))
    return np.ascontiguousarray(np.concatenate(parts, axis=2))


def product(name: str, weights: Weights, x: Quantised, rows: int | None = None, first: int = 0) -> Floats:
    """[rows, outputs] of rows from `first` on."""
    count = len(x.integers) - first if rows is None else rows
    y = np.empty((count, weights.c.rows), np.float32)
    into = (first, count, y.ctypes.data, weights.c.rows)
    library().alize_product(handle(name), ctypes.byref(weights.c), 0, weights.c.rows // 16, ctypes.byref(x.c()), *into)
    return y[:, : len(weights.integers)]


def largest(name: str, x: Floats, columns: int) -> int:
    return library().alize_largest(handle(name), x.ctypes.data, columns)


def exact_product(weights: Weights, x: Quantised, row: int, output: int) -> np.float32:
    """One number as csrc/contract.h defines it, each fma in fractions and rounded once."""
    offset = 8 if weights.kind == "Q4_0" else 0
    acc = np.float32(0)
    for g in range(weights.integers.shape[1] // GROUP):
        columns = slice(g * GROUP, (g + 1) * GROUP)
        i = int((weights.integers[output, columns] - offset) @ x.integers[row, columns].astype(np.int64))
        f = _fma(np.float32(i), np.float32(weights.d[output, g]), np.float32(0))
        if weights.kind == "Q4_1":
            f = _fma(x.sums[row, g], np.float32(weights.m[output, g]), f)
        acc = _fma(f, x.scales[row, g], acc)
    for g in np.flatnonzero(x.marks[row]):
        k = int(g) * GROUP + int(x.marks[row, g]) - 1
        m = np.float32(weights.m[output, g]) if weights.kind == "Q4_1" else np.float32(0)
        acc = _fma(x.apart[row, g], _fma(np.float32(weights.integers[output, k] - offset), np.float32(weights.d[output, g]), m), acc)
    return acc


def _fma(a: np.float32, b: np.float32, c: np.float32) -> np.float32:
    return _nearest(Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c)))


def _nearest(x: Fraction) -> np.float32:
    """To single precision, ties to even."""
    near = np.float32(float(x))  # by way of double precision: off by one at most, where that rounded to a tie
    around = (np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf)))
    return min(around, key=lambda y: (abs(Fraction(float(y)) - x), int(np.float32(y).view(np.uint32)) & 1))
