"""How positions turn queries and keys. In: a decoder's `params`. Out: a Rope, a Temperature, which layers are not turned."""

import math
from collections.abc import Mapping
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.model.config import Rope, Temperature
from alize.model.configuration.values import each_layer, integer, part_of, positive

__all__ = ["rope_of", "temperature_of", "unrotated_of"]


def rope_of(params: Mapping[str, Any], latent: bool) -> Rope:
    """`latent`: only a part of each head is rotated. Raises CheckpointInvalid."""
    theta, learned = positive(params, "rope_theta", 10000.0), bool(params.get("lerope", False))
    yarn, llama3, linear = part_of(params, "yarn"), part_of(params, "llama_3_scaling"), part_of(params, "linear_scaling")
    if linear is not None:
        return Rope(theta=theta, factor=positive(linear, "factor"), stretch="linear")
    if llama3 is not None:
        return Rope(
            theta=theta,
            factor=positive(llama3, "factor"),
            stretch="llama3",
            original_context=integer(llama3, "original_max_position_embeddings"),
            beta_fast=positive(llama3, "high_freq_factor"),
            beta_slow=positive(llama3, "low_freq_factor"),
        )
    if yarn is None:
        return Rope(theta=theta, learned=learned, divisors=_divisors(params))
    factor = positive(yarn, "factor")
    grown = 0.1 * math.log(factor) + 1.0 if factor > 1 and yarn.get("apply_scale", True) else 1.0  # of YaRN, eq. 22: √(1/t)
    return Rope(
        theta=theta,
        factor=factor,
        original_context=integer(yarn, "original_max_position_embeddings"),
        beta_fast=positive(yarn, "beta", 32.0),
        beta_slow=positive(yarn, "alpha", 1.0),
        attention_scale=1.0 if latent else grown,
        score_scale=grown**2 if latent else 1.0,  # of a latent head only a part is rotated: the whole score is scaled instead
        learned=learned,
    )


def _divisors(params: Mapping[str, Any]) -> tuple[float, ...]:
    given: Any = params.get("rope_divisors")
    if given is not None and not isinstance(given, list):
        raise CheckpointInvalid(f"The model's configuration has no list of numbers for 'rope_divisors' (found {given!r}).")
    return tuple(positive({"rope_divisors": each}, "rope_divisors") for each in cast("list[Any]", given or []))


def temperature_of(params: Mapping[str, Any]) -> Temperature | None:
    """None where later positions are asked as loudly as the first. Raises CheckpointInvalid."""
    part = part_of(params, "llama_4_scaling")
    if part is None:
        return None
    return Temperature(positive(part, "beta"), integer(part, "original_max_position_embeddings"))


def unrotated_of(params: Mapping[str, Any]) -> frozenset[int]:
    """Layers without positions. The key has 1 where a layer is rotated, despite its name."""
    rotated = each_layer(params, "no_rope_layers", integer(params, "n_layers"))
    return frozenset(layer for layer, turns in enumerate(rotated) if not turns)
