"""A configuration as llama.cpp writes it. In: a ModelConfig. Out: the entries of a GGUF about its architecture.

    llama       dense models, experts         mistral3   YaRN, temperature         mistral4   latent attention and routed experts

What gguf_config.py reads of them must be the same ModelConfig again (check.py): float32, which a GGUF keeps numbers in, is no loss to it.
"""

from typing import Any

from alize.model.config import Experts, LatentAttention, ModelConfig

__all__ = ["architecture_of", "gguf_entries"]

SOFTMAX = 1  # of expert_gating_func


def architecture_of(config: ModelConfig) -> str:
    """The name that llama.cpp has for models built so."""
    if config.latent is not None:
        return "mistral4"
    return "mistral3" if config.rope.factor != 1.0 or config.temperature is not None else "llama"


def gguf_entries(config: ModelConfig) -> dict[str, Any]:
    """The entries by their whole keys."""
    found: dict[str, Any] = {
        "block_count": config.layers,
        "context_length": config.max_context,
        "embedding_length": config.dim,
        "feed_forward_length": config.hidden,
        "attention.head_count": config.heads,
        "attention.layer_norm_rms_epsilon": float(config.norm_eps),
        "rope.freq_base": float(config.rope.theta),
        "vocab_size": config.vocab,
    }
    found |= _heads(config) if config.latent is None else _latent(config.latent)
    if config.window is not None:
        found["attention.sliding_window"] = config.window
    if config.rope.factor != 1.0:
        found |= _yarn(config)
    if config.temperature is not None:
        found["attention.temperature_scale"] = float(config.temperature.beta)
        found["attention.temperature_length"] = config.temperature.context
    if config.experts is not None:
        found |= _experts(config.experts, config.latent is not None)
    name = architecture_of(config)
    return {f"{name}.{key}": value for key, value in found.items()}


def _heads(config: ModelConfig) -> dict[str, Any]:
    return {
        "attention.head_count_kv": config.kv_heads,
        "attention.key_length": config.head_dim,
        "attention.value_length": config.head_dim,
        "rope.dimension_count": config.head_dim,
    }


def _latent(latent: LatentAttention) -> dict[str, Any]:
    """Widths as llama.cpp computes with them, one key head of rank + rotated, beside those of the heads unpacked."""
    found: dict[str, Any] = {
        "attention.head_count_kv": 1,
        "attention.key_length": latent.kv_rank + latent.rope_head_dim,
        "attention.value_length": latent.kv_rank,
        "attention.key_length_mla": latent.nope_head_dim + latent.rope_head_dim,
        "attention.value_length_mla": latent.v_head_dim,
        "attention.kv_lora_rank": latent.kv_rank,
        "rope.dimension_count": latent.rope_head_dim,
    }
    return found | ({"attention.q_lora_rank": latent.q_rank} if latent.q_rank else {})


def _yarn(config: ModelConfig) -> dict[str, Any]:
    rope, latent = config.rope, config.latent is not None
    scaled = rope.attention_scale != 1.0 or rope.score_scale != 1.0
    found: dict[str, Any] = {
        "rope.scaling.type": "yarn",
        "rope.scaling.factor": float(rope.factor),
        "rope.scaling.original_context_length": rope.original_context,
        "rope.scaling.yarn_beta_fast": float(rope.beta_fast),
        "rope.scaling.yarn_beta_slow": float(rope.beta_slow),
    }
    if latent and scaled:
        found["rope.scaling.yarn_log_multiplier"] = 0.1  # by how much scores grow with the logarithm of the factor
    if not latent and not scaled:
        found["rope.scaling.yarn_log_multiplier"] = 1.0  # the factor of cos and sin cancels
    return found


def _experts(experts: Experts, latent: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"expert_count": experts.count, "expert_used_count": experts.active}
    if not latent:
        return found
    found |= {
        "expert_feed_forward_length": experts.hidden,
        "expert_shared_count": experts.shared,
        "expert_weights_scale": float(experts.scale),
        "expert_weights_norm": True,
        "expert_gating_func": SOFTMAX,
        "leading_dense_block_count": experts.first_layer,
    }
    if experts.groups > 1:
        found |= {"expert_group_count": experts.groups, "expert_group_used_count": experts.active_groups}
    return found
