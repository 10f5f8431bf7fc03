"""SwiGLU feed-forward (Shazeer 2020). In: [T, D]. Out: [T, D]."""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["FeedForward"]


class FeedForward(nn.Module):
    """w2(silu(w1 x) · w3 x); image encoders may have another activation."""

    def __init__(self, dim: int, hidden: int, activation: Literal["silu", "gelu"] = "silu") -> None:
        super().__init__()
        self.activation = F.silu if activation == "silu" else F.gelu
        self.w1 = nn.Linear(dim, hidden, bias=False)
        self.w2 = nn.Linear(hidden, dim, bias=False)
        self.w3 = nn.Linear(dim, hidden, bias=False)

    def forward(self, x_TD: Tensor) -> Tensor:
        return self.w2(self.activation(self.w1(x_TD)) * self.w3(x_TD))
