"""The scale of a group of values, searched. In: groups in float32, [n, width]. Out: a scale for each, and levels.

Rounding to the nearest of a few levels is best with a scale that is *not* quite the largest value over the largest level: a little
smaller, and the largest value is cut off while all others are nearer to a level. So a row of candidates is tried. For the levels that a
candidate gives, the best scale is known in closed form (least squares), and of all candidates the one with the least error is kept.

Errors are weighted: large weights matter more. `squares` and `sizes` say how much: a value's square, as llama.cpp has it for Q6_K, or its
size plus the root of the group's mean square. Values lie along the first axis here, so that a sum over a group adds its values in their
order, for thousands of groups at once. Source: ggml-org/ggml (MIT), the functions make_qx_quants and make_qkx2_quants.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

__all__ = ["offset_scales", "signed_scales", "sizes", "squares"]

Floats = npt.NDArray[np.float32]
TINY = np.float32(1e-15)


def squares(x: Floats) -> Floats:
    return x * x


def sizes(x: Floats) -> Floats:
    return np.sqrt((x * x).sum(axis=0) / np.float32(len(x))) + np.abs(x)


def signed_scales(groups: Floats, half: int, weigh: Callable[[Floats], Floats], reach: int) -> tuple[Floats, Floats]:
    """(scale [n], levels [n, width] from -half to half - 1): value = scale · level.

    A scale is negative where the value furthest from zero is positive, since there is one level more below zero. Candidates make that
    value -half, and up to `reach` tenths of a level more or less. `weigh` gives the weights of errors, [width, n].
    """
    x = np.ascontiguousarray(groups.T)
    size = np.abs(x)
    first = size.argmax(axis=0)
    furthest = np.take_along_axis(x, first[None], axis=0)[0]
    weight = weigh(x)
    weighted = weight * x

    def tried_with(step: int) -> tuple[Floats, Floats, Floats]:
        inverse = -(np.float32(half) + np.float32(0.1) * np.float32(step)) / furthest
        tried = np.clip(np.rint(inverse * x), -half, half - 1)
        return tried, (weighted * tried).sum(axis=0), (weight * tried * tried).sum(axis=0)

    levels, products, squares = tried_with(0)
    scale = np.where(squares > 0, products / squares, np.float32(0))
    best = scale * products
    for step in (*range(-reach, 0), *range(1, reach + 1)):
        tried, products, squares = tried_with(step)
        fitted = products / squares
        better = (squares > 0) & (products * products > best * squares)
        levels = np.where(better, tried, levels)
        scale, best = np.where(better, fitted, scale), np.where(better, fitted * products, best)
    nothing = size.max(axis=0) < TINY
    return np.where(nothing, np.float32(0), scale), np.where(nothing, np.float32(-half), levels).T


def offset_scales(groups: Floats, most: int, first: float, steps: int) -> tuple[Floats, Floats, Floats]:
    """(scale [n], offset [n], levels [n, width] from 0 to most): value = scale · level - offset, and no offset is below zero.

    Errors are weighted by `sizes`.
    """
    x = np.ascontiguousarray(groups.T)
    weight = sizes(x)
    low, high = np.minimum(x.min(axis=0), np.float32(0)), x.max(axis=0)
    alike = high == low
    sum_w, sum_x = weight.sum(axis=0), (weight * x).sum(axis=0)

    def rounded(inverse: Floats, least: Floats) -> Floats:
        return np.clip(np.rint(inverse * (x - least)), 0, most)

    def error(levels: Floats, scale: Floats, least: Floats) -> Floats:
        apart = scale * levels + least - x
        return (weight * (apart * apart)).sum(axis=0)

    inverse = np.float32(most) / (high - low)
    levels, scale, least = rounded(inverse, low), np.float32(1) / inverse, low
    best = error(levels, scale, least)
    for step in range(steps + 1):
        candidate = np.float32(first) + np.float32(0.1) * np.float32(step) + np.float32(most)
        tried = rounded(candidate / (high - least), least)  # from the best offset so far
        weighted = weight * tried
        sum_l, sum_l2, sum_xl = weighted.sum(axis=0), (weighted * tried).sum(axis=0), (weighted * x).sum(axis=0)
        determinant = sum_w * sum_l2 - sum_l * sum_l
        fitted, lowest = (sum_w * sum_xl - sum_x * sum_l) / determinant, (sum_l2 * sum_x - sum_l * sum_xl) / determinant
        above = lowest > 0
        fitted, lowest = np.where(above, sum_xl / sum_l2, fitted), np.where(above, np.float32(0), lowest)
        now = error(tried, fitted, lowest)
        better = (determinant > 0) & (now < best)
        levels = np.where(better, tried, levels)
        best, scale, least = np.where(better, now, best), np.where(better, fitted, scale), np.where(better, lowest, least)
    return np.where(alike, np.float32(0), scale), -least, np.where(alike, np.float32(0), levels).T
