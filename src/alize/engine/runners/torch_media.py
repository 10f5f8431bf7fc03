"""Images and sounds as a model perceives them. In: those of a batch. Out: what stands for their tokens instead of embeddings.

Encoding an image takes as long as reading hundreds of tokens, and its tokens may come in several pieces, in several answers to one
question, and again in every turn of a conversation: what was perceived last is kept. Each is encoded alone, so that what it looks or
sounds like does not depend on what shares the batch.
"""

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from alize.engine.images import Image
from alize.engine.media import Medium, Shown
from alize.engine.runners.torch_streams import rows_of
from alize.engine.sounds import Coming, Sound
from alize.model.hearing import HearingTransformer
from alize.model.seeing import SeeingTransformer
from alize.model.transformer import Embeds

__all__ = ["Senses"]

MOST_BYTES = 256 * 2**20
"""Of what is kept: 20 of the largest images of a model of 5120 numbers a token, in bfloat16 as in a decoder of that width."""


class Senses:
    """What a model has perceived."""

    def __init__(self, model: SeeingTransformer | HearingTransformer, most: int = MOST_BYTES) -> None:
        self._model, self._most = model, most
        self._kept: OrderedDict[bytes, Tensor] = OrderedDict()  # the least recently used first
        self.encoded = 0  # how many were encoded: those kept were not again

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
                perceived_ID = self._perceive(piece.medium)
                places.append(at)
                rows.append(perceived_ID[torch.as_tensor(which, device=perceived_ID.device)])
        self._forget({piece.medium.key for piece in pieces})
        if not rows:
            return None
        return torch.as_tensor(np.concatenate(places), device=rows[0].device), torch.cat(rows)

    def _perceive(self, medium: Medium) -> Tensor:
        kept = self._kept.get(medium.key)
        if kept is not None:
            self._kept.move_to_end(medium.key)
            return kept
        weight, model = self._model.norm.weight, self._model
        if isinstance(medium, Image) and isinstance(model, SeeingTransformer):
            pixels = medium.array(model.vision_encoder.config.side)
            perceived_ID = model.see([torch.tensor(pixels, dtype=weight.dtype, device=weight.device)])
        elif isinstance(medium, Sound) and isinstance(model, HearingTransformer):
            perceived_ID = model.hear(torch.tensor(medium.array(model.hearing.mels), dtype=weight.dtype, device=weight.device))
        else:
            raise TypeError(f"{type(model).__name__} was given a {type(medium).__name__}")
        self.encoded += 1
        self._kept[medium.key] = perceived_ID
        return perceived_ID

    def _forget(self, used: set[bytes]) -> None:
        """What was used longest ago, but nothing of this step: a stream is asked for again in the next one."""
        held = sum(kept.nbytes for kept in self._kept.values())
        for key in [key for key in self._kept if key not in used]:
            if held <= self._most:
                return
            held -= self._kept.pop(key).nbytes
