"""The decoder: this file is the specification of a Mistral. In: packed token ids and positions. Out: hidden states or logits.

Sequences lie end to end, without padding: `tokens` and `positions` are [T], and an `Attend` knows where one ends and what came
before it. Parameter names are those of the released checkpoints (weights/checkpoints/base.py). Single device, no cache, no serving.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.model.attend import Attend
from alize.model.attention import Attention
from alize.model.config import ModelConfig
from alize.model.experts import SparseFeedForward
from alize.model.feedforward import FeedForward
from alize.model.latent import LatentAttention
from alize.model.norm import norm
from alize.model.rope import Places, places

__all__ = ["Block", "Embeds", "Transformer"]

Embeds = tuple[Tensor, Tensor]
"""Which tokens [I], and what stands for them instead of their embeddings, or is added to these [I, D]."""


class Block(nn.Module):
    """x + attention(norm x), then x + feed_forward(norm x). In Gemma 3, what either gives is normed, too."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.attention_norm = norm(config, config.dim)
        self.attention = LatentAttention(config, config.latent, layer) if config.latent else Attention(config, layer)
        self.ffn_norm = norm(config, config.dim)
        experts = config.experts if config.routed(layer) else None
        self.feed_forward = SparseFeedForward(config.dim, experts) if experts else FeedForward(config.dim, config.hidden, config.activation)
        self.attention_post_norm = norm(config, config.dim) if config.post_norms else nn.Identity()
        self.ffn_post_norm = norm(config, config.dim) if config.post_norms else nn.Identity()
        self.stream = config.hearing.stream if config.hearing else None
        self.ada_rms_norm_t_cond = told_delay(config.dim, self.stream.told) if self.stream else None

    def forward(self, x_TD: Tensor, places: Places, attend: Attend) -> Tensor:
        x_TD = x_TD + self.attention_post_norm(self.attention(self.attention_norm(x_TD), places, attend))
        normed_TD = self.ffn_norm(x_TD)
        if self.stream is not None and self.ada_rms_norm_t_cond is not None:
            normed_TD = normed_TD * (1 + self.ada_rms_norm_t_cond(delay_row(self.stream.delay, normed_TD)))
        return x_TD + self.ffn_post_norm(self.feed_forward(normed_TD))


def told_delay(dim: int, told: int) -> nn.Sequential:
    """How a layer of Voxtral Realtime makes a factor of the delay: a narrow bottleneck, as in diffusion models (Peebles & Xie 2022)."""
    return nn.Sequential(nn.Linear(dim, told, bias=False), nn.GELU(), nn.Linear(told, dim, bias=False))


def delay_row(delay: int, like: Tensor) -> Tensor:
    """A number as cosines and sines of ever slower angles, [D], in the type of `like`.

    >>> delay_row(0, torch.zeros(1, 4)).tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    half = like.shape[-1] // 2
    speed = torch.exp(torch.arange(half, dtype=torch.float32, device=like.device) / half * -math.log(10000.0))
    angles = speed.to(like.dtype) * delay
    return torch.cat([angles.cos(), angles.sin()])


class LearnedRope(nn.Module):
    """By how much each pair's speed of rotation was changed in training (Mistral Large 4)."""

    def __init__(self, pairs: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.empty(pairs))


class Transformer(nn.Module):
    """Embed, run the blocks, norm; `head` turns the rows one asks for into logits."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.tok_embeddings = nn.Embedding(config.vocab, config.dim)
        rotated = config.head_dim if config.latent is None else config.latent.rope_head_dim
        self.lerope = LearnedRope(rotated // 2) if config.rope.learned else None
        self.layers = nn.ModuleList(Block(config, layer) for layer in range(config.layers))
        self.norm = norm(config, config.dim)
        self.output = None if config.tied else nn.Linear(config.dim, config.vocab, bias=False)

    def forward(self, tokens_T: Tensor, positions_T: Tensor, attend: Attend, embeds: Embeds | None = None) -> Tensor:
        """Hidden states after the last norm, [T, D]. `embeds` puts rows such as image patches in place of tokens' embeddings."""
        x_TD = self.tok_embeddings(tokens_T)
        if self.config.embedding_scale != 1.0:  # rounded to the weights' type, as it was in training
            x_TD = x_TD * torch.tensor(self.config.embedding_scale).to(x_TD.dtype)  # stays where it is: a graph of a GPU takes nothing over
        if embeds is not None:
            x_TD = self.placed(x_TD, embeds)
        where = places(self.config, positions_T, None if self.lerope is None else self.lerope.alpha)
        for block in self.layers:
            x_TD = block(x_TD, where, attend)
        return self.norm(x_TD)

    def placed(self, x_TD: Tensor, embeds: Embeds) -> Tensor:
        """The embeddings with what stands in place of some."""
        return x_TD.index_copy(0, *embeds)

    def head(self, hidden_TD: Tensor) -> Tensor:
        """Logits of the next token, [T, V], in the weights' own type."""
        logits = F.linear(hidden_TD, self.tok_embeddings.weight) if self.output is None else self.output(hidden_TD)
        cap = self.config.logit_cap
        return torch.tanh(logits / cap) * cap if cap else logits
