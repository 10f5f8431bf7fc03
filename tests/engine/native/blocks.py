"""Blocks of GGUF files from the whole numbers they hold. In: numbers and scales. Out: bytes, and what a product makes of them.

gguf-py reads the kinds of 256 but writes none of them: what is written here, it has to read as `Blocks.values` has it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["OFFSETS", "SUPER", "Blocks", "Sixteen", "random_blocks", "random_sixteen"]

GROUP = 32
OFFSETS = {"Q4_0": 8, "Q5_0": 16, "Q6_K": 32, "Q8_0": 128}
"""What was added to make the numbers of a kind unsigned."""

SUPER = ("Q4_K", "Q5_K", "Q6_K")
"""Kinds whose float16 scales are of 256 columns, with factors for fewer."""

_BITS = {"Q4_0": 4, "Q4_1": 4, "Q4_K": 4, "Q5_0": 5, "Q5_1": 5, "Q5_K": 5, "Q6_K": 6, "Q8_0": 8}
_MINIMUM = ("Q4_1", "Q5_1", "Q4_K", "Q5_K")

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Blocks:
    """A matrix in a kind. `d`, `m`: float16 [rows, columns / 32, or / 256]; `s`, `t`: factors [rows, columns / 32, or / 16 in Q6_K]."""

    kind: str
    integers: Whole  # [rows, columns], unsigned
    d: npt.NDArray[np.float16]
    m: npt.NDArray[np.float16]
    s: Whole
    t: Whole

    @property
    def shape(self) -> tuple[int, int]:
        return self.integers.shape[0], self.integers.shape[1]

    @property
    def group(self) -> int:
        """Columns that share a scale."""
        return 16 if self.kind == "Q6_K" else 32

    @property
    def signed(self) -> Whole:
        return self.integers - OFFSETS.get(self.kind, 0)

    @property
    def scales(self) -> Floats:
        """[rows, columns / group]"""
        if self.kind not in SUPER:
            return self.d.astype(np.float32)
        return np.repeat(self.d.astype(np.float32), 256 // self.group, axis=1) * self.s.astype(np.float32)

    @property
    def minimums(self) -> Floats | None:
        """[rows, columns / 32]"""
        if self.kind not in _MINIMUM:
            return None
        if self.kind not in SUPER:
            return self.m.astype(np.float32)
        return np.repeat(-self.m.astype(np.float32), 8, axis=1) * self.t.astype(np.float32)

    @property
    def bytes(self) -> Bytes:
        """[rows, bytes of a row]"""
        rows = len(self.integers)
        halves = [_raw(self.d, rows), *([_raw(self.m, rows)] if self.minimums is not None else [])]
        if self.kind == "Q6_K":
            parts = [*_six(self.integers.reshape(rows, -1, 2, 4, 32)), self.s.astype(np.int8).view(np.uint8).reshape(rows, -1, 16), *halves]
        elif self.kind in SUPER:
            parts = [*halves, _factors(self.s.reshape(rows, -1, 8), self.t.reshape(rows, -1, 8))]
            parts += _four_or_five(self.integers.reshape(rows, -1, 8, 32), self.kind)
        elif self.kind == "Q8_0":
            parts = [*halves, self.signed.astype(np.int8).view(np.uint8).reshape(rows, -1, GROUP)]
        else:
            grouped = self.integers.reshape(rows, -1, GROUP)
            fifths = np.packbits((grouped >> 4).astype(np.uint8), axis=-1, bitorder="little")
            parts = [*halves, *([fifths] if _BITS[self.kind] == 5 else []), _nibbles(grouped[..., :16], grouped[..., 16:])]
        return np.ascontiguousarray(np.concatenate(parts, axis=-1).reshape(rows, -1))


def _raw(numbers: npt.NDArray[np.float16], rows: int) -> Bytes:
    return np.ascontiguousarray(numbers).view(np.uint8).reshape(rows, -1, 2)


def _nibbles(low: Whole, high: Whole) -> Bytes:
    return (low & 15 | (high & 15) << 4).astype(np.uint8)


def _factors(s: Whole, t: Whole) -> Bytes:
    """Six bits each in twelve bytes: of the last four the upper two bits lie above the first four."""
    first = [each[..., :4] | each[..., 4:] >> 4 << 6 for each in (s, t)]
    return np.concatenate([*first, _nibbles(s[..., 4:], t[..., 4:])], axis=-1).astype(np.uint8)


def _four_or_five(groups: Whole, kind: str) -> list[Bytes]:
    lower = _nibbles(groups[..., ::2, :], groups[..., 1::2, :])
    parts = [lower.reshape(*lower.shape[:-2], -1)]
    if kind == "Q5_K":
        parts.insert(0, ((groups >> 4) << np.arange(8)[:, None]).sum(-2).astype(np.uint8))
    return parts


def _six(quarters: Whole) -> tuple[Bytes, Bytes]:
    """Lower and upper bits of [rows, blocks, 2, 4, 32]."""
    lower = _nibbles(quarters[..., :2, :], quarters[..., 2:, :])
    upper = ((quarters >> 4) << (2 * np.arange(4))[:, None]).sum(-2).astype(np.uint8)
    return lower.reshape(*lower.shape[:2], -1), upper.reshape(*upper.shape[:2], -1)


def random_blocks(kind: str, rows: int, columns: int, rng: np.random.Generator, *, size: float = 1, extreme: bool = False) -> Blocks:
    """Any numbers and factors; values of about `size`, around zero. `extreme`: the smallest and the largest whole numbers alone."""
    low, high = (1 if kind == "Q8_0" else 0), 2 ** _BITS[kind]

    def whole(low: int, high: int, shape: tuple[int, int]) -> Whole:
        return rng.choice([low, high - 1], shape) if extreme else rng.integers(low, high, shape)

    integers = whole(low, high, (rows, columns))
    share = 256 if kind in SUPER else 32
    s = whole(-128, 128, (rows, columns // 16)) if kind == "Q6_K" else whole(1, 64, (rows, columns // 32))
    t = whole(0, 64, (rows, columns // 32))
    factor = {"Q6_K": 74, "Q4_K": 37, "Q5_K": 37}.get(kind, 1)  # the root of the mean square, of what is drawn evenly
    shape = (rows, columns // share)
    d = size / (high / 3.46) / factor * (1 if kind in SUPER else rng.choice([-1, 1], shape)) * rng.uniform(0.7, 1.3, shape)
    m = d * (high - 1) / 2 * (1 if kind in SUPER else -1)
    return Blocks(kind, integers, d.astype(np.float16), m.astype(np.float16), s, t)


@dataclass(frozen=True)
class Sixteen:
    """A matrix of floats in sixteen bits."""

    kind: str
    bits: npt.NDArray[np.uint16]  # [rows, columns]

    @property
    def shape(self) -> tuple[int, int]:
        return self.bits.shape[0], self.bits.shape[1]

    @property
    def values(self) -> Floats:
        return self.bits.view(np.float16).astype(np.float32) if self.kind == "F16" else (self.bits.astype(np.uint32) << 16).view(np.float32)

    @property
    def bytes(self) -> Bytes:
        return self.bits.view(np.uint8)


def random_sixteen(kind: str, rows: int, columns: int, rng: np.random.Generator) -> Sixteen:
    """Some below the normal numbers, some zeros of either sign."""
    values = rng.standard_normal((rows, columns)) * rng.choice([1, 1, 1, 1e-6, 1e-39, -0.0], (rows, columns))
    if kind == "F16":
        return Sixteen(kind, values.astype(np.float16).view(np.uint16))
    return Sixteen(kind, (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16))
