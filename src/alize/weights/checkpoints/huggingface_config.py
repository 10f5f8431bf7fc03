"""A config.json in the vocabulary of params.json. In: its entries. Out: the `params` that model/params.py reads.

Sources: the configuration classes of transformers 5.24, whose defaults stand in for entries that a config.json leaves out. One table
row a model_type: what to read beside the parts that all have. What an entry would change and nothing here reads is refused by name.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.audio_config import add_hearing
from alize.weights.checkpoints.encoder import encoder_params
from alize.weights.checkpoints.fields import Fields, inner, shown
from alize.weights.checkpoints.gemma import SEES, huggingface_gemma, text_of
from alize.weights.checkpoints.mamba import huggingface_params
from alize.weights.checkpoints.scaled import fp8_blocks
from alize.weights.checkpoints.vision_config import add_vision

__all__ = ["BARE", "params_of"]

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Family:
    """One model_type. `parts` add to the params what this family has beside a dense decoder."""

    architecture: str
    parts: tuple[Callable[[Fields, Params], None], ...] = ()
    theta: float | None = 10000.0  # where nothing is said of a rotation; None: no default of theirs is understood
    window: int | None = None  # where sliding_window is absent
    heads: int | None = None  # where num_attention_heads is absent
    head_dim: int | None = None  # where that is absent; None: an equal share of the width
    tied: bool = False  # where tie_word_embeddings is absent
    parted: bool = False  # the decoder is described under text_config, beside what sees or hears
    whole: Callable[[Fields], Params] | None = None  # reads all of it, for a family that has nothing of a dense decoder


def params_of(config: Mapping[str, Any], path: Path) -> Params:
    """Raises CheckpointInvalid for what this version cannot run."""
    if config.get("model_type") == SEES:
        config = text_of(config, path)
    fields = outer = Fields(path, config)
    kind, family = _family(fields, path)
    bare = family.architecture.replace("ForCausalLM", BARE)
    fields.expect("architectures", [family.architecture], family.architecture, bare)
    fp8_blocks(config, path)
    if family.whole is not None:
        return family.whole(fields)
    if family.parted:
        fields = inner(fields, "text_config")
    if kind in AROUND:
        kind, family = _family(fields, path)
        if family.parted or family.whole is not None:
            raise CheckpointInvalid(f"{path}: 'text_config' is of the model_type {shown(kind)}, which is no decoder to see or hear with.")
    fields.expect("hidden_act", "silu")
    dim, heads = fields.integer("hidden_size"), fields.integer("num_attention_heads", family.heads)
    params: Params = {
        "dim": dim,
        "n_layers": fields.layers("num_hidden_layers"),
        "n_heads": heads,
        "n_kv_heads": fields.integer("num_key_value_heads", heads if kind == "llama" else None),
        "head_dim": fields.integer("head_dim", family.head_dim or dim // max(1, heads)),
        "hidden_dim": fields.integer("intermediate_size"),
        "vocab_size": fields.integer("vocab_size"),
        "norm_eps": fields.number("rms_norm_eps"),
        "max_position_embeddings": fields.integer("max_position_embeddings"),
        "tied_embeddings": fields.flag("tie_word_embeddings", family.tied),
    }
    if bare == fields.get("architectures"):
        params["tied_embeddings"] = True  # nobody asks for its logits
    if outer is not fields:
        if outer.get("model_type") in HEARING:
            add_hearing(outer, params)
        else:
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
    sizes: dict[str, int | None] = {"sliding_attention": window, "full_attention": None}
    kinds = _kinds(fields, "layer_types", params["n_layers"], sizes)
    params["sliding_window"] = window if kinds is None else [sizes[kind] for kind in kinds]


def _kinds(fields: Fields, key: str, layers: int, known: Collection[str]) -> list[str] | None:
    """What an entry calls each layer; None where it is absent."""
    given: Any = fields.values.get(fields.prefix + key)
    if given is None:
        return None
    kinds = cast("list[Any]", given) if isinstance(given, list) else []
    if len(kinds) != layers or not all(isinstance(kind, str) and kind in known for kind in kinds):
        raise CheckpointInvalid(f"{fields.path}: '{key}' is {shown(given)}, not the kind of each layer.", remedy="Fetch the model again.")
    return kinds


def _no_window(fields: Fields, params: Params) -> None:
    fields.refuse("sliding_window", "this architecture has none")


def _window_if_used(fields: Fields, params: Params) -> None:
    """Qwen's: switched on apart from its size, and then only in the later layers."""
    if not fields.flag("use_sliding_window", False):
        params.pop("sliding_window", None)
    elif isinstance(params.get("sliding_window"), int):
        first = fields.integer("max_window_layers", 28)
        params["sliding_window"] = [params["sliding_window"] if layer >= first else None for layer in range(params["n_layers"])]


def _qwen3(fields: Fields, params: Params) -> None:
    params["qk_norm"] = True


def _qwen_experts(fields: Fields, params: Params) -> None:
    fields.expect("norm_topk_prob", True)
    if fields.values.get("norm_topk_prob") is None:
        raise CheckpointInvalid(f"{fields.path}: 'norm_topk_prob' is missing; experts are run whose shares sum to 1.")
    fields.expect("decoder_sparse_step", 1)
    fields.expect("mlp_only_layers", [])
    params["moe"] = {
        "num_experts": fields.integer("num_experts", fields.integer("num_local_experts", 128)),
        "num_experts_per_tok": fields.integer("num_experts_per_tok", 8),
        "expert_hidden_dim": fields.integer("moe_intermediate_size", 768),
    }


def _smollm3(fields: Fields, params: Params) -> None:
    """Every fourth layer has no positions, unless the file names others."""
    fields.expect("use_sliding_window", False)
    every = fields.integer("no_rope_layer_interval", 4)
    listed = fields.values.get(fields.prefix + "no_rope_layers")
    params["no_rope_layers"] = listed or [int(every == 0 or (layer + 1) % every != 0) for layer in range(params["n_layers"])]


def _rope(fields: Fields, params: Params, theta: float | None) -> None:
    """The rotation, which transformers 5 puts into `rope_parameters`, with YaRN and Llama 4's temperature where they are there."""
    fields.expect("partial_rotary_factor", 1.0)
    if theta is None and fields.get("rope_parameters") is None and fields.get("rope_scaling") is None:
        raise CheckpointInvalid(f"{fields.path}: 'rope_parameters' is missing.", remedy="Fetch the model again.")
    params["rope_theta"] = fields.number("rope_theta", theta or 10000.0)
    for key in ("rope_scaling", "rope_parameters"):
        value = fields.get(key)
        if value is None:
            continue
        if not isinstance(value, dict):
            raise CheckpointInvalid(f"{fields.path}: '{key}' is {shown(value)}, not an object.", remedy="Fetch the model again.")
        rope = _rotation(fields, key, cast("dict[str, Any]", value), params)
        for name in ("rope_type", "type"):
            rope.expect(name, "default", "yarn", "llama3", "linear")
        latent = fields.get("kv_lora_rank") is not None
        kinds = {rope.get("rope_type"), rope.get("type")}
        if "yarn" in kinds:
            _yarn(rope, params, latent)
        elif "llama3" in kinds:
            params["llama_3_scaling"] = {
                **{name: rope.number(name) for name in ("factor", "low_freq_factor", "high_freq_factor")},
                "original_max_position_embeddings": rope.integer("original_max_position_embeddings"),
            }
        elif "linear" in kinds:
            params["linear_scaling"] = {"factor": rope.number("factor")}
        if beta := rope.number("llama_4_scaling_beta", 0.0):
            context = rope.integer("original_max_position_embeddings")
            params["llama_4_scaling"] = {"beta": beta, "original_max_position_embeddings": context}
        if rope.get("partial_rotary_factor") != 1.0 and not latent:  # of a latent head, its parts tell the same
            rope.expect("partial_rotary_factor", 1.0)
        params["rope_theta"] = rope.number("rope_theta", params["rope_theta"])
        rope.refuse_rest()


def _rotation(fields: Fields, key: str, value: dict[str, Any], params: Params) -> Fields:
    """What stands under `key`; where there is one for each kind of layer, that of the layers that see everything."""
    kinds = {"full_attention", "sliding_attention"}
    if not value or not set(value) <= kinds:
        return Fields(fields.path, {f"{key}.{name}": entry for name, entry in value.items()}, f"{key}.")
    for name in kinds:
        if not isinstance(value.get(name), dict):
            raise CheckpointInvalid(f"{fields.path}: '{key}.{name}' is {shown(value.get(name))}, not an object.")
    prefixes = {name: f"{key}.{name}." for name in kinds}
    full, sliding = (
        Fields(fields.path, {prefixes[name] + inner: entry for inner, entry in value[name].items()}, prefixes[name])
        for name in ("full_attention", "sliding_attention")
    )
    sliding.expect("rope_type", "default")
    params["sliding_rope_theta"] = sliding.number("rope_theta")
    sliding.refuse_rest()
    return full


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


def _routed(fields: Fields, params: Params, dense: int = 0) -> None:
    """The experts of Mistral Small 4 and later. `dense`: how many layers have none where nothing is said of it."""
    fields.expect("norm_topk_prob", True)
    kinds = _kinds(fields, "mlp_layer_types", params["n_layers"], ("dense", "sparse"))
    dense = fields.integer("first_k_dense_replace", dense if kinds is None else kinds.count("dense"))
    if kinds is not None and any((kind == "dense") != (layer < dense) for layer, kind in enumerate(kinds)):
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
    _routed(fields, params, dense=1)
    layers = params["n_layers"]
    kinds = _kinds(fields, "indexer_types", layers, ("full", "shared"))
    if kinds is None:
        for key in ("index_topk_freq", "index_topk_pattern"):
            fields.refuse(key, "which layers have an indexer is understood where 'indexer_types' says it")
    params["indexer"] = {
        "topk": fields.integer("index_topk"),
        "n_heads": fields.integer("index_n_heads"),
        "head_dim": fields.integer("index_head_dim"),
        "full_layers": [1] * layers if kinds is None else [int(kind == "full") for kind in kinds],
    }
    params["no_rope_layers"] = fields.values.get(fields.prefix + "no_rope_layers")
    if params["no_rope_layers"] is None:
        fields.expect("no_rope_layer_interval", 4)
        params["no_rope_layers"] = [int((layer + 1) % 4 != 0) for layer in range(layers)]
    params["kv_source_layers"] = fields.values.get(fields.prefix + "kv_source_layers")
    params["final_logit_softcapping"] = fields.number("final_logit_softcapping", 30.0)
    params["lerope"] = params["ssmax"] = True


def _family(fields: Fields, path: Path) -> tuple[str, _Family]:
    fields.get("model_type")
    kind = fields.values.get(fields.prefix + "model_type")  # as it is: a list of one is none
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise CheckpointInvalid(
            f"{path} is of the model_type {shown(kind)}, which cannot be run.", remedy=f"Supported are {', '.join(FAMILIES)}."
        )
    return kind, FAMILIES[kind]


FAMILIES: Mapping[str, _Family] = {
    "mistral": _Family("MistralForCausalLM", window=4096, heads=32),
    "llama": _Family("LlamaForCausalLM", (_no_window,)),
    "qwen2": _Family("Qwen2ForCausalLM", (_window_if_used,), window=4096),
    "qwen3": _Family("Qwen3ForCausalLM", (_window_if_used, _qwen3), window=4096, head_dim=128),
    "qwen3_moe": _Family("Qwen3MoeForCausalLM", (_window_if_used, _qwen3, _qwen_experts), window=4096),
    "smollm3": _Family("SmolLM3ForCausalLM", (_smollm3,), theta=2e6, tied=True),
    "gemma3_text": _Family("Gemma3ForCausalLM", (huggingface_gemma,), theta=1e6, window=4096, head_dim=256, tied=True),
    "mixtral": _Family("MixtralForCausalLM", (_mixtral,), theta=1e6),
    "ministral": _Family("MinistralForCausalLM", window=4096),
    "ministral3": _Family("Ministral3ForCausalLM", theta=None),
    "mistral4": _Family("Mistral4ForCausalLM", (_latent, _routed), theta=None),
    "bert": _Family("BertModel", whole=encoder_params),
    "roberta": _Family("RobertaModel", whole=encoder_params),
    "xlm-roberta": _Family("XLMRobertaModel", whole=encoder_params),
    "mamba2": _Family("Mamba2ForCausalLM", whole=huggingface_params),
    "mistral_large4": _Family("MistralLarge4ForConditionalGeneration", (_latent, _large4), theta=None, parted=True),
    "llava": _Family("LlavaForConditionalGeneration", parted=True),  # Pixtral
    "voxtral": _Family("VoxtralForConditionalGeneration", parted=True),
    "voxtral_realtime": _Family("VoxtralRealtimeForConditionalGeneration", parted=True),
    "voxtral_realtime_text": _Family("VoxtralRealtimeTextModel", window=4096),  # within voxtral_realtime
    "mistral3": _Family("Mistral3ForConditionalGeneration", parted=True),  # Mistral Small 3.1 and later, Ministral 3, Mistral Small 4
}
BARE = "Model"
"""What a class of transformers is called that has no head: its rows become a vector (pooling.py)."""
HEARING = frozenset({"voxtral", "voxtral_realtime"})
AROUND = frozenset({"llava", "mistral3"}) | HEARING
"""Families that see or hear, and whose decoder is of one of the others: its text_config has a model_type of its own."""
