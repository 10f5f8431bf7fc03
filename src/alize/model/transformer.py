"""The decoder: this file is the specification of a dense Mistral. In: packed token ids and positions. Out: hidden states or logits.

Sequences lie end to end, without padding: `tokens` and `positions` are [T], and an `Attend` knows where one ends and what came
before it. Parameter names are those of the released checkpoints (weights/checkpoints/base.py). Single device, no cache, no serving.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from alize.model.attention import Attend, Attention
from alize.model.config import ModelConfig
from alize.model.feedforward import FeedForward
from alize.model.rope import rotations

__all__ = ["Block", "Transformer"]


class Block(nn.Module):
    """x + attention(norm x), then x + feed_forward(norm x)."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(config.dim, eps=config.norm_eps)
        self.attention = Attention(config, layer)
        self.ffn_norm = nn.RMSNorm(config.dim, eps=config.norm_eps)
        self.feed_forward = FeedForward(config)

    def forward(self, x_TD: Tensor, rotation: Tensor, attend: Attend) -> Tensor:
        x_TD = x_TD + self.attention(self.attention_norm(x_TD), rotation, attend)
        return x_TD + self.feed_forward(self.ffn_norm(x_TD))


class Transformer(nn.Module):
    """Embed, run the blocks, norm; `head` turns the rows one asks for into logits."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.tok_embeddings = nn.Embedding(config.vocab, config.dim)
        self.layers = nn.ModuleList(Block(config, layer) for layer in range(config.layers))
        self.norm = nn.RMSNorm(config.dim, eps=config.norm_eps)
        self.output = None if config.tied else nn.Linear(config.dim, config.vocab, bias=False)

    def forward(self, tokens_T: Tensor, positions_T: Tensor, attend: Attend, embeds: dict[int, Tensor] | None = None) -> Tensor:
        """Hidden states after the last norm, [T, D]. `embeds` puts rows such as image patches in place of a token's embedding."""
        x_TD = self.tok_embeddings(tokens_T)
        for row, embed_D in (embeds or {}).items():
            x_TD[row] = embed_D
        rotation = rotations(self.config.rope, self.config.head_dim, positions_T)
        for block in self.layers:
            x_TD = block(x_TD, rotation, attend)
        return self.norm(x_TD)

    def head(self, hidden_TD: Tensor) -> Tensor:
        """Logits of the next token, [T, V], in the weights' own type."""
        return F.linear(hidden_TD, self.tok_embeddings.weight) if self.output is None else self.output(hidden_TD)
