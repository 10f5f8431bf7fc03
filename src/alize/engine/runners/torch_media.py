"""Images and sounds as a model perceives them. In: those of requests, a piece at a time. Out: what stands for their tokens, not embeddings.

Encoding an image takes as long as reading hundreds of tokens, and its tokens may come in several pieces, in several answers to one
question, and again in every turn of a conversation: what was perceived last is kept. Each is encoded alone, so that what it looks or
sounds like does not depend on what shares the batch.
"""

from collections import OrderedDict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from alize.engine.images import Image
from alize.engine.media import Medium, Shown
from alize.engine.runners.torch_streams import rows_of
from alize.engine.sounds import Coming, Sound
from alize.model.hearing import HearingTransformer
from alize.model.pieces import Pieces, tokens_worth
from alize.model.seeing import SeeingTransformer
from alize.model.transformer import Embeds

__all__ = ["Senses"]

MOST_BYTES = 256 * 2**20
"""Of what is kept: 20 of the largest images of a model of 5120 numbers a token, in bfloat16 as in a decoder of that width."""

STATE = 4
"""Rows as wide as the encoder's that are held for each of its rows between two pieces: what it was, its key, its value, what it becomes."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """What is half encoded."""

    key: bytes
    pieces: Pieces[Tensor]
    cost: float  # of a piece, in tokens of a prompt
    nbytes: int


class Senses:
    """What a model has perceived, and what it is about to."""

    def __init__(self, model: SeeingTransformer | HearingTransformer, most: int = MOST_BYTES) -> None:
        self._model, self._most = model, most
        self._kept: OrderedDict[bytes, Tensor] = OrderedDict()  # the least recently used first
        self._begun: _Begun | None = None
        self.encoded = 0  # how many were encoded: those kept were not again
        self.pieces = 0  # in how many pieces

    @property
    def held(self) -> int:
        """Bytes of what is encoded, and of what is half."""
        return sum(kept.nbytes for kept in self._kept.values()) + (self._begun.nbytes if self._begun is not None else 0)

    def know(self, medium: Medium) -> bool:
        """A sound that is still coming is encoded in the step that comes to it, a little at a time."""
        return isinstance(medium, Coming) or medium.key in self._kept

    def embeds(self, pieces: Sequence[Shown]) -> Embeds | None:
        """For a model's `embeds`; None where no token of the batch shows anything."""
        places: list[np.ndarray] = []
        rows: list[Tensor] = []
        for piece in pieces:
            at, which = piece.rows()
            if isinstance(piece.medium, Coming) and isinstance(self._model, HearingTransformer):
                places.append(at)
                rows.append(rows_of(piece.medium, piece.first, piece.count, self._model))
            elif len(at):
                perceived_ID = self._kept[piece.medium.key]
                self._kept.move_to_end(piece.medium.key)
                places.append(at)
                rows.append(perceived_ID[torch.as_tensor(which, device=perceived_ID.device)])
        if not rows:
            return None
        return torch.as_tensor(np.concatenate(places), device=rows[0].device), torch.cat(rows)

    def encode(self, media: Sequence[Medium], budget: int) -> None:
        """See `Runner.encode`."""
        begun = None if self._begun is None else self._begun.key
        if begun not in {medium.key for medium in media}:
            self._begun = None
        spent = 0.0
        for medium in sorted(media, key=lambda medium: medium.key != begun):
            while not self.know(medium):
                work = self._begun = self._begun or self._begin(medium)
                if spent and spent + work.cost > budget:
                    return
                self._advance(work)
                spent += work.cost

    def keep(self, keys: AbstractSet[bytes]) -> None:
        """See `Runner.keep`. What was used longest ago goes, but none of these: they are asked for next."""
        if self._begun is not None and self._begun.key not in keys:
            self._begun = None
        held = self.held
        for key in [key for key in self._kept if key not in keys]:
            if held <= self._most:
                return
            held -= self._kept.pop(key).nbytes

    def _begin(self, medium: Medium) -> _Begun:
        weight, model = self._model.norm.weight, self._model
        if isinstance(medium, Image) and isinstance(model, SeeingTransformer):
            eye = model.vision_encoder.config
            rows, dim, given = medium.rows * medium.columns * (eye.side // eye.patch) ** 2, eye.dim, medium.array(eye.side)
        elif isinstance(medium, Sound) and isinstance(model, HearingTransformer):
            rows, dim, given = medium.length * model.hearing.stack, model.hearing.dim, medium.array(model.hearing.mels)
        else:
            raise TypeError(f"{type(model).__name__} was given a {type(medium).__name__}")
        pieces = model.perceive(torch.tensor(given, dtype=weight.dtype, device=weight.device))
        return _Begun(medium.key, pieces, tokens_worth(model.config, rows), STATE * rows * dim * weight.element_size())

    def _advance(self, work: _Begun) -> None:
        self.pieces += 1
        try:
            next(work.pieces)
        except StopIteration as end:
            self._kept[work.key], self._begun = end.value, None
            self.encoded += 1
        except BaseException:  # a generator that raised has ended
            self._begun = None
            raise
