"""Sixteen-bit floats with the range of 32 (bfloat16). In: float32. Out: the upper half of each, as a number of 16 bits."""

import numpy as np
import numpy.typing as npt

__all__ = ["encode_bfloat16"]


def encode_bfloat16(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """Each to the nearest, of two to the even one; what is no number stays none.

    >>> [hex(each) for each in encode_bfloat16(np.float32([1.0, -1.5, np.inf]))]
    ['0x3f80', '0xbfc0', '0x7f80']
    """
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) >> np.uint32(16)
    return np.where(np.isnan(values), bits >> np.uint32(16) | np.uint32(0x40), rounded).astype("<u2")
