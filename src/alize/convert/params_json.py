"""A configuration as Mistral writes it. In: a ModelConfig. Out: params.json, in the words that model/params.py reads.

What it reads of this must be the same ModelConfig again: check.py holds every configuration to that before a byte is written, so that an
idea that has no word here is refused and never lost.
"""

from typing import Any

from alize.model.config import Experts, LatentAttention, ModelConfig, Rope

__all__ = ["params_json"]


def params_json(config: ModelConfig) -> dict[str, Any]:
    """The entries, in the order of the releases."""
    params: dict[str, Any] = {
        "dim": config.dim,
        "n_layers": config.layers,
        "head_dim": config.head_dim,
        "hidden_dim": config.hidden,
        "n_heads": config.heads,
        "n_kv_heads": config.kv_heads,
        "rope_theta": config.rope.theta,
        "norm_eps": config.norm_eps,
        "vocab_size": config.vocab,
        "max_position_embeddings": config.max_context,
        "tied_embeddings": config.tied,
    }
    if config.window is not None:
        sizes = [config.window if kind == "sliding" else None for kind in config.pattern]
        params["sliding_window"] = sizes or config.window
    if config.rope.factor != 1.0:
        params["yarn"] = _yarn(config.rope)
    if config.temperature is not None:
        params["llama_4_scaling"] = {
            "beta": config.temperature.beta,
            "original_max_position_embeddings": config.temperature.context,
        }
    if config.experts is not None:
        params["moe"] = _experts(config.experts, config.hidden)
    if config.latent is not None:
        params |= _latent(config.latent)
    return params


def _yarn(rope: Rope) -> dict[str, Any]:
    return {
        "factor": rope.factor,
        "original_max_position_embeddings": rope.original_context,
        "beta": rope.beta_fast,
        "alpha": rope.beta_slow,
        "apply_scale": rope.attention_scale != 1.0 or rope.score_scale != 1.0,
    }


def _experts(experts: Experts, hidden: int) -> dict[str, Any]:
    """Mixtral's release says no more than the first two."""
    plain = Experts(experts.count, experts.active, hidden)
    moe: dict[str, Any] = {"num_experts": experts.count, "num_experts_per_tok": experts.active}
    if experts == plain:
        return moe
    return moe | {
        "expert_hidden_dim": experts.hidden,
        "num_shared_experts": experts.shared,
        "num_expert_groups": experts.groups,
        "num_expert_groups_per_tok": experts.active_groups,
        "routed_scale": experts.scale,
        "first_k_dense_replace": experts.first_layer,
    }


def _latent(latent: LatentAttention) -> dict[str, Any]:
    return {
        "q_lora_rank": latent.q_rank,
        "kv_lora_rank": latent.kv_rank,
        "qk_nope_head_dim": latent.nope_head_dim,
        "qk_rope_head_dim": latent.rope_head_dim,
        "v_head_dim": latent.v_head_dim,
    }
