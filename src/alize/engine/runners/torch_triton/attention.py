# pyright: basic, reportMissingImports=false
# Strict types say nothing about a kernel: its arguments are pointers and numbers only once it is compiled.
"""Attention over a paged cache, in Triton. In: queries, a layer's cache, block tables. Out: what the queries see.

One program answers the queries of one tile that read one key head. It goes over the keys 64 at a time, from a multiple of 64 on, and keeps
of each query the highest score so far, the sum of the weights and the sum of the weighted values (online softmax, Milakov & Gimelshein
2018; in tiles, Dao et al. 2022). Keys that a query may not see change none of the three by a bit: weights of 0, and a factor of 1 on what
is there. Together with tiles.py: what a query sees depends on nothing but its own sequence.

Memory that no query of the tile may see is not read. What stands there is another sequence's, and 0 times not-a-number is not 0.

T tokens, N query heads, K key heads, G = N/K query heads that read one of them, H width of a key, V of a value.
"""

from typing import Any

import triton
import triton.language as tl
from torch import Tensor

from alize.engine.runners.base import BLOCK

__all__ = ["attend", "positions_of_a_tile", "width_of_a_tile"]

ROWS = 32
"""Queries of a tile, heads and positions together: few enough for a decode, which has one position, to read keys as fast as they come."""

KEYS = 64
LOG2_E = 1.4426950408889634
LEAST = 16
"""A matrix product in Triton has no side shorter than this."""


def positions_of_a_tile(groups: int) -> int:
    """
    >>> [positions_of_a_tile(groups) for groups in (1, 4, 5, 64)]
    [32, 8, 4, 1]
    """
    return max(ROWS, _power(groups)) // _power(groups)


def width_of_a_tile(width: int) -> int:
    """What a head takes of it.

    >>> [width_of_a_tile(width) for width in (8, 64, 80)]
    [16, 64, 128]
    """
    return max(LEAST, _power(width))


def attend(
    q_TNH: Tensor, keys: Tensor, values: Tensor, table: Tensor, tiles: Tensor, scale: float, window: int | None, seen_TNV: Tensor
) -> None:
    """Into `seen_TNV`. The cache is [blocks, 16, K, H or V], `table` [R, blocks] and `tiles` as in tiles.py, both of int32."""
    heads = keys.shape[2]
    groups = q_TNH.shape[1] // heads
    kernel: Any = _attend
    kernel[(len(tiles), heads)](
        *(q_TNH, keys, values, table, tiles, seen_TNV, scale * LOG2_E),
        *(q_TNH.stride(0), q_TNH.stride(1), *keys.stride()[:3], *values.stride()[:3], table.stride(0), *seen_TNV.stride()[:2]),
        G=groups,
        H=q_TNH.shape[2],
        V=values.shape[3],
        WINDOW=window or 0,
        HEADS=_power(groups),
        POSITIONS=positions_of_a_tile(groups),
        H_TILE=width_of_a_tile(q_TNH.shape[2]),
        V_TILE=width_of_a_tile(values.shape[3]),
        KEYS=KEYS,
        BLOCK=BLOCK,
    )


def _power(number: int) -> int:
    """The next of 1, 2, 4, …"""
    return 1 << (number - 1).bit_length()


@triton.jit
def _attend(
    q_TNH, keys, values, table, tiles, seen_TNV, scale,
    q_token, q_head, k_block, k_token, k_head, v_block, v_token, v_head, table_row, seen_token, seen_head,
    G: tl.constexpr, H: tl.constexpr, V: tl.constexpr, WINDOW: tl.constexpr, HEADS: tl.constexpr, POSITIONS: tl.constexpr,
    H_TILE: tl.constexpr, V_TILE: tl.constexpr, KEYS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    tile = tiles + tl.program_id(0) * 5
    head = tl.program_id(1)
    sequence, row, first = tl.load(tile), tl.load(tile + 1), tl.load(tile + 2)
    low, high = tl.load(tile + 3), tl.load(tile + 4)

    rows = tl.arange(0, POSITIONS * HEADS)
    position, group = first + rows // HEADS, rows % HEADS
    asks = (position >= low) & (position < high) & (group < G)
    token = (row + rows // HEADS).to(tl.int64)
    n = head * G + group
    h, v = tl.arange(0, H_TILE), tl.arange(0, V_TILE)
    q = tl.load(q_TNH + (token * q_token + n * q_head)[:, None] + h[None, :], mask=asks[:, None] & (h < H)[None, :], other=0.0)

    highest = tl.full([POSITIONS * HEADS], float("-inf"), tl.float32)
    total = tl.zeros([POSITIONS * HEADS], tl.float32)
    seen = tl.zeros([POSITIONS * HEADS, V_TILE], tl.float32)
    begin = 0
    if WINDOW > 0:
        begin = tl.maximum(0, low - WINDOW + 1) // KEYS * KEYS
    for start in range(begin, high, KEYS):
        at = start + tl.arange(0, KEYS)
        there = at < high
        if WINDOW > 0:
            there = there & (at > low - WINDOW)
        block = tl.load(table + sequence * table_row + at // BLOCK, mask=there, other=0).to(tl.int64)
        k_at = block * k_block + at % BLOCK * k_token + head * k_head
        v_at = block * v_block + at % BLOCK * v_token + head * v_head
        k_HL = tl.load(keys + k_at[None, :] + h[:, None], mask=there[None, :] & (h < H)[:, None], other=0.0)
        visible = there[None, :] & (at[None, :] <= position[:, None])
        if WINDOW > 0:
            visible = visible & (at[None, :] > position[:, None] - WINDOW)
        score = tl.where(visible, tl.dot(q, k_HL, input_precision="ieee") * scale, float("-inf"))

        higher = tl.maximum(highest, tl.max(score, 1))
        base = tl.where(higher == float("-inf"), 0.0, higher)  # of a query that has seen nothing yet
        weight = tl.exp2(score - base[:, None])
        before = tl.exp2(highest - base)
        v_LV = tl.load(values + v_at[:, None] + v[None, :], mask=there[:, None] & (v < V)[None, :], other=0.0)
        total = total * before + tl.sum(weight, 1)
        seen = seen * before[:, None] + tl.dot(weight.to(v_LV.dtype), v_LV, input_precision="ieee")
        highest = higher

    seen = seen / tl.where(asks, total, 1.0)[:, None]
    into = seen_TNV + (token * seen_token + n * seen_head)[:, None] + v[None, :]
    tl.store(into, seen.to(seen_TNV.dtype.element_ty), mask=asks[:, None] & (v < V)[None, :])
