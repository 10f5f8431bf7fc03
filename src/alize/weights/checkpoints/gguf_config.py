"""The entries of a GGUF about its architecture, in the vocabulary of params.json. In: the metadata. Out: `params` for model/params.py.

An entry that is not known here is refused by name, never skipped: it would change every answer. The architectures are

    llama      dense models and Mixtral, which Mistral's are released under as well
    mistral3   the same with YaRN and Llama 4's temperature (Ministral 3)
    mistral4   latent attention and routed experts (Mistral Small 4); deepseek2 is the same where Mistral Large 3 is converted to it
    mamba2     Codestral Mamba, whose entries mamba.py reads
    qwen2, qwen3, qwen3moe, smollm3, gemma3     models of others

Source: the keys of the `gguf` package, and what llama.cpp reads of them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import StoredTensor
from alize.weights.checkpoints.fields import Fields, shown
from alize.weights.checkpoints.gemma import gguf_gemma
from alize.weights.checkpoints.mamba import gguf_params
from alize.wording import quantity

__all__ = ["ARCHITECTURES", "HALVES", "check_architecture", "params_of", "shortest"]

ARCHITECTURES = ("llama", "mistral3", "mistral4", "deepseek2", "mamba2", "qwen2", "qwen3", "qwen3moe", "smollm3", "gemma3")
LATENT = ("mistral4", "deepseek2")
HALVES = ("qwen2", "qwen3", "qwen3moe", "gemma3")
"""Rotated as transformers rotates: the converter permutes the others."""
NOPE_EVERY = 4  # of SmolLM3's layers, as llama.cpp has it in its code
SOFTMAX = 1  # of expert_gating_func
Params = dict[str, Any]


def check_architecture(path: Path, metadata: Mapping[str, Any]) -> str:
    """Raises CheckpointInvalid for one that cannot be run, before anything else of the file is looked at."""
    architecture = metadata.get("general.architecture")
    if architecture not in ARCHITECTURES:
        raise CheckpointInvalid(
            f"{path} is of the architecture {shown(architecture)}, which cannot be run.",
            remedy=f"Supported are {', '.join(ARCHITECTURES)}.",
        )
    return architecture


def params_of(path: Path, metadata: Mapping[str, Any], tensors: Mapping[str, StoredTensor]) -> Params:
    """Raises CheckpointInvalid naming the entry that is missing, wrong or unknown."""
    architecture = check_architecture(path, metadata)
    fields = Fields(path, metadata, f"{architecture}.")
    embedding = tensors.get("tok_embeddings.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise CheckpointInvalid(f"{path} has no table 'token_embd.weight' of embeddings.", remedy="It holds no language model.")
    params: Params = {
        "dim": fields.integer("embedding_length"),
        "n_layers": fields.layers("block_count"),
        "vocab_size": embedding.shape[0],
        "norm_eps": shortest(fields.number("attention.layer_norm_rms_epsilon")),
        "max_position_embeddings": fields.integer("context_length"),
        "tied_embeddings": "output.weight" not in tensors,
    }
    if architecture == "mamba2":
        params |= gguf_params(fields)
    else:
        params["qkv_bias"] = "layers.0.attention.wq.bias" in tensors
        _decoder(fields, params, architecture in LATENT)
        if architecture in ("qwen3", "qwen3moe"):
            params["qk_norm"] = True
        if architecture == "smollm3":
            params["no_rope_layers"] = [int((layer + 1) % NOPE_EVERY != 0) for layer in range(params["n_layers"])]
        if architecture == "gemma3":
            gguf_gemma(fields, params)
    fields.expect("vocab_size", embedding.shape[0])
    fields.refuse_rest()
    tokens: list[str] | None = metadata.get("tokenizer.ggml.tokens")
    if isinstance(tokens, list) and len(tokens) > embedding.shape[0]:
        raise CheckpointInvalid(
            f"{path} names {quantity(len(tokens), 'token')} for {quantity(embedding.shape[0], 'embedding')}.", remedy="It is damaged."
        )
    return params


def _decoder(fields: Fields, params: Params, latent: bool) -> None:
    """Of a transformer."""
    params |= {
        "n_heads": fields.integer("attention.head_count"),
        "hidden_dim": fields.integer("feed_forward_length"),
        "rope_theta": shortest(fields.number("rope.freq_base", 10000.0)),
    }
    window = fields.integer("attention.sliding_window", 0)
    if window:
        params["sliding_window"] = window
    fields.expect("attention.causal", True)
    if latent:
        _latent(fields, params)
    else:
        _heads(fields, params)
    _rotation(fields, params, latent)
    _experts(fields, params, latent)


def _heads(fields: Fields, params: Params) -> None:
    head_dim = fields.integer("attention.key_length", params["dim"] // max(1, params["n_heads"]))
    params |= {"n_kv_heads": fields.integer("attention.head_count_kv", params["n_heads"]), "head_dim": head_dim}
    fields.expect("attention.value_length", head_dim)
    fields.expect("rope.dimension_count", head_dim)


def _latent(fields: Fields, params: Params) -> None:
    """llama.cpp keeps the widths as it computes with them, one key head of rank + rotated, beside those of the heads unpacked."""
    rank, rotated = fields.integer("attention.kv_lora_rank"), fields.integer("rope.dimension_count")
    fields.expect("attention.head_count_kv", 1)
    fields.expect("attention.key_length", rank + rotated)
    fields.expect("attention.value_length", rank)
    whole = fields.integer("attention.key_length_mla")
    if whole <= rotated:
        raise CheckpointInvalid(f"{fields.path}: '{fields.prefix}attention.key_length_mla' is {whole}, of which {rotated} are rotated.")
    params |= {
        "head_dim": whole,
        "kv_lora_rank": rank,
        "q_lora_rank": fields.integer("attention.q_lora_rank", 0),
        "qk_rope_head_dim": rotated,
        "qk_nope_head_dim": whole - rotated,
        "v_head_dim": fields.integer("attention.value_length_mla"),
    }


def _rotation(fields: Fields, params: Params, latent: bool) -> None:
    """YaRN, and the temperature that comes with it."""
    fields.expect("rope.scaling.type", "none", "yarn", *(() if latent else ("linear",)))
    fields.expect("rope.scale_linear", 1.0)
    original = 0
    if fields.get("rope.scaling.type") == "yarn":
        log_mul = fields.number("rope.scaling.yarn_log_multiplier", 0.0)
        fields.expect("rope.scaling.yarn_attn_factor", 1.0)
        for key in ("yarn_ext_factor", "attn_factor"):
            fields.expect(f"rope.scaling.{key}", 1.0)
        original = fields.integer("rope.scaling.original_context_length")
        params["yarn"] = {
            "factor": shortest(fields.number("rope.scaling.factor")),
            "original_max_position_embeddings": original,
            "beta": shortest(fields.number("rope.scaling.yarn_beta_fast", 32.0)),
            "alpha": shortest(fields.number("rope.scaling.yarn_beta_slow", 1.0)),
            # For latent heads the entry says that scores are scaled, for others that the factor of cos and sin cancels.
            "apply_scale": bool(log_mul) if latent else not log_mul and fields.get("rope.scaling.yarn_attn_factor") is None,
        }
        if log_mul and not np.isclose(log_mul, 0.1 if latent else 1.0):
            raise CheckpointInvalid(f"{fields.path}: '{fields.prefix}rope.scaling.yarn_log_multiplier' is {shown(log_mul)}.")
    elif fields.get("rope.scaling.type") == "linear":
        params["linear_scaling"] = {"factor": shortest(fields.number("rope.scaling.factor"))}
    elif fields.get("rope.scaling.type") is not None:  # none: the factors beside it say nothing
        fields.seen.update(key for key in fields.values if ".rope.scaling." in key)
    beta = fields.number("attention.temperature_scale", 0.0)
    length = fields.integer("attention.temperature_length", original)
    if beta:
        params["llama_4_scaling"] = {"beta": shortest(beta), "original_max_position_embeddings": length}


def _experts(fields: Fields, params: Params, latent: bool) -> None:
    count = fields.integer("expert_count", 0)
    if not count:
        fields.expect("expert_used_count", 0)
        return
    fields.expect("expert_gating_func", SOFTMAX)
    fields.expect("expert_weights_norm", True)
    params["moe"] = {
        "num_experts": count,
        "num_experts_per_tok": fields.integer("expert_used_count"),
        "expert_hidden_dim": fields.integer("expert_feed_forward_length", None if latent else params["hidden_dim"]),
        "num_shared_experts": fields.integer("expert_shared_count", 0),
        "num_expert_groups": fields.integer("expert_group_count", 1),
        "num_expert_groups_per_tok": fields.integer("expert_group_used_count", 1),
        "routed_scale": shortest(fields.number("expert_weights_scale", 1.0)),
        "first_k_dense_replace": fields.integer("leading_dense_block_count", 0),
    }


def shortest(value: float) -> float:
    """The shortest decimal that is the same float32: a file's 9.99999974e-06 was 1e-05 in the configuration it was made from."""
    return float(str(np.float32(value)))
