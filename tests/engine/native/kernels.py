"""The core's kernels as functions over arrays, and what csrc/contract.h says, in exact numbers. In: arrays. Out: arrays."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from alize.engine.runners.base import RowSampling
from alize.engine.runners.native.draws import Draws
from alize.engine.runners.native.library import Arena, Packer, RowsC, library, native_kernels
from alize.engine.sample import Drawn
from tests.engine.native.blocks import Blocks, Sixteen

__all__ = ["BLOCK", "NAMES", "Quantised", "Weights", "draw", "exact_product", "fma", "handle", "product", "quantise"]

Floats = npt.NDArray[np.float32]

BLOCK = 32
"""Activations that share a scale."""

NAMES = tuple(name for name in ("amx", "avx512", "avx2", "i8mm", "dotprod", "portable") if native_kernels(name) is not None)
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
    halves: Floats  # [rows, blocks, 2]: sums, too
    marks: npt.NDArray[np.uint8]  # [rows, blocks up to a multiple of 8]
    apart: Floats  # [rows, blocks]
    numbers: Floats  # what was quantised

    def c(self) -> RowsC:
        of = (self.integers, self.scales, self.sums, self.halves, self.marks, self.apart, self.numbers)
        widths = (each.shape[1] for each in (self.integers, self.scales, self.sums, self.marks, self.numbers))
        return RowsC(*(each.ctypes.data for each in of), *widths)


def quantise(name: str, x: Floats) -> Quantised:
    rows, columns = x.shape
    integers = Arena().take(rows * (columns + 64), np.int8).reshape(rows, columns + 64)
    integers[:] = 0
    blocks = columns // BLOCK
    scales, sums, apart = (np.zeros((rows, blocks), np.float32) for _ in range(3))
    halves = np.zeros((rows, blocks, 2), np.float32)
    made = Quantised(integers, scales, sums, halves, np.zeros((rows, -(-blocks // 8) * 8), np.uint8), apart, x)
    for row in range(rows):
        where = (each[row].ctypes.data for each in (made.integers, made.scales, made.sums, made.halves, made.marks, made.apart))
        library().alize_quantise(handle(name), x[row].ctypes.data, columns, *where)
    return made


class Weights:
    """A matrix as a GGUF file has it, and packed."""

    def __init__(self, blocks: Blocks | Sixteen) -> None:
        self.blocks = blocks
        rows, columns = blocks.shape
        source = np.r_[np.arange(rows), np.full(-rows % 16, -1)].astype(np.int32)
        packer = Packer(Arena(), threads=2)
        self.c, self._kept = packer.add(blocks.kind, blocks.bytes, source, columns)
        packer.flush()

    def row(self, row: int) -> Floats:
        """One of its rows, as the core looks a token up."""
        out = np.empty(self.blocks.shape[1], np.float32)
        library().alize_unpack_row(ctypes.byref(self.c), row, out.ctypes.data)
        return out


def product(name: str, weights: Weights, x: Quantised, rows: int | None = None, first: int = 0) -> Floats:
    """[rows, outputs] of rows from `first` on."""
    count = len(x.integers) - first if rows is None else rows
    y = np.empty((count, weights.c.rows), np.float32)
    into = (first, count, y.ctypes.data, weights.c.rows)
    library().alize_product(handle(name), ctypes.byref(weights.c), 0, weights.c.rows // 16, ctypes.byref(x.c()), *into)
    return y[:, : weights.blocks.shape[0]]


def draw(name: str, logits: Floats, rules: Sequence[RowSampling], positions: Sequence[int]) -> list[Drawn]:
    """One token for each row, of which it writes nothing."""
    rows, vocab = logits.shape
    draws, scratch = Draws(rules, positions, vocab), logits.copy()
    assert library().alize_draw(handle(name), scratch.ctypes.data, vocab, rows, draws.draw, draws.drawn) == 0
    return draws.found()


def exact_product(weights: Weights, x: Quantised, row: int, output: int) -> np.float32:
    """One number as csrc/contract.h defines it, each fma in fractions and rounded once."""
    blocks = weights.blocks
    if isinstance(blocks, Sixteen):
        acc = np.float32(0)
        for each, weight in zip(x.numbers[row], blocks.values[output], strict=True):
            acc = fma(each, weight, acc)
        return acc
    signed, scales, minimums = blocks.signed[output], blocks.scales[output], blocks.minimums
    lowest = np.zeros(len(signed) // BLOCK, np.float32) if minimums is None else minimums[output]
    acc = np.float32(0)
    for g in range(len(signed) // BLOCK):
        f = np.float32(0)
        for start in range(g * BLOCK, (g + 1) * BLOCK, blocks.group):
            columns = slice(start, start + blocks.group)
            i = int(signed[columns] @ x.integers[row, columns].astype(np.int64))
            f = fma(np.float32(i), scales[start // blocks.group], f)
        if minimums is not None:
            f = fma(x.sums[row, g], lowest[g], f)
        acc = fma(f, x.scales[row, g], acc)
    for g in np.flatnonzero(x.marks[row]):
        k = int(g) * BLOCK + int(x.marks[row, g]) - 1
        acc = fma(x.apart[row, g], fma(np.float32(signed[k]), scales[k // blocks.group], lowest[g]), acc)
    return acc


def fma(a: np.float32, b: np.float32, c: np.float32) -> np.float32:
    """a · b + c, rounded once."""
    return _nearest(Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c)))


def _nearest(x: Fraction) -> np.float32:
    """To single precision, ties to even."""
    near = np.float32(float(x))  # by way of double precision: off by one at most, where that rounded to a tie
    around = (np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf)))
    return min(around, key=lambda y: (abs(Fraction(float(y)) - x), int(np.float32(y).view(np.uint32)) & 1))
