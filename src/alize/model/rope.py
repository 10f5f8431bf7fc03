"""Rotary position embedding (Su et al. 2021). In: heads and a rotation per token. Out: the heads, turned.

Interleaved layout: pair i of a head is elements (2i, 2i+1), one complex number, turned by position · theta^(-2i/H).
Angles and their sines are float32, as in the code these models were trained with (and in transformers): at position 8,000 a more
exact angle would differ from theirs by up to 5e-4.
"""

import torch
from torch import Tensor

from alize.model.config import Rope

__all__ = ["rotate", "rotations"]


def rotations(rope: Rope, head_dim: int, positions: Tensor) -> Tensor:
    """One unit complex number per position and pair: [T, H/2], complex64.

    >>> rotations(Rope(theta=100.0), 4, torch.tensor([0])).tolist()
    [[(1+0j), (1+0j)]]
    """
    exponents = torch.arange(0, head_dim, 2, dtype=torch.int64, device=positions.device).float() / head_dim
    angles = positions.float()[:, None] * (1.0 / rope.theta**exponents)[None, :]
    return torch.complex(angles.cos(), angles.sin())


def rotate(x_TNH: Tensor, rotation: Tensor) -> Tensor:
    """Turn every head of a token by the token's rotation. Computed in float32 or wider, returned in the type that came in."""
    wide = x_TNH.to(torch.promote_types(x_TNH.dtype, torch.float32))
    turned = torch.view_as_complex(wide.view(*wide.shape[:-1], -1, 2)) * rotation[:, None, :]
    return torch.view_as_real(turned).flatten(-2).to(x_TNH.dtype)
