"""Norms by the root of the mean square (Zhang & Sennrich 2019). In: rows. Out: the same, each of length √width, times a factor a number.

Gemma keeps its factors as distances from 1, so that weight decay and small types of numbers pull them towards 1 rather than 0. They
are kept so here, too: in bfloat16, 1 + 0.001 is 1.

    row (3, 4): mean square 12.5, so (0.85, 1.13); with weights (0, 1) a plain norm gives (0, 1.13), a centred one (0.85, 2.26)
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.model.config import ModelConfig

__all__ = ["norm"]


class CentredNorm(nn.RMSNorm):
    """Multiplies by 1 + weight, in float32 or wider."""

    def forward(self, x: Tensor) -> Tensor:
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        return (F.rms_norm(wide, self.normalized_shape, None, self.eps) * (1 + self.weight.to(wide.dtype))).to(x.dtype)


def norm(config: ModelConfig, width: int) -> nn.RMSNorm:
    """The norm that this model has everywhere."""
    return (CentredNorm if config.centred_norms else nn.RMSNorm)(width, eps=config.norm_eps)
