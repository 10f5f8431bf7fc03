"""A config.json in the vocabulary of params.json. In: its entries. Out: the `params` that model/params.py reads.

Sources: the configuration classes of transformers 5.24, whose defaults stand in for entries that a config.json leaves out. One table
row a model_type: what to read beside the parts that all have. What an entry would change and nothing here reads is refused by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.fields import Fields, shown
from alize.weights.checkpoints.mamba import huggingface_params
from alize.weights.checkpoints.vision_config import add_vision, inner

__all__ = ["params_of"]

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Family:
    """One model_type. `parts` add to the params what this family has beside a dense decoder."""

    architecture: str
    parts: tuple[Callable[[Fields, Params], None], ...] = ()
    theta: float = 10000.0
    window: int | None = None  # where sliding_window is absent
    heads: int | None = None  # where num_attention_heads is absent
    sees: bool = False  # the decoder is described under text_config, beside what sees
    whole: Callable[[Fields], Params] | None = None  # reads all of it, for a family that has nothing of a dense decoder


def params_of(config: Mapping[str, Any], path: Path) -> Params:
    """Raises CheckpointInvalid for what this version cannot run."""
    fields = outer = Fields(path, config)
    kind, family = _family(fields, path)
    fields.expect("architectures", [family.architecture], family.architecture)
    fields.refuse("quantization_config", "weights quantised this way cannot be read; take the release that is not, or a GGUF")
    if family.whole is not None:
        return family.whole(fields)
    if family.sees:
        fields = inner(fields, "text_config")
    if kind in AROUND:
        kind, family = _family(fields, path)
        if family.sees or family.whole is not None:
            raise CheckpointInvalid(f"{path}: 'text_config' is of the model_type {shown(kind)}, which is no decoder to see with.")
        fields.refuse("quantization_config", "weights quantised this way cannot be read; take the release that is not, or a GGUF")
    fields.expect("hidden_act", "silu")
    dim, heads = fields.integer("hidden_size"), fields.integer("num_attention_heads", family.heads)
    params: Params = {
        "dim": dim,
        "n_layers": fields.integer("num_hidden_layers"),
        "n_heads": heads,
        "n_kv_heads": fields.integer("num_key_value_heads", heads if kind == "llama" else None),
        "head_dim": fields.integer("head_dim", dim // max(1, heads)),
        "hidden_dim": fields.integer("intermediate_size"),
        "vocab_size": fields.integer("vocab_size"),
        "norm_eps": fields.number("rms_norm_eps"),
        "max_position_embeddings": fields.integer("max_position_embeddings"),
        "tied_embeddings": fields.flag("tie_word_embeddings", False),
    }
    if outer is not fields:
        add_vision(outer, fields, params)
    _rope(fields, params, family.theta)
    if family.window is not None or fields.get("sliding_window") is not None:
        _window(fields, params, family.window)
    for part in family.parts:
        part(fields, params)
    return params


def _window(fields: Fields, params: Params, default: int | None) -> None:
    """One size for all layers, or for those that layer_types names."""
    if fields.values.get(fields.prefix + "sliding_window", default) is None:
        return
    window = fields.integer("sliding_window", default)
    kinds = fields.values.get(fields.prefix + "layer_types")
    if kinds is None:
        params["sliding_window"] = window
        return
    sizes: dict[Any, int | None] = {"sliding_attention": window, "full_attention": None}
    named = cast("list[Any]", kinds) if isinstance(kinds, list) else []
    if len(named) != params["n_layers"] or not all(isinstance(kind, str) and kind in sizes for kind in named):
        raise CheckpointInvalid(
            f"{fields.path}: 'layer_types' is {shown(kinds)}, not the kind of each layer.", remedy="Fetch the model again."
        )
    params["sliding_window"] = [sizes[kind] for kind in named]


def _no_window(fields: Fields, params: Params) -> None:
    fields.refuse("sliding_window", "this architecture has none")


def _rope(fields: Fields, params: Params, theta: float) -> None:
    """The rotation, which transformers 5 puts into `rope_parameters`, with YaRN and Llama 4's temperature where they are there."""
    fields.expect("partial_rotary_factor", 1.0)
    params["rope_theta"] = fields.number("rope_theta", theta)
    for key in ("rope_scaling", "rope_parameters"):
        value = fields.get(key)
        if value is None:
            continue
        if not isinstance(value, dict):
            raise CheckpointInvalid(f"{fields.path}: '{key}' is {shown(value)}, not an object.", remedy="Fetch the model again.")
        rope = Fields(fields.path, {f"{key}.{name}": entry for name, entry in cast("dict[str, Any]", value).items()}, f"{key}.")
        for name in ("rope_type", "type"):
            rope.expect(name, "default", "yarn")
        latent = fields.get("kv_lora_rank") is not None
        if "yarn" in (rope.get("rope_type"), rope.get("type")):
            _yarn(rope, params, latent)
        if beta := rope.number("llama_4_scaling_beta", 0.0):
            context = rope.integer("original_max_position_embeddings")
            params["llama_4_scaling"] = {"beta": beta, "original_max_position_embeddings": context}
        if rope.get("partial_rotary_factor") != 1.0 and not latent:  # of a latent head, its parts tell the same
            rope.expect("partial_rotary_factor", 1.0)
        params["rope_theta"] = rope.number("rope_theta", params["rope_theta"])
        rope.refuse_rest()


def _yarn(rope: Fields, params: Params, latent: bool) -> None:
    """YaRN makes scores larger: cos and sin by a factor, or, for latent heads (`mscale_all_dim`), the scores themselves."""
    rope.get("max_position_embeddings")  # the same as beside rope_parameters
    rope.expect("truncate", True)
    rope.expect("attention_factor", 1.0)
    one, over_all = rope.number("mscale", 0.0), rope.number("mscale_all_dim", 0.0)
    cancelled = bool(one and over_all)  # the factor of cos and sin is their quotient
    rope.expect("mscale", 0.0, 1.0)
    rope.expect("mscale_all_dim", 0.0, 1.0)
    plain = rope.get("attention_factor") is None and not cancelled
    if latent and plain:
        raise CheckpointInvalid(f"{rope.path}: '{rope.prefix}attention_factor' is missing; latent heads are run where it is 1.0.")
    params["yarn"] = {
        "factor": rope.number("factor"),
        "original_max_position_embeddings": rope.integer("original_max_position_embeddings"),
        "beta": rope.number("beta_fast", 32.0),
        "alpha": rope.number("beta_slow", 1.0),
        "apply_scale": bool(over_all) if latent else plain,
    }


def _mixtral(fields: Fields, params: Params) -> None:
    params["moe"] = {"num_experts": fields.integer("num_local_experts", 8), "num_experts_per_tok": fields.integer("num_experts_per_tok", 2)}


def _routed(fields: Fields, params: Params) -> None:
    """The experts of Mistral Small 4 and later."""
    fields.expect("norm_topk_prob", True)
    dense = fields.integer("first_k_dense_replace", 0)
    kinds = fields.values.get(fields.prefix + "mlp_layer_types")
    if kinds is not None and kinds != ["dense"] * dense + ["sparse"] * (params["n_layers"] - dense):
        raise CheckpointInvalid(f"{fields.path}: 'mlp_layer_types' is {shown(kinds)}; only the first layers may be dense.")
    params["moe"] = {
        "num_experts": fields.integer("n_routed_experts"),
        "num_experts_per_tok": fields.integer("num_experts_per_tok"),
        "expert_hidden_dim": fields.integer("moe_intermediate_size"),
        "num_shared_experts": fields.integer("n_shared_experts", 1),
        "num_expert_groups": fields.integer("n_group", 1),
        "num_expert_groups_per_tok": fields.integer("topk_group", 1),
        "routed_scale": fields.number("routed_scaling_factor", 1.0),
        "first_k_dense_replace": dense,
    }


def _latent(fields: Fields, params: Params) -> None:
    fields.expect("rope_interleave", True)
    fields.expect("attention_bias", False)
    for key in ("kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"):
        params[key] = fields.integer(key)
    params["q_lora_rank"] = fields.integer("q_lora_rank", 0)


def _large4(fields: Fields, params: Params) -> None:
    """What only Mistral Large 4 has: an indexer, layers without positions, latents of other layers, learned temperatures."""
    layers = params["n_layers"]
    kinds = fields.values.get(fields.prefix + "indexer_types") or ["full"] * layers
    params["indexer"] = {
        "topk": fields.integer("index_topk"),
        "n_heads": fields.integer("index_n_heads"),
        "head_dim": fields.integer("index_head_dim"),
        "full_layers": [int(kind == "full") for kind in kinds],
    }
    every = [int((layer + 1) % 4 != 0) for layer in range(layers)]
    params["no_rope_layers"] = fields.values.get(fields.prefix + "no_rope_layers") or every
    params["kv_source_layers"] = fields.values.get(fields.prefix + "kv_source_layers") or list(range(layers))
    params["final_logit_softcapping"] = fields.number("final_logit_softcapping", 30.0)
    params["lerope"] = params["ssmax"] = True


def _family(fields: Fields, path: Path) -> tuple[str, _Family]:
    kind = fields.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise CheckpointInvalid(
            f"{path} is of the model_type {shown(kind)}, which cannot be run.", remedy=f"Supported are {', '.join(FAMILIES)}."
        )
    return kind, FAMILIES[kind]


FAMILIES: Mapping[str, _Family] = {
    "mistral": _Family("MistralForCausalLM", window=4096, heads=32),
    "llama": _Family("LlamaForCausalLM", (_no_window,)),
    "mixtral": _Family("MixtralForCausalLM", (_mixtral,), theta=1e6),
    "ministral": _Family("MinistralForCausalLM", window=4096),
    "ministral3": _Family("Ministral3ForCausalLM"),
    "mistral4": _Family("Mistral4ForCausalLM", (_latent, _routed)),
    "mamba2": _Family("Mamba2ForCausalLM", whole=huggingface_params),
    "mistral_large4": _Family("MistralLarge4ForConditionalGeneration", (_latent, _routed, _large4), sees=True),
    "llava": _Family("LlavaForConditionalGeneration", sees=True),  # Pixtral
    "mistral3": _Family("Mistral3ForConditionalGeneration", sees=True),  # Mistral Small 3.1 and later, Ministral 3, Mistral Small 4
}
AROUND = frozenset({"llava", "mistral3"})
"""Families that see, and whose decoder is of one of the others: its text_config has a model_type of its own."""
