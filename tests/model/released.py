"""The layout of Mistral's own releases. In: a model of transformers. Out: a folder with params.json and consolidated.safetensors.

Names, orders and entries are those that transformers' conversion scripts (convert_{mixtral,ministral3,mistral4}_weight*_to_hf.py) expect
of a release, read the other way round: where they join experts, these are taken apart, and where they permute pairs to halves, halves
to pairs. Of Mixtral, the names are those of its safetensors, which mistral-inference reads; the script reads older files.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

LAYER = {
    "input_layernorm": "attention_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attention.wq",
    "self_attn.k_proj": "attention.wk",
    "self_attn.v_proj": "attention.wv",
    "self_attn.o_proj": "attention.wo",
    "self_attn.q_a_proj": "attention.wq_a",
    "self_attn.q_a_layernorm": "attention.q_a_norm",
    "self_attn.q_b_proj": "attention.wq_b",
    "self_attn.kv_a_proj_with_mqa": "attention.wkv_a_with_mqa",
    "self_attn.kv_a_layernorm": "attention.kv_a_norm",
    "self_attn.kv_b_proj": "attention.wkv_b",
    "mlp.gate_proj": "feed_forward.w1",
    "mlp.down_proj": "feed_forward.w2",
    "mlp.up_proj": "feed_forward.w3",
    "mlp.gate": "gate",
    "mlp.shared_experts.gate_proj": "shared_experts.w1",
    "mlp.shared_experts.down_proj": "shared_experts.w2",
    "mlp.shared_experts.up_proj": "shared_experts.w3",
}
OUTER = {"model.embed_tokens.weight": "tok_embeddings.weight", "model.norm.weight": "norm.weight", "lm_head.weight": "output.weight"}


def released(model: Any, folder: Path) -> Path:
    from safetensors.torch import save_file

    config = model.config
    folder.mkdir(exist_ok=True)
    (folder / "params.json").write_text(json.dumps(params(config)))
    tensors = {name: tensor.contiguous() for name, tensor in renamed(config, model.state_dict())}
    save_file(tensors, folder / "consolidated.safetensors")
    return folder


def renamed(config: Any, state: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    beside = "feed_forward." if config.model_type == "mixtral" else ""  # later releases keep experts directly in the layer
    latent = getattr(config, "kv_lora_rank", None) is not None
    for name, tensor in state.items():
        if name in OUTER:
            if name != "lm_head.weight" or not config.tie_word_embeddings:
                yield OUTER[name], tensor
            continue
        found = re.fullmatch(r"model\.layers\.(\d+)\.(.+?)(\.weight)?", name)
        assert found is not None, name
        layer, part = f"layers.{found[1]}.", found[2]
        if part == "mlp.experts.gate_up_proj":
            for expert, both in enumerate(tensor):
                for which, half in zip(("w1", "w3"), both.chunk(2), strict=True):
                    yield f"{layer}{beside}experts.{expert}.{which}.weight", half.clone()
        elif part == "mlp.experts.down_proj":
            for expert, down in enumerate(tensor):
                yield f"{layer}{beside}experts.{expert}.w2.weight", down.clone()
        else:
            if part in ("self_attn.q_proj", "self_attn.k_proj") and not latent:
                heads = config.num_attention_heads if part == "self_attn.q_proj" else config.num_key_value_heads
                tensor = tensor.view(heads, 2, -1, tensor.shape[1]).transpose(1, 2).reshape(tensor.shape)
            yield f"{layer}{beside if part == 'mlp.gate' else ''}{LAYER[part]}.weight", tensor


def params(config: Any) -> dict[str, Any]:
    """As far as a release has them: what is not said is at its default."""
    rope = config.rope_parameters
    entries: dict[str, Any] = {
        "dim": config.hidden_size,
        "n_layers": config.num_hidden_layers,
        "n_heads": config.num_attention_heads,
        "n_kv_heads": config.num_key_value_heads,
        "head_dim": config.head_dim,
        "hidden_dim": config.intermediate_size,
        "vocab_size": config.vocab_size,
        "norm_eps": config.rms_norm_eps,
        "rope_theta": rope["rope_theta"],
        "tied_embeddings": config.tie_word_embeddings,
        "max_position_embeddings": config.max_position_embeddings,
    }
    if config.model_type == "mixtral":
        entries["moe"] = {"num_experts": config.num_local_experts, "num_experts_per_tok": config.num_experts_per_tok}
    if rope["rope_type"] == "yarn":
        entries["yarn"] = {
            "original_max_position_embeddings": rope["original_max_position_embeddings"],
            "factor": rope["factor"],
            "apply_scale": config.model_type == "mistral4",  # the scripts take the one for granted and the other not
            "beta": rope["beta_fast"],
            "alpha": rope["beta_slow"],
        }
        entries["llama_4_scaling"] = {
            "beta": rope["llama_4_scaling_beta"],
            "original_max_position_embeddings": rope["original_max_position_embeddings"],
        }
    if config.model_type == "mistral4":
        latent = ("q_lora_rank", "kv_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim")
        entries |= {key: getattr(config, key) for key in latent}
        entries["moe"] = {
            "expert_parallel": 1,
            "expert_model_parallel": 1,
            "route_every_n": 1,
            "first_k_dense_replace": config.first_k_dense_replace,
            "num_expert_groups": config.n_group,
            "num_expert_groups_per_tok": config.topk_group,
            "num_experts": config.n_routed_experts,
            "num_experts_per_tok": config.num_experts_per_tok,
            "num_shared_experts": config.n_shared_experts,
            "expert_hidden_dim": config.moe_intermediate_size,
            "routed_scale": config.routed_scaling_factor,
        }
    return entries
