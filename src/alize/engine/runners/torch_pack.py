"""Weights laid out for the CPU. In: a model. Out: the same model with its projections fused and prepacked by oneDNN.

The specification in model/ stays plain; this is applied from outside. Measured on two AVX-512 cores, SmolLM2-135M, all layers for one
row: float32 40 ms plain, 17 ms packed; bfloat16 24 ms plain, 10 ms packed. Packed products also give a row the same bits whatever
rows share the batch (tried from 2 to 512 rows); a single row takes another path, so it gets company.
"""

from collections.abc import Iterator
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.heap import give_back
from alize.model.attention import Attention
from alize.model.build import Model
from alize.model.embedder import BiasedAttention, TextEncoder, WideLayer
from alize.model.feedforward import FeedForward
from alize.model.latent import LatentAttention
from alize.model.mamba import Mixer
from alize.model.stored import StoredEmbedding, StoredLinear

__all__ = ["can_pack", "kept_bytes", "pack_module", "pack_weights", "packed"]

_STEP = 8  # rows; fewer than this are never padded, since a decode step then reads weights and little else
_ROWS_HINT = 512  # the batch that oneDNN optimises the layout for; 512 measured best or equal from 1 row up


def can_pack(dtype: torch.dtype, device: str) -> bool:
    """Whether oneDNN has a prepacked product for this format here: of bfloat16 not where a processor has AVX2 alone."""
    if device != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    return dtype == torch.float32 or (dtype == torch.bfloat16 and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()))


def pack_weights(model: Model) -> None:
    """Replace the projections that are not packed yet, freeing the plain weights one module at a time."""
    for name, module in list(cast("Iterator[tuple[str, nn.Module]]", model.named_modules())):
        pack_module(name, module)
    if isinstance(model, TextEncoder):
        return  # it has no head
    if model.output is None:  # tied, and the table in memory: else load.py has put a head there
        model.output = cast(nn.Linear, _PackedLinear([model.tok_embeddings.weight]))
    else:
        _pack(model, "output")


def pack_module(name: str, module: nn.Module) -> None:
    """Replace the projections right within a module of a decoder's layers; nothing is done to others, to packed ones, and to those whose
    weights stay in their file. Called while a model is loaded, so that no more than one module is in memory twice."""
    if not name.startswith("layers."):
        return
    if type(module) is Attention and _are_plain(module.wq, module.wk, module.wv, module.wo):
        module.__class__ = _PackedAttention
        cast(_PackedAttention, module).pack()
    elif type(module) is FeedForward and _are_plain(module.w1, module.w2, module.w3):
        module.__class__ = _PackedFeedForward
        cast(_PackedFeedForward, module).pack()
    elif isinstance(module, LatentAttention):
        _pack(module, "wq", "wq_a", "wq_b", "wkv_a_with_mqa", "wo")  # wkv_b is no product of rows
    elif isinstance(module, Mixer):
        _pack(module, "in_proj", "out_proj")
    elif isinstance(module, BiasedAttention | WideLayer):
        _pack(module, *dict(module.named_children()))
    else:
        return
    give_back()  # what was freed between weights that stay: up to a quarter of all the memory of a small model


def kept_bytes(model: Model) -> int:
    """What the weights take in memory, as they are laid out now; the pages of a file count as memory."""
    plain = sum(parameter.nbytes for parameter in model.parameters())
    packed = sum(module.nbytes for module in model.modules() if isinstance(module, _PackedLinear))
    stored = {id(each.matrix): each.matrix.nbytes for each in model.modules() if isinstance(each, StoredLinear | StoredEmbedding)}
    return plain + packed + sum(stored.values())  # a tied head is the same matrix


def _are_plain(*layers: nn.Module) -> bool:
    return all(type(layer) is nn.Linear for layer in layers)


def _pack(module: nn.Module, *names: str) -> None:
    """Each alone."""
    for name in names:
        plain = getattr(module, name, None)
        if type(plain) is nn.Linear:
            bias = plain.bias
            del plain
            setattr(module, name, _PackedLinear(_taken(module, name), [bias]))


def _taken(module: nn.Module, *names: str) -> list[Tensor]:
    """The weights of layers, which are no more in the module: whoever drops the list has freed them."""
    weights = [getattr(module, name).weight for name in names]
    for name in names:
        delattr(module, name)
    return weights


def packed(weight: Tensor) -> nn.Module:
    """A product with one matrix of its own."""
    return _PackedLinear([weight])


class _PackedLinear(nn.Module):
    """x @ concat(weights).T + bias, from a layout that only oneDNN reads."""

    def __init__(self, weights: list[Tensor], biases: list[Tensor | None] | None = None) -> None:
        """`weights` is emptied: where nobody else has them, they are gone before the packed ones take memory."""
        super().__init__()
        given = [bias for bias in biases or [] if bias is not None]
        self.bias = torch.cat(given) if given else None
        plain = torch.cat(weights) if len(weights) > 1 else weights[0].detach()
        weights.clear()
        self.nbytes = plain.nbytes
        self.packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(plain, _ROWS_HINT)

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
        biases: list[Tensor | None] = [part.bias for part in parts]
        parts.clear()
        self.wqkv = _PackedLinear(_taken(self, "wq", "wk", "wv"), biases)
        _pack(self, "wo")

    def project(self, x_TD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = torch.split(self.wqkv(x_TD), self.widths, dim=-1)
        return q, k, v


class _PackedFeedForward(FeedForward):
    def pack(self) -> None:
        self.w13 = _PackedLinear(_taken(self, "w1", "w3"))
        _pack(self, "w2")

    def project(self, x_TD: Tensor) -> tuple[Tensor, Tensor]:
        gate_TF, up_TF = self.w13(x_TD).chunk(2, dim=-1)
        return gate_TF, up_TF
