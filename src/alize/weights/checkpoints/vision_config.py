"""What sees, of a config.json. In: the entries around text_config. Out: `vision_encoder` in the vocabulary of params.json.

Sources: PixtralVisionConfig, LlavaConfig and Mistral3Config of transformers 5.24, whose defaults stand in for entries that are left out.
"""

from typing import Any

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.encoder_rotation import theta_of
from alize.weights.checkpoints.fields import Fields, inner, shown

__all__ = ["MEAN", "SPREAD", "add_vision"]

MEAN, SPREAD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of red, green and blue in what the first encoders were trained on: every encoder that is read here takes colours less the one, by the
other."""


def add_vision(fields: Fields, text: Fields, params: dict[str, Any]) -> None:
    """`fields` are those around the decoder's, `text`. `tied_embeddings` is taken out where the file decides.

    Raises CheckpointInvalid for an encoder or a projector that this version cannot run.
    """
    llava = fields.get("model_type") == "llava"
    eye = inner(fields, "vision_config")
    if eye.get("model_type") != "pixtral":
        raise CheckpointInvalid(f"{fields.path}: 'vision_config' is of the model_type {shown(eye.get('model_type'))}, not pixtral.")
    dim, heads = eye.integer("hidden_size", 1024), eye.integer("num_attention_heads", 16)
    eye.expect("head_dim", dim // max(1, heads))
    eye.expect("num_channels", 3)
    eye.expect("hidden_act", "gelu", "silu")
    fields.expect("projector_hidden_act", "gelu")
    if fields.values.get("vision_feature_layer", -2 if llava else -1) != -1:
        raise CheckpointInvalid(f"{fields.path}: 'vision_feature_layer' is not -1: only what the last layer sees can be used.")
    if llava and fields.values.get("vision_feature_select_strategy", "default") != "full":
        raise CheckpointInvalid(f"{fields.path}: 'vision_feature_select_strategy' is not 'full': a patch of each image would be left out.")
    params["vision_encoder"] = {
        "hidden_size": dim,
        "num_hidden_layers": eye.integer("num_hidden_layers", 24),
        "num_attention_heads": heads,
        "intermediate_size": eye.integer("intermediate_size", 4096),
        "patch_size": eye.integer("patch_size", 16),
        "image_size": eye.integer("image_size", 1024),
        "rope_theta": theta_of(eye, "vision_config", "axial", "default"),
        "hidden_act": eye.get("hidden_act") or "gelu",
        "adapter_bias": fields.flag("multimodal_projector_bias", llava),
    }
    if not llava:
        params["vision_encoder"] |= {
            "mm_projector_id": "patch_merge",
            "spatial_merge_size": fields.integer("spatial_merge_size", 2),
            "add_pre_mm_projector_layer_norm": True,
            "pre_mm_projector_norm_eps": params["norm_eps"],
        }
    if _may_be_tied(fields, text):
        del params["tied_embeddings"]


def _may_be_tied(fields: Fields, text: Fields) -> bool:
    """Whether the head may be the embedding table: it is where the file has no head of its own. Either configuration may say so."""
    said = [part.flag("tie_word_embeddings", False) for part in (fields, text) if part.get("tie_word_embeddings") is not None]
    return any(said) if said else fields.get("model_type") == "mistral3"
