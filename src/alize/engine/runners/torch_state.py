"""States in PyTorch. In: a layer's inputs. Out: what the tokens read from the states of their sequences.

A sequence has one slot for as long as it runs: of each layer the last inputs of the convolution and the state. For Codestral Mamba in
bfloat16 that is 260 MiB, after ten tokens and after a million. Decodes move their slots a few at a time; pieces of prompts one by one.

R sequences, T tokens, C channels of the convolution, K tokens it sees, N heads, P inputs a head, S state, G groups.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from alize.engine.runners.base import Batch, CacheGroup
from alize.engine.runners.torch_cache import zeros
from alize.model.config import StateSpace
from alize.model.scan import advance, convolve, scan

__all__ = ["SlottedStates", "StateCache"]

DECODES_TOGETHER = {"cpu": 4}
"""States moved in one piece, 64 elsewhere: of 4 MB each, more of them leave the processor's caches between one operation and the next."""


class StateCache:
    """Memory of one recurrent group. States are float32 or wider, as `slot_bytes` counts them."""

    def __init__(self, group: CacheGroup, slots: int, space: StateSpace, dtype: torch.dtype, device: str) -> None:
        self.group = group
        wide = torch.promote_types(dtype, torch.float32)
        self.tails = {layer: zeros((slots, space.conv - 1, space.channels), dtype, device) for layer in group.layers}
        self.states = {layer: zeros((slots, space.heads, space.head_dim, space.state), wide, device) for layer in group.layers}


@dataclass(frozen=True, slots=True)
class _Piece:
    """Sequences of equal length that are moved together."""

    rows_T: Tensor  # of the packed tokens, sequence by sequence
    slots_R: Tensor  # -1 where nothing is to be kept
    begins_R: Tensor  # whether it begins here: the slot then holds what another sequence left

    def recall(self, memory: Tensor) -> Tensor:
        held = memory[self.slots_R.clamp(min=0)]
        held[self.begins_R] = 0
        return held

    def keep(self, memory: Tensor, moved: Tensor) -> None:
        kept = self.slots_R >= 0
        memory.index_copy_(0, self.slots_R[kept], moved[kept])


class SlottedStates:
    """A `Remember` over slots, for one batch."""

    def __init__(self, batch: Batch, cache: StateCache, device: str) -> None:
        self._cache = cache
        self._pieces = list(_pieces(batch, cache.group.name, device))

    def convolve(self, layer: int, x_TC: Tensor, weight_CK: Tensor, bias_C: Tensor) -> Tensor:
        memory, y_TC = self._cache.tails[layer], torch.empty_like(x_TC)
        for piece in self._pieces:
            x_RTC = x_TC[piece.rows_T].view(len(piece.slots_R), -1, x_TC.shape[1])
            y_RTC, tails = convolve(piece.recall(memory), x_RTC, weight_CK, bias_C)
            y_TC[piece.rows_T] = y_RTC.flatten(0, 1)
            piece.keep(memory, tails)
        return y_TC

    def scan(self, layer: int, x_TNP: Tensor, dt_TN: Tensor, a_N: Tensor, b_TGS: Tensor, c_TGS: Tensor) -> Tensor:
        memory, y_TNP = self._cache.states[layer], torch.empty_like(x_TNP)
        for piece in self._pieces:
            rows, states = piece.rows_T, piece.recall(memory)
            if len(rows) == len(states):
                y_TNP[rows], states = advance(states, x_TNP[rows], dt_TN[rows], a_N, b_TGS[rows], c_TGS[rows])
            else:
                y_TNP[rows], state = scan(states[0], x_TNP[rows], dt_TN[rows], a_N, b_TGS[rows], c_TGS[rows])
                states = state[None]
            piece.keep(memory, states)
        return y_TNP


def _pieces(batch: Batch, name: str, device: str) -> Iterator[_Piece]:
    starts = np.cumsum(batch.lengths) - batch.lengths
    single = np.flatnonzero(batch.lengths == 1)
    together = DECODES_TOGETHER.get(device, 64)
    for rows in (single[first : first + together] for first in range(0, len(single), together)):
        yield _piece(batch, name, rows, starts[rows], device)
    for row in np.flatnonzero(batch.lengths > 1):
        yield _piece(batch, name, np.array([row]), np.arange(starts[row], starts[row] + batch.lengths[row]), device)


def _piece(batch: Batch, name: str, rows: np.ndarray, tokens: np.ndarray, device: str) -> _Piece:
    first = tokens[:: max(1, len(tokens) // len(rows))]
    return _Piece(
        torch.as_tensor(tokens, dtype=torch.int64, device=device),
        torch.as_tensor(batch.tables[name][rows, 0], dtype=torch.int64, device=device),
        torch.as_tensor(batch.positions[first] == 0, device=device),
    )
