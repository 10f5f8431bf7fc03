"""Eyes. In: `params` that may have a vision encoder. Out: what it is made of, and how its patches become tokens."""

from collections.abc import Mapping
from typing import Any

from alize.errors import CheckpointInvalid
from alize.model.config import Vision
from alize.model.configuration.values import integer, part_of, positive

__all__ = ["vision_of"]

_SEEN = frozenset(
    {
        *("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "patch_size", "image_size", "max_image_size"),
        *("num_channels", "rope_theta", "hidden_act", "adapter_bias", "spatial_merge_size", "mm_projector_id"),
        *("add_pre_mm_projector_layer_norm", "pre_mm_projector_norm_eps"),
        *("image_token_id", "image_break_token_id", "image_end_token_id"),  # the tokenizer has them by name
    }
)


def vision_of(params: Mapping[str, Any]) -> Vision | None:
    """None of a model without eyes. Raises CheckpointInvalid for a key that is not known, since what it sees would be wrong."""
    several = part_of(params, "multimodal") or {}
    key = "multimodal.vision_encoder_args" if "vision_encoder_args" in several else "vision_encoder"
    part = part_of(params, "vision_encoder") or part_of(several, "vision_encoder_args")
    unknown = sorted(name for name in set(several) - {"vision_encoder_args", "whisper_model_args"} if several[name] is not None)
    unknown += sorted(name for name in set(part or ()) - _SEEN if part and part[name] is not None)
    if unknown:
        raise CheckpointInvalid(f"The model's '{key}' has {unknown[0]!r}, which this version does not know: what it sees would be wrong.")
    if part is None:
        return None
    merges, merge = part.get("mm_projector_id") or "", integer(part, "spatial_merge_size", 1)
    for name, value, known in (
        ("num_channels", part.get("num_channels", 3), (3,)),
        ("hidden_act", part.get("hidden_act", "silu"), ("silu", "gelu")),
        ("mm_projector_id", merges, ("", "patch_merge")),
        ("spatial_merge_size", merge, range(1, 17) if merges else (1,)),
    ):
        if value not in known:
            raise CheckpointInvalid(f"The model's '{key}' has {name} = {value!r}, which this version cannot run.")
    image = integer(part, "image_size")
    return Vision(
        dim=integer(part, "hidden_size"),
        layers=integer(part, "num_hidden_layers"),
        heads=integer(part, "num_attention_heads"),
        hidden=integer(part, "intermediate_size"),
        patch=integer(part, "patch_size"),
        image=integer(part, "max_image_size", image),
        rope_theta=positive(part, "rope_theta", 10000.0),
        activation=part.get("hidden_act", "silu"),
        norm_eps=positive(part, "pre_mm_projector_norm_eps", 1e-5) if part.get("add_pre_mm_projector_layer_norm") else None,
        merge=merge if merges else 0,
        bias=bool(part.get("adapter_bias", True)),
    )
