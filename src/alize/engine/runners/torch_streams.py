"""A sound that is still coming, as it is heard. In: what of it is there. Out: the rows of the tokens of a step.

Each piece is encoded once, when a step first comes to it: what the encoder still looks back at is kept with the sound, and so are the rows,
for a sequence that has to begin again. Both are gone with the request.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from alize.engine.sounds import Coming
from alize.model.hearing import HearingTransformer
from alize.model.listening import Past

__all__ = ["rows_of"]

AHEAD = 64
"""Tokens that are encoded beyond those of a step, where their sound is there: five seconds of Voxtral Realtime's."""


@dataclass(frozen=True, slots=True)
class _Heard:
    rows_ID: Tensor  # of the first `count` tokens, with room for more
    count: int
    past: Past


def rows_of(sound: Coming, first: int, count: int, model: HearingTransformer) -> Tensor:
    """What the tokens `first` … `first + count` - 1 let hear: [count, D]."""
    heard = sound.heard
    assert heard is None or isinstance(heard, _Heard)
    end = first + count
    if heard is None or heard.count < end:
        heard = sound.heard = _further(sound, heard, min(sound.length, end + AHEAD), model)
    return heard.rows_ID[first:end]


def _further(sound: Coming, heard: _Heard | None, end: int, model: HearingTransformer) -> _Heard:
    weight, known = model.norm.weight, heard.count if heard else 0
    mel_MF = torch.tensor(sound.array(model.hearing.mels, known, end), dtype=weight.dtype, device=weight.device)
    fresh_ID, past = model.hear_on(mel_MF, heard.past if heard else None)
    rows_ID = heard.rows_ID if heard else fresh_ID.new_empty(0, fresh_ID.shape[1])
    if len(rows_ID) < end:  # twice as many: to copy them for every token would take longer and longer
        rows_ID = torch.cat([rows_ID[:known], fresh_ID, fresh_ID.new_empty(end, fresh_ID.shape[1])])
    else:
        rows_ID[known:end] = fresh_ID
    return _Heard(rows_ID, end, past)
