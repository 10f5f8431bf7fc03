"""Images as a model sees them. In: images of a batch. Out: what stands for their tokens instead of embeddings.

Encoding an image takes as long as reading hundreds of tokens, and its tokens may come in several pieces, in several answers to one
question, and again in every turn of a conversation: what was seen last is kept. Each image is encoded alone, so that what it looks like
does not depend on what shares the batch.
"""

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from alize.engine.images import Image, Shown
from alize.model.seeing import SeeingTransformer
from alize.model.transformer import Embeds

__all__ = ["Eyes"]

MOST_BYTES = 256 * 2**20
"""Of what is kept: 20 of the largest images of a model of 5120 numbers a token, in bfloat16 as in a decoder of that width."""


class Eyes:
    """What a model has seen."""

    def __init__(self, model: SeeingTransformer, most: int = MOST_BYTES) -> None:
        self._model, self._most = model, most
        self._seen: OrderedDict[bytes, Tensor] = OrderedDict()  # the least recently used first
        self.encoded = 0  # how many images were encoded: those kept were not again

    def embeds(self, pieces: Sequence[Shown]) -> Embeds | None:
        """For a model's `embeds`; None where no token of the batch shows anything."""
        places: list[np.ndarray] = []
        rows: list[Tensor] = []
        for piece in pieces:
            at, squares = piece.squares()
            if len(at):
                seen_ID = self._see(piece.image)
                places.append(at)
                rows.append(seen_ID[torch.as_tensor(squares, device=seen_ID.device)])
        if not rows:
            return None
        return torch.as_tensor(np.concatenate(places), device=rows[0].device), torch.cat(rows)

    def _see(self, image: Image) -> Tensor:
        kept = self._seen.get(image.key)
        if kept is not None:
            self._seen.move_to_end(image.key)
            return kept
        weight = self._model.norm.weight
        pixels = torch.tensor(image.array(self._model.vision_encoder.config.side), dtype=weight.dtype, device=weight.device)
        seen_ID = self._model.see([pixels])
        self.encoded += 1
        self._seen[image.key] = seen_ID
        while len(self._seen) > 1 and sum(seen.nbytes for seen in self._seen.values()) > self._most:
            self._seen.popitem(last=False)
        return seen_ID
