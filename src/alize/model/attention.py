"""Grouped-query attention (Ainslie et al. 2023). In: one row per token and its place. Out: one row per token.

Some models norm each head of queries and keys before it is rotated (Henry et al. 2020). A score is then √H · √H · cos(angle) · scale at
most, whatever training does to the projections: no query can shout.

T tokens (all sequences end to end), D model width, N query heads, K key/value heads, H head width.
"""

from typing import Literal

from torch import Tensor, nn

from alize.model.attend import Attend
from alize.model.config import ModelConfig
from alize.model.norm import norm
from alize.model.rope import Places, rotate

__all__ = ["Attention"]


class Attention(nn.Module):
    """Projects, rotates, attends, projects back."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.head_dim = layer, config.head_dim
        self.kind: Literal["full", "sliding"] = config.attention_kind(layer)
        self.rotated = layer not in config.unrotated
        self.scale = (config.score_width or config.head_dim) ** -0.5 * config.rope.score_scale
        self.wq = nn.Linear(config.dim, config.heads * config.head_dim, bias=config.qkv_bias)
        self.wk = nn.Linear(config.dim, config.kv_heads * config.head_dim, bias=config.qkv_bias)
        self.wv = nn.Linear(config.dim, config.kv_heads * config.head_dim, bias=config.qkv_bias)
        self.wo = nn.Linear(config.heads * config.head_dim, config.dim, bias=False)
        self.q_norm = norm(config, config.head_dim) if config.qk_norm else None
        self.k_norm = norm(config, config.head_dim) if config.qk_norm else None

    def forward(self, x_TD: Tensor, places: Places, attend: Attend) -> Tensor:
        q_TNH, k_TKH, v_TKH = (part.reshape(len(x_TD), -1, self.head_dim) for part in self.project(x_TD))
        if self.q_norm is not None and self.k_norm is not None:
            q_TNH, k_TKH = self.q_norm(q_TNH), self.k_norm(k_TKH)
        if self.rotated:
            rotation = places.of(self.kind)
            q_TNH, k_TKH = rotate(q_TNH, rotation), rotate(k_TKH, rotation)
        seen_TNH = attend(self.layer, places.warmed(q_TNH), k_TKH, v_TKH, self.scale)
        return self.wo(seen_TNH.flatten(-2))

    def project(self, x_TD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries [T, N·H], keys and values [T, K·H]."""
        return self.wq(x_TD), self.wk(x_TD), self.wv(x_TD)
