"""GGUF checkpoints. In: one .gguf file, or any piece of a split one. Out: a Checkpoint in canonical names.

What the entries about the architecture mean is gguf_config.py's matter; what the model sees or hears with, mmproj.py's.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.beside import tokenizer_inside
from alize.weights.checkpoints.dequantize import dequantize
from alize.weights.checkpoints.fields import shown
from alize.weights.checkpoints.gguf_config import HALVES, check_architecture, params_of
from alize.weights.checkpoints.gguf_file import GgufFile, read_gguf
from alize.weights.checkpoints.halves import in_halves
from alize.weights.checkpoints.layout import split_of
from alize.weights.checkpoints.mamba import from_gguf_mamba, unfolded
from alize.weights.checkpoints.mapped import DAMAGED, FileTensor, MappedCheckpoint
from alize.weights.checkpoints.mmproj import PROJECTOR, with_projector
from alize.weights.checkpoints.names import from_gguf, named
from alize.weights.checkpoints.stacked import unstacked

__all__ = ["open_gguf", "pieces_of"]

DIVISORS = "rope_freqs.weight"
"""By how much each pair of a head is slowed: what the converter makes of Llama 3's stretching."""


def open_gguf(path: Path, *, alone: bool = False) -> MappedCheckpoint:
    """`alone`: without what lies beside it to see or hear with. Raises CheckpointInvalid naming the file and what is wrong in it."""
    files = [read_gguf(piece) for piece in pieces_of(path)]
    metadata = files[0].metadata
    _check_split(files)
    if metadata.get("general.architecture") == PROJECTOR:
        raise CheckpointInvalid(
            f"{path} is what a model sees or hears with, and no model by itself.", remedy="Open the GGUF of the model in the same folder."
        )
    architecture = check_architecture(path, metadata)
    stored = {tensor.name: tensor for file in files for tensor in file.tensors.values()}
    if len(stored) < sum(len(file.tensors) for file in files):
        raise CheckpointInvalid(f"{path}: a tensor is in two of its pieces.", remedy="Fetch them again.")
    divisors = stored.pop(DIVISORS, None)
    if architecture == "mamba2":
        tensors = unfolded(named(path, stored.values(), from_gguf_mamba))
    else:
        tensors = named(path, unstacked(path, stored.values()), from_gguf)
    params = params_of(path, metadata, tensors)
    if divisors is not None:
        params["rope_divisors"] = _divisors(path, divisors, params)
    if architecture in HALVES:
        tensors = in_halves(path, params, tensors)
    if params.get("centred_norms"):
        tensors = {name: replace(tensor, plus_one=name.endswith("norm.weight")) for name, tensor in tensors.items()}
    model = MappedCheckpoint(
        "gguf",
        path,
        params,
        tensors,
        tokenizer_inside(files[0].path, metadata),
        {key.removeprefix("general."): value for key, value in metadata.items() if key.startswith("general.")},
    )
    return model if alone else with_projector(model)


def _divisors(path: Path, tensor: FileTensor, params: Mapping[str, Any]) -> list[float]:
    """Few numbers, and part of the configuration: read at once."""
    if tensor.kind != "F32" or tensor.shape != (params.get("head_dim", 0) // 2,) or "kv_lora_rank" in params:
        raise CheckpointInvalid(
            f"{path}: '{DIVISORS}' is {list(tensor.shape)} of {tensor.kind}, not one F32 for each pair of a head.", remedy=DAMAGED
        )
    if other := next((key for key in ("yarn", "linear_scaling") if key in params), None):
        raise CheckpointInvalid(f"{path} has both '{DIVISORS}' and {other}, which this version does not know to combine.")
    return dequantize(tensor.kind, tensor.data, tensor.shape).tolist()


def pieces_of(path: Path) -> list[Path]:
    """All files of a split checkpoint, in order; the path alone where it is not split.

    Raises CheckpointInvalid naming the first piece that is missing.
    """
    pieces = [path.with_name(name) for name in split_of(path.name)]
    for piece in pieces:
        if not piece.is_file():
            several = f": {path.name} is one of {len(pieces)} pieces" if len(pieces) > 1 else ""
            raise CheckpointInvalid(f"{piece} is missing{several}.", remedy="Put all pieces into one folder.")
    return pieces


def _check_split(files: list[GgufFile]) -> None:
    for number, file in enumerate(files):
        stated = file.metadata.get("split.no", 0), file.metadata.get("split.count", 0) or 1
        if stated != (number, len(files)):
            piece, count = map(shown, stated)
            raise CheckpointInvalid(
                f"{file.path} says inside that it is piece {piece} (from 0) of {count}; its name says {number} of {len(files)}.",
                remedy="Fetch the pieces again under their own names.",
            )
    total, claimed = sum(len(file.tensors) for file in files), files[0].metadata.get("split.tensors.count")
    if len(files) > 1 and claimed not in (None, total):
        raise CheckpointInvalid(
            f"{files[0].path} claims {shown(claimed)} tensors in all pieces, which hold {total}.", remedy="Fetch them again."
        )
