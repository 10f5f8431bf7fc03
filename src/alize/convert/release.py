"""One checkpoint, written in another form. In: where it is, where it goes, what it shall be. Out: the new one, which has been opened.

    checkpoint ─ pieces ─ layouts (names, order of rows) ─ kinds ─ write
               └ ModelConfig ─ params_json │ config_json │ gguf_entries ─ check
               └ tokenizer ─ words         └ licence

Names, shapes and the configuration are settled and checked before the first byte is written; then tensors go through one at a time.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alize.convert.check import Form, check_family, check_said
from alize.convert.config_json import config_json
from alize.convert.gguf_entries import architecture_of, gguf_entries
from alize.convert.kinds import DTYPES, KindChoice, usual_kind
from alize.convert.layouts import new_tensors, pieces
from alize.convert.licence import licence_entries, licence_files
from alize.convert.params_json import params_json
from alize.convert.pieces import Piece
from alize.convert.projector import check_beside, check_projected, write_projector
from alize.convert.words import check_words, entries_of, files_of
from alize.convert.write import Report, check_free, write_folder, write_gguf_file
from alize.errors import CheckpointInvalid, ConversionFailed
from alize.model.config import ModelConfig
from alize.model.memory import parameters
from alize.model.params import read_params
from alize.weights.checkpoints import Checkpoint, open_checkpoint
from alize.weights.checkpoints.clip_names import to_clip
from alize.weights.checkpoints.layout import SPLIT
from alize.weights.checkpoints.writing import NewTensor
from alize.weights.files import remove
from alize.weights.quantized.mix import MIXES

__all__ = ["Order", "check_whole", "checked", "convert", "huggingface_files"]

_FILE_TYPES = {"F32": 0, "F16": 1, "BF16": 32}
QUANTIZATION_VERSION = 2


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted."""

    form: Form
    dtype: str | None = None  # a name of DTYPES, for whatever is not quantised; None leaves it as it is
    mix: str | None = None  # a name of MIXES, for a GGUF
    licence: str | None = None  # its name, where that is known from elsewhere


def convert(source: Path, target: Path, order: Order, report: Report = lambda done, total, what: None) -> None:
    """Write the checkpoint at `source` to `target`: a folder, or a .gguf file.

    Raises CheckpointInvalid for a source that cannot be read, ConversionFailed for what the form cannot hold, for a target that is there
    already, and where the disk is full.
    """
    _check_target(target, order)
    # From one GGUF to another, what it sees or hears with stays as it is: it goes with the new file as well.
    checkpoint = open_checkpoint(source, alone=order.form == "gguf")
    try:
        config = read_params(checkpoint.params)
        decoder = replace(config, vision=None, hearing=None) if order.form == "gguf" else config
        check_family(decoder, order.form)
        found = pieces(checkpoint, config)
        check_whole(checkpoint, config, found)
        if decoder is not config and decoder != config:
            _write_both(checkpoint, config, found, target, order, report)
        elif order.form == "gguf":
            _write_gguf(checkpoint, config, found, target, order, report)
        else:
            tensors = new_tensors(found, config, order.form, _choice(checkpoint, config, found, order))
            _write_folder(checkpoint, config, tensors, target, order, report)
    finally:
        checkpoint.close()


def check_whole(checkpoint: Checkpoint, config: ModelConfig, found: dict[str, Piece]) -> None:
    """Raises CheckpointInvalid where the tensors are not as many numbers as the configuration makes a model of."""
    there, wanted = sum(math.prod(piece.shape) for piece in found.values()), parameters(config)
    if there != wanted:
        raise CheckpointInvalid(
            f"{checkpoint.path} holds {there} parameters, and its configuration is of a model of {wanted}.",
            remedy="It is incomplete, or damaged: fetch it again.",
        )


def _check_target(target: Path, order: Order) -> None:
    check_free(target)
    if (target.suffix == ".gguf") != (order.form == "gguf"):
        wanted = "a file whose name ends in .gguf" if order.form == "gguf" else "a folder"
        made = order.mix or f"the form {order.form}"
        raise ConversionFailed(f"{target} cannot be the target: {made} is {wanted}.", remedy="Choose another name with -o.")
    if SPLIT.fullmatch(target.name):
        raise ConversionFailed(f"{target.name} is the name of one of several pieces, and one file is written.")


def _choice(checkpoint: Checkpoint, config: ModelConfig, found: dict[str, Piece], order: Order) -> KindChoice:
    return KindChoice(
        order.form,
        usual_kind(found),
        narrow=checkpoint.format == "gguf",
        dtype=DTYPES[order.dtype] if order.dtype else None,
        mix=MIXES[order.mix] if order.mix else None,
        layers=config.layers,
        experts=config.experts.count if config.experts is not None else 0,
        tied=config.tied,
    )


# ── a GGUF ──


def _write_both(checkpoint: Checkpoint, config: ModelConfig, found: dict[str, Piece], target: Path, order: Order, report: Report) -> None:
    """The decoder, and beside it what it sees or hears with: both or neither."""
    check_projected(config)
    check_beside(target)
    senses = {name: piece for name, piece in found.items() if to_clip(name) is not None}
    rest = {name: piece for name, piece in found.items() if name not in senses}
    _write_gguf(checkpoint, replace(config, vision=None, hearing=None), rest, target, order, report)
    try:
        write_projector(senses, config, target, _name(checkpoint), DTYPES[order.dtype] if order.dtype else None, report)
    except BaseException:
        remove(target)
        raise


def _write_gguf(checkpoint: Checkpoint, config: ModelConfig, found: dict[str, Piece], target: Path, order: Order, report: Report) -> None:
    choose = _choice(checkpoint, config, found, order)
    tensors = new_tensors(found, config, "gguf", choose)
    entries = gguf_entries(config)
    head: dict[str, Any] = {"general.architecture": architecture_of(config), "general.name": _name(checkpoint)}
    head |= licence_entries(checkpoint, order.licence)
    kinds = {tensor.kind for tensor in tensors}
    if order.mix is not None:
        head["general.file_type"] = MIXES[order.mix].number
    elif (usual := max(kinds, key=lambda kind: sum(tensor.bytes for tensor in tensors if tensor.kind == kind))) in _FILE_TYPES:
        head["general.file_type"] = _FILE_TYPES[usual]
    if not kinds <= set(_FILE_TYPES):
        head["general.quantization_version"] = QUANTIZATION_VERSION
    check_said(config, "gguf", head | entries)
    metadata = head | entries | entries_of(checkpoint.tokenizer)
    write_gguf_file(target, metadata, tensors, report, checked(checkpoint, config, found))


def _name(checkpoint: Checkpoint) -> str:
    name = checkpoint.metadata.get("name")
    return name if isinstance(name, str) and name else checkpoint.path.stem


# ── a folder ──


def _write_folder(
    checkpoint: Checkpoint, config: ModelConfig, tensors: list[NewTensor], target: Path, order: Order, report: Report
) -> None:
    check = checked(checkpoint, config, pieces(checkpoint, config))
    if order.form == "huggingface":
        sizes = {name: sum(tensor.bytes for tensor in tensors if tensor.kind == kind) for name, kind in DTYPES.items()}
        files = huggingface_files(checkpoint, config, max(sizes, key=lambda name: sizes[name]), order.licence)
        write_folder(target, "model.safetensors", tensors, files, report, check)
        return
    said = params_json(config)
    check_said(config, "consolidated", said)
    files = {"params.json": said, **_beside(checkpoint, order.licence)}
    write_folder(target, "consolidated.safetensors", tensors, files, report, check)


def huggingface_files(
    checkpoint: Checkpoint, config: ModelConfig, dtype: str, licence: str | None, said: Mapping[str, Any] | None = None
) -> dict[str, Path | str | dict[str, Any]]:
    """What lies beside the weights in a folder for transformers. `dtype` is that of most tensors; `said` is added to its config.json.

    Raises ConversionFailed where the form cannot say what this model is, and for a tokenizer that cannot go along.
    """
    plain = config_json(config, dtype)
    check_said(config, "huggingface", plain)
    return {"config.json": {**plain, **(said or {})}, **_beside(checkpoint, licence)}


def _beside(checkpoint: Checkpoint, licence: str | None) -> dict[str, Path | str]:
    return files_of(checkpoint.tokenizer) | licence_files(checkpoint, licence)


def checked(checkpoint: Checkpoint, config: ModelConfig, found: dict[str, Piece]) -> Callable[[Path], None]:
    """Open what was written as anybody would: the same model, the same names and shapes, the same words."""

    def check(path: Path) -> None:
        again = open_checkpoint(path, alone=True)
        try:
            left = set(pieces(again, config)) ^ set(found)
            if left:
                raise ConversionFailed(f"'{min(left)}' was lost on the way, or added. This is a fault of the program; please report it.")
            read_params(again.params)
            check_words(checkpoint.tokenizer, again.tokenizer)
        finally:
            again.close()

    return check
