"""Experts that are computed together. In: a model. Out: the same model, whose sparse layers multiply with all experts in one launch.

Applied from outside, as torch_pack.py is on a CPU. Each expert keeps its matrices, and PyTorch computes with these as before where the
kernels do not: for rows that an adapter is at work on (torch_adapters.py).
"""

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from alize.engine.runners.torch_triton.experts import mixed
from alize.model.build import Model
from alize.model.experts import SparseFeedForward
from alize.model.feedforward import FeedForward

__all__ = ["GroupedExperts", "group_experts"]


class GroupedExperts(SparseFeedForward):
    """`SparseFeedForward` by addresses: good as long as its weights stay where they are."""

    addresses: tuple[Tensor, Tensor, Tensor]

    def mixed(self, x_TD: Tensor, shares_TA: Tensor, chosen_TA: Tensor) -> Tensor:
        return mixed(x_TD, shares_TA, chosen_TA, *self.addresses, self.config.hidden)


def group_experts(model: Model) -> None:
    """Every sparse layer whose experts are plain matrices. Those that stay in their file are left as they are."""
    for module in cast("Iterable[nn.Module]", model.modules()):
        if type(module) is SparseFeedForward and all(map(_is_plain, module.experts)):
            module.__class__ = GroupedExperts
            cast(GroupedExperts, module).addresses = _addresses(module)


def _is_plain(expert: nn.Module) -> bool:
    if type(expert) is not FeedForward:
        return False
    return all(type(layer) is nn.Linear and layer.weight.is_contiguous() for layer in (expert.w1, expert.w2, expert.w3))


def _addresses(layer: SparseFeedForward) -> tuple[Tensor, Tensor, Tensor]:
    """Of the gates, of what they are multiplied with, and of what brings the result back."""
    experts = [cast(FeedForward, expert) for expert in layer.experts]
    device = experts[0].w1.weight.device
    gates, ups, downs = (
        torch.tensor([each.weight.data_ptr() for each in matrices], dtype=torch.int64, device=device)
        for matrices in ([e.w1 for e in experts], [e.w3 for e in experts], [e.w2 for e in experts])
    )
    return gates, ups, downs
