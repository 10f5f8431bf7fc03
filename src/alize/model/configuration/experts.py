"""Mixtures of experts. In: a decoder's `params`. Out: how many there are, how many are asked, and how they are chosen."""

from collections.abc import Mapping
from typing import Any

from alize.errors import CheckpointInvalid
from alize.model.config import Experts
from alize.model.configuration.values import integer, part_of, positive

__all__ = ["experts_of"]


def experts_of(params: Mapping[str, Any]) -> Experts | None:
    """None of a dense model. Raises CheckpointInvalid for a way to choose experts that cannot be run."""
    part = part_of(params, "moe")
    if part is None:
        return None
    if part.get("route_every_n", 1) not in (None, 1):
        raise CheckpointInvalid(f"The model's configuration has route_every_n = {part['route_every_n']!r}; only 1 is understood.")
    if part.get("use_load_balancing_bias"):
        raise CheckpointInvalid("The model's experts are chosen with use_load_balancing_bias, which this version cannot run.")
    return Experts(
        count=integer(part, "num_experts"),
        active=integer(part, "num_experts_per_tok"),
        hidden=integer(part, "expert_hidden_dim", integer(params, "hidden_dim")),
        shared=integer(part, "num_shared_experts", 0),
        groups=integer(part, "num_expert_groups", 1),
        active_groups=integer(part, "num_expert_groups_per_tok", 1),
        scale=positive(part, "routed_scale", 1.0),
        first_layer=integer(part, "first_k_dense_replace", 0),
    )
