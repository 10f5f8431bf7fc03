"""Grouped-query attention. In: one row per token and its rotation. Out: one row per token.

Where the keys and values of earlier tokens lie is not the layer's business: it hands its own to an `Attend` and receives what the
queries see. `PackedCausal` is the definition, for training and scoring; the serving runner brings one that reads a paged cache.

T tokens (all sequences end to end), D model width, N query heads, K key/value heads, H head width.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.model.config import ModelConfig
from alize.model.rope import rotate

__all__ = ["Attend", "Attention", "PackedCausal", "causal_mask"]


class Attend(Protocol):
    """Remembers one layer's keys and values and answers its queries."""

    def __call__(self, layer: int, q_TNH: Tensor, k_TKH: Tensor, v_TKH: Tensor) -> Tensor:
        """What each query sees, [T, N, H]: softmax(q·k / √H) over its own sequence's positions up to its own, times v."""
        ...


class Attention(nn.Module):
    """Projects, rotates, attends, projects back."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.head_dim = layer, config.head_dim
        self.wq = nn.Linear(config.dim, config.heads * config.head_dim, bias=config.qkv_bias)
        self.wk = nn.Linear(config.dim, config.kv_heads * config.head_dim, bias=config.qkv_bias)
        self.wv = nn.Linear(config.dim, config.kv_heads * config.head_dim, bias=config.qkv_bias)
        self.wo = nn.Linear(config.heads * config.head_dim, config.dim, bias=False)

    def forward(self, x_TD: Tensor, rotation: Tensor, attend: Attend) -> Tensor:
        q_TNH, k_TKH, v_TKH = (part.reshape(len(x_TD), -1, self.head_dim) for part in self.project(x_TD))
        seen_TNH = attend(self.layer, rotate(q_TNH, rotation), rotate(k_TKH, rotation), v_TKH)
        return self.wo(seen_TNH.flatten(-2))

    def project(self, x_TD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries [T, N·H], keys and values [T, K·H]."""
        return self.wq(x_TD), self.wk(x_TD), self.wv(x_TD)


class PackedCausal:
    """Each token sees its own sequence up to itself, and no further back than the layer's window. Nothing is kept between calls.

    Lengths [2, 3] and window 2; rows are queries, 1 = seen:

            a0 a1 b0 b1 b2
        a0   1
        a1   1  1
        b0         1
        b1         1  1
        b2            1  1
    """

    def __init__(self, config: ModelConfig, lengths: Sequence[int]) -> None:
        self.lengths = list(lengths)
        self.windows = [config.window if config.attention_kind(layer) == "sliding" else None for layer in range(config.layers)]

    def __call__(self, layer: int, q_TNH: Tensor, k_TKH: Tensor, v_TKH: Tensor) -> Tensor:
        groups = q_TNH.shape[1] // k_TKH.shape[1]
        seen: list[Tensor] = []
        for q, k, v in zip(*(torch.split(x, self.lengths) for x in (q_TNH, k_TKH, v_TKH)), strict=True):
            positions = torch.arange(len(q), device=q.device)
            seen.append(
                F.scaled_dot_product_attention(
                    q.transpose(0, 1),
                    k.transpose(0, 1).repeat_interleave(groups, 0),
                    v.transpose(0, 1).repeat_interleave(groups, 0),
                    attn_mask=causal_mask(positions, positions, self.windows[layer]),
                ).transpose(0, 1)
            )
        return torch.cat(seen)


def causal_mask(queries: Tensor, keys: Tensor, window: int | None) -> Tensor:
    """[queries, keys] of bool: may the query at one position see the key at another?

    >>> causal_mask(torch.tensor([4]), torch.arange(6), 3).tolist()
    [[False, False, True, True, True, False]]
    """
    behind = queries[:, None] - keys[None, :]
    return (behind >= 0) if window is None else (behind >= 0) & (behind < window)
