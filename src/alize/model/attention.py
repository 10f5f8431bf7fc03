"""Grouped-query attention (Ainslie et al. 2023). In: one row per token and its place. Out: one row per token.

T tokens (all sequences end to end), D model width, N query heads, K key/value heads, H head width.
"""

from torch import Tensor, nn

from alize.model.attend import Attend
from alize.model.config import ModelConfig
from alize.model.rope import Places, rotate

__all__ = ["Attention"]


class Attention(nn.Module):
    """Projects, rotates, attends, projects back."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.head_dim = layer, config.head_dim
        self.scale = config.head_dim**-0.5 * config.rope.score_scale
        self.wq = nn.Linear(config.dim, config.heads * config.head_dim, bias=config.qkv_bias)
        self.wk = nn.Linear(config.dim, config.kv_heads * config.head_dim, bias=config.qkv_bias)
        self.wv = nn.Linear(config.dim, config.kv_heads * config.head_dim, bias=config.qkv_bias)
        self.wo = nn.Linear(config.heads * config.head_dim, config.dim, bias=False)

    def forward(self, x_TD: Tensor, places: Places, attend: Attend) -> Tensor:
        q_TNH, k_TKH, v_TKH = (part.reshape(len(x_TD), -1, self.head_dim) for part in self.project(x_TD))
        q_TNH = places.warmed(rotate(q_TNH, places.rotation))
        seen_TNH = attend(self.layer, q_TNH, rotate(k_TKH, places.rotation), v_TKH, self.scale)
        return self.wo(seen_TNH.flatten(-2))

    def project(self, x_TD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries [T, N·H], keys and values [T, K·H]."""
        return self.wq(x_TD), self.wk(x_TD), self.wv(x_TD)
