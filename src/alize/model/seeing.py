"""A decoder that sees. In: images, and the tokens that hold a place for them. Out: what a Transformer gives.

Each token of an image has a row of the projector's in place of its embedding; for the decoder it is a token like any other. The
encoder does not know where in a conversation its image stands, so an image is encoded once and may be cut anywhere afterwards.

    tokens    <s> [INST]  what is  [IMG] [IMG] [BREAK] [IMG] [IMG] [END]  [/INST]
    rows of x  e    e       e  e     0     1      e      2     3     e       e        e: its embedding, 0 … 3: rows of `see`
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from alize.model.config import ModelConfig, Vision
from alize.model.pieces import Pieces, stretches, whole
from alize.model.projector import Adapter, PatchMerger
from alize.model.transformer import Transformer
from alize.model.vision import VisionEncoder

__all__ = ["SeeingTransformer"]


class SeeingTransformer(Transformer):
    """Parameter names are those of the releases, which keep the parts of the projector beside each other."""

    def __init__(self, config: ModelConfig, vision: Vision) -> None:
        super().__init__(config)
        self.vision_encoder = VisionEncoder(vision)
        self.pre_mm_projector_norm = nn.RMSNorm(vision.dim, eps=vision.norm_eps) if vision.norm_eps is not None else None
        self.patch_merger = PatchMerger(vision.dim, vision.merge) if vision.merge else None
        self.vision_language_adapter = Adapter(vision.dim, config.dim, vision.bias)

    def see(self, images: Sequence[Tensor]) -> Tensor:
        """Images [3, height, width], multiples of a token's side → [I, D]: a row for each of their tokens, row by row."""
        return torch.cat([whole(self.perceive(image)) for image in images])

    def perceive(self, image: Tensor) -> Pieces[Tensor]:
        """One of them, in pieces."""
        x_TD = yield from self.vision_encoder.pieces(image)
        if self.pre_mm_projector_norm is not None:
            x_TD = self.pre_mm_projector_norm(x_TD)
        if self.patch_merger is not None:
            patch = self.vision_encoder.config.patch
            x_TD = self.patch_merger(x_TD, [(image.shape[1] // patch, image.shape[2] // patch)])
        yield
        rows: list[Tensor] = []
        for some in stretches(len(x_TD)):
            rows.append(self.vision_language_adapter(x_TD[some]))
            yield
        return torch.cat(rows)
