"""What hears, of a config.json. In: the entries around text_config. Out: `multimodal` in the vocabulary of params.json.

Sources: VoxtralConfig and VoxtralRealtimeConfig of transformers 5.24, whose defaults stand in for entries that are left out.
"""

from collections.abc import Mapping
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.encoder_rotation import theta_of
from alize.weights.checkpoints.fields import Fields, inner, shown

__all__ = ["add_hearing", "encoder_of"]

_SOUND = {"sampling_rate": 16000, "hop_length": 160, "window_size": 400}


def add_hearing(fields: Fields, params: dict[str, Any]) -> None:
    """`fields` are those around the decoder's. Raises CheckpointInvalid for an encoder that this version cannot run."""
    streams = fields.get("model_type") == "voxtral_realtime"
    ear = inner(fields, "audio_config")
    kind = "voxtral_realtime_encoder" if streams else "voxtral_encoder"
    if ear.get("model_type") not in (None, kind):
        raise CheckpointInvalid(f"{fields.path}: 'audio_config' is of the model_type {shown(ear.get('model_type'))}, not {kind}.")
    fields.expect("projector_hidden_act", "gelu")
    ear.expect("activation_function", "gelu")
    dim, heads = ear.integer("hidden_size", 1280), ear.integer("num_attention_heads", 32 if streams else 20)
    encoder: dict[str, Any] = {
        "dim": dim,
        "n_layers": ear.integer("num_hidden_layers", 32),
        "n_heads": heads,
        "head_dim": dim // max(1, heads),
        "hidden_dim": ear.integer("intermediate_size", 5120),
        "audio_encoding_args": {"num_mel_bins": ear.integer("num_mel_bins", 128), **_SOUND},
        "causal": streams,
    }
    stack = fields.integer("downsample_factor", 4) if streams else encoder["hidden_dim"] // max(1, dim)
    if streams:
        ear.expect("hidden_act", "silu")
        encoder["head_dim"] = ear.integer("head_dim", 64)
        encoder["sliding_window"] = ear.integer("sliding_window", 750)
        encoder["norm_eps"] = ear.number("rms_norm_eps", 1e-5)
        encoder["rope_theta"] = theta_of(ear, "audio_config", "default")
        params |= {"ada_rms_norm_t_cond": True, "ada_rms_norm_t_cond_dim": 32}
        params["num_delay_tokens"] = fields.integer("default_num_delay_tokens", 6)
        if fields.integer("audio_length_per_tok", 8) != 2 * stack:
            raise CheckpointInvalid(f"{fields.path}: 'audio_length_per_tok' is not twice 'downsample_factor', as the encoder makes it.")
        params["tied_embeddings"] = fields.flag("tie_word_embeddings", True)  # whatever the decoder's own entries say
    else:
        ear.expect("scale_embedding", False)
        encoder["max_source_positions"] = ear.integer("max_source_positions", 1500)
        if encoder["hidden_dim"] != stack * dim:  # transformers lays so many rows side by side that they are as wide as that
            raise CheckpointInvalid(f"{fields.path}: 'intermediate_size' of 'audio_config' is no multiple of its hidden_size.")
    params["multimodal"] = {"whisper_model_args": {"encoder_args": encoder, "downsample_args": {"downsample_factor": stack}}}


def encoder_of(params: Mapping[str, Any]) -> dict[str, Any] | None:
    """The entries of the encoder that hears, where there is one."""
    several = params.get("multimodal")
    whole = cast("dict[str, Any]", several).get("whisper_model_args") if isinstance(several, dict) else None
    return cast("dict[str, Any]", whole)["encoder_args"] if isinstance(whole, dict) else None
