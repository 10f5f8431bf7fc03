"""Sparse experts (Mixtral, Jiang et al. 2024). In: [T, D]. Out: [T, D].

A gate scores all experts for each token; the best few compute it and are summed, each times its share of the scores. Weights of experts
that no token of the batch has chosen are not touched.

The later models add two things (DeepSeek-V3, § 2.1.2). Shared experts see every token. And experts may come in groups, usually those of
one machine: a token keeps its best groups, then chooses among theirs.

    8 experts in 4 groups, 2 groups active, 2 experts active:

        scores   .05 .20 | .10 .15 | .02 .03 | .25 .20
        groups     .25       .25       .05       .45      sum of the two best; the last and the first stay
        chosen        1                           6       .20 and .25, shares .44 and .56

T tokens, D model width, E experts, A active.
"""

import numpy as np
import torch
from torch import Tensor, nn

from alize.model.config import Experts
from alize.model.feedforward import FeedForward

__all__ = ["SparseFeedForward", "route"]


class SparseFeedForward(nn.Module):
    """Takes the place of a FeedForward."""

    def __init__(self, dim: int, config: Experts) -> None:
        super().__init__()
        self.config = config
        self.gate = nn.Linear(dim, config.count, bias=False)
        self.experts = nn.ModuleList(FeedForward(dim, config.hidden) for _ in range(config.count))
        self.shared_experts = FeedForward(dim, config.shared * config.hidden) if config.shared else None

    def forward(self, x_TD: Tensor) -> Tensor:
        y_TD = self.mixed(x_TD, *route(self.gate(x_TD), self.config))
        return y_TD if self.shared_experts is None else y_TD + self.shared_experts(x_TD)

    def mixed(self, x_TD: Tensor, shares_TA: Tensor, chosen_TA: Tensor) -> Tensor:
        """What each token's chosen experts make of it, summed by their shares."""
        y_TD = torch.zeros_like(x_TD)
        order = chosen_TA.flatten().argsort(stable=True)  # all choices, expert by expert
        tokens, shares = order // self.config.active, shares_TA.flatten()[order, None].to(x_TD.dtype)
        counts = np.bincount(chosen_TA.flatten().numpy(force=True))
        end = 0
        for expert, count in enumerate(counts.tolist()):  # a device is asked once what was chosen, not once for each expert
            if count:
                mine, end = slice(end, end + count), end + count
                y_TD.index_add_(0, tokens[mine], self.compute(expert, x_TD, tokens[mine]) * shares[mine])
        return y_TD

    def compute(self, expert: int, x_TD: Tensor, tokens: Tensor) -> Tensor:
        """What one expert makes of those tokens that chose it."""
        return self.experts[expert](x_TD[tokens])


def route(logits_TE: Tensor, config: Experts) -> tuple[Tensor, Tensor]:
    """Of each token, the shares of its experts [T, A], which sum to the configuration's scale, and their numbers [T, A]."""
    scores_TE = logits_TE.to(torch.promote_types(logits_TE.dtype, torch.float32)).softmax(-1)
    allowed_TE = scores_TE
    if config.active_groups < config.groups:
        grouped = scores_TE.view(len(scores_TE), config.groups, -1)
        groups = grouped.topk(2, dim=-1).values.sum(-1).topk(config.active_groups, dim=-1).indices
        kept = torch.zeros(grouped.shape[:2], dtype=torch.bool, device=scores_TE.device).scatter_(1, groups, True)
        allowed_TE = grouped.masked_fill(~kept[..., None], 0.0).flatten(1)
    chosen_TA = allowed_TE.topk(config.active, dim=-1).indices
    shares_TA = scores_TE.gather(1, chosen_TA)
    return shares_TA / shares_TA.sum(-1, keepdim=True) * config.scale, chosen_TA
