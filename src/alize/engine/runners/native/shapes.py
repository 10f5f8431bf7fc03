"""Which tensors a model of the core has, and of which shapes. In: a configuration. Out: shapes by name, or a refusal of files with others.

The core takes every size from the configuration and asks no tensor for its own: files that disagree end here, before anything is read.
"""

from alize.engine.runners.native.layout import ROUTER
from alize.errors import CheckpointInvalid
from alize.model.config import ModelConfig
from alize.weights.checkpoints.base import Checkpoint

__all__ = ["check_shapes", "products_of"]


def products_of(config: ModelConfig, layer: int) -> dict[str, tuple[int, int]]:
    """Matrices of one layer, [out, in], by their names in it; without those of experts."""
    queries, keys = config.heads * config.head_dim, config.kv_heads * config.head_dim
    attention = {
        "attention.wq": (queries, config.dim),
        "attention.wk": (keys, config.dim),
        "attention.wv": (keys, config.dim),
        "attention.wo": (config.dim, queries),
    }
    return attention if config.routed(layer) else attention | _feed_forward("feed_forward", config.dim, config.hidden)


def check_shapes(checkpoint: Checkpoint, config: ModelConfig) -> None:
    """Raises CheckpointInvalid where a tensor is missing, of another shape than the configuration says, or has no place in it."""
    held = set(checkpoint)
    if config.layers > len(held):  # said before names are made of it: the number is the file's word
        raise CheckpointInvalid(f"{checkpoint.path} does not hold the {config.layers} layers of its configuration.")
    routed = sum(map(config.routed, range(config.layers)))
    if config.experts and config.experts.count * routed > len(held):
        raise CheckpointInvalid(f"{checkpoint.path} does not hold the {config.experts.count} experts a layer of its configuration.")
    wanted: dict[str, tuple[int, ...]] = {"tok_embeddings.weight": (config.vocab, config.dim), "norm.weight": (config.dim,)}
    if not config.tied or "output.weight" in held:  # a tied head may be there twice
        wanted["output.weight"] = (config.vocab, config.dim)
    for layer in range(config.layers):
        wanted |= {f"layers.{layer}.{name}.weight": shape for name, shape in _layer(config, layer).items()}
    if left := sorted(held - wanted.keys()):
        raise CheckpointInvalid(f"{checkpoint.path} holds '{left[0]}', which its configuration has no place for.")
    for name, shape in wanted.items():
        if name not in held:
            raise CheckpointInvalid(f"{checkpoint.path} has no tensor '{name}'.", remedy="It is incomplete or of another architecture.")
        if (found := checkpoint.stored(name).shape) != shape:
            raise CheckpointInvalid(f"{checkpoint.path}: '{name}' is {tuple(found)}, the configuration says {shape}.")


def _layer(config: ModelConfig, layer: int) -> dict[str, tuple[int, ...]]:
    """All that one layer has."""
    wanted: dict[str, tuple[int, ...]] = {**products_of(config, layer), "attention_norm": (config.dim,), "ffn_norm": (config.dim,)}
    if config.qk_norm:
        wanted |= {f"attention.{name}": (config.head_dim,) for name in ("q_norm", "k_norm")}
    if config.experts is not None and config.routed(layer):
        wanted[ROUTER] = (config.experts.count, config.dim)
        for expert in range(config.experts.count):
            wanted |= _feed_forward(f"feed_forward.experts.{expert}", config.dim, config.experts.hidden)
    return wanted


def _feed_forward(stem: str, dim: int, hidden: int) -> dict[str, tuple[int, int]]:
    return {f"{stem}.w1": (hidden, dim), f"{stem}.w2": (dim, hidden), f"{stem}.w3": (hidden, dim)}
