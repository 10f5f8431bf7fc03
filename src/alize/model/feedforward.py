"""Gated feed-forward (Shazeer 2020). In: [T, D]. Out: [T, D]. F is the hidden width."""

from functools import partial
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Activation", "FeedForward"]

Activation = Literal["silu", "gelu", "gelu_tanh"]
_ACTIVATIONS = {"silu": F.silu, "gelu": F.gelu, "gelu_tanh": partial(F.gelu, approximate="tanh")}


class FeedForward(nn.Module):
    """w2(activation(w1 x) · w3 x): SwiGLU, or GeGLU in Gemma and in some image encoders."""

    def __init__(self, dim: int, hidden: int, activation: Activation = "silu", bias: bool = False) -> None:
        """`bias`: of w2 alone."""
        super().__init__()
        self.activation = _ACTIVATIONS[activation]
        self.w1 = nn.Linear(dim, hidden, bias=False)
        self.w2 = nn.Linear(hidden, dim, bias=bias)
        self.w3 = nn.Linear(dim, hidden, bias=False)

    def forward(self, x_TD: Tensor) -> Tensor:
        gate_TF, up_TF = self.project(x_TD)
        return self.w2(self.activation(gate_TF) * up_TF)

    def project(self, x_TD: Tensor) -> tuple[Tensor, Tensor]:
        """What is activated, and what it is multiplied with."""
        return self.w1(x_TD), self.w3(x_TD)
