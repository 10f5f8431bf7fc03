"""Names of what hears. In: a tensor's name in one of Mistral's or a Hugging Face release. Out: its canonical name, or None.

Mistral's own releases keep what hears and the embeddings under one name, and the convolutions of a stream under another one more:

    mm_whisper_embeddings.tok_embeddings.weight                    tok_embeddings.weight
    mm_whisper_embeddings.audio_language_projection.0.weight       audio_language_adapter.w_in.weight
    mm_streams_embeddings.embedding_module.whisper_encoder
        .conv_layers.0.conv.weight                                 whisper_encoder.conv_layers.0.weight
"""

import re

__all__ = ["AUDIO", "audio_name", "without_embeddings_module"]

AUDIO = re.compile(
    r"whisper_encoder\.conv_layers\.[01]\.(weight|bias)"
    r"|whisper_encoder\.embed_positions\.weight"
    r"|whisper_encoder\.transformer\.norm\.(weight|bias)"
    r"|whisper_encoder\.transformer\.layers\.\d{1,4}\.(attention_norm|ffn_norm|attention\.w[qvo]|feed_forward\.w[12])\.(weight|bias)"
    r"|whisper_encoder\.transformer\.layers\.\d{1,4}\.(attention\.wk|feed_forward\.w3)\.weight"
    r"|audio_language_adapter\.w_(in|out)\.weight"
    r"|layers\.\d{1,4}\.ada_rms_norm_t_cond\.[02]\.weight",
    re.ASCII,
)
"""The canonical names."""

_AROUND = re.compile(r"mm_whisper_embeddings\.|mm_streams_embeddings\.embedding_module\.", re.ASCII)
_PROJECTION = re.compile(r"audio_language_projection\.([02])\.weight", re.ASCII)
_CONVOLUTION = re.compile(r"(whisper_encoder\.conv_layers\.\d)\.conv\.", re.ASCII)
_WHOLE = re.compile(r"audio_tower\.(?:embedder\.)?(conv[12]|embed_positions|layer_norm|norm)\.(weight|bias)", re.ASCII)
_WHOLES = {
    "conv1": "conv_layers.0",
    "conv2": "conv_layers.1",
    "embed_positions": "embed_positions",
    "layer_norm": "transformer.norm",
    "norm": "transformer.norm",
}
_LAYER = re.compile(r"audio_tower\.layers\.(\d{1,4})\.(.+)\.(weight|bias)", re.ASCII)
_PARTS = {
    "self_attn_layer_norm": "attention_norm",
    "self_attn.q_proj": "attention.wq",
    "self_attn.k_proj": "attention.wk",
    "self_attn.v_proj": "attention.wv",
    "self_attn.out_proj": "attention.wo",
    "self_attn.o_proj": "attention.wo",
    "final_layer_norm": "ffn_norm",
    "fc1": "feed_forward.w1",
    "fc2": "feed_forward.w2",
    "mlp.gate_proj": "feed_forward.w1",
    "mlp.down_proj": "feed_forward.w2",
    "mlp.up_proj": "feed_forward.w3",
}
_PROJECTOR = {"multi_modal_projector.linear_1.weight": "w_in", "multi_modal_projector.linear_2.weight": "w_out"}
_TOLD = re.compile(r"(?:model\.)?language_model\.(?:model\.)?layers\.(\d{1,4})\.ada_rms_norm\.linear([12])\.weight", re.ASCII)


def without_embeddings_module(name: str) -> str:
    """
    >>> without_embeddings_module("mm_whisper_embeddings.audio_language_projection.2.weight")
    'audio_language_adapter.w_out.weight'
    """
    name = _CONVOLUTION.sub(r"\1.", _AROUND.sub("", name, count=1))
    projection = _PROJECTION.fullmatch(name)
    return name if projection is None else f"audio_language_adapter.{'w_out' if projection[1] == '2' else 'w_in'}.weight"


def audio_name(name: str) -> str | None:
    """
    >>> audio_name("model.audio_tower.layers.3.self_attn.out_proj.bias")
    'whisper_encoder.transformer.layers.3.attention.wo.bias'
    """
    if told := _TOLD.fullmatch(name):
        return f"layers.{int(told[1])}.ada_rms_norm_t_cond.{2 * int(told[2]) - 2}.weight"
    name = name.removeprefix("model.")
    if whole := _WHOLE.fullmatch(name):
        canonical = f"whisper_encoder.{_WHOLES[whole[1]]}.{whole[2]}"
    elif layer := _LAYER.fullmatch(name):
        canonical = f"whisper_encoder.transformer.layers.{int(layer[1])}.{_PARTS.get(layer[2], '')}.{layer[3]}"
    else:
        canonical = f"audio_language_adapter.{_PROJECTOR.get(name, '')}.weight"
    return canonical if AUDIO.fullmatch(canonical) else None
