"""Eight-bit floats (e4m3). In: float32. Out: one byte a value. What a byte means stands in checkpoints/dequantize.py.

A sign, four bits of exponent and three of fraction: 254 finite values up to 448, each within a sixteenth of what it stands for from 2⁻⁶
on, in steps of 2⁻⁹ below. Nothing stands for infinity: what is larger becomes 448. Source: Micikevicius et al. 2022, "FP8 formats for
deep learning".

    0 0111 100  =  2⁰ · (1 + 4/8)  =  1.5        0 0000 011  =  2⁻⁶ · 3/8
"""

import numpy as np
import numpy.typing as npt

__all__ = ["LARGEST", "encode_e4m3"]

LARGEST = np.float32(448)
_SMALLEST = np.float32(2.0**-6)  # below it the leading one of the fraction is gone
_STEP = np.float32(2.0**-9)


def encode_e4m3(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Each to the nearest, of two to the one whose fraction is even."""
    size = np.minimum(np.abs(values), LARGEST)
    bits = size.view(np.uint32)
    rounded = bits + np.uint32(0x7FFFF) + (bits >> np.uint32(20) & np.uint32(1))  # a half of the last bit that stays, or just less
    normal = (rounded >> np.uint32(20)) - np.uint32((127 - 7) << 3)
    codes = np.where(size < _SMALLEST, np.rint(size / _STEP).astype(np.uint32), normal).astype(np.uint8)
    return codes | np.signbit(values).astype(np.uint8) << np.uint8(7)
