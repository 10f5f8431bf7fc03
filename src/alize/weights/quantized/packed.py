"""Whole numbers with a scale for each row, or for each group in it. In: a matrix in float32. Out: packed levels and their scales.

    value = scale · level        levels of b bits: -2ᵇ⁻¹ … 2ᵇ⁻¹ - 1, stored as level + 2ᵇ⁻¹, low bits first

Of a group of four in 4 bits: 0.30 -0.80 0.02 0.52 have the scale 0.101 and the levels 3 -8 0 5; packed they are B 0 8 D, which lie in the
file as the bytes 0B D8.

In 8 bits the largest value lands half a step beyond the last level on its side and loses that half, and the 255 steps between are that
much finer. In 4 bits half a step is much, and the scale is searched (search.py) around the one with which the value furthest from zero is
exactly -8; where that value is positive, the scale is negative.

This is how the *pack-quantized* format of compressed-tensors stores weights (`weight_packed`, `weight_scale`, `weight_shape`), which
vLLM and transformers read; the layout of the bytes was compared with that library's.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alize.weights.quantized.search import signed_scales, sizes

__all__ = ["REACH", "Packed", "levels_of", "pack", "scales_of"]

Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.int8]

CHUNK = 1 << 16  # values that are searched at once; what that works with stays in the second-level cache
REACH = 4
"""How far the search goes, in tenths of a level of the largest value. Further off errors are smaller, and models worse: docs/log.md."""


@dataclass(frozen=True, slots=True)
class Packed:
    """How a matrix is packed."""

    bits: int  # 4 or 8
    group: int  # values a scale; 0 is a scale for each row

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether rows hold whole groups and whole words of 32 bits; others stay as they are."""
        return len(shape) == 2 and min(shape) > 0 and shape[1] % (self.group or 32 // self.bits) == 0


def scales_of(weights: Floats, packed: Packed) -> Floats:
    """[rows, groups], in float32. A group of zeros has the scale 1."""
    groups = weights.reshape(len(weights), -1, packed.group or weights.shape[1])
    largest = np.abs(groups).max(axis=2)
    half = 2 ** (packed.bits - 1)
    if packed.bits == 8:
        return np.where(largest == 0, np.float32(1), largest / np.float32(half - 0.5))
    unit = np.where(largest == 0, np.float32(1), largest).reshape(-1, 1)  # tiny numbers have squares that are none
    flat, scales = groups.reshape(len(unit), -1), np.empty(len(unit), np.float32)
    step = max(1, CHUNK // flat.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):  # of groups of zeros
        for start in range(0, len(flat), step):
            where = slice(start, start + step)
            scales[where] = signed_scales(np.asarray(flat[where] / unit[where], np.float32), half, sizes, REACH)[0]
    scales *= unit[:, 0]
    return np.where(scales == 0, np.float32(1), scales).reshape(largest.shape)


def levels_of(weights: Floats, scales: Floats, packed: Packed) -> Levels:
    """The nearest levels, for scales as they will be stored: rounding those costs almost nothing, since the levels know of it."""
    half = 2 ** (packed.bits - 1)
    groups = weights.reshape(*scales.shape, -1)
    return np.clip(np.rint(groups / scales[:, :, None]), -half, half - 1).astype(np.int8).reshape(weights.shape)


def pack(levels: Levels, bits: int) -> npt.NDArray[np.uint8]:
    """[rows, width] levels → [rows, width · bits / 8] bytes.

    >>> pack(np.array([[3, -8, 0, 5]], np.int8), 4).tobytes().hex()
    '0bd8'
    """
    stored = (levels.view(np.uint8) + np.uint8(2 ** (bits - 1))) & np.uint8(2**bits - 1)
    return stored if bits == 8 else stored[:, 0::2] | stored[:, 1::2] << np.uint8(4)
