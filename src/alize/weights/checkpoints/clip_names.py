"""Names of what sees and hears in a GGUF. In: a tensor's name in a file of llama.cpp's clip. Out: its canonical name, or None.

    v.blk.0.ffn_gate.weight      vision_encoder.transformer.layers.0.feed_forward.w1.weight
    mm.patch_merger.weight       patch_merger.merging_layer.weight
    a.blk.0.ffn_up.bias          whisper_encoder.transformer.layers.0.feed_forward.w1.bias
    mm.a.mlp.1.weight            audio_language_adapter.w_in.weight

Queries and keys of the eye are in pairs already: the converter permutes them. Source: the tensor names of the `gguf` package.
"""

import re

from alize.weights.checkpoints.audio_names import AUDIO
from alize.weights.checkpoints.vision_names import VISION

__all__ = ["IMAGE_BREAK", "from_clip", "to_clip"]

IMAGE_BREAK = "v.token_embd.img_break"
"""A row of the model's own table of embeddings, which llama.cpp does not look up there. Older files have it."""

_WHOLES = {
    "v.patch_embd": "vision_encoder.patch_conv",
    "v.pre_ln": "vision_encoder.ln_pre",
    "mm.input_norm": "pre_mm_projector_norm",
    "mm.patch_merger": "patch_merger.merging_layer",
    "mm.1": "vision_language_adapter.w_in",
    "mm.2": "vision_language_adapter.w_out",
    "a.conv1d.1": "whisper_encoder.conv_layers.0",
    "a.conv1d.2": "whisper_encoder.conv_layers.1",
    "a.position_embd": "whisper_encoder.embed_positions",
    "a.post_ln": "whisper_encoder.transformer.norm",
    "mm.a.mlp.1": "audio_language_adapter.w_in",
    "mm.a.mlp.2": "audio_language_adapter.w_out",
}
_ENCODERS = {"v": "vision_encoder", "a": "whisper_encoder"}
_PARTS = {
    "ln1": "attention_norm",
    "attn_q": "attention.wq",
    "attn_k": "attention.wk",
    "attn_v": "attention.wv",
    "attn_out": "attention.wo",
    "ln2": "ffn_norm",
    "ffn_gate": "feed_forward.w1",
    "ffn_down": "feed_forward.w2",
    "ffn_up": "feed_forward.w3",
}
_UNGATED = {**_PARTS, "ffn_up": "feed_forward.w1"}
_LAYER = re.compile(r"([av])\.blk\.(\d{1,4})\.(\w+)", re.ASCII)


def from_clip(name: str) -> str | None:
    """
    >>> from_clip("v.blk.3.attn_out.weight"), from_clip("a.blk.3.ffn_up.bias")
    ('vision_encoder.transformer.layers.3.attention.wo.weight', 'whisper_encoder.transformer.layers.3.feed_forward.w1.bias')
    """
    stem, _, suffix = name.rpartition(".")
    if layer := _LAYER.fullmatch(stem):
        part = (_UNGATED if layer[1] == "a" else _PARTS).get(layer[3], "")
        canonical = f"{_ENCODERS[layer[1]]}.transformer.layers.{int(layer[2])}.{part}.{suffix}"
    else:
        canonical = f"{_WHOLES.get(stem, '')}.{suffix}"
    return canonical if VISION.fullmatch(canonical) or AUDIO.fullmatch(canonical) else None


_CANONICAL = re.compile(r"(vision_encoder|whisper_encoder)\.transformer\.layers\.(\d{1,4})\.(.+)", re.ASCII)


def to_clip(name: str) -> str | None:
    """What `from_clip` reads as this name; None for a part of the decoder.

    >>> to_clip("vision_encoder.transformer.layers.3.feed_forward.w3.weight"), to_clip("layers.3.attention.wq.weight")
    ('v.blk.3.ffn_up.weight', None)
    """
    stem, _, suffix = name.rpartition(".")
    if layer := _CANONICAL.fullmatch(stem):
        short = "v" if layer[1] == "vision_encoder" else "a"
        parts = {theirs: part for part, theirs in (_UNGATED if short == "a" else _PARTS).items()}
        return f"{short}.blk.{layer[2]}.{parts[layer[3]]}.{suffix}"
    whole = next((theirs for theirs, canonical in _WHOLES.items() if canonical == stem), None)
    return None if whole is None else f"{whole}.{suffix}"
