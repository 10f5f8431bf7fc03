"""FP8 and the scales beside it. In: the tensors of a file, and what its configuration says of them. Out: the tensors, each with its scale.

A number of FP8 has three bits behind its point and reaches from 2^-9 to 448; a factor kept beside them brings a matrix, its rows or its
blocks into that range. Three names are in use for the same thing, and all of them multiply:

    layers.0.attention.wq.weight         F8_E4M3 [R, D]
    layers.0.attention.wq.qscale_weight  one number                         Mistral: Ministral 3, Devstral 2, Mistral Large 3
                          weight_scale   one number, [R, 1] or [R/b, D/c]   compressed-tensors
                          weight_scale_inv                                  transformers; not the inverse, whatever its name says

Scales of activations (qscale_act, input_scale, activation_scale) belong to processors that multiply FP8 by FP8. Here activations keep
their type, which loses less, so those are left out: the only tensors that are.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import Scale
from alize.weights.checkpoints.dequantize import dequantize
from alize.weights.checkpoints.fields import printable, shown
from alize.weights.checkpoints.mapped import DAMAGED, FileTensor
from alize.weights.checkpoints.packed_file import PACKED

__all__ = ["QUANTIZATION", "fp8_blocks", "scaled"]

QUANTIZATION = ("quantization", "quantization_config")
"""What the entry is called: by Mistral, by everybody else."""

FP8 = "F8_E4M3"
_SCALE = re.compile(r"(?P<stem>.+)\.(qscale_weight|weight_scale(_inv)?)|(?P<stacked>.+\.(gate_up|down)_proj)_scale_inv", re.ASCII)
_OF_ACTIVATIONS = re.compile(r"(?P<stem>.+)\.(qscale_act|input_scale|activation_scale)|(?P<stacked>.+_proj)_activation_scale", re.ASCII)

_INSTEAD = "Take the model's release in 16 bits or FP8, or a GGUF of it."


def fp8_blocks(config: Mapping[str, Any], path: Path) -> tuple[int, int] | None:
    """Rows and columns that share a scale, where the configuration says so; None where the shapes of the scales tell.

    Raises CheckpointInvalid for weights quantised in another way than FP8, naming it.
    """
    inner: Any = config.get("text_config")
    parts = [config, *([cast("Mapping[str, Any]", inner)] if isinstance(inner, dict) else [])]
    blocks = [_blocks(path, key, part[key]) for part in parts for key in QUANTIZATION if part.get(key) is not None]
    return next((block for block in blocks if block is not None), None)


def _blocks(path: Path, key: str, entry: Any) -> tuple[int, int] | None:
    if not isinstance(entry, dict):
        raise CheckpointInvalid(f"{path}: '{key}' is {shown(entry)}, not an object.", remedy="Fetch the model again.")
    said = cast("dict[str, Any]", entry)
    if "qformat_weight" in said:
        if said["qformat_weight"] != "fp8_e4m3":
            raise _refusal(path, key, f"qformat_weight {shown(said['qformat_weight'])}")
        return None
    method = said.get("quant_method")
    if method == "fp8":
        for name, usual in (("scale_fmt", "float"), ("expert_dtype", "fp8")):
            if said.get(name) not in (None, usual):
                raise _refusal(path, key, f"fp8 with {name} {shown(said[name])}")
        return _pair(path, f"{key}.weight_block_size", said.get("weight_block_size"))
    if method != "compressed-tensors":
        raise _refusal(path, key, shown(method))
    if said.get("format") == PACKED:
        return None  # packed_file.py's matter
    if said.get("format") != "float-quantized":
        raise _refusal(path, key, f"compressed-tensors in the format {shown(said.get('format'))}")
    groups: Any = said.get("config_groups")
    blocks: list[tuple[int, int] | None] = []
    for name, group in cast("dict[str, Any]", groups if isinstance(groups, dict) else {}).items():
        weights: Any = cast("dict[str, Any]", group).get("weights") if isinstance(group, dict) else None
        told = cast("dict[str, Any]", weights) if isinstance(weights, dict) else {}
        kind = [told.get(what) for what in ("type", "num_bits", "strategy")]
        if kind[:2] != ["float", 8] or kind[2] not in ("tensor", "channel", "block"):
            raise _refusal(path, key, f"compressed-tensors with weights of {shown(kind)} in '{printable(name[:50])}'")
        blocks.append(_pair(path, f"{key}.block_structure", told.get("block_structure")))
    return next((block for block in blocks if block is not None), None)


def _refusal(path: Path, key: str, how: str) -> CheckpointInvalid:
    return CheckpointInvalid(f"{path}: '{key}' is set: the weights are quantised as {how}, which cannot be read.", remedy=_INSTEAD)


def _pair(path: Path, key: str, value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    sizes = cast("list[Any]", value) if isinstance(value, list) else []
    if len(sizes) != 2 or not all(isinstance(size, int) and 0 < size < 2**31 for size in sizes):
        raise CheckpointInvalid(f"{path}: '{key}' is {shown(value)}, not two whole numbers.", remedy="Fetch the model again.")
    return sizes[0], sizes[1]


def scaled(path: Path, tensors: Iterable[FileTensor], block: tuple[int, int] | None) -> Iterator[FileTensor]:
    """The tensors without their scales, in the same order, those of FP8 with a `scale`.

    Raises CheckpointInvalid for FP8 without a scale, for a scale without FP8, and for one that does not fit.
    """
    every = list(tensors)
    narrow = {tensor.name for tensor in every if tensor.kind == FP8}
    scales: dict[str, FileTensor] = {}
    for tensor in every:
        name = _whose(_SCALE, tensor.name)
        if name in scales:
            raise CheckpointInvalid(f"{path}: '{printable(name[:200])}' has two scales.", remedy=DAMAGED)
        if name is not None and name in narrow:
            scales[name] = tensor
    for tensor in every:
        if _whose(_SCALE, tensor.name) in narrow or _whose(_OF_ACTIVATIONS, tensor.name) in narrow:
            continue
        if tensor.kind != FP8:
            yield tensor
        elif tensor.name in scales:
            yield replace(tensor, scale=_scale(path, tensor, scales[tensor.name], block))
        else:
            raise CheckpointInvalid(f"{path}: '{printable(tensor.name[:200])}' is FP8 and has no scale.", remedy=DAMAGED)


def _whose(pattern: re.Pattern[str], name: str) -> str | None:
    """The name of the tensor that a scale belongs to."""
    found = pattern.fullmatch(name)
    if found is None:
        return None
    return found["stacked"] or f"{found['stem']}.weight"


def _scale(path: Path, tensor: FileTensor, scale: FileTensor, block: tuple[int, int] | None) -> Scale:
    """The factors of a matrix, or of each of a stack of them."""

    def wrong(why: str) -> CheckpointInvalid:
        return CheckpointInvalid(
            f"{path}: '{printable(scale.name[:200])}' of shape {list(scale.shape)} {why}, and '{printable(tensor.name[:200])}' is of shape "
            f"{list(tensor.shape)}.",
            remedy=DAMAGED,
        )

    if scale.kind not in ("F32", "BF16", "F16"):
        raise wrong(f"is stored as {scale.kind}, which is no kind of scale")
    if len(tensor.shape) not in (2, 3) or not all(tensor.shape):
        raise wrong("belongs to no matrix")
    *stack, rows, width = tensor.shape
    shape = tuple(scale.shape)
    if shape in ((), (1,)):
        shape = (*(1 for _ in stack), 1, 1)
    elif shape in ((*stack, rows), tuple(stack)):
        shape = (*stack, rows, 1) if len(shape) > len(stack) else (*stack, 1, 1)
    if len(shape) != len(tensor.shape) or shape[:-2] not in (tuple(stack), (1,) * len(stack)):
        raise wrong("does not fit")
    values = dequantize(scale.kind, scale.data, scale.shape).astype(np.float32).reshape(shape)
    sizes = [_size(*each) for each in zip((rows, width), shape[-2:], block or (0, 0), strict=True)]
    if 0 in sizes:
        raise wrong(f"has no factor for each block{f' of {block[0]} by {block[1]}' if block else ''}")
    return Scale(values, *sizes)


def _size(length: int, blocks: int, stated: int) -> int:
    """How many values share one of so many factors; 0 where they cannot. The last block may be a part of one only where that is stated.

    >>> _size(300, 3, 128), _size(300, 3, 0), _size(300, 7, 0), _size(300, 1, 128), _size(300, 300, 128)
    (128, 100, 0, 300, 1)
    """
    if stated and blocks == -(-length // stated):
        return stated
    return length // blocks if blocks and length % blocks == 0 and (not stated or blocks in (1, length)) else 0
