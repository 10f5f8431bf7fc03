"""Products as csrc/contract.h has them, in numpy and without the core. In: rows, and bytes of a GGUF. Out: sums, to the bit.

Formats are read here from their bytes alone, one by one: of ten, what eight of them have in common is that a weight is a whole number
times a scale, and a minimum in some. F16 and BF16 hold the weight itself.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["ONE", "SMALLEST", "Floats", "Integers", "Numbers", "Weights", "dequantised", "fma", "quantised", "weights_of"]

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

GROUP = 32  # of the contract
ONE, SMALLEST = np.float32(1), np.float32(1e-36)


def fma(a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike) -> Floats:
    """a · b + c, rounded once. The product is exact in double precision; the sum is rounded to odd there, so that the second rounding is as
    the first would have been (Boldo and Melquiond, *Emulation of FMA and correctly rounded sums*, 2008)."""
    product = np.asarray(a, np.float32).astype(np.float64) * np.asarray(b, np.float32).astype(np.float64)
    c = np.broadcast_to(np.asarray(c, np.float32).astype(np.float64), np.broadcast_shapes(product.shape, np.shape(c)))
    total = np.asarray(product + c)
    back = total - product
    lost = (product - (total - back)) + (c - back)  # exactly (Knuth, Møller)
    bits = total.view(np.int64)
    even = (lost != 0) & (bits & 1 == 0) & np.isfinite(total)
    return np.where(even, bits + np.where((lost > 0) == (total > 0), 1, -1), bits).view(np.float64).astype(np.float32)


@dataclass(frozen=True)
class Whole:
    """Weights that are whole numbers, of which each group shares a scale. In Q6_K two groups lie in a block of 32 columns, else one."""

    numbers: Integers  # [rows, blocks, 32]
    scales: Floats  # [rows, blocks, groups]
    minimums: Floats | None  # [rows, blocks]

    @property
    def rows(self) -> int:
        return len(self.numbers)

    def row(self, index: int) -> Floats:
        """As a token is looked up: an exact product, and a sum."""
        exact = self.numbers[index].astype(np.float32) * self._each(index)
        return (exact if self.minimums is None else exact + self.minimums[index, :, None]).reshape(-1)

    def taken(self, order: Integers) -> "Whole":
        """Rows in another order."""
        return Whole(self.numbers[order], self.scales[order], None if self.minimums is None else self.minimums[order])

    def _each(self, index: int) -> Floats:
        """A scale for each column: [blocks, 32]"""
        return np.repeat(self.scales[index], GROUP // self.scales.shape[2], axis=-1)

    def of_rows(self, x: Floats) -> Floats:
        """[tokens, rows]: the chain of the contract, all of them side by side."""
        given = quantised(x)
        total = np.zeros((len(x), self.rows), np.float32)
        groups = self.scales.shape[2]
        width = GROUP // groups
        for b in range(self.numbers.shape[1]):
            f = np.zeros_like(total)
            for g in range(groups):
                own = slice(g * width, (g + 1) * width)
                whole = given.integers[:, b, own] @ self.numbers[:, b, own].T
                f = fma(whole.astype(np.float32), self.scales[:, b, g], f)
            if self.minimums is not None:
                f = fma(given.integers[:, b].sum(-1).astype(np.float32)[:, None], self.minimums[:, b], f)
            total = fma(f, given.scales[:, b, None], total)
        for b in range(self.numbers.shape[1]):
            minimum = np.float32(0) if self.minimums is None else self.minimums[:, b]
            for token in np.flatnonzero(given.columns[:, b] >= 0):
                column = given.columns[token, b]
                weight = fma(self.numbers[:, b, column].astype(np.float32), self.scales[:, b, column // width], minimum)
                total[token] = fma(given.apart[token, b], weight, total[token])
        return total


@dataclass(frozen=True)
class Numbers:
    """Weights that are floats."""

    values: Floats  # [rows, columns]

    @property
    def rows(self) -> int:
        return len(self.values)

    def row(self, index: int) -> Floats:
        return self.values[index]

    def taken(self, order: Integers) -> "Numbers":
        return Numbers(self.values[order])

    def of_rows(self, x: Floats) -> Floats:
        total = np.zeros((len(x), self.rows), np.float32)
        for column in range(self.values.shape[1]):
            total = fma(x[:, column, None], self.values[:, column], total)
        return total


Weights = Whole | Numbers


def weights_of(data: npt.NDArray[np.generic], format: str) -> Weights:
    """`data`: what gguf-py has of a matrix, of which the last axis is a row."""
    raw = np.ascontiguousarray(data).view(np.uint8)
    if format == "F16":
        return Numbers(raw.view(np.float16).astype(np.float32))
    if format == "BF16":
        return Numbers((raw.view(np.uint16).astype(np.uint32) << 16).view(np.float32))
    return _READ[format](raw)


def _halves(data: Bytes) -> Floats:
    return np.ascontiguousarray(data).view(np.float16).astype(np.float32)


def _bits(data: Bytes, width: int) -> Integers:
    """Bytes [..., n] as their parts [..., 8 / width, n], the lowest bits first."""
    return np.stack([data >> shift & (1 << width) - 1 for shift in range(0, 8, width)], axis=-2).astype(np.int64)


def _simple(data: Bytes, bits: int, minimum: bool) -> Whole:
    """Blocks of 32 columns: a scale, a minimum, fifth bits, and two columns a byte, of which one is 16 further on; or a byte a column."""
    before = (4 if minimum else 2) + (4 if bits == 5 else 0)
    blocks = data.reshape(len(data), -1, before + (32 if bits == 8 else 16))
    scales, own = _halves(blocks[..., :2]), blocks[..., before:]
    if bits == 8:
        return Whole(own.view(np.int8).astype(np.int64), scales, None)
    numbers = _bits(own, 4).reshape(*own.shape[:2], GROUP)
    if bits == 5:
        numbers += 16 * _bits(blocks[..., before - 4 : before], 1).swapaxes(-1, -2).reshape(numbers.shape)
    if minimum:
        return Whole(numbers, scales, _halves(blocks[..., 2:4])[..., 0])
    return Whole(numbers - (1 << bits - 1), scales, None)


def _of_256(data: Bytes, bits: int) -> Whole:
    """Blocks of 256 columns: two float16, eight pairs of factors in six bits, fifth bits; of 64 columns the first 32 in lower halves."""
    blocks = data.reshape(len(data), -1, 144 if bits == 4 else 176)
    d, m = _halves(blocks[..., :2]), _halves(blocks[..., 2:4])
    first, second, last = (blocks[..., at : at + 4].astype(np.int64) for at in (4, 8, 12))
    s = np.concatenate([first & 63, last & 15 | first >> 6 << 4], axis=-1)
    t = np.concatenate([second & 63, last >> 4 | second >> 6 << 4], axis=-1)
    numbers = _bits(blocks[..., -128:].reshape(*d.shape[:2], 4, 32), 4).reshape(*d.shape[:2], 8, 32)
    if bits == 5:
        numbers = numbers + 16 * _bits(blocks[..., 16:48], 1)
    return Whole(
        numbers.reshape(len(data), -1, GROUP),
        (d * s.astype(np.float32)).reshape(len(data), -1, 1),
        (-m * t.astype(np.float32)).reshape(len(data), -1),
    )


def _of_six(data: Bytes) -> Whole:
    """Blocks of 256 columns: in both halves of them 64 bytes of lower bits, two columns each, and 32 of upper ones, four; factors of 16."""
    blocks = data.reshape(len(data), -1, 210)
    shape = blocks.shape[:2]
    lower = _bits(blocks[..., :128].reshape(*shape, 2, 64), 4).reshape(*shape, 2, 4, 32)
    upper = _bits(blocks[..., 128:192].reshape(*shape, 2, 32), 2)
    factors = np.ascontiguousarray(blocks[..., 192:208]).view(np.int8).astype(np.float32)
    scales = _halves(blocks[..., 208:]) * factors
    return Whole((lower + 16 * upper - 32).reshape(len(data), -1, GROUP), scales.reshape(len(data), -1, 2), None)


_READ = {
    "Q4_0": lambda data: _simple(data, 4, False),
    "Q4_1": lambda data: _simple(data, 4, True),
    "Q5_0": lambda data: _simple(data, 5, False),
    "Q5_1": lambda data: _simple(data, 5, True),
    "Q8_0": lambda data: _simple(data, 8, False),
    "Q4_K": lambda data: _of_256(data, 4),
    "Q5_K": lambda data: _of_256(data, 5),
    "Q6_K": _of_six,
}


@dataclass(frozen=True)
class Quantised:
    integers: npt.NDArray[np.int64]  # [tokens, groups, 32]
    scales: Floats  # [tokens, groups]
    apart: Floats  # [tokens, groups]: the number that stands apart, and which column it is; -1: none does
    columns: npt.NDArray[np.int64]


def quantised(x: Floats) -> Quantised:
    blocks = x.reshape(len(x), -1, GROUP)
    sizes = np.abs(blocks)
    largest = sizes.max(-1)
    above = sizes > (largest * np.float32(0.5))[..., None]
    alone = (above.sum(-1) == 1) & (largest >= SMALLEST)
    place = sizes.argmax(-1)
    apart = np.where(alone, np.take_along_axis(blocks, place[..., None], -1)[..., 0], np.float32(0))
    rest = np.where(alone[..., None] & (np.arange(GROUP) == place[..., None]), np.float32(0), blocks)
    amax = np.abs(rest).max(-1)
    some = amax >= SMALLEST
    inverse = np.float32(127) / np.where(some, amax, ONE)
    integers = np.where(some[..., None], np.rint(rest * inverse[..., None]), 0).astype(np.int64)
    scales = np.where(some, amax / np.float32(127), np.float32(0))
    return Quantised(integers, scales, apart.astype(np.float32), np.where(alone, place, -1))


def dequantised(x: Floats) -> Floats:
    """What the integers of rows stand for, and the numbers that stand apart."""
    given = quantised(x)
    values = given.integers.astype(np.float32) * given.scales[..., None]
    apart = np.arange(GROUP) == given.columns[..., None]
    return np.where(apart, given.apart[..., None], values).reshape(x.shape)
