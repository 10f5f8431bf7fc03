"""Whole numbers with a scale for each row, or for each group in it. In: a matrix in float32. Out: packed levels and their scales.

    value = scale · level        levels of b bits: -2ᵇ⁻¹ … 2ᵇ⁻¹ - 1, stored as level + 2ᵇ⁻¹, low bits first

Of a group of four in 4 bits: 0.30 -0.75 0.02 0.52 have the scale 0.75 / 7.5 = 0.1 and the levels 3 -8 0 5; packed they are B 0 8 D, which
lie in the file as the bytes 0B D8. The largest value lands half a step beyond the last level on its side and loses that half, and the
fifteen steps between are a fifteenth finer for it.

This is how the *pack-quantized* format of compressed-tensors stores weights (`weight_packed`, `weight_scale`, `weight_shape`), which
vLLM and transformers read; the layout of the bytes was compared with that library's.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Packed", "levels_of", "pack", "scales_of"]

Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.int8]


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
    largest = np.abs(weights.reshape(len(weights), -1, packed.group or weights.shape[1])).max(axis=2)
    return np.where(largest == 0, np.float32(1), largest / np.float32(2 ** (packed.bits - 1) - 0.5))


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
