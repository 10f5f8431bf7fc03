"""A release, written whole or not at all. In: small files, and tensors to be. Out: a folder or file that appears when all of it is there.

What is being written lies beside its place under another name until then, and is begun anew after an interruption. The disk is asked
first whether there is room.
"""

import json
import os
import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alize.errors import ConversionFailed
from alize.weights.checkpoints.gguf_write import write_gguf
from alize.weights.checkpoints.safetensors_write import write_safetensors
from alize.weights.checkpoints.writing import NewTensor
from alize.weights.files import remove, sync_folder

__all__ = ["Report", "check_free", "write_folder", "write_gguf_file"]

Report = Callable[[int, int, str], None]
"""Called with the bytes of tensors written, how many there will be, and the name of what is written."""
SLACK = 64 << 20  # bytes: headers, tokenizers, what else happens on the disk


def check_free(target: Path) -> None:
    """Raises ConversionFailed where something is there already."""
    if target.exists() or target.is_symlink():
        raise ConversionFailed(f"{target} is there already.", remedy="Choose another name with -o, or delete it.")


def write_folder(
    target: Path,
    weights: str,
    tensors: Sequence[NewTensor],
    files: Mapping[str, Path | str | dict[str, Any]],
    report: Report,
    check: Callable[[Path], None],
) -> None:
    """`weights` names the safetensors file; of `files`, a path is copied, anything else written.

    `check` sees the folder before it is shown under its name.
    """
    with _incoming(target, tensors) as incoming:
        incoming.mkdir()
        for name, content in files.items():
            if isinstance(content, Path):
                shutil.copyfile(content, incoming / name)
            else:
                text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=2) + "\n"
                (incoming / name).write_text(text, "utf-8")
        total = sum(tensor.bytes for tensor in tensors)
        with (incoming / weights).open("wb") as file:
            write_safetensors(file, tensors, lambda done: report(done, total, target.name))
            file.flush()
            os.fsync(file.fileno())
        sync_folder(incoming)
        check(incoming)


def write_gguf_file(
    target: Path, metadata: Mapping[str, Any], tensors: Sequence[NewTensor], report: Report, check: Callable[[Path], None]
) -> None:
    """`check` sees the file before it is shown under its name."""
    total = sum(tensor.bytes for tensor in tensors)
    with _incoming(target, tensors) as incoming:
        with incoming.open("wb") as file:
            write_gguf(file, metadata, tensors, lambda done: report(done, total, target.name))
            file.flush()
            os.fsync(file.fileno())
        check(incoming)


@contextmanager
def _incoming(target: Path, tensors: Sequence[NewTensor]) -> Generator[Path]:
    """Where to write; renamed to `target` at the end, removed where something failed."""
    check_free(target)
    incoming = target.with_name(target.name + ".incoming")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove(incoming)  # of a conversion that was interrupted
        _check_room(target, sum(tensor.bytes for tensor in tensors))
        yield incoming
        os.rename(incoming, target)
        sync_folder(target.parent)
    except OSError as error:
        raise ConversionFailed(
            f"{target} cannot be written: {error.strerror or error}.", remedy="Free space, or choose another place with -o."
        ) from error
    finally:
        remove(incoming)


def _check_room(target: Path, needed: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if needed + SLACK > free:
        raise ConversionFailed(
            f"{target} needs {needed / 1e9:.2f} GB and {free / 1e9:.2f} GB are free.", remedy="Free space, or choose another place with -o."
        )
