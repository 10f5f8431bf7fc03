"""What a form can say of a model. In: a ModelConfig, and the configuration that was written for it. Out: nothing, or a refusal by name.

A configuration is read again as anybody's would be, and must be the same: what a form has no word for is refused, never lost.
"""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from alize.errors import AlizeError, ConversionFailed
from alize.model.config import ModelConfig
from alize.model.params import read_params
from alize.weights.checkpoints import StoredTensor
from alize.weights.checkpoints.gguf_config import params_of as params_of_gguf
from alize.weights.checkpoints.huggingface_config import params_of as params_of_huggingface

__all__ = ["Form", "check_family", "check_said"]

Form = Literal["consolidated", "huggingface", "gguf"]
NAMES = {"consolidated": "Mistral's own form", "huggingface": "transformers' form", "gguf": "a GGUF"}
_REMEDY = "Serve it in the form it was released in."


def check_family(config: ModelConfig, form: Form) -> None:
    """Raises ConversionFailed for a family that has no such form, or whose conversion is not known here."""
    kind = next((name for name, has in _unknown(config, form) if has), None)
    if kind is not None:
        raise ConversionFailed(f"A model with {kind} cannot be written in {NAMES[form]}.", remedy=_REMEDY)


def _unknown(config: ModelConfig, form: Form) -> tuple[tuple[str, bool], ...]:
    return (
        ("eyes", config.vision is not None),
        ("ears", config.hearing is not None),
        ("a state space", config.state_space is not None),
        ("an encoder in place of a decoder", config.encoder is not None),
        ("an indexer", config.index is not None),
        ("learned rotations", config.rope.learned),
        ("biases of queries, keys and values", config.qkv_bias and form != "consolidated"),
        ("windows in some of its layers", bool(config.pattern) and form == "gguf"),
    )


def check_said(config: ModelConfig, form: Form, said: Mapping[str, Any]) -> None:
    """Raises ConversionFailed naming the part of `config` that `said` does not say, or says otherwise."""
    path = Path("the new configuration")
    try:
        if form == "gguf":
            params = params_of_gguf(path, said, _outline(config))
        else:
            params = params_of_huggingface(said, path) if form == "huggingface" else dict(said)
        again = read_params({**params, "qkv_bias": config.qkv_bias})
    except AlizeError as error:
        raise ConversionFailed(f"This model cannot be written in {NAMES[form]}: {error.message}", remedy=_REMEDY) from error
    differing = next((field.name for field in fields(config) if not _same(getattr(config, field.name), getattr(again, field.name))), None)
    if differing is not None:
        raise ConversionFailed(
            f"{NAMES[form].capitalize()} cannot say what this model is: '{differing}' is {getattr(config, differing)!r} and would be read "
            f"as {getattr(again, differing)!r}.",
            remedy=_REMEDY,
        )


def _outline(config: ModelConfig) -> dict[str, StoredTensor]:
    """As many tensors as tell how the ends of a model are built."""
    names = ("tok_embeddings.weight", *(() if config.tied else ("output.weight",)))
    return {name: StoredTensor(name, "F32", (config.vocab, config.dim), np.empty(0, np.uint8)) for name in names}


def _same(one: Any, other: Any) -> bool:
    """Equal, but for what float32 rounds."""
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-6)
    if is_dataclass(one) and type(one) is type(other):
        return all(_same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    return bool(one == other)
