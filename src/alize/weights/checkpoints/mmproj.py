"""What a GGUF sees or hears with, which is a file of its own beside it. In: both. Out: one Checkpoint, as if they had never been apart.

    model.gguf      general.architecture = llama, mistral3, …     token_embd.weight  blk.0.attn_q.weight  …
    mmproj.gguf     general.architecture = clip                   v.patch_embd.weight  v.blk.0.attn_q.weight  mm.1.weight  …

A projector that this version does not know leaves the model as one that reads text, and the checkpoint says so; so does one for whose
images or sounds the model's tokenizer has no tokens, which was made for another model. Any other must be whole and of this model.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import StoredTensor
from alize.weights.checkpoints.clip_config import MARKS, PROJECTORS, params_of_projector, shapes_of
from alize.weights.checkpoints.clip_names import IMAGE_BREAK, from_clip
from alize.weights.checkpoints.dequantize import dequantize
from alize.weights.checkpoints.fields import Fields, printable, shown
from alize.weights.checkpoints.gguf_file import GgufFile, read_gguf
from alize.weights.checkpoints.layout import projector_of
from alize.weights.checkpoints.mapped import DAMAGED, FileTensor, MappedCheckpoint
from alize.weights.checkpoints.matrix import StoredMatrix
from alize.weights.checkpoints.names import named

__all__ = ["PROJECTOR", "joined_with", "with_projector"]

PROJECTOR = "clip"
"""`general.architecture` of such a file."""

TABLE = "tok_embeddings.weight"
CONTROL = 3  # of `tokenizer.ggml.token_type`
ALIKE = 0.5  # cosine: a row that was rounded to two bits is above 0.9 of itself, one of another model near 0


def with_projector(model: MappedCheckpoint) -> MappedCheckpoint:
    """The model, seeing or hearing where a file beside it lets it. Raises CheckpointInvalid naming the file and what is wrong in it."""
    try:
        names = os.listdir(model.path.parent)
    except OSError:  # a folder that may be entered and not listed: nothing in it can be found by its name
        return model
    name = projector_of(names, model.path.name, str(model.path.parent))
    if name is None:
        return model
    file = _opened(model.path.with_name(name))
    kind = _kind(file)
    if lacking := _lacking(model, kind):
        why = f"{name} is left out, since {model.path.name} has no control token {lacking} in its tokenizer: the model reads text alone."
        return model.joined({}, {}, None, why)
    return _joined(model, file, kind)


def joined_with(model: MappedCheckpoint, path: Path) -> MappedCheckpoint:
    """The model and what is in the file at `path`, whatever its tokenizer. Raises CheckpointInvalid naming that file and what is wrong."""
    file = _opened(path)
    return _joined(model, file, _kind(file))


def _opened(path: Path) -> GgufFile:
    file = read_gguf(path)
    if file.metadata.get("general.architecture") != PROJECTOR:
        raise CheckpointInvalid(
            f"{file.path} is named as what a model sees or hears with, and is of the architecture "
            f"{shown(file.metadata.get('general.architecture'))}, not {PROJECTOR}.",
            remedy="Rename it, or put it into another folder.",
        )
    return file


def _kind(file: GgufFile) -> str:
    keys = ("clip.projector_type", "clip.vision.projector_type", "clip.audio.projector_type")
    said = [file.metadata[key] for key in keys if key in file.metadata]
    if not said or not all(isinstance(kind, str) for kind in said):
        raise CheckpointInvalid(f"{file.path}: 'clip.projector_type' is {shown(said[0] if said else None)}, not a text.", remedy=DAMAGED)
    return " and ".join(sorted(set(cast("list[str]", said))))


def _lacking(model: MappedCheckpoint, kind: str) -> str:
    """The first mark that the tokenizer lacks; "" where it has all, and where nothing is said of one: a model may come without."""
    tokens, kinds = (model.tokenizer.gguf.get(f"tokenizer.ggml.{key}") for key in ("tokens", "token_type"))
    if kind not in PROJECTORS or not isinstance(tokens, list) or not isinstance(kinds, list):
        return ""
    entries = zip(cast("list[Any]", tokens), cast("list[Any]", kinds), strict=False)  # of a length each: the tokenizer refuses others
    control = {token for token, kind in entries if kind == CONTROL and isinstance(token, str)}
    return next((mark for mark in MARKS[PROJECTORS[kind][0]] if mark not in control), "")


def _joined(model: MappedCheckpoint, file: GgufFile, kind: str) -> MappedCheckpoint:
    if kind not in PROJECTORS:
        why = f"{file.path.name} has the projector {printable(kind[:60])!r}, which cannot be run: the model reads text alone."
        return model.joined({}, {}, None, why)
    tensors = {name: tensor for name, tensor in file.tensors.items() if name != IMAGE_BREAK}
    theirs = {canonical: name for name in tensors if (canonical := from_clip(name)) is not None}
    found = named(file.path, map(_flat, tensors.values()), from_clip)
    fields = Fields(file.path, file.metadata, "clip.")
    fields.seen |= {"clip.projector_type", "clip.vision.projector_type", "clip.audio.projector_type"}
    params = params_of_projector(kind, fields, model.params, frozenset(found))
    _check_shapes(file.path, params, model.params["dim"], found, theirs)
    if IMAGE_BREAK in file.tensors:
        _check_same_model(model, file.path, file.tensors[IMAGE_BREAK])
    if ear := params.get("multimodal", {}).get("whisper_model_args"):
        positions = found.get("whisper_encoder.embed_positions.weight")
        ear["encoder_args"]["max_source_positions"] = positions.shape[0] if positions else 1500
    return model.joined(params, found, file.path, None)


def _flat(tensor: FileTensor) -> FileTensor:
    """A bias of a convolution is kept as a column."""
    is_column = tensor.name.startswith("a.conv1d.") and tensor.name.endswith(".bias") and tensor.shape[1:] == (1,)
    return replace(tensor, shape=tensor.shape[:1]) if is_column else tensor


def _check_shapes(path: Path, params: dict[str, Any], width: int, found: Mapping[str, StoredTensor], theirs: Mapping[str, str]) -> None:
    """Every tensor is there, of its shape, and no other. The loader would find it, too, but not which file it is in."""
    wanted = 0
    for name, shape in shapes_of(params, width):
        wanted += 1
        if name not in found:
            raise CheckpointInvalid(f"{path} has no tensor for '{name}'.", remedy=DAMAGED)
        has = found[name].shape
        if len(has) != len(shape) or any(length not in (None, got) for length, got in zip(shape, has, strict=True)):
            raise CheckpointInvalid(
                f"{path}: tensor '{theirs[name]}' is of shape {list(has)}, and the entries beside it say "
                f"{[length or 'any' for length in shape]}.",
                remedy=DAMAGED,
            )
    if len(found) > wanted:
        known = {name for name, _ in shapes_of(params, width)}
        left = next(name for name in found if name not in known)
        raise CheckpointInvalid(f"{path} holds '{theirs[left]}', which the entries beside it have no place for.", remedy=DAMAGED)


def _check_same_model(model: MappedCheckpoint, path: Path, row: FileTensor) -> None:
    """What stands behind a row of an image is in the model's table, too. Where both disagree, they are of different models."""
    width = int(model.params["dim"])
    if row.shape != (width,):
        raise CheckpointInvalid(f"{path}: tensor '{IMAGE_BREAK}' is of shape {list(row.shape)}, not {[width]}.", remedy=DAMAGED)
    tokens: Any = model.tokenizer.gguf.get("tokenizer.ggml.tokens")
    if not isinstance(tokens, list) or "[IMG_BREAK]" not in tokens:
        return
    table, at = StoredMatrix(model.stored(TABLE)), cast("list[Any]", tokens).index("[IMG_BREAK]")
    if table.shape[1] != width:  # the loader will say so: it is the model's own mistake
        return
    own = table.rows(at, at + 1, np.zeros(width, np.float32))[0]
    if _cosine(own, dequantize(row.kind, row.data, row.shape)) < ALIKE:
        raise CheckpointInvalid(
            f"{path}: tensor '{IMAGE_BREAK}' is not the embedding of [IMG_BREAK] in {model.path.name}.",
            remedy="It is of another model, and what lies beside a GGUF is taken for its own: move one of the two into another folder.",
        )


def _cosine(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if np.isfinite(lengths) and lengths > 0 else 0.0
