"""A tiny random model of transformers, and the same weights in Mistral's own form, derived one row at a time."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

TINY = {
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "num_key_value_heads": 1,
    "head_dim": 6,
    "intermediate_size": 20,
    "vocab_size": 11,
    "max_position_embeddings": 32,
}
PARTS = {
    "input_layernorm.weight": "attention_norm.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
    "self_attn.q_proj.weight": "attention.wq.weight",
    "self_attn.k_proj.weight": "attention.wk.weight",
    "self_attn.v_proj.weight": "attention.wv.weight",
    "self_attn.o_proj.weight": "attention.wo.weight",
    "mlp.gate_proj.weight": "feed_forward.w1.weight",
    "mlp.down_proj.weight": "feed_forward.w2.weight",
    "mlp.up_proj.weight": "feed_forward.w3.weight",
}


def saved_by_transformers(folder: Path, kind: str = "Mistral", shard: str = "1GB", dtype: str = "float32", **changes: Any) -> Any:
    """Save a random model with save_pretrained, and return it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        import transformers

    torch.manual_seed(5)
    config = getattr(transformers, f"{kind}Config")(**{**TINY, **changes})
    model = getattr(transformers, f"{kind}ForCausalLM")(config).to(getattr(torch, dtype))
    model.save_pretrained(folder, max_shard_size=shard)
    return model


def canonical(model: Any) -> dict[str, np.ndarray]:
    """What every format must give for these weights, in float32 or wider."""
    import torch

    arrays: dict[str, np.ndarray] = {}
    for name, value in model.state_dict().items():
        array = value.to(torch.float32).numpy() if value.dtype == torch.bfloat16 else value.numpy()
        if name == "lm_head.weight":
            if not model.config.tie_word_embeddings:
                arrays["output.weight"] = array
        elif name.startswith("model.layers."):
            _, _, layer, part = name.split(".", 3)
            if "q_proj" in part or "k_proj" in part:
                array = _pairs(array, model.config.head_dim)
            arrays[f"layers.{layer}.{PARTS.get(part) or biased(part)}"] = array
        else:
            arrays[{"model.embed_tokens.weight": "tok_embeddings.weight", "model.norm.weight": "norm.weight"}[name]] = array
    return arrays


def biased(part: str) -> str:
    return PARTS[part.replace(".bias", ".weight")].replace(".weight", ".bias")


def _pairs(array: np.ndarray, width: int) -> np.ndarray:
    """Element i of a head's first half goes to 2i, its partner in the second half to 2i + 1: the rotation joins those."""
    moved = np.empty_like(array)
    for row in range(len(array)):
        head, at = divmod(row, width)
        half, i = divmod(at, width // 2)
        moved[head * width + 2 * i + half] = array[row]
    return moved


def as_consolidated(model: Any, folder: Path, shards: int = 1, **changes: Any) -> Path:
    """Write the model as Mistral releases one."""
    from safetensors.numpy import save_file

    arrays, config = canonical(model), model.config
    names = list(arrays)
    for number in range(shards):
        name = "consolidated.safetensors" if shards == 1 else f"consolidated-{number + 1:05}-of-{shards:05}.safetensors"
        save_file({key: arrays[key] for key in names[number::shards]}, folder / name)
    params = {
        "dim": config.hidden_size,
        "n_layers": config.num_hidden_layers,
        "n_heads": config.num_attention_heads,
        "n_kv_heads": config.num_key_value_heads,
        "head_dim": config.head_dim,
        "hidden_dim": config.intermediate_size,
        "vocab_size": config.vocab_size,
        "norm_eps": config.rms_norm_eps,
        "rope_theta": config.rope_parameters["rope_theta"],
        "max_position_embeddings": config.max_position_embeddings,
    }
    (folder / "params.json").write_text(json.dumps(params | changes))
    return folder
