"""What came before, for layers that remember in a state. In: a layer's inputs. Out: what the layer's memory makes of them.

Where the states that earlier tokens left lie is not a layer's business: it hands its inputs to a `Remember` and receives what is read.
`PackedStates` is the definition, for training and scoring; the serving runner brings one that keeps a state for each sequence. What
`Attend` is to attention, this is to a state-space model: there each token adds to what is kept, here what is kept never grows.

T tokens (all sequences end to end), C channels of the convolution, K tokens it sees, N heads, P inputs a head, S numbers an input is
spread over, G groups.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from alize.model.scan import convolve, scan

__all__ = ["PackedStates", "Remember"]


class Remember(Protocol):
    """Holds of each sequence, for each layer, the last K - 1 inputs of the convolution and the state [N, P, S].

    Each method is called once for a layer in a call of the model, and moves its part of the memory past the tokens of that call.
    """

    def convolve(self, layer: int, x_TC: Tensor, weight_CK: Tensor, bias_C: Tensor) -> Tensor:
        """Each channel's inputs of the last K tokens of the sequence, weighted and summed, through silu: [T, C]."""
        ...

    def scan(self, layer: int, x_TNP: Tensor, dt_TN: Tensor, a_N: Tensor, b_TGS: Tensor, c_TGS: Tensor) -> Tensor:
        """What each token reads from the state of its sequence after it has written into it: [T, N, P]."""
        ...


class PackedStates:
    """Each sequence begins with an empty memory in this call. Nothing is kept between calls."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self.lengths = list(lengths)

    def convolve(self, layer: int, x_TC: Tensor, weight_CK: Tensor, bias_C: Tensor) -> Tensor:
        tail = x_TC.new_zeros((weight_CK.shape[1] - 1, x_TC.shape[1]))
        return torch.cat([convolve(tail, x, weight_CK, bias_C)[0] for x in torch.split(x_TC, self.lengths)])

    def scan(self, layer: int, x_TNP: Tensor, dt_TN: Tensor, a_N: Tensor, b_TGS: Tensor, c_TGS: Tensor) -> Tensor:
        empty_NPS = x_TNP.new_zeros((*x_TNP.shape[1:], b_TGS.shape[2]))
        parts = zip(*(torch.split(part, self.lengths) for part in (x_TNP, dt_TN, b_TGS, c_TGS)), strict=True)
        return torch.cat([scan(empty_NPS, x, dt, a_N, b, c)[0] for x, dt, b, c in parts])
