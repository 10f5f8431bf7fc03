"""A text as one vector (Devlin et al. 2018, Reimers & Gurevych 2019). In: packed tokens of whole texts. Out: rows, and one vector a text.

A model that writes may see only what came before: each token has to be guessed from those. One that only reads has nothing to guess, so
every token of a text sees all of it, those behind it, too. What comes out is a row for each token, which knows its neighbours; pooled to
one row of length 1, it is a place in space, and texts that mean the same lie near each other: their cosine is their product.

    texts   "the cat sat"                   "dogs bark"               4 + 3 tokens with [CLS] in front, packed; 1 = seen:
    tokens  [CLS] the  cat  sat             [CLS] dogs bark
                                                                            C t c s C d b
    rows    r0    r1   r2   r3              r4    r5   r6               C   1 1 1 1
             └────┴─┬──┴────┘                └────┴─┬──┘                t   1 1 1 1
    mean      (r0+r1+r2+r3) / 4               (r4+r5+r6) / 3            c   1 1 1 1
    cls             r0                              r4                  s   1 1 1 1
    last            r3                              r6                  C           1 1 1
                    │                               │                   d           1 1 1
                 v / |v|                         v / |v|                b           1 1 1

An encoder is older than the decoders beside it, and built of other parts: positions are learned rows added to the embeddings, norms
subtract the mean and stand behind what they follow (Mistral's stand before), every product has a bias, the feed-forward is one wide
layer. Decoders can be pooled as well: Mistral Embed has their shape. Only the last row of one has seen the whole text, and mean weighs
all rows alike; which of them a model was trained for, its release says.
"""

from collections.abc import Sequence
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.errors import UnsupportedParameter
from alize.model.attend import Attend
from alize.model.config import Encoder, ModelConfig, Pooling
from alize.model.transformer import Embeds

__all__ = ["BiasedAttention", "EncoderBlock", "PackedBidirectional", "TextEncoder", "WideLayer", "pooled"]


class BiasedAttention(nn.Module):
    """Multi-head attention without rotation: where a token stands, its embedding says."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.head_dim = layer, config.head_dim
        self.wq = nn.Linear(config.dim, config.dim)
        self.wk = nn.Linear(config.dim, config.dim)
        self.wv = nn.Linear(config.dim, config.dim)
        self.wo = nn.Linear(config.dim, config.dim)

    def forward(self, x_TD: Tensor, attend: Attend) -> Tensor:
        q_TNH, k_TNH, v_TNH = (part(x_TD).unflatten(-1, (-1, self.head_dim)) for part in (self.wq, self.wk, self.wv))
        return self.wo(attend(self.layer, q_TNH, k_TNH, v_TNH, self.head_dim**-0.5).flatten(-2))


class WideLayer(nn.Module):
    """w2(gelu(w1 x)), with the exact GELU."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.w1 = nn.Linear(dim, hidden)
        self.w2 = nn.Linear(hidden, dim)

    def forward(self, x_TD: Tensor) -> Tensor:
        return self.w2(F.gelu(self.w1(x_TD)))


class EncoderBlock(nn.Module):
    """norm(x + attention(x)), then norm(x + feed_forward(x))."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.attention = BiasedAttention(config, layer)
        self.attention_norm = nn.LayerNorm(config.dim, eps=config.norm_eps)
        self.feed_forward = WideLayer(config.dim, config.hidden)
        self.ffn_norm = nn.LayerNorm(config.dim, eps=config.norm_eps)

    def forward(self, x_TD: Tensor, attend: Attend) -> Tensor:
        x_TD = self.attention_norm(x_TD + self.attention(x_TD, attend))
        return self.ffn_norm(x_TD + self.feed_forward(x_TD))


class TextEncoder(nn.Module):
    """BERT, and RoBERTa, whose positions begin behind two rows that nothing uses."""

    output: nn.Linear | None = None  # it has no head

    def __init__(self, config: ModelConfig, encoder: Encoder) -> None:
        super().__init__()
        self.config, self.first = config, encoder.first
        self.tok_embeddings = nn.Embedding(config.vocab, config.dim)
        self.pos_embeddings = nn.Embedding(encoder.positions, config.dim)
        self.type_embeddings = nn.Embedding(encoder.types, config.dim)
        self.norm = nn.LayerNorm(config.dim, eps=config.norm_eps)
        self.layers = nn.ModuleList(EncoderBlock(config, layer) for layer in range(config.layers))

    def forward(self, tokens_T: Tensor, positions_T: Tensor, attend: Attend, embeds: Embeds | None = None) -> Tensor:
        """A row for each token, [T, D]. A text has to be there whole."""
        assert embeds is None, "an encoder of texts sees no images"
        first_text_D = self.type_embeddings.weight[0]  # the second type marks the second of two texts that are read together
        x_TD = self.norm(self.tok_embeddings(tokens_T) + self.pos_embeddings(positions_T + self.first) + first_text_D)
        for block in self.layers:
            x_TD = block(x_TD, attend)
        return x_TD

    def head(self, hidden_TD: Tensor) -> Tensor:
        raise UnsupportedParameter("This model reads and does not write: it has no logits.", param="model")


class PackedBidirectional:
    """Each token sees all of its own text. Neighbours of one length are computed at once: whoever packs may put them together."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self.runs = [(length, len(list(run))) for length, run in groupby(lengths)]

    def __call__(self, layer: int, q_TNH: Tensor, k_TKH: Tensor | None, v_TKV: Tensor | None, scale: float, chosen: bool = False) -> Tensor:
        assert k_TKH is not None
        assert v_TKV is not None
        seen: list[Tensor] = []
        sizes = [length * count for length, count in self.runs]
        for (length, count), *parts in zip(self.runs, *(torch.split(x, sizes) for x in (q_TNH, k_TKH, v_TKV)), strict=True):
            q_BNLH, k_BNLH, v_BNLH = (part.unflatten(0, (count, length)).transpose(1, 2) for part in parts)
            seen_BNLH = F.scaled_dot_product_attention(q_BNLH, k_BNLH, v_BNLH, scale=scale)
            seen.append(seen_BNLH.transpose(1, 2).flatten(0, 1))
        return torch.cat(seen)

    def choose(self, layer: int, q_TIH: Tensor, weight_TI: Tensor, k_TH: Tensor, top: int) -> None:
        raise AssertionError("an encoder has no indexer")


def pooled(hidden_TD: Tensor, lengths: Sequence[int], pooling: Pooling) -> Tensor:
    """One row of length 1 for each text, [R, D].

    >>> rows = torch.tensor([[6.0, 0.0], [0.0, 8.0], [0.0, 2.0]])
    >>> pooled(rows, [2, 1], "mean").tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 1.0]]
    """
    vectors = torch.stack([_vector(rows_LD, pooling) for rows_LD in torch.split(hidden_TD, list(lengths))])
    return F.normalize(vectors, dim=-1)


def _vector(rows_LD: Tensor, pooling: Pooling) -> Tensor:
    return rows_LD.mean(0) if pooling == "mean" else rows_LD[0] if pooling == "cls" else rows_LD[-1]
