"""What the native core can run. In: a checkpoint and its configuration. Out: None, or why PyTorch has to."""

from collections.abc import Iterator

from alize.engine.runners.native.layout import ROUTER
from alize.engine.runners.native.library import FORMATS
from alize.model.config import ModelConfig
from alize.weights.checkpoints.base import Checkpoint

__all__ = ["why_not"]

_HEADS = (32, 64, 96, 128)
_LAYERS = 1000  # csrc/crew.h counts no more phases of a step
_GROUP = 32
"""Weights that share a scale."""


def why_not(checkpoint: Checkpoint, config: ModelConfig) -> str | None:
    """The first thing about a model that the core has no code for, to be read after "because "."""
    return next(_missing(checkpoint, config), None)


def _missing(checkpoint: Checkpoint, config: ModelConfig) -> Iterator[str]:
    experts = config.experts
    parts = {
        "experts that every token goes through": experts and experts.shared,
        "experts that are chosen by their groups": experts and experts.active_groups < experts.groups,
        "latent attention": config.latent,
        "a state space": config.state_space,
        "an image encoder": config.vision,
        "an audio encoder": config.hearing,
        "an encoder that reads both ways": config.encoder,
        "biases of queries, keys and values": config.qkv_bias,
        "norms behind attention and feed-forward": config.post_norms,
        "centred norms": config.centred_norms,
        "scaled embeddings": config.embedding_scale != 1,
        "capped logits": config.logit_cap,
        "a temperature by position": config.temperature,
        "layers without positions": config.unrotated,
        "a rotation of its own for windows": config.sliding_rope,
        "learned rotations": config.rope.learned,
    }
    for name, there in parts.items():
        if there:
            yield f"the model has {name}"
            return
    if config.layers > _LAYERS:
        yield f"it has {config.layers} layers"
    if config.activation != "silu":
        yield f"its feed-forward has {config.activation}"
    if config.head_dim not in _HEADS:
        yield f"its heads have a width of {config.head_dim}"
    sizes = {"width": config.dim, "heads": config.heads * config.head_dim}
    if experts is None or experts.first_layer > 0:
        sizes["feed-forward"] = config.hidden
    if experts is not None:
        sizes["experts' feed-forward"] = experts.hidden
    for name, size in sizes.items():
        if size % _GROUP:
            yield f"its {name} of {size} is no multiple of {_GROUP}"
    for name in checkpoint:
        tensor = checkpoint.stored(name)
        if len(tensor.shape) == 2 and tensor.kind not in FORMATS and not (tensor.kind == "F32" and name.endswith(f".{ROUTER}.weight")):
            yield f"'{name}' is stored as {tensor.kind}"
