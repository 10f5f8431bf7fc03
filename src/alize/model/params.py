"""A release's configuration. In: the `params` of a checkpoint, in the vocabulary of Mistral's params.json. Out: a ModelConfig.

GGUF and Hugging Face configurations are translated to this vocabulary when they are read (weights/checkpoints). Where Mistral has
published no params.json of a family, its keys here are those of its config.json.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal, cast, get_args

from alize.errors import CheckpointInvalid
from alize.model.config import (
    Encoder,
    Experts,
    Hearing,
    LatentAttention,
    ModelConfig,
    Pooling,
    Rope,
    SparseIndex,
    StateSpace,
    Stream,
    Temperature,
    Vision,
)
from alize.weights.checkpoints.base import MOST_LAYERS

__all__ = ["read_params"]

_LATER = frozenset({"quantization", "d_model"})
"""Keys that change the architecture and that are not translated yet: refused, never ignored."""
_SMALLEST, _LARGEST = 1e-30, 1e30
"""What goes into a model's arithmetic: float32 holds little more."""


def read_params(params: Mapping[str, Any]) -> ModelConfig:
    """Raises CheckpointInvalid naming the first key that is missing, of the wrong type, or of an architecture that is not known.

    Keys: dim, n_layers, n_heads, n_kv_heads (= n_heads), head_dim (= dim // n_heads), hidden_dim, vocab_size, norm_eps, rope_theta,
    sliding_window (one for all layers, or a list that repeats over them, null for a layer that sees everything), tied_embeddings,
    max_position_embeddings, yarn {…}, llama_4_scaling {…}, moe {…}, q_lora_rank and its like (latent attention), vision_encoder {…}
    (in the latest releases, multimodal.vision_encoder_args), multimodal.whisper_model_args {…} and ada_rms_norm_t_cond_dim (see _hearing),
    pooling {…}. With a model_type of "mamba" or "encoder", other keys: see _state_space_model and _encoder.

    Of models of others, in words of their config.json where it has any: qkv_bias, qk_norm, no_rope_layers, query_pre_attn_scalar,
    post_norms, centred_norms, activation, embedding_scale, sliding_rope_theta, llama_3_scaling {…}, linear_scaling {factor},
    rope_divisors.
    """
    refused = sorted(key for key in set(params) & _LATER if params[key] is not None)
    if refused:
        raise CheckpointInvalid(
            f"This checkpoint uses {', '.join(refused)}, which this version cannot run yet.", remedy="`alize models` lists what it can."
        )
    if params.get("model_type") == "mamba":
        return _state_space_model(params)
    if params.get("model_type") == "encoder":
        return _encoder(params)
    dim, heads, layers = _integer(params, "dim"), _integer(params, "n_heads"), _layers(params)
    latent = _latent(params)
    window, pattern = _window(params)
    return ModelConfig(
        dim=dim,
        layers=layers,
        heads=heads,
        kv_heads=_integer(params, "n_kv_heads", heads),
        head_dim=_integer(params, "head_dim", dim // max(heads, 1)),
        hidden=_integer(params, "hidden_dim"),
        vocab=_integer(params, "vocab_size"),
        max_context=_read(params, _integer(params, "max_position_embeddings", _integer(params, "model_max_length", 32768))),
        norm_eps=_positive(params, "norm_eps", 1e-5),
        rope=_rope(params, latent is not None),
        temperature=_temperature(params),
        window=window,
        pattern=pattern,
        sliding_rope=None if params.get("sliding_rope_theta") is None else Rope(theta=_positive(params, "sliding_rope_theta")),
        unrotated=frozenset[int]() if latent is not None else _unrotated(params),
        tied=bool(params.get("tied_embeddings", False)),
        qkv_bias=bool(params.get("qkv_bias", False)),
        qk_norm=bool(params.get("qk_norm", False)),
        score_width=_integer(params, "query_pre_attn_scalar", 0),
        post_norms=bool(params.get("post_norms", False)),
        centred_norms=bool(params.get("centred_norms", False)),
        activation=_activation(params),
        embedding_scale=_positive(params, "embedding_scale", 1.0),
        experts=_experts(params),
        latent=latent,
        index=_index(params, layers),
        logit_cap=_positive(params, "final_logit_softcapping", 0.0),
        vision=_vision(params),
        pooling=_pooling(params),
        hearing=_hearing(params),
    )


def _state_space_model(params: Mapping[str, Any]) -> ModelConfig:
    """Keys: dim, n_layers, vocab_size, n_groups, rms_norm, residual_in_fp32, tied_embeddings, max_position_embeddings, norm_eps; those that
    Mistral leaves at the defaults of mamba_ssm, in the words of config.json: expand, head_dim, state_size, conv_kernel."""
    if not params.get("rms_norm", True):
        raise CheckpointInvalid("The model's configuration has rms_norm = false; only RMSNorm is understood.")
    dim, head_dim, expand = _integer(params, "dim"), _integer(params, "head_dim", 64), _integer(params, "expand", 2)
    if not head_dim or expand * dim % head_dim:
        raise CheckpointInvalid(f"The model's configuration has head_dim = {head_dim}, which does not divide {expand} times {dim} inputs.")
    return ModelConfig(
        dim=dim,
        layers=_layers(params),
        heads=0,
        kv_heads=0,
        head_dim=0,
        hidden=0,
        vocab=_integer(params, "vocab_size"),
        max_context=_integer(params, "max_position_embeddings"),
        norm_eps=_positive(params, "norm_eps", 1e-5),
        tied=bool(params.get("tied_embeddings", False)),
        state_space=StateSpace(
            state=_integer(params, "state_size", 128),
            heads=expand * dim // head_dim,
            head_dim=head_dim,
            groups=_integer(params, "n_groups"),
            conv=_integer(params, "conv_kernel", 4),
            wide_residual=bool(params.get("residual_in_fp32", True)),
        ),
    )


def _layers(params: Mapping[str, Any]) -> int:
    layers = _integer(params, "n_layers")
    if layers > MOST_LAYERS:
        raise CheckpointInvalid(f"The model's configuration has {layers} layers; {MOST_LAYERS} can have names.")
    return layers


def _encoder(params: Mapping[str, Any]) -> ModelConfig:
    """Keys: dim, n_layers, n_heads, hidden_dim, vocab_size, norm_eps, max_position_embeddings (rows of the table), position_offset,
    type_vocab_size, pooling {mode, max_tokens}."""
    dim, heads = _integer(params, "dim"), _integer(params, "n_heads")
    rows, first = _integer(params, "max_position_embeddings"), _integer(params, "position_offset", 0)
    pooling = _pooling(params)
    if pooling is None:
        raise CheckpointInvalid("The encoder's configuration has no 'pooling': nothing says how its rows become a vector.")
    return ModelConfig(
        dim=dim,
        layers=_layers(params),
        heads=heads,
        kv_heads=heads,
        head_dim=dim // max(heads, 1),
        hidden=_integer(params, "hidden_dim"),
        vocab=_integer(params, "vocab_size"),
        max_context=_read(params, rows - first),
        norm_eps=_positive(params, "norm_eps"),
        tied=True,
        encoder=Encoder(positions=rows, types=_integer(params, "type_vocab_size"), first=first),
        pooling=pooling,
    )


def _pooling(params: Mapping[str, Any]) -> Pooling | None:
    part = _part(params, "pooling")
    if part is None:
        return None
    mode: Any = part.get("mode")
    if mode not in get_args(Pooling):
        raise CheckpointInvalid(f"The model's 'pooling' has the mode {mode!r}; known are {', '.join(get_args(Pooling))}.")
    return mode


def _read(params: Mapping[str, Any], context: int) -> int:
    """How much a model reads: what it was made to embed may be less than there are positions for."""
    part = _part(params, "pooling")
    return context if part is None else min(context, _integer(part, "max_tokens", context))


def _window(params: Mapping[str, Any]) -> tuple[int | None, tuple[Literal["full", "sliding"], ...]]:
    """The window, and which layers have it.

    >>> _window({"sliding_window": [None, 32768, 32768]})
    (32768, ('full', 'sliding', 'sliding'))
    """
    given = params.get("sliding_window")
    if given is None:
        return None, ()
    if not isinstance(given, list):
        return _integer(params, "sliding_window"), ()
    sizes = cast("list[Any]", given)
    windows = [size for size in sizes if size is not None]
    if not sizes or any(size != windows[0] for size in windows):
        raise CheckpointInvalid(f"The model's configuration has sliding windows of {sizes!r}: one size and null are understood.")
    if not windows:
        return None, ()
    return _integer({"sliding_window": windows[0]}, "sliding_window"), tuple("full" if size is None else "sliding" for size in sizes)


def _rope(params: Mapping[str, Any], latent: bool) -> Rope:
    theta, learned = _positive(params, "rope_theta", 10000.0), bool(params.get("lerope", False))
    yarn, llama3, linear = _part(params, "yarn"), _part(params, "llama_3_scaling"), _part(params, "linear_scaling")
    if linear is not None:
        return Rope(theta=theta, factor=_positive(linear, "factor"), stretch="linear")
    if llama3 is not None:
        return Rope(
            theta=theta,
            factor=_positive(llama3, "factor"),
            stretch="llama3",
            original_context=_integer(llama3, "original_max_position_embeddings"),
            beta_fast=_positive(llama3, "high_freq_factor"),
            beta_slow=_positive(llama3, "low_freq_factor"),
        )
    if yarn is None:
        return Rope(theta=theta, learned=learned, divisors=_divisors(params))
    factor = _positive(yarn, "factor")
    grown = 0.1 * math.log(factor) + 1.0 if factor > 1 and yarn.get("apply_scale", True) else 1.0  # of YaRN, eq. 22: √(1/t)
    return Rope(
        theta=theta,
        factor=factor,
        original_context=_integer(yarn, "original_max_position_embeddings"),
        beta_fast=_positive(yarn, "beta", 32.0),
        beta_slow=_positive(yarn, "alpha", 1.0),
        attention_scale=1.0 if latent else grown,
        score_scale=grown**2 if latent else 1.0,  # of a latent head only a part is rotated: the whole score is scaled instead
        learned=learned,
    )


def _divisors(params: Mapping[str, Any]) -> tuple[float, ...]:
    given: Any = params.get("rope_divisors")
    if given is not None and not isinstance(given, list):
        raise CheckpointInvalid(f"The model's configuration has no list of numbers for 'rope_divisors' (found {given!r}).")
    return tuple(_positive({"rope_divisors": each}, "rope_divisors") for each in cast("list[Any]", given or []))


def _temperature(params: Mapping[str, Any]) -> Temperature | None:
    part = _part(params, "llama_4_scaling")
    if part is None:
        return None
    return Temperature(_positive(part, "beta"), _integer(part, "original_max_position_embeddings"))


def _experts(params: Mapping[str, Any]) -> Experts | None:
    part = _part(params, "moe")
    if part is None:
        return None
    if part.get("route_every_n", 1) not in (None, 1):
        raise CheckpointInvalid(f"The model's configuration has route_every_n = {part['route_every_n']!r}; only 1 is understood.")
    if part.get("use_load_balancing_bias"):
        raise CheckpointInvalid("The model's experts are chosen with use_load_balancing_bias, which this version cannot run.")
    return Experts(
        count=_integer(part, "num_experts"),
        active=_integer(part, "num_experts_per_tok"),
        hidden=_integer(part, "expert_hidden_dim", _integer(params, "hidden_dim")),
        shared=_integer(part, "num_shared_experts", 0),
        groups=_integer(part, "num_expert_groups", 1),
        active_groups=_integer(part, "num_expert_groups_per_tok", 1),
        scale=_positive(part, "routed_scale", 1.0),
        first_layer=_integer(part, "first_k_dense_replace", 0),
    )


def _activation(params: Mapping[str, Any]) -> Literal["silu", "gelu_tanh"]:
    value = params.get("activation") or "silu"
    if value not in ("silu", "gelu_tanh"):
        raise CheckpointInvalid(f"The model's configuration has activation = {value!r}; silu and gelu_tanh can be run.")
    return value


def _unrotated(params: Mapping[str, Any]) -> frozenset[int]:
    """The key has 1 where a layer is rotated, despite its name."""
    rotated = _list(params, "no_rope_layers", _integer(params, "n_layers"))
    return frozenset(layer for layer, turns in enumerate(rotated) if not turns)


def _latent(params: Mapping[str, Any]) -> LatentAttention | None:
    if params.get("kv_lora_rank") is None:
        return None
    return LatentAttention(
        kv_rank=_integer(params, "kv_lora_rank"),
        q_rank=_integer(params, "q_lora_rank", 0),
        nope_head_dim=_integer(params, "qk_nope_head_dim"),
        rope_head_dim=_integer(params, "qk_rope_head_dim"),
        v_head_dim=_integer(params, "v_head_dim"),
        unrotated=_unrotated(params),
        sources=_list(params, "kv_source_layers", _integer(params, "n_layers")),
        learned_temperature=bool(params.get("ssmax", False)),
    )


def _index(params: Mapping[str, Any], layers: int) -> SparseIndex | None:
    part = _part(params, "indexer")
    if part is None:
        return None
    return SparseIndex(
        top=_integer(part, "topk"),
        heads=_integer(part, "n_heads"),
        head_dim=_integer(part, "head_dim"),
        layers=frozenset(layer for layer, full in enumerate(_list(part, "full_layers", layers) or [1] * layers) if full),
    )


_SEEN = frozenset(
    {
        *("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "patch_size", "image_size", "max_image_size"),
        *("num_channels", "rope_theta", "hidden_act", "adapter_bias", "spatial_merge_size", "mm_projector_id"),
        *("add_pre_mm_projector_layer_norm", "pre_mm_projector_norm_eps"),
        *("image_token_id", "image_break_token_id", "image_end_token_id"),  # the tokenizer has them by name
    }
)


def _vision(params: Mapping[str, Any]) -> Vision | None:
    several = _part(params, "multimodal") or {}
    key = "multimodal.vision_encoder_args" if "vision_encoder_args" in several else "vision_encoder"
    part = _part(params, "vision_encoder") or _part(several, "vision_encoder_args")
    unknown = sorted(name for name in set(several) - {"vision_encoder_args", "whisper_model_args"} if several[name] is not None)
    unknown += sorted(name for name in set(part or ()) - _SEEN if part and part[name] is not None)
    if unknown:
        raise CheckpointInvalid(f"The model's '{key}' has {unknown[0]!r}, which this version does not know: what it sees would be wrong.")
    if part is None:
        return None
    merges, merge = part.get("mm_projector_id") or "", _integer(part, "spatial_merge_size", 1)
    for name, value, known in (
        ("num_channels", part.get("num_channels", 3), (3,)),
        ("hidden_act", part.get("hidden_act", "silu"), ("silu", "gelu")),
        ("mm_projector_id", merges, ("", "patch_merge")),
        ("spatial_merge_size", merge, range(1, 17) if merges else (1,)),
    ):
        if value not in known:
            raise CheckpointInvalid(f"The model's '{key}' has {name} = {value!r}, which this version cannot run.")
    image = _integer(part, "image_size")
    return Vision(
        dim=_integer(part, "hidden_size"),
        layers=_integer(part, "num_hidden_layers"),
        heads=_integer(part, "num_attention_heads"),
        hidden=_integer(part, "intermediate_size"),
        patch=_integer(part, "patch_size"),
        image=_integer(part, "max_image_size", image),
        rope_theta=_positive(part, "rope_theta", 10000.0),
        activation=part.get("hidden_act", "silu"),
        norm_eps=_positive(part, "pre_mm_projector_norm_eps", 1e-5) if part.get("add_pre_mm_projector_layer_norm") else None,
        merge=merge if merges else 0,
        bias=bool(part.get("adapter_bias", True)),
    )


_HEARD = frozenset(
    {
        *("dim", "n_layers", "n_heads", "n_kv_heads", "head_dim", "hidden_dim", "max_source_positions", "audio_encoding_args"),
        *("rope_theta", "norm_eps", "sliding_window", "causal", "pos_embed", "ffn_type", "norm_type", "use_biases"),
        "learned_positions",  # said by who opens the file
        *("vocab_size", "use_cache"),  # of the encoder-decoder it was made from
    }
)


def _hearing(params: Mapping[str, Any]) -> Hearing | None:
    """Keys of encoder_args: dim, n_layers, n_heads, head_dim (= dim // n_heads), hidden_dim, max_source_positions, audio_encoding_args
    {num_mel_bins, …}; of a stream causal, sliding_window, rope_theta, norm_eps. Beside it downsample_args {downsample_factor}."""
    several = _part(params, "multimodal") or {}
    whole = _part(several, "whisper_model_args")
    if whole is None:
        return None
    if several.get("vision_encoder_args") or params.get("vision_encoder"):
        raise CheckpointInvalid("This checkpoint sees and hears, which this version cannot run yet.")
    part = _part(whole, "encoder_args")
    sound, fewer = _part(part or {}, "audio_encoding_args"), _part(whole, "downsample_args")
    if part is None or sound is None or fewer is None:
        raise CheckpointInvalid("The model's 'whisper_model_args' need encoder_args with audio_encoding_args, and downsample_args.")
    unknown = sorted(name for name in set(part) - _HEARD if part[name] is not None)
    if unknown:
        raise CheckpointInvalid(f"The model's 'encoder_args' has {unknown[0]!r}, which this version does not know: it would hear wrongly.")
    streams, heads = bool(part.get("causal", False)), _integer(part, "n_heads")
    for name, value, known in (
        ("n_kv_heads", part.get("n_kv_heads") or heads, heads),
        ("pos_embed", part.get("pos_embed"), "rope" if streams else "sinusoidal"),
        ("ffn_type", part.get("ffn_type"), "swiglu" if streams else "gelu"),
        ("norm_type", part.get("norm_type"), "rms_norm" if streams else "layer_norm"),
        ("use_biases", part.get("use_biases"), True),
        ("sampling_rate", sound.get("sampling_rate"), 16000),
        ("hop_length", sound.get("hop_length"), 160),
        ("window_size", sound.get("window_size"), 400),
    ):
        if value not in (None, known):
            raise CheckpointInvalid(f"The model's 'encoder_args' has {name} = {value!r}; only {known!r} is understood here.")
    dim = _integer(part, "dim")
    return Hearing(
        dim=dim,
        layers=_integer(part, "n_layers"),
        heads=heads,
        head_dim=_integer(part, "head_dim", dim // max(1, heads)),
        hidden=_integer(part, "hidden_dim"),
        mels=_integer(sound, "num_mel_bins"),
        chunk=_integer(part, "max_source_positions", 1500) or 1500,
        learned=bool(part.get("learned_positions", False)),
        stack=_integer(fewer, "downsample_factor"),
        loudest=_positive(sound, "global_log_mel_max", 1.5) if streams or sound.get("global_log_mel_max") is not None else None,
        stream=_stream(params, part) if streams else None,
    )


def _stream(params: Mapping[str, Any], part: Mapping[str, Any]) -> Stream:
    if not params.get("ada_rms_norm_t_cond"):
        raise CheckpointInvalid("The model hears a stream and has no 'ada_rms_norm_t_cond': how is its decoder told the delay?")
    return Stream(
        window=_integer(part, "sliding_window"),
        rope_theta=_positive(part, "rope_theta", 10000.0),
        delay=_integer(params, "num_delay_tokens", 6),
        told=_integer(params, "ada_rms_norm_t_cond_dim", 32),
        norm_eps=_positive(part, "norm_eps", 1e-5),
    )


def _part(params: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    value = params.get(key)
    if value is not None and not isinstance(value, dict):
        raise CheckpointInvalid(f"The model's configuration has no object for '{key}' (found {value!r}).")
    return cast("Mapping[str, Any] | None", value)


def _list(params: Mapping[str, Any], key: str, length: int) -> tuple[int, ...]:
    """One small number for each layer; () where there is none."""
    value = params.get(key)
    if value is None:
        return ()
    numbers = cast("list[Any]", value) if isinstance(value, list) else []
    if len(numbers) < length or not all(isinstance(number, int) and 0 <= number < 2**20 for number in numbers):
        raise CheckpointInvalid(f"The model's configuration has no whole number for each of {length} layers in '{key}'.")
    return tuple(int(number) for number in numbers[:length])


def _positive(params: Mapping[str, Any], key: str, default: float | None = None) -> float:
    value = params.get(key)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not _SMALLEST <= value <= _LARGEST:
        raise CheckpointInvalid(f"The model's configuration has no positive number for '{key}' (found {value!r}).")
    return float(value)


def _integer(params: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = params.get(key)
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise CheckpointInvalid(f"The model's configuration has no whole number for '{key}' (found {value!r}).")
    return value
