"""Ears. In: `params` that may have an encoder of sounds, whole or of a stream. Out: what it is made of, and how its rows become tokens."""

from collections.abc import Mapping
from typing import Any

from alize.errors import CheckpointInvalid
from alize.model.config import Hearing, Stream
from alize.model.configuration.values import integer, part_of, positive

__all__ = ["hearing_of"]

_HEARD = frozenset(
    {
        *("dim", "n_layers", "n_heads", "n_kv_heads", "head_dim", "hidden_dim", "max_source_positions", "audio_encoding_args"),
        *("rope_theta", "norm_eps", "sliding_window", "causal", "pos_embed", "ffn_type", "norm_type", "use_biases"),
        "learned_positions",  # said by who opens the file
        *("vocab_size", "use_cache"),  # of the encoder-decoder it was made from
    }
)


def hearing_of(params: Mapping[str, Any]) -> Hearing | None:
    """None of a model without ears. Raises CheckpointInvalid for a key that is not known.

    Keys of encoder_args: dim, n_layers, n_heads, head_dim (= dim // n_heads), hidden_dim, max_source_positions, audio_encoding_args
    {num_mel_bins, …}; of a stream causal, sliding_window, rope_theta, norm_eps. Beside it downsample_args {downsample_factor}.
    """
    several = part_of(params, "multimodal") or {}
    whole = part_of(several, "whisper_model_args")
    if whole is None:
        return None
    if several.get("vision_encoder_args") or params.get("vision_encoder"):
        raise CheckpointInvalid("This checkpoint sees and hears, which this version cannot run yet.")
    part = part_of(whole, "encoder_args")
    sound, fewer = part_of(part or {}, "audio_encoding_args"), part_of(whole, "downsample_args")
    if part is None or sound is None or fewer is None:
        raise CheckpointInvalid("The model's 'whisper_model_args' need encoder_args with audio_encoding_args, and downsample_args.")
    unknown = sorted(name for name in set(part) - _HEARD if part[name] is not None)
    if unknown:
        raise CheckpointInvalid(f"The model's 'encoder_args' has {unknown[0]!r}, which this version does not know: it would hear wrongly.")
    streams, heads = bool(part.get("causal", False)), integer(part, "n_heads")
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
    dim = integer(part, "dim")
    return Hearing(
        dim=dim,
        layers=integer(part, "n_layers"),
        heads=heads,
        head_dim=integer(part, "head_dim", dim // max(1, heads)),
        hidden=integer(part, "hidden_dim"),
        mels=integer(sound, "num_mel_bins"),
        chunk=integer(part, "max_source_positions", 1500) or 1500,
        learned=bool(part.get("learned_positions", False)),
        stack=integer(fewer, "downsample_factor"),
        loudest=positive(sound, "global_log_mel_max", 1.5) if streams or sound.get("global_log_mel_max") is not None else None,
        stream=_stream(params, part) if streams else None,
    )


def _stream(params: Mapping[str, Any], part: Mapping[str, Any]) -> Stream:
    if not params.get("ada_rms_norm_t_cond"):
        raise CheckpointInvalid("The model hears a stream and has no 'ada_rms_norm_t_cond': how is its decoder told the delay?")
    return Stream(
        window=integer(part, "sliding_window"),
        rope_theta=positive(part, "rope_theta", 10000.0),
        delay=integer(params, "num_delay_tokens", 6),
        told=integer(params, "ada_rms_norm_t_cond_dim", 32),
        norm_eps=positive(part, "norm_eps", 1e-5),
    )
