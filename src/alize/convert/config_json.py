"""A configuration as transformers writes it. In: a ModelConfig. Out: config.json of the class that computes the same.

    dense, windows in all layers or none    Mistral          experts                                 Mixtral
    windows in some layers                  Ministral        YaRN, temperature                       Ministral3
    latent attention and routed experts     Mistral4         (llama is the same as Mistral without a window)

What huggingface_config.py reads of it must be the same ModelConfig again (check.py).
"""

from typing import Any

from alize.model.config import Experts, LatentAttention, ModelConfig

__all__ = ["config_json", "model_type"]

_CLASSES = {
    "mistral": "MistralForCausalLM",
    "mixtral": "MixtralForCausalLM",
    "ministral": "MinistralForCausalLM",
    "ministral3": "Ministral3ForCausalLM",
    "mistral4": "Mistral4ForCausalLM",
}


def model_type(config: ModelConfig) -> str:
    """Which of transformers' families says everything that this configuration does, as far as one does."""
    if config.latent is not None:
        return "mistral4"
    if config.rope.factor != 1.0 or config.temperature is not None:
        return "ministral3"
    if config.experts is not None:
        return "mixtral"
    return "ministral" if config.pattern else "mistral"


def config_json(config: ModelConfig, dtype: str) -> dict[str, Any]:
    """`dtype`: bfloat16, float16 or float32, of the matrices."""
    kind = model_type(config)
    found: dict[str, Any] = {
        "architectures": [_CLASSES[kind]],
        "model_type": kind,
        "hidden_size": config.dim,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "intermediate_size": config.hidden,
        "vocab_size": config.vocab,
        "rms_norm_eps": config.norm_eps,
        "max_position_embeddings": config.max_context,
        "tie_word_embeddings": config.tied,
        "hidden_act": "silu",
        "dtype": dtype,
        "rope_parameters": _rope(config),
    }
    if kind != "mistral4":
        found["sliding_window"] = config.window
    if kind == "ministral":
        found["layer_types"] = [f"{config.attention_kind(layer)}_attention" for layer in range(config.layers)]
    if config.experts is not None:
        found |= _routed(config.experts, config.layers) if config.latent is not None else _mixtral(config.experts)
    if config.latent is not None:
        found |= _latent(config.latent)
    return found


def _rope(config: ModelConfig) -> dict[str, Any]:
    rope, temperature = config.rope, config.temperature
    found: dict[str, Any] = {"rope_type": "default", "rope_theta": rope.theta}
    if rope.factor != 1.0:
        scaled = rope.attention_scale != 1.0 or rope.score_scale != 1.0
        found |= {
            "rope_type": "yarn",
            "factor": rope.factor,
            "original_max_position_embeddings": rope.original_context,
            "beta_fast": rope.beta_fast,
            "beta_slow": rope.beta_slow,
        }
        if config.latent is None:
            found |= {} if scaled else {"mscale": 1.0, "mscale_all_dim": 1.0}  # a quotient of 1: cos and sin stay
        else:
            found |= {"mscale": 1.0, "mscale_all_dim": 1.0} if scaled else {"attention_factor": 1.0}
    if config.latent is not None:
        found["partial_rotary_factor"] = config.latent.rope_head_dim / config.head_dim
    if model_type(config) in ("ministral3", "mistral4"):
        found["llama_4_scaling_beta"] = temperature.beta if temperature is not None else 0.0
        found["original_max_position_embeddings"] = temperature.context if temperature is not None else rope.original_context
    return found


def _mixtral(experts: Experts) -> dict[str, Any]:
    return {"num_local_experts": experts.count, "num_experts_per_tok": experts.active}


def _routed(experts: Experts, layers: int) -> dict[str, Any]:
    return {
        "n_routed_experts": experts.count,
        "num_experts_per_tok": experts.active,
        "moe_intermediate_size": experts.hidden,
        "n_shared_experts": experts.shared,
        "n_group": experts.groups,
        "topk_group": experts.active_groups,
        "routed_scaling_factor": experts.scale,
        "norm_topk_prob": True,
        "first_k_dense_replace": experts.first_layer,
    }


def _latent(latent: LatentAttention) -> dict[str, Any]:
    return {
        "q_lora_rank": latent.q_rank or None,
        "kv_lora_rank": latent.kv_rank,
        "qk_nope_head_dim": latent.nope_head_dim,
        "qk_rope_head_dim": latent.rope_head_dim,
        "qk_head_dim": latent.nope_head_dim + latent.rope_head_dim,
        "v_head_dim": latent.v_head_dim,
        "rope_interleave": True,
        "attention_bias": False,
    }
