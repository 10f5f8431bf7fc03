# pyright: basic, reportMissingImports=false
# Strict types say nothing about a kernel: its arguments are pointers and numbers only once it is compiled.
"""Products with many experts at once, in Triton. In: rows, and which experts each has chosen. Out: their sums, by shares.

Choices are sorted by expert and cut into tiles of rows that have the same one; a program multiplies one tile with some of its expert's
outputs. Which expert a tile has is found on the device, and a tile that has none ends at once: nobody waits to be told how many there are.

    4 tokens choose 2 of 3 experts     0 2 | 1 2 | 2 0 | 2 1        choices 0 … 7, two a token
    sorted by expert                   0 5 | 2 7 | 1 3 4 6          of expert 0, 1, 2
    tiles of 3 rows                    0 5 | 2 7 | 1 3 4 | 6

What an expert makes of a choice is multiplied with its share and kept in 32 bits at the choice's own place. A token's are then added in the
order of its choices, so that the sum does not depend on which other tokens are there.

Weights stay where they are: a kernel is given their addresses.

T tokens, A choices of each, S = T·A choices, D model width, F hidden width.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

__all__ = ["ROWS", "mixed", "tiles_of"]

ROWS = 32
"""Of a tile. Few, so that a decode multiplies little in vain."""

OUTPUTS, INPUTS = 64, 64


def mixed(x_TD: Tensor, shares_TA: Tensor, chosen_TA: Tensor, gates: Tensor, ups: Tensor, downs: Tensor, hidden: int) -> Tensor:
    """[T, D]. `gates`, `ups` and `downs` are the addresses of each expert's matrices, contiguous and of the type of x."""
    (tokens, dim), active = x_TD.shape, chosen_TA.shape[1]
    order, tiles = tiles_of(chosen_TA, len(gates))
    x_TD, hidden_SF = x_TD.contiguous(), x_TD.new_empty(len(order), hidden)
    seen_SD = x_TD.new_empty(len(order), dim, dtype=torch.float32)
    rising: Any = _rise
    rising[(len(tiles), triton.cdiv(hidden, OUTPUTS))](
        x_TD, order, tiles, gates, ups, hidden_SF, dim, hidden, active, ROWS=ROWS, OUTPUTS=OUTPUTS, INPUTS=INPUTS
    )
    falling: Any = _fall
    falling[(len(tiles), triton.cdiv(dim, OUTPUTS))](
        hidden_SF, order, tiles, downs, shares_TA.contiguous(), seen_SD, dim, hidden, ROWS=ROWS, OUTPUTS=OUTPUTS, INPUTS=INPUTS
    )
    seen_TAD = seen_SD.view(tokens, active, dim)
    y_TD = seen_TAD[:, 0]
    for rank in range(1, active):
        y_TD = y_TD + seen_TAD[:, rank]
    return y_TD.to(x_TD.dtype)


def tiles_of(chosen_TA: Tensor, experts: int) -> tuple[Tensor, Tensor]:
    """Choices sorted by expert [S], and as many tiles as there may be, each with its expert, its first place and the one behind its last.

    >>> order, tiles = tiles_of(torch.tensor([[0, 2], [1, 2], [2, 0], [2, 1]]), 3)
    >>> order.tolist(), tiles.tolist()
    ([0, 5, 2, 7, 1, 3, 4, 6], [[0, 0, 2], [1, 2, 4], [2, 4, 8]])
    """
    chosen_S = chosen_TA.flatten()
    counts = torch.zeros(experts, dtype=torch.int64, device=chosen_S.device).scatter_add_(0, chosen_S, torch.ones_like(chosen_S))
    ends, needed = counts.cumsum(0), (counts + ROWS - 1) // ROWS
    behind = needed.cumsum(0)  # the number of the tile behind each expert's last
    number = torch.arange(len(chosen_S) // ROWS + min(experts, len(chosen_S)), device=chosen_S.device)
    expert = torch.searchsorted(behind, number, right=True).clamp_(max=experts - 1)
    first = (ends - counts)[expert] + (number - (behind - needed)[expert]) * ROWS  # of a tile too many: behind the last expert's end
    last = torch.minimum(first + ROWS, ends[expert])
    return chosen_S.argsort(stable=True), torch.stack([expert, first, last], dim=1)


@triton.jit
def _rise(x_TD, order, tiles, gates, ups, hidden_SF, D, F, A, ROWS: tl.constexpr, OUTPUTS: tl.constexpr, INPUTS: tl.constexpr):
    """silu(gate x) · up x"""
    tile = tiles + tl.program_id(0) * 3
    expert, first, last = tl.load(tile), tl.load(tile + 1), tl.load(tile + 2)
    if first >= last:
        return
    kind = x_TD.dtype
    gate_FD = tl.multiple_of(tl.load(gates + expert).to(kind), 16)
    up_FD = tl.multiple_of(tl.load(ups + expert).to(kind), 16)
    place = first + tl.arange(0, ROWS)
    mine = place < last
    token = tl.load(order + place, mask=mine, other=0) // A
    output = tl.program_id(1) * OUTPUTS + tl.arange(0, OUTPUTS)
    gate = tl.zeros([ROWS, OUTPUTS], tl.float32)
    up = tl.zeros([ROWS, OUTPUTS], tl.float32)
    for start in range(0, D, INPUTS):
        input = start + tl.arange(0, INPUTS)
        x = tl.load(x_TD + (token * D)[:, None] + input[None, :], mask=mine[:, None] & (input < D)[None, :], other=0.0)
        at = (output.to(tl.int64) * D)[None, :] + input[:, None]
        there = (output < F)[None, :] & (input < D)[:, None]
        gate = tl.dot(x, tl.load(gate_FD + at, mask=there, other=0.0), gate, input_precision="ieee")
        up = tl.dot(x, tl.load(up_FD + at, mask=there, other=0.0), up, input_precision="ieee")
    into = hidden_SF + (place * F)[:, None] + output[None, :]
    tl.store(into, (gate * tl.sigmoid(gate) * up).to(hidden_SF.dtype.element_ty), mask=mine[:, None] & (output < F)[None, :])


@triton.jit
def _fall(hidden_SF, order, tiles, downs, shares_S, seen_SD, D, F, ROWS: tl.constexpr, OUTPUTS: tl.constexpr, INPUTS: tl.constexpr):
    """share · down hidden, from the sorted place back to the choice's own."""
    tile = tiles + tl.program_id(0) * 3
    expert, first, last = tl.load(tile), tl.load(tile + 1), tl.load(tile + 2)
    if first >= last:
        return
    down_DF = tl.multiple_of(tl.load(downs + expert).to(hidden_SF.dtype), 16)
    place = first + tl.arange(0, ROWS)
    mine = place < last
    choice = tl.load(order + place, mask=mine, other=0)
    output = tl.program_id(1) * OUTPUTS + tl.arange(0, OUTPUTS)
    seen = tl.zeros([ROWS, OUTPUTS], tl.float32)
    for start in range(0, F, INPUTS):
        input = start + tl.arange(0, INPUTS)
        hidden = tl.load(hidden_SF + (place * F)[:, None] + input[None, :], mask=mine[:, None] & (input < F)[None, :], other=0.0)
        at = (output.to(tl.int64) * F)[None, :] + input[:, None]
        there = (output < D)[None, :] & (input < F)[:, None]
        seen = tl.dot(hidden, tl.load(down_DF + at, mask=there, other=0.0), seen, input_precision="ieee")
    seen = seen * tl.load(shares_S + choice, mask=mine, other=0.0)[:, None]
    tl.store(seen_SD + (choice * D)[:, None] + output[None, :], seen, mask=mine[:, None] & (output < D)[None, :])
