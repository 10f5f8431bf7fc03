"""Packed whole numbers of 4 or 8 bits. In: the tensors of a file, and its configuration. Out: each matrix as one tensor, with its scales.

    model.layers.0.mlp.up_proj.weight_packed  I32 [R, D·b/32]     levels, low bits first, each plus 2ᵇ⁻¹
                               weight_scale   [R, D/g]            one factor for each group of g levels in a row, or for the row
                               weight_shape   I64 [2]             R, D

This is *pack-quantized* of compressed-tensors, which vLLM and transformers read, too; quantized/packed.py writes it. Of its kinds those are
read whose zero is the middle of the levels; others are refused by name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import Scale
from alize.weights.checkpoints.dequantize import dequantize
from alize.weights.checkpoints.fields import printable, shown
from alize.weights.checkpoints.mapped import DAMAGED, FileTensor

__all__ = ["PACKED", "Packing", "packing_of", "unpacked"]

PACKED = "pack-quantized"
_ENDINGS = (".weight_packed", ".weight_scale", ".weight_shape")
_INSTEAD = "Take the model's release in 16 bits or FP8, or a GGUF of it."


@dataclass(frozen=True, slots=True)
class Packing:
    """What the configuration says of all packed matrices."""

    bits: int  # 4 or 8
    group: int  # levels that share a scale; 0: a row's

    @property
    def kind(self) -> str:
        """The name in kinds.py."""
        return f"INT{self.bits}"


def packing_of(config: Mapping[str, Any], path: Path) -> Packing | None:
    """None where weights are not packed. Raises CheckpointInvalid, naming the entry, where they are packed in a way that is not known."""
    said = _object(config.get("quantization_config"))
    if said.get("format") != PACKED:
        return None
    groups = [_object(group) for group in _object(said.get("config_groups")).values()]
    found = {_packing(_object(group.get("weights")), path) for group in groups}
    if len(found) != 1:
        raise CheckpointInvalid(f"{path}: 'quantization_config.config_groups' describes {len(found)} ways to pack weights; one is read.")
    return found.pop()


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _packing(weights: Mapping[str, Any], path: Path) -> Packing:
    bits, group, strategy = weights.get("num_bits"), weights.get("group_size"), weights.get("strategy")
    known: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
        ("num_bits", bits, (4, 8)),
        ("type", weights.get("type"), ("int",)),
        ("symmetric", weights.get("symmetric"), (True,)),
        ("strategy", strategy, ("group", "channel")),
        ("actorder", weights.get("actorder"), (None, "weight", "static")),
        ("group_size", group, (None, 16, 32, 64, 128, 256) if strategy == "channel" else (16, 32, 64, 128, 256)),
    )
    for name, value, allowed in known:
        if value not in allowed or isinstance(value, float):
            raise CheckpointInvalid(
                f"{path}: weights are packed with {name} {shown(value)}; {' and '.join(map(repr, allowed))} can be read.", remedy=_INSTEAD
            )
    return Packing(cast("int", bits), cast("int", group) if strategy == "group" else 0)


def unpacked(path: Path, tensors: Iterable[FileTensor], packing: Packing) -> Iterator[FileTensor]:
    """The tensors in the same order, each packed matrix as one under the name `….weight`, its scale with it.

    Raises CheckpointInvalid for a matrix of which a part is missing or of another shape.
    """
    every = {tensor.name: tensor for tensor in tensors}
    for name, tensor in every.items():
        stem, ending = next(((name.removesuffix(each), each) for each in _ENDINGS if name.endswith(each)), (name, ""))
        if not ending:
            yield tensor
        elif ending == ".weight_packed":
            yield _whole(path, stem, every, packing)
        elif f"{stem}.weight_packed" not in every:
            raise CheckpointInvalid(f"{path}: '{printable(name[:200])}' belongs to no packed weights.", remedy=DAMAGED)


def _whole(path: Path, stem: str, every: Mapping[str, FileTensor], packing: Packing) -> FileTensor:
    name = printable(stem[:200])
    parts = [every.get(stem + ending) for ending in _ENDINGS]
    packed, scale, shape = parts
    if packed is None or scale is None or shape is None:
        raise CheckpointInvalid(f"{path}: '{name}.weight_packed' has no scale and shape beside it.", remedy=DAMAGED)
    if shape.kind != "I64" or shape.shape != (2,):
        raise CheckpointInvalid(f"{path}: '{name}.weight_shape' is no pair of whole numbers.", remedy=DAMAGED)
    rows, width = (int(number) for number in shape.data.view("<i8"))
    group = packing.group or width
    fits = rows > 0 and width > 0 and width * packing.bits % 32 == 0 and width % group == 0
    if not fits or packed.kind != "I32" or packed.shape != (rows, width * packing.bits // 32):
        raise CheckpointInvalid(
            f"{path}: '{name}.weight_packed' of shape {list(packed.shape)} as {packed.kind} holds no {rows} by {width} levels of "
            f"{packing.bits} bits in groups of {group}.",
            remedy=DAMAGED,
        )
    if scale.kind not in ("F32", "BF16", "F16") or scale.shape != (rows, width // group):
        raise CheckpointInvalid(
            f"{path}: '{name}.weight_scale' of shape {list(scale.shape)} as {scale.kind} has no factor for each of {rows} by "
            f"{width // group} groups.",
            remedy=DAMAGED,
        )
    factors = np.asarray(dequantize(scale.kind, scale.data, scale.shape), np.float32)
    return FileTensor(f"{stem}.weight", packing.kind, (rows, width), packed.data, Scale(factors, 1, group))
