"""Latent attention and the choice of what it reads. In: a decoder's `params`. Out: its ranks and widths, and those of the indexer."""

from collections.abc import Mapping
from typing import Any

from alize.model.config import LatentAttention, SparseIndex
from alize.model.configuration.rotation import unrotated_of
from alize.model.configuration.values import each_layer, integer, part_of

__all__ = ["index_of", "latent_of"]


def latent_of(params: Mapping[str, Any]) -> LatentAttention | None:
    """None of a model that keeps keys and values. Raises CheckpointInvalid."""
    if params.get("kv_lora_rank") is None:
        return None
    return LatentAttention(
        kv_rank=integer(params, "kv_lora_rank"),
        q_rank=integer(params, "q_lora_rank", 0),
        nope_head_dim=integer(params, "qk_nope_head_dim"),
        rope_head_dim=integer(params, "qk_rope_head_dim"),
        v_head_dim=integer(params, "v_head_dim"),
        unrotated=unrotated_of(params),
        sources=each_layer(params, "kv_source_layers", integer(params, "n_layers")),
        learned_temperature=bool(params.get("ssmax", False)),
    )


def index_of(params: Mapping[str, Any], layers: int) -> SparseIndex | None:
    """None of a model that reads all of its context. Raises CheckpointInvalid."""
    part = part_of(params, "indexer")
    if part is None:
        return None
    return SparseIndex(
        top=integer(part, "topk"),
        heads=integer(part, "n_heads"),
        head_dim=integer(part, "head_dim"),
        layers=frozenset(layer for layer, full in enumerate(each_layer(part, "full_layers", layers) or [1] * layers) if full),
    )
