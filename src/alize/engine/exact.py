"""Powers and logarithms that are the same on every machine. In: logits. Out: weights, in whole numbers, and logarithms of their sums.

Every operation here is one that IEEE 754 defines to the bit (sum, difference, product, quotient, rounding), each rounded by itself and in
the order in which it is written. `np.exp` and `np.log` are none of these: they differ from processor to processor. csrc/ computes the same
operations (csrc/sample.h).

Weights are whole numbers so that their sums are exact, and so are the same in any order and in any number of parts.
"""

import math

import numpy as np
import numpy.typing as npt

__all__ = ["ONE", "natural_log", "weigh"]

Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]

ONE = 2**40
"""The weight of the likeliest token. What is less likely than it by more than e^-28, 0.76 of a unit, weighs nothing."""

_PIECE = 8192  # logits at a time: what is in between stays in a core's own cache
_MOVED = int(np.float64(4096).view(np.int64))
_LOWEST = np.float32(-28)
_PER_LN2 = np.float32(1.44269504)
_LN2 = (np.float32(0.693359375), np.float32(-2.12194440e-4))  # in two parts: a whole number of the first is exact
_HIGHEST = np.float32(1.9875691500e-4)
_LOWER = tuple(np.float32(c) for c in (1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1))
"""Of (e^r - 1 - r) / r² for |r| <= ln 2 / 2, the highest power first (minimax, as in Cephes' expf)."""


def weigh(logits: Floats, most: np.float32, inverse: np.float32) -> Whole:
    """e^((logit - most) · inverse) in units of 1 / ONE, to the nearest, ties to even. `most` is the largest of the logits, and finite.

    >>> weigh(np.array([2, 1, -30], np.float32), np.float32(2), np.float32(1)).tolist()
    [1099511627776, 404487733248, 0]
    """
    weights = np.empty(len(logits), np.int64)
    for start in range(0, len(logits), _PIECE):
        with np.errstate(over="ignore"):  # to -inf
            x = (logits[start : start + _PIECE] - most) * inverse
        moved = _power(x) + np.float64(4096)  # behind which there is room for 40 bits, and no more: rounds to that
        np.subtract(moved.view(np.int64), _MOVED, out=weights[start : start + _PIECE])
    return weights


def _power(x: Floats) -> Floats:
    """e^x to 1 ulp for -28 <= x <= 0, exactly 1 at 0; 0 for less. x = n · ln 2 + r with n whole."""
    r = np.maximum(x, _LOWEST)
    n = np.rint(r * _PER_LN2)
    r -= n * _LN2[0]
    r -= n * _LN2[1]
    p = np.full_like(r, _HIGHEST)
    for coefficient in _LOWER:
        p *= r
        p += coefficient
    p *= r * r
    p += r
    p += np.float32(1)
    p *= (n.astype(np.int32) + 127 << 23).view(np.float32)  # 2^n
    p *= x >= _LOWEST
    return p


def natural_log(total: int) -> float:
    """ln(total / ONE) of a sum of weights: twice the series of artanh, whose first term left out is below 1e-18.

    >>> natural_log(ONE), abs(natural_log(10 * ONE) - math.log(10)) < 1e-15
    (0.0, True)
    """
    mantissa, exponent = math.frexp(float(total))
    if mantissa < 0.7071067811865476:  # so that it lies around 1
        mantissa, exponent = mantissa * 2.0, exponent - 1
    s = (mantissa - 1.0) / (mantissa + 1.0)
    square, series = s * s, 0.0
    for n in range(23, 0, -2):
        series = series * square + 1.0 / n
    return (exponent - 40) * 0.6931471805599453 + 2.0 * s * series
