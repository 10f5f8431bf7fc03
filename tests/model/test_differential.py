"""The specification against transformers: the same random weights, in every format, give the same logits.

transformers' own classes are the independent side. The consolidated and GGUF files are written here from its weights by the published
rules: other names, and queries and keys permuted from halves (i, i + H/2) to pairs (2i, 2i+1).
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alize.model.params import read_params
from alize.weights.checkpoints import open_checkpoint

pytest.importorskip("torch")
from tests.model.agreement import compare
from tests.model.families import Family, reference

SHAPES: dict[str, dict[str, object]] = {
    "grouped heads": {},
    "sliding window": {"sliding_window": 7},
    "head_dim of its own, tied head": {"head_dim": 12, "tie_word_embeddings": True},
    "one key head, large theta": {"num_key_value_heads": 1, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}},
}
NAMES = {
    "self_attn.q_proj": ("attention.wq", "attn_q"),
    "self_attn.k_proj": ("attention.wk", "attn_k"),
    "self_attn.v_proj": ("attention.wv", "attn_v"),
    "self_attn.o_proj": ("attention.wo", "attn_output"),
    "mlp.gate_proj": ("feed_forward.w1", "ffn_gate"),
    "mlp.down_proj": ("feed_forward.w2", "ffn_down"),
    "mlp.up_proj": ("feed_forward.w3", "ffn_up"),
    "input_layernorm": ("attention_norm", "attn_norm"),
    "post_attention_layernorm": ("ffn_norm", "ffn_norm"),
}
OUTER = {
    "model.embed_tokens": ("tok_embeddings", "token_embd"),
    "model.norm": ("norm", "output_norm"),
    "lm_head": ("output", "output"),
}


def made(**changes: Any) -> Any:
    """A random tiny Mistral of transformers, in float32."""
    return reference(Family("Mistral", {"sliding_window": None, "max_position_embeddings": 64, **changes}))


def pairs(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of each head from halves to pairs."""
    return weight.reshape(heads, 2, -1, weight.shape[-1]).swapaxes(1, 2).reshape(weight.shape)


def renamed(model: Any, which: int) -> dict[str, np.ndarray]:
    config, tensors = model.config, {}
    for name, tensor in model.state_dict().items():
        stem, array = name.removesuffix(".weight"), tensor.numpy().copy()
        if stem == "lm_head" and config.tie_word_embeddings:
            continue
        if "q_proj" in stem:
            array = pairs(array, config.num_attention_heads)
        if "k_proj" in stem:
            array = pairs(array, config.num_key_value_heads)
        if stem in OUTER:
            tensors[OUTER[stem][which] + ".weight"] = array
        else:
            _, _, layer, inner = stem.split(".", 3)
            tensors[f"{('layers', 'blk')[which]}.{layer}.{NAMES[inner][which]}.weight"] = array
    return tensors


def as_huggingface(model: Any, folder: Path) -> Path:
    model.save_pretrained(folder)
    return folder


def as_sharded(model: Any, folder: Path) -> Path:
    model.save_pretrained(folder, max_shard_size="20KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    return folder


def as_consolidated(model: Any, folder: Path) -> Path:
    from safetensors.numpy import save_file

    config = model.config
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
        "tied_embeddings": config.tie_word_embeddings,
    }
    if config.sliding_window:
        params["sliding_window"] = config.sliding_window
    (folder / "params.json").write_text(json.dumps(params))
    save_file(renamed(model, 0), folder / "consolidated.safetensors")
    return folder


def as_gguf(model: Any, folder: Path) -> Path:
    import gguf

    config, path = model.config, folder / "model.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    if config.sliding_window:
        writer.add_sliding_window(config.sliding_window)
    for name, array in renamed(model, 1).items():
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


FORMATS: dict[str, Callable[..., Path]] = {
    "huggingface": as_huggingface,
    "huggingface, sharded": as_sharded,
    "consolidated": as_consolidated,
    "gguf": as_gguf,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", FORMATS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-8), ("float32", 1e-4)])
def test_logits_are_those_of_transformers(shape: str, layout: str, dtype: str, tolerance: float, tmp_path: Path) -> None:
    theirs = made(**SHAPES[shape])
    compare(theirs, FORMATS[layout](theirs, tmp_path), dtype, tolerance)


def test_the_configuration_says_what_the_file_says(tmp_path: Path) -> None:
    model = made(sliding_window=7, head_dim=12)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()
    configs = [
        read_params(open_checkpoint(path).params)
        for path in (as_huggingface(model, tmp_path / "a"), as_consolidated(model, tmp_path / "b"), as_gguf(model, tmp_path / "c"))
    ]
    assert configs[0] == configs[1] == configs[2]
    assert (configs[0].window, configs[0].head_dim, configs[0].max_context) == (7, 12, 64)
