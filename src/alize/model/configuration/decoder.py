"""Decoders, dense and with all that may be added to them. In: `params` without a model_type. Out: a ModelConfig."""

from collections.abc import Mapping
from typing import Any, Literal, cast

from alize.errors import CheckpointInvalid
from alize.model.config import ModelConfig, Rope
from alize.model.configuration.experts import experts_of
from alize.model.configuration.latent import index_of, latent_of
from alize.model.configuration.pooling import context_of, pooling_of
from alize.model.configuration.rotation import rope_of, temperature_of, unrotated_of
from alize.model.configuration.sight import vision_of
from alize.model.configuration.sound import hearing_of
from alize.model.configuration.values import integer, layers_of, positive

__all__ = ["decoder_model"]


def decoder_model(params: Mapping[str, Any]) -> ModelConfig:
    """Keys: dim, n_layers, n_heads, n_kv_heads (= n_heads), head_dim (= dim // n_heads), hidden_dim, vocab_size, norm_eps, rope_theta,
    sliding_window (one for all layers, or a list that repeats over them, null for a layer that sees everything), tied_embeddings,
    max_position_embeddings, yarn {…}, llama_4_scaling {…}, moe {…}, q_lora_rank and its like (latent attention), vision_encoder {…}
    (in the latest releases, multimodal.vision_encoder_args), multimodal.whisper_model_args {…} and ada_rms_norm_t_cond_dim
    (see sound.py), pooling {…}.

    Of models of others, in words of their config.json where it has any: qkv_bias, qk_norm, no_rope_layers, query_pre_attn_scalar,
    post_norms, centred_norms, activation, embedding_scale, sliding_rope_theta, llama_3_scaling {…}, linear_scaling {factor},
    rope_divisors.
    """
    dim, heads, layers = integer(params, "dim"), integer(params, "n_heads"), layers_of(params)
    latent = latent_of(params)
    window, pattern = _window(params)
    return ModelConfig(
        dim=dim,
        layers=layers,
        heads=heads,
        kv_heads=integer(params, "n_kv_heads", heads),
        head_dim=integer(params, "head_dim", dim // max(heads, 1)),
        hidden=integer(params, "hidden_dim"),
        vocab=integer(params, "vocab_size"),
        max_context=context_of(params, integer(params, "max_position_embeddings", integer(params, "model_max_length", 32768))),
        norm_eps=positive(params, "norm_eps", 1e-5),
        rope=rope_of(params, latent is not None),
        temperature=temperature_of(params),
        window=window,
        pattern=pattern,
        sliding_rope=None if params.get("sliding_rope_theta") is None else Rope(theta=positive(params, "sliding_rope_theta")),
        unrotated=frozenset[int]() if latent is not None else unrotated_of(params),
        tied=bool(params.get("tied_embeddings", False)),
        qkv_bias=bool(params.get("qkv_bias", False)),
        qk_norm=bool(params.get("qk_norm", False)),
        score_width=integer(params, "query_pre_attn_scalar", 0),
        post_norms=bool(params.get("post_norms", False)),
        centred_norms=bool(params.get("centred_norms", False)),
        activation=_activation(params),
        embedding_scale=positive(params, "embedding_scale", 1.0),
        experts=experts_of(params),
        latent=latent,
        index=index_of(params, layers),
        logit_cap=positive(params, "final_logit_softcapping", 0.0),
        vision=vision_of(params),
        pooling=pooling_of(params),
        hearing=hearing_of(params),
    )


def _window(params: Mapping[str, Any]) -> tuple[int | None, tuple[Literal["full", "sliding"], ...]]:
    """The window, and which layers have it.

    >>> _window({"sliding_window": [None, 32768, 32768]})
    (32768, ('full', 'sliding', 'sliding'))
    """
    given = params.get("sliding_window")
    if given is None:
        return None, ()
    if not isinstance(given, list):
        return integer(params, "sliding_window"), ()
    sizes = cast("list[Any]", given)
    windows = [size for size in sizes if size is not None]
    if not sizes or any(size != windows[0] for size in windows):
        raise CheckpointInvalid(f"The model's configuration has sliding windows of {sizes!r}: one size and null are understood.")
    if not windows:
        return None, ()
    return integer({"sliding_window": windows[0]}, "sliding_window"), tuple("full" if size is None else "sliding" for size in sizes)


def _activation(params: Mapping[str, Any]) -> Literal["silu", "gelu_tanh"]:
    value = params.get("activation") or "silu"
    if value not in ("silu", "gelu_tanh"):
        raise CheckpointInvalid(f"The model's configuration has activation = {value!r}; silu and gelu_tanh can be run.")
    return value
