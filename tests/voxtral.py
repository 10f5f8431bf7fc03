"""Voxtrals of random weights, as releases hold them. In: a folder. Out: transformers' model, its files, and sounds to let it hear."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.model.families import Family, reference, saved

SPECTRUM = {"num_mel_bins": 128, "hop_length": 160, "window_size": 400}
WHOLE = {"sampling_rate": 16000, "frame_rate": 12.5, "audio_encoding_config": SPECTRUM, "chunk_length_s": 30.0}
STREAM = {
    **{"sampling_rate": 16000, "frame_rate": 12.5, "audio_encoding_config": SPECTRUM, "transcription_format": "streaming"},
    **{"transcription_delay_ms": 480, "streaming_look_ahead_ms": 2.5, "streaming_look_back_ms": 52.5, "streaming_n_left_pad_tokens": 32},
}
CONTROLS = {
    24: "[AUDIO]",
    25: "[BEGIN_AUDIO]",
    32: "[STREAMING_PAD]",
    33: "[STREAMING_WORD]",
    34: "[TRANSCRIBE]",
    35: "[ARGS]",
    36: "[CALL_ID]",
}
EAR = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "num_mel_bins": 128}
VOXTRAL = Family(
    "Voxtral",
    {"vocab_size": 131072, "max_position_embeddings": 4096, "rope_parameters": {"rope_type": "default", "rope_theta": 1e8}},
    "ForConditionalGeneration",
    "llama",
    ear={**EAR, "intermediate_size": 64},
    around={"audio_token_id": 24},
)
REALTIME = Family(
    "VoxtralRealtime",
    {"vocab_size": 131072, "max_position_embeddings": 4096, "sliding_window": 64},
    "ForConditionalGeneration",
    "voxtral_realtime_text",
    ear={**EAR, "intermediate_size": 24, "head_dim": 8, "sliding_window": 50},
    around={"default_num_delay_tokens": 6},
)


def write_tekken(path: Path, audio: dict[str, Any]) -> Path:
    """A tokenizer like Voxtral's: Pixtral's words, which mistral-common carries, with the marks of sounds."""
    import mistral_common
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    tekken = json.loads((Path(mistral_common.__file__).parent / "data" / "tekken_240911.json").read_text())
    del tekken["image"]
    tekken["config"]["version"] = "v13" if "chunk_length_s" in audio else "v11"
    tekken["audio"] = audio
    named = {int(token["rank"]): dict(token) for token in Tekkenizer.DEPRECATED_SPECIAL_TOKENS}
    for rank in range(max(*named, *CONTROLS) + 1):
        named.setdefault(rank, {"rank": rank, "token_str": f"<SPECIAL_{rank}>", "is_control": True})
    named |= {rank: {"rank": rank, "token_str": text, "is_control": True} for rank, text in CONTROLS.items()}
    tekken["special_tokens"] = [named[rank] for rank in sorted(named)]
    path.write_text(json.dumps(tekken))
    return path


def write_tiny_voxtral(folder: Path, family: Family = VOXTRAL) -> Any:
    """transformers' model; the folder then holds the same weights and a tokenizer.

    Convolutions are of 16 bits, as llama.cpp's converter keeps them whatever it is asked.
    """
    model = reference(family)
    for name, weight in model.named_parameters():
        weight.data = weight.data.half().float() if ".conv" in name else weight.data
    write_tekken(saved(model, folder) / "tekken.json", STREAM if family is REALTIME else WHOLE)
    return model


def wave(seconds: float, rate: int = 16000, channels: int = 1, seed: int = 0) -> np.ndarray:
    """A rising tone in noise, the same every time."""
    time = np.arange(round(seconds * rate)) / rate
    numbers = np.random.default_rng(seed)
    tone = 0.3 * np.sin(2 * np.pi * (200 + 300 * seed + 100 * time) * time)
    return (tone[:, None] + 0.02 * numbers.standard_normal((len(time), channels))).astype(np.float32)


def sound(seconds: float = 1.0, kind: str = "WAV", rate: int = 16000, channels: int = 1, seed: int = 0, **more: Any) -> bytes:
    """A file of it."""
    data = io.BytesIO()
    soundfile.write(data, wave(seconds, rate, channels, seed), rate, format=kind, **more)
    return data.getvalue()


def written(data: bytes) -> str:
    return base64.b64encode(data).decode()
