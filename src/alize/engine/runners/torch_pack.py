"""Weights laid out for the CPU. In: a model. Out: the same model with its projections fused and prepacked by oneDNN.

The specification in model/ stays plain; this is applied from outside. Measured on two AVX-512 cores, SmolLM2-135M, all layers for one
row: float32 40 ms plain, 17 ms packed; bfloat16 24 ms plain, 10 ms packed. Packed products also give a row the same bits whatever
rows share the batch (tried from 2 to 512 rows); a single row takes another path, so it gets company.
"""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.model.attention import Attention
from alize.model.build import Model
from alize.model.feedforward import FeedForward
from alize.model.latent import LatentAttention
from alize.model.mamba import Mixer

__all__ = ["can_pack", "pack_weights"]

_STEP = 8  # rows; fewer than this are never padded, since a decode step then reads weights and little else
_ROWS_HINT = 512  # the batch that oneDNN optimises the layout for; 512 measured best or equal from 1 row up


def can_pack(dtype: torch.dtype, device: str) -> bool:
    """Whether oneDNN has a prepacked product for this format here."""
    return device == "cpu" and torch.backends.mkldnn.is_available() and dtype in (torch.float32, torch.bfloat16)


def pack_weights(model: Model) -> None:
    """Replace the projections, freeing the plain weights one module at a time."""
    for module in list(model.layers.modules()):
        if isinstance(module, Attention):
            module.__class__ = _PackedAttention
            cast(_PackedAttention, module).pack()
        elif isinstance(module, FeedForward):
            module.__class__ = _PackedFeedForward
            cast(_PackedFeedForward, module).pack()
        elif isinstance(module, LatentAttention):
            for name in ("wq", "wq_a", "wq_b", "wkv_a_with_mqa", "wo"):  # wkv_b is no product of rows
                plain = getattr(module, name, None)
                if plain is not None:
                    setattr(module, name, _PackedLinear([plain.weight]))
        elif isinstance(module, Mixer):
            module.in_proj = cast(nn.Linear, _PackedLinear([module.in_proj.weight]))
            module.out_proj = cast(nn.Linear, _PackedLinear([module.out_proj.weight]))
    model.output = cast(nn.Linear, _PackedLinear([model.tok_embeddings.weight if model.output is None else model.output.weight]))


class _PackedLinear(nn.Module):
    """x @ concat(weights).T + bias, from a layout that only oneDNN reads."""

    def __init__(self, weights: list[Tensor], biases: list[Tensor | None] | None = None) -> None:
        super().__init__()
        given = [bias for bias in biases or [] if bias is not None]
        self.bias = torch.cat(given) if given else None
        self.packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(torch.cat(weights), _ROWS_HINT)

    def forward(self, x_TD: Tensor) -> Tensor:
        rows = len(x_TD)
        missing = padded_rows(rows) - rows
        x_TD = F.pad(x_TD, (0, 0, 0, missing)) if missing else x_TD
        return torch.ops.mkldnn._linear_pointwise(x_TD, self.packed, self.bias, "none", [], "")[:rows]


def padded_rows(rows: int) -> int:
    """How many rows a product is computed with. oneDNN keeps 1 MB for every number of rows it has seen, so there should be few.

    >>> [padded_rows(rows) for rows in (1, 2, 8, 9, 300, 512)]
    [2, 2, 8, 16, 304, 512]
    """
    return max(rows, 2) if rows <= _STEP else -(-rows // _STEP) * _STEP


class _PackedAttention(Attention):
    def pack(self) -> None:
        parts = [self.wq, self.wk, self.wv]
        self.widths = [part.out_features for part in parts]
        self.wqkv = _PackedLinear([part.weight for part in parts], [part.bias for part in parts])
        self.wo = cast(nn.Linear, _PackedLinear([self.wo.weight]))
        del self.wq, self.wk, self.wv

    def project(self, x_TD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = torch.split(self.wqkv(x_TD), self.widths, dim=-1)
        return q, k, v


class _PackedFeedForward(FeedForward):
    def pack(self) -> None:
        self.w13 = _PackedLinear([self.w1.weight, self.w3.weight])
        self.w2 = cast(nn.Linear, _PackedLinear([self.w2.weight]))
        del self.w1, self.w3

    def forward(self, x_TD: Tensor) -> Tensor:
        gate, up = self.w13(x_TD).chunk(2, dim=-1)
        return self.w2(self.activation(gate) * up)
