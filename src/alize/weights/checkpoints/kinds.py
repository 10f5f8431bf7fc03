"""How stored bytes encode values. In: the name of a kind. Out: its block, the smallest run of values that can be decoded alone.

The quantised blocks are those of ggml (MIT, ggml-org): each is described here as the record that lies in the file, in little-endian order.
`d` and `dmin` are scales, `qs` and `ql` the low bits of the values, `qh` and `hmask` their high bits.
F8_E4M3 (Micikevicius et al. 2022) has a sign, four bits of exponent, three of fraction, and its scale beside it (scaled.py).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["KINDS", "PLAIN", "Kind"]

PLAIN = ("F32", "F16", "BF16", "F64")
"""Kinds that keep each value by itself, without a scale."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to encode values: `values` of them in each record."""

    name: str
    values: int
    record: np.dtype[Any]

    def bytes_of(self, shape: Sequence[int]) -> int | None:
        """Bytes that a tensor of this shape takes; None where its rows do not hold whole blocks.

        >>> KINDS["Q4_1"].bytes_of((2, 64))
        80
        """
        if self.values > 1 and (not shape or shape[-1] % self.values):
            return None
        return math.prod(shape) // self.values * self.record.itemsize


def _blocks(name: str, values: int, *fields: tuple[str, str] | tuple[str, str, int]) -> Kind:
    return Kind(name, values, np.dtype(list(fields)))


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("F32", 1, np.dtype("<f4")),
        Kind("F16", 1, np.dtype("<f2")),
        Kind("BF16", 1, np.dtype("<u2")),
        Kind("F64", 1, np.dtype("<f8")),
        Kind("F8_E4M3", 1, np.dtype("u1")),
        Kind("INT8", 1, np.dtype("u1")),
        _blocks("INT4", 8, ("qs", "u1", 4)),
        _blocks("Q4_0", 32, ("d", "<f2"), ("qs", "u1", 16)),
        _blocks("Q4_1", 32, ("d", "<f2"), ("m", "<f2"), ("qs", "u1", 16)),
        _blocks("Q5_0", 32, ("d", "<f2"), ("qh", "<u4"), ("qs", "u1", 16)),
        _blocks("Q5_1", 32, ("d", "<f2"), ("m", "<f2"), ("qh", "<u4"), ("qs", "u1", 16)),
        _blocks("Q8_0", 32, ("d", "<f2"), ("qs", "i1", 32)),
        _blocks("Q2_K", 256, ("scales", "u1", 16), ("qs", "u1", 64), ("d", "<f2"), ("dmin", "<f2")),
        _blocks("Q3_K", 256, ("hmask", "u1", 32), ("qs", "u1", 64), ("scales", "u1", 12), ("d", "<f2")),
        _blocks("Q4_K", 256, ("d", "<f2"), ("dmin", "<f2"), ("scales", "u1", 12), ("qs", "u1", 128)),
        _blocks("Q5_K", 256, ("d", "<f2"), ("dmin", "<f2"), ("scales", "u1", 12), ("qh", "u1", 32), ("qs", "u1", 128)),
        _blocks("Q6_K", 256, ("ql", "u1", 128), ("qh", "u1", 64), ("scales", "i1", 16), ("d", "<f2")),
    )
}
"""Every kind that can be decoded, by its name."""
