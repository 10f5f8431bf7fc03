"""The lightning indexer (DeepSeek-V3.2, as in Mistral Large 4). In: one row per token. Out: to the Attend, what may be attended to.

Small heads score every earlier position for each query, cheaply, and attention then reads the best of them only. Its queries come from
the row itself, normed; one key serves all heads. In a layer without rotary positions the indexer has none either.

T tokens, D model width, I index heads, H their width.
"""

import torch
from torch import Tensor, nn

from alize.model.attend import Attend
from alize.model.config import ModelConfig, SparseIndex
from alize.model.rope import Places, rotate

__all__ = ["Indexer", "LearnedTemperature"]

NORM_EPS = 1e-6  # of the indexer's own norms, whatever the model's is


class Indexer(nn.Module):
    def __init__(self, config: ModelConfig, index: SparseIndex, rotated: int, layer: int) -> None:
        """`rotated`: how much of each head, at its beginning, is rotated."""
        super().__init__()
        self.layer, self.rotated, self.top, self.heads = layer, rotated, index.top, index.heads
        self.q_input_norm = nn.LayerNorm(config.dim, eps=NORM_EPS)
        self.wq_b = nn.Linear(config.dim, index.heads * index.head_dim, bias=False)
        self.ssmax_scaling = LearnedTemperature(index.heads)
        self.wk = nn.Linear(config.dim, index.head_dim, bias=False)
        self.k_norm = nn.LayerNorm(index.head_dim, eps=NORM_EPS)
        self.weights_proj = nn.Linear(config.dim, index.heads, bias=False)

    def forward(self, x_TD: Tensor, places: Places, attend: Attend) -> None:
        q_TIH = self.wq_b(self.q_input_norm(x_TD)).view(len(x_TD), self.heads, -1)
        q_TIH = self._turned(self.ssmax_scaling(q_TIH, places.positions_T), places)
        k_TH = self._turned(self.k_norm(self.wk(x_TD))[:, None], places)[:, 0]
        attend.choose(self.layer, q_TIH, self.weights_proj(x_TD) * self.heads**-0.5, k_TH, self.top)

    def _turned(self, x_TIH: Tensor, places: Places) -> Tensor:
        if not self.rotated:
            return x_TIH
        return torch.cat([rotate(x_TIH[..., : self.rotated], places.rotation), x_TIH[..., self.rotated :]], dim=-1)


class LearnedTemperature(nn.Module):
    """Scalable softmax (Nakanishi 2025): queries of head n are multiplied by s_n · log(position + 1) + b_n."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.s = nn.Parameter(torch.empty(heads))
        self.b = nn.Parameter(torch.empty(heads))

    def forward(self, q_TNH: Tensor, positions_T: Tensor) -> Tensor:
        far_T1 = (positions_T + 1).float().log().to(q_TNH.dtype)[:, None]
        return q_TNH * (far_T1 * self.s + self.b)[..., None]
