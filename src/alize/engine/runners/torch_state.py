"""States in PyTorch. In: a layer's inputs. Out: what the tokens read from the states of their sequences.

A sequence has one slot for as long as it runs: of each layer the last inputs of the convolution and the state. For Codestral Mamba in
bfloat16 that is 260 MiB, after ten tokens and after a million. Decodes move their slots a few at a time; pieces of prompts one by one.

R sequences, T tokens, C channels of the convolution, K tokens it sees, N heads, P inputs a head, S state, G groups.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from alize.engine.runners.base import Batch, CacheGroup, Ints
from alize.engine.runners.torch_cache import zeros
from alize.model.config import StateSpace
from alize.model.scan import advance, convolve, scan

__all__ = ["SlottedStates", "StateCache"]

Counts = npt.NDArray[np.int64]

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
    """Sequences of equal length that are moved together. All of it is known before the first layer: a device is not asked in between."""

    rows_T: Tensor | slice  # of the packed tokens, sequence by sequence
    decode: bool  # one token of each
    slots_R: Tensor  # where each is read; 0 for one that is not kept
    begins: Tensor  # which of the R begin here: the slot then holds what another sequence left
    kept: Tensor | slice  # which of the R are kept
    into: Tensor  # the slots of those

    def recall(self, memory: Tensor) -> Tensor:
        return memory[self.slots_R].index_fill_(0, self.begins, 0)

    def keep(self, memory: Tensor, moved: Tensor) -> None:
        memory.index_copy_(0, self.into, moved[self.kept])


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
            if piece.decode:
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
        yield _piece(batch, name, row[None], starts[row, None], device)


def _piece(batch: Batch, name: str, rows: Counts, starts: Counts, device: str) -> _Piece:
    """`rows` of the batch, whose first tokens lie at `starts`: several of one token each, or one of more."""
    length = int(batch.lengths[rows[0]])
    slots = batch.tables[name][rows, 0]
    kept = slots >= 0

    def there(numbers: Counts | Ints) -> Tensor:
        return torch.as_tensor(numbers, dtype=torch.int64, device=device)

    return _Piece(
        rows_T=there(starts) if length == 1 else slice(int(starts[0]), int(starts[0]) + length),
        decode=length == 1,
        slots_R=there(np.maximum(slots, 0)),
        begins=there(np.flatnonzero(batch.positions[starts] == 0)),
        kept=slice(None) if kept.all() else there(np.flatnonzero(kept)),
        into=there(slots[kept]),
    )
