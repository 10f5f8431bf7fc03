"""Cosines and sines of rotary positions. In: a Rope. Out: tables [positions, width / 2]. What they mean stands in model/rope.py."""

import math

import numpy as np
import numpy.typing as npt

from alize.engine.runners.native.library import Arena, library
from alize.model.config import Rope

__all__ = ["speeds", "turns"]

Floats = npt.NDArray[np.float32]


def speeds(rope: Rope, width: int) -> Floats:
    """As model/rope.py computes them, which a test compares."""
    pairs = np.arange(0, width, 2, dtype=np.float32) / np.float32(width)
    plain = np.array([1.0 / np.float32(float(np.float32(rope.theta)) ** float(pair)) for pair in pairs], np.float32)
    if rope.divisors:
        return plain / np.asarray(rope.divisors, np.float32)
    if rope.factor == 1.0:
        return plain
    if rope.stretch == "linear":
        return plain / np.float32(rope.factor)
    if rope.stretch == "llama3":
        times = np.float32(rope.original_context) / (np.float32(2 * math.pi) / plain)
        kept = np.clip((times - np.float32(rope.beta_slow)) / np.float32(rope.beta_fast - rope.beta_slow), 0, 1)
        return ((1 - kept) * plain / np.float32(rope.factor) + kept * plain).astype(np.float32)
    first = max(math.floor(_pair_that_turns(rope.beta_fast, rope, width)), 0)
    last = min(math.ceil(_pair_that_turns(rope.beta_slow, rope, width)), width - 1)
    slowed = np.clip((np.arange(width // 2, dtype=np.float32) - first) / np.float32((last - first) or 0.001), 0, 1)
    return (plain / np.float32(rope.factor) * slowed + plain * (1 - slowed)).astype(np.float32)


def _pair_that_turns(times: float, rope: Rope, width: int) -> float:
    return width * math.log(rope.original_context / (times * 2 * math.pi)) / (2 * math.log(rope.theta))


def turns(rope: Rope, width: int, positions: int, arena: Arena) -> tuple[Floats, Floats]:
    """Cosines and sines of every position, computed by the core: the same bits on every machine."""
    speed = np.ascontiguousarray(speeds(rope, width))
    cosines, sines = arena.take(positions * (width // 2), np.float32), arena.take(positions * (width // 2), np.float32)
    library().alize_turns(speed.ctypes.data, width // 2, positions, rope.attention_scale, cosines.ctypes.data, sines.ctypes.data)
    return cosines, sines
