"""Tiny random models with any parts. In: which parts, a folder. Out: a checkpoint as a release has it, and an adapter for it.

What the native core runs is a GGUF in 8 bits; what it does not (a state space, an image encoder), Mistral's own layout for PyTorch.
"""

import json
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from alize.model.params import read_params
from alize.tokenize.bytes import ByteTokenizer
from alize.weights.checkpoints import open_checkpoint
from tests.adapters import write_release
from tests.engine.native.files import Experts, write_gguf

__all__ = ["TOKENIZER", "Parts", "write_adapter", "write_model"]

TOKENIZER: Any = ByteTokenizer(images=True, calls=True)
COUNT = 4  # experts
DENSE = {"dim": 32, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "head_dim": 8, "hidden_dim": 64, "rope_theta": 10000.0}
STATE = {"model_type": "mamba", "dim": 32, "n_layers": 2, "head_dim": 8, "n_groups": 2, "state_size": 6, "conv_kernel": 4}
EYES = {
    **{"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24, "patch_size": 2, "image_size": 32},
    **{"mm_projector_id": "patch_merge", "spatial_merge_size": 2},
}
OF_A_RELEASE = {"tok_embeddings.": "backbone.embedding.", "norm.": "backbone.norm_f.", "output.": "lm_head.", "layers.": "backbone.layers."}
"""Beginnings of names, as Mistral's release of a state space has them."""


@dataclass(frozen=True)
class Parts:
    """What a model has beside a dense decoder's."""

    window: int = 0  # that every layer sees; 0: they see all
    active: int = 0  # experts of a token; 0: there are none
    state: bool = False
    eyes: bool = False


def write_model(folder: Path, parts: Parts) -> Path:
    """The same bytes every time. A state space beside something else says so in its configuration; its weights are those of the state."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (parts.state or parts.eyes):
        experts = Experts(COUNT, parts.active) if parts.active else None
        return write_gguf(folder / "tiny.gguf", window=parts.window, experts=experts, vocab=TOKENIZER.vocab_size)
    (folder / "params.json").write_text(json.dumps(_params(parts)))
    built = replace(parts, window=0, active=0, eyes=False) if parts.state else parts
    numbers = np.random.default_rng(0)
    shapes = {name: tuple(each.shape) for name, each in _built(_params(built)).named_parameters()}
    tensors = {_released(name, parts): (numbers.standard_normal(shape) * _size(name)).astype(np.float32) for name, shape in shapes.items()}
    save_file(tensors, folder / "consolidated.safetensors")
    return folder


def write_adapter(path: Path, model: Path) -> Path:
    """For all of its attention, or all of its state space."""
    from alize.model.lora import shapes_of

    with closing(open_checkpoint(model)) as checkpoint:
        shapes = shapes_of(_built(checkpoint.params))
    inner = {name: shape for name, shape in shapes.items() if name.startswith("layers.") and (".attention." in name or ".mixer." in name)}
    return write_release(path, inner, size=0.15)


def _size(name: str) -> float:
    """Queries and keys are small: a token looks at all before it, and at a picture, too."""
    return 0.05 if name.endswith((".wq.weight", ".wk.weight")) else 0.3


def _params(parts: Parts) -> dict[str, Any]:
    beside: dict[str, Any] = {"vocab_size": TOKENIZER.vocab_size, "max_position_embeddings": 1024}
    if parts.window:
        beside["sliding_window"] = parts.window
    if parts.active:
        beside["moe"] = {"num_experts": COUNT, "num_experts_per_tok": parts.active}
    if parts.eyes:
        beside["vision_encoder"] = EYES
    return (STATE if parts.state else DENSE) | beside


def _built(params: Any) -> Any:
    from alize.model.build import build_model

    return build_model(read_params(params))


def _released(name: str, parts: Parts) -> str:
    if not parts.state:
        return name
    beginning = next(each for each in OF_A_RELEASE if name.startswith(each))
    return OF_A_RELEASE[beginning] + name.removeprefix(beginning)
