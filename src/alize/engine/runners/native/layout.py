"""Which matrices the core takes for one product, and in which order their numbers lie. In: names and sizes. Out: rows.

The rows of a query's or a key's head are in halves, (i, i + width / 2) in place of (2i, 2i + 1), since the core turns halves; of the
feed-forward 16 rows of the gate and 16 of up take turns, so that one thread computes what is multiplied with each other.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["OUTPUTS", "PRODUCTS", "ROUTER", "halves", "order_of", "router_lines"]

Rows = npt.NDArray[np.int32]

OUTPUTS = 16
"""Rows that the core computes together."""

PRODUCTS: dict[str, tuple[str, ...]] = {
    "qkv": ("attention.wq", "attention.wk", "attention.wv"),
    "out": ("attention.wo",),
    "gate_up": ("feed_forward.w1", "feed_forward.w3"),
    "down": ("feed_forward.w2",),
}
"""The names that a layer has for them in csrc/model.h. Those of an expert are parts of feed_forward.experts.N in place of feed_forward."""

ROUTER = "feed_forward.gate"
"""What chooses experts: no product of the others' kind, since rows come to it as floats."""


def order_of(names: Sequence[str], sizes: Sequence[int], head_dim: int, turned: Sequence[bool] = ()) -> Rows:
    """The rows of these matrices, one below the other, as the core has them. `turned`: whose are in halves already."""
    parts = tuple(name.rpartition(".")[2] for name in names)
    return _order(parts, tuple(sizes), head_dim, tuple(turned) or (False,) * len(parts))


@cache
def _order(parts: tuple[str, ...], sizes: tuple[int, ...], head_dim: int, turned: tuple[bool, ...]) -> Rows:
    """Of all layers the same."""
    starts = np.cumsum([0, *sizes])
    if parts == ("w1", "w3"):
        gate = np.arange(sizes[0], dtype=np.int32).reshape(-1, OUTPUTS)
        return _kept(np.stack([gate, gate + sizes[0]], axis=1).reshape(-1))
    ordered: list[Rows] = []
    for part, size, start, is_turned in zip(parts, sizes, starts[:-1].tolist(), turned, strict=True):
        rows = np.arange(size, dtype=np.int32)
        ordered.append((halves(rows, head_dim) if part in ("wq", "wk") and not is_turned else rows) + np.int32(start))
    return _kept(np.concatenate(ordered))


def _kept(rows: Rows) -> Rows:
    """For everybody who asks: nobody writes over it."""
    rows.setflags(write=False)
    return rows


def halves(rows: Rows, width: int) -> Rows:
    """Heads of this width in halves.

    >>> halves(np.arange(4, dtype=np.int32), 4).tolist()
    [0, 2, 1, 3]
    """
    return rows.reshape(-1, width // 2, 2).swapaxes(1, 2).reshape(-1)


def router_lines(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """[experts, columns] as [experts / 16, columns, 16], with zeros where there are no experts.

    >>> router_lines(np.array([[1, 2], [3, 4]], np.float32))[0, :, :3].tolist()
    [[1.0, 3.0, 0.0], [2.0, 4.0, 0.0]]
    """
    padded = np.pad(weights, ((0, -len(weights) % OUTPUTS), (0, 0)))
    return np.ascontiguousarray(padded.reshape(-1, OUTPUTS, weights.shape[1]).swapaxes(1, 2))
