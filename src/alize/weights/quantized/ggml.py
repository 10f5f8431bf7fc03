"""ggml's blocks, filled. In: values in float32. Out: the records of a kind (kinds.py), as llama.cpp's reference quantiser makes them.

A block of 32 values is one scale d and a whole number for each value; the larger kinds put 256 values in a block, and give each group
of 16 or 32 in it a scale of its own, itself stored in 6 or 8 bits.

    Q8_0  value = d · q, q in -127 … 127        Q4_K  value = d · s · q - dmin · m, q in 0 … 15, s and m in 0 … 63
    Q4_0  value = d · q, q in -8 … 7            Q5_K  the same with q in 0 … 31
    Q5_0  value = d · q, q in -16 … 15          Q6_K  value = d · s · q, q in -32 … 31, s in -128 … 127

The scale of the first three follows from the value that is furthest from zero: of Q4_0 it becomes exactly -8. For the others a group's
scale is searched: some twenty candidates, of each the best fit by weighted least squares, of all the one with the least error.
Sums are taken in the order of the values, as a plain loop would. Source: ggml-org/ggml (MIT), the functions quantize_row_*_ref.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.weights.checkpoints.kinds import KINDS
from alize.weights.quantized.search import offset_scales, signed_scales, squares

__all__ = ["ENCODED", "encode"]

Floats = npt.NDArray[np.float32]
Records = npt.NDArray[Any]

FOUR, LOW = np.uint8(4), np.uint8(15)
CHUNK = 1 << 16  # values; what the search works with stays in the second-level cache


def encode(kind: str, values: Floats) -> npt.NDArray[np.uint8]:
    """The bytes of finite values whose rows hold whole blocks. A value too large for the kind's scale gives a scale that is infinite."""
    layout = KINDS[kind]
    blocks = values.reshape(-1, layout.values)
    records = np.zeros(len(blocks), layout.record)
    step = max(1, CHUNK // layout.values)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for start in range(0, len(blocks), step):
            _ENCODERS[kind](np.ascontiguousarray(blocks[start : start + step]), records[start : start + step])
    return records.view(np.uint8)


# ── blocks of 32 ──


def _inverse(scale: Floats) -> Floats:
    """0 where there is none: a block of zeros, or of numbers so small that their scale is 0 in sixteen bits."""
    inverse = np.float32(1) / scale
    return np.where(np.isfinite(inverse), inverse, np.float32(0))


def _furthest(blocks: Floats) -> Floats:
    """The first value of those that are furthest from zero, [n, 1]."""
    return np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1, keepdims=True), axis=1)


def _q8_0(blocks: Floats, records: Records) -> None:
    scale = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
    levels = blocks * _inverse(scale)
    size = np.abs(levels)
    whole = np.floor(size)
    whole += np.floor(2 * (size - whole))  # halves go away from zero
    records["d"] = scale[:, 0]
    records["qs"] = np.copysign(whole, levels)


def _signed(blocks: Floats, half: int) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """(scale, levels from 0 to 2·half - 1, of which `half` stands for zero)."""
    scale = _furthest(blocks) / np.float32(-half)
    levels = (blocks * _inverse(scale) + np.float32(half + 0.5)).astype(np.uint8)
    return scale, np.minimum(levels, np.uint8(2 * half - 1))


def _halves(levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """[n, 32] four-bit levels → [n, 16]: the first half in the low nibbles, the second in the high ones."""
    return levels[:, :16] | levels[:, 16:] << FOUR


def _fifth_bits(levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    return np.packbits(levels >> FOUR, axis=1, bitorder="little").view("<u4")[:, 0]


def _q4_0(blocks: Floats, records: Records) -> None:
    scale, levels = _signed(blocks, 8)
    records["d"], records["qs"] = scale[:, 0], _halves(levels)


def _q5_0(blocks: Floats, records: Records) -> None:
    scale, levels = _signed(blocks, 16)
    records["d"], records["qh"], records["qs"] = scale[:, 0], _fifth_bits(levels), _halves(levels & LOW)


def _q5_1(blocks: Floats, records: Records) -> None:
    low = blocks.min(axis=1, keepdims=True)
    scale = (blocks.max(axis=1, keepdims=True) - low) / np.float32(31)
    levels = ((blocks - low) * _inverse(scale) + np.float32(0.5)).astype(np.uint8)
    records["d"], records["m"], records["qh"], records["qs"] = scale[:, 0], low[:, 0], _fifth_bits(levels), _halves(levels & LOW)


# ── blocks of 256 ──


def _offset_block(blocks: Floats, records: Records, most: int, first: float, steps: int) -> npt.NDArray[np.uint8]:
    """Fill in the scales and offsets of eight groups of 32; returns the levels, [n, 8, 32]."""
    groups = blocks.reshape(-1, 32)
    scales, offsets, found = offset_scales(groups, most, first, steps)
    scales, offsets = scales.reshape(-1, 8), offsets.reshape(-1, 8)
    largest, furthest = (np.maximum(each.max(axis=1, keepdims=True), np.float32(0)) for each in (scales, offsets))
    ratio = np.clip(np.rint(np.float32(63) * _inverse(largest) * scales), 0, 63).astype(np.uint8)
    ratio_m = np.clip(np.rint(np.float32(63) * _inverse(furthest) * offsets), 0, 63).astype(np.uint8)
    records["d"], records["dmin"] = (largest / np.float32(63))[:, 0], (furthest / np.float32(63))[:, 0]
    records["scales"] = np.concatenate(
        [
            ratio[:, :4] | (ratio[:, 4:] >> 4) << 6,
            ratio_m[:, :4] | (ratio_m[:, 4:] >> 4) << 6,
            (ratio[:, 4:] & 15) | (ratio_m[:, 4:] & 15) << 4,
        ],
        axis=1,
    )
    scale = (records["d"].astype(np.float32)[:, None] * ratio).reshape(-1, 1)
    offset = (records["dmin"].astype(np.float32)[:, None] * ratio_m).reshape(-1, 1)
    levels = np.where(scale == 0, found, np.clip(np.rint((groups + offset) / scale), 0, most))
    return levels.astype(np.uint8).reshape(-1, 8, 32)


def _nibbles(levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """[n, 8, 32] four-bit levels → [n, 128]: of each two groups, the first in the low nibbles."""
    return (levels[:, 0::2] | levels[:, 1::2] << FOUR).reshape(-1, 128)


def _q4_k(blocks: Floats, records: Records) -> None:
    records["qs"] = _nibbles(_offset_block(blocks, records, 15, -1.0, 20))


def _q5_k(blocks: Floats, records: Records) -> None:
    levels = _offset_block(blocks, records, 31, -0.5, 15)
    records["qh"] = np.packbits(levels >> FOUR, axis=1, bitorder="little")[:, 0]
    records["qs"] = _nibbles(levels & LOW)


def _q6_k(blocks: Floats, records: Records) -> None:
    groups = blocks.reshape(-1, 16)
    scales, found = signed_scales(groups, 32, squares, 9)
    scales = scales.reshape(-1, 16)
    largest = _furthest(scales)
    tiny = np.abs(largest) < np.float32(1e-15)  # the whole block is as good as zero
    inverse = np.where(tiny, np.float32(0), np.float32(-128) / largest)
    records["d"] = _inverse(inverse)[:, 0]
    records["scales"] = np.clip(np.rint(inverse * scales), -128, 127)
    scale = (records["d"].astype(np.float32)[:, None] * records["scales"]).reshape(-1, 1)
    levels = np.where(scale == 0, found, np.clip(np.rint(groups / scale), -32, 31))
    levels = np.where(np.repeat(tiny, 16, axis=0), 0, levels + 32).astype(np.uint8).reshape(-1, 2, 4, 32)
    low = levels & LOW
    records["ql"] = np.concatenate([low[:, :, 0:2] | low[:, :, 2:4] << 4], axis=2).reshape(-1, 128)
    high = levels >> 4
    records["qh"] = (high[:, :, 0] | high[:, :, 1] << 2 | high[:, :, 2] << 4 | high[:, :, 3] << 6).reshape(-1, 64)


_ENCODERS: dict[str, Callable[[Floats, Records], None]] = {
    "Q8_0": _q8_0,
    "Q4_0": _q4_0,
    "Q5_0": _q5_0,
    "Q5_1": _q5_1,
    "Q4_K": _q4_k,
    "Q5_K": _q5_k,
    "Q6_K": _q6_k,
}
ENCODED = frozenset(_ENCODERS)
"""The kinds that can be made."""
