"""Names of what sees. In: a tensor's name in a Hugging Face release. Out: its canonical name, or a decoder's without what is around it.

transformers 5 keeps the parts of a model that sees under `model`, earlier releases each with a `model` of its own:

    model.language_model.layers.0.mlp.up_proj.weight      language_model.model.layers.0.mlp.up_proj.weight
    model.vision_tower.ln_pre.weight                      vision_tower.ln_pre.weight
    lm_head.weight                                        language_model.lm_head.weight
"""

import re

__all__ = ["VISION", "decoder_name", "vision_name"]

VISION = re.compile(
    r"vision_encoder\.(patch_conv|ln_pre)\.weight"
    r"|vision_encoder\.transformer\.layers\.\d{1,4}\.(attention_norm|ffn_norm|attention\.w[qkvo]|feed_forward\.w[123])\.weight"
    r"|vision_language_adapter\.w_(in|out)\.(weight|bias)"
    r"|(pre_mm_projector_norm|patch_merger\.merging_layer)\.weight",
    re.ASCII,
)
"""The canonical names: those of Mistral's own releases."""

_WHOLE = {
    "vision_tower.patch_conv.weight": "vision_encoder.patch_conv.weight",
    "vision_tower.ln_pre.weight": "vision_encoder.ln_pre.weight",
    "multi_modal_projector.norm.weight": "pre_mm_projector_norm.weight",
    "multi_modal_projector.patch_merger.merging_layer.weight": "patch_merger.merging_layer.weight",
    "multi_modal_projector.linear_1.weight": "vision_language_adapter.w_in.weight",
    "multi_modal_projector.linear_1.bias": "vision_language_adapter.w_in.bias",
    "multi_modal_projector.linear_2.weight": "vision_language_adapter.w_out.weight",
    "multi_modal_projector.linear_2.bias": "vision_language_adapter.w_out.bias",
}
_LAYER = re.compile(r"vision_tower\.transformer\.layers\.(\d{1,4})\.(.+)\.weight", re.ASCII)
_PARTS = {
    "attention_norm": "attention_norm",
    "attention.q_proj": "attention.wq",
    "attention.k_proj": "attention.wk",
    "attention.v_proj": "attention.wv",
    "attention.o_proj": "attention.wo",
    "ffn_norm": "ffn_norm",
    "feed_forward.gate_proj": "feed_forward.w1",
    "feed_forward.down_proj": "feed_forward.w2",
    "feed_forward.up_proj": "feed_forward.w3",
}
_DECODER = re.compile(r"(?:model\.language_model|language_model\.model|language_model(?=\.lm_head))\.(.+)", re.ASCII)


def vision_name(name: str) -> str | None:
    """
    >>> vision_name("model.vision_tower.transformer.layers.3.attention.q_proj.weight")
    'vision_encoder.transformer.layers.3.attention.wq.weight'
    """
    name = name.removeprefix("model.")
    layer = _LAYER.fullmatch(name)
    if layer is None:
        return _WHOLE.get(name)
    part = _PARTS.get(layer[2])
    return None if part is None else f"vision_encoder.transformer.layers.{int(layer[1])}.{part}.weight"


def decoder_name(name: str) -> str:
    """As it would be called if the model could not see.

    >>> decoder_name("model.language_model.norm.weight"), decoder_name("language_model.lm_head.weight")
    ('model.norm.weight', 'lm_head.weight')
    """
    found = _DECODER.fullmatch(name)
    if found is None:
        return name
    return found[1] if found[1].startswith("lm_head.") else f"model.{found[1]}"
