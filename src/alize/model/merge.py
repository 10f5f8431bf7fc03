"""An adapter made part of the weights. In: a release as safetensors, and an adapter. Out: the same release with W + scale · B A in it.

The files are written as they are read: the same names, types and order, so that only the bytes of adapted tensors differ. What is added is
computed in float32, or float64 for weights in float64, and rounded once, to the nearest; it takes the memory of some rows.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from alize.errors import CheckpointInvalid, DownloadFailed
from alize.model.fit import Delta, fit
from alize.model.params import read_params
from alize.weights.adapters import Adapter
from alize.weights.checkpoints import Checkpoint, StoredTensor, open_checkpoint
from alize.weights.checkpoints.dequantize import dequantize
from alize.weights.checkpoints.fields import printable
from alize.weights.checkpoints.kinds import KINDS, PLAIN
from alize.weights.checkpoints.layout import Layout, layout_of, names_in
from alize.weights.checkpoints.mamba import from_mamba
from alize.weights.checkpoints.mapped import FileTensor, halved, map_file
from alize.weights.checkpoints.names import from_consolidated, from_huggingface
from alize.weights.checkpoints.safetensors_file import read_safetensors
from alize.weights.checkpoints.stacked import unstacked
from alize.weights.files import CHUNK, make_room, remove, sync_folder, write_hashed, writing
from alize.weights.quantized.bfloat16 import encode_bfloat16

__all__ = ["merge"]

ROWS = 1024  # added at a time
Report = Callable[[int, int], None]
"""Called with the bytes written, and how many there will be."""


def merge(base: Path, adapter: Adapter, out: Path, report: Report = lambda done, total: None) -> None:
    """Write the merged release into the folder `out`, which appears when it is whole.

    Raises CheckpointInvalid for what cannot be merged, DownloadFailed where the disk is full or `out` is there already.
    """
    folder = base if base.is_dir() else base.parent
    layout = layout_of(names_in(folder), str(folder)) if base.suffix != ".gguf" else None
    if layout is None or layout.format == "gguf":
        raise CheckpointInvalid(
            f"{base} is a GGUF: what is added to quantised weights would be lost in their rounding.",
            remedy="Merge into the safetensors of the release, or make some: alize convert MODEL -o FOLDER --to huggingface. Or serve "
            "both: alize up --model MODEL --adapter NAME=ADAPTER.",
        )
    if out.exists():
        raise DownloadFailed(f"{out} is there already.", remedy="Name a folder that is not.")
    checkpoint = open_checkpoint(folder)
    deltas = _deltas(checkpoint, adapter)
    incoming = out.with_name(out.name + ".incoming")
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        remove(incoming)  # of a merge that was interrupted
        incoming.mkdir()
    try:
        _write(folder, layout, checkpoint, deltas, incoming, report)
        with writing(out):
            os.rename(incoming, out)
            sync_folder(out.parent)
    finally:
        checkpoint.close()
        remove(incoming)


def _deltas(checkpoint: Checkpoint, adapter: Adapter) -> dict[str, Delta]:
    stored = [checkpoint.stored(name) for name in checkpoint]
    shapes = {
        tensor.name.removesuffix(".weight"): tensor.shape
        for tensor in stored
        if len(tensor.shape) == 2 and tensor.name.startswith("layers.") and tensor.name.endswith(".weight")
    }
    deltas = dict(fit(adapter, read_params(checkpoint.params), shapes))
    for layer in deltas:
        tensor = checkpoint.stored(f"{layer}.weight")
        if tensor.kind not in PLAIN:
            raise CheckpointInvalid(
                f"{checkpoint.path}: '{tensor.name}' is stored as {tensor.kind}: what is added would be lost in its rounding.",
                remedy="Merge into a release in 16 bits, or serve both: alize up --model MODEL --adapter NAME=ADAPTER.",
            )
    return deltas


def _write(folder: Path, layout: Layout, checkpoint: Checkpoint, deltas: dict[str, Delta], into: Path, report: Report) -> None:
    card = tuple(path.name for path in (folder / "README.md",) if path.is_file())  # it names the licence
    files = (*card, *layout.files)
    total, before = sum((folder / name).stat().st_size for name in files), 0
    make_room(into, total, f"The merged {folder.name}")
    for name in (*card, *layout.configuration, *layout.beside):
        with writing(into / name):
            (into / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(folder / name, into / name)
        before += (folder / name).stat().st_size
    left = set(deltas)
    for name in layout.weights:
        write_hashed(
            _pieces(folder / name, checkpoint, deltas, left), into / name, lambda done, before=before: report(before + done, total)
        )
        before += (folder / name).stat().st_size
    assert not left, "a tensor of the checkpoint lies in none of its files"


def _pieces(path: Path, checkpoint: Checkpoint, deltas: dict[str, Delta], left: set[str]) -> Iterator[bytes]:
    """The bytes of a file, the header first."""
    whole, tensors = map_file(path), read_safetensors(path)
    yield whole[: len(whole) - sum(tensor.data.nbytes for tensor in tensors.values())].tobytes()
    for tensor in unstacked(path, tensors.values()):
        name = _canonical(tensor.name, checkpoint)
        delta = deltas.get(name.removesuffix(".weight"))
        if delta is None:
            yield from (tensor.data[start : start + CHUNK].tobytes() for start in range(0, tensor.data.nbytes, CHUNK))
            continue
        left.discard(name.removesuffix(".weight"))
        yield from _added(path, tensor, checkpoint.stored(name), delta)


def _canonical(name: str, checkpoint: Checkpoint) -> str:
    """Whatever it is called in the file, by a model without a head, too: "" for what the checkpoint does not read, such as a head that is
    the embedding table."""
    known = (from_huggingface(name), from_mamba(name), from_consolidated(name), from_huggingface(f"model.{name}"))
    return next((each for each in known if each is not None and each in checkpoint), "")


def _added(path: Path, tensor: FileTensor, stored: StoredTensor, delta: Delta) -> Iterator[bytes]:
    if stored.rotary_halves:
        delta = replace(delta, b_OR=halved(delta.b_OR, stored.rotary_halves))
    wide = np.float64 if tensor.kind == "F64" else np.float32
    a_RI, b_OR = delta.a_RI.astype(wide) * wide(delta.scale), delta.b_OR.astype(wide)
    row = tensor.data.nbytes // tensor.shape[0]
    for start in range(0, tensor.shape[0], ROWS):
        count = min(ROWS, tensor.shape[0] - start)
        weights = dequantize(tensor.kind, tensor.data[start * row : (start + count) * row], (count, tensor.shape[1]))
        with np.errstate(over="ignore", invalid="ignore"):  # seen below
            merged = weights.astype(wide) + b_OR[start : start + count] @ a_RI
            encoded = _encoded(merged, tensor.kind)
        if not np.isfinite(dequantize(tensor.kind, encoded, merged.shape)).all():
            raise CheckpointInvalid(f"{path}: '{printable(tensor.name[:200])}' is not finite as {tensor.kind} once the adapter is added.")
        yield encoded.tobytes()


def _encoded(values: npt.NDArray[np.float32] | npt.NDArray[np.float64], kind: str) -> npt.NDArray[np.uint8]:
    """As bytes of a plain kind."""
    numbers = encode_bfloat16(np.asarray(values, np.float32)) if kind == "BF16" else values.astype(KINDS[kind].record)
    return numbers.reshape(-1).view(np.uint8)
