"""The file a side computes with. In: a model's file and a format. Out: the file in that format, made once and kept; and facts about it."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alize.weights.checkpoints.base import Checkpoint

__all__ = ["facts_of", "in_format"]

_HEADS = ("output.weight", "tok_embeddings.weight")  # the first that there is; a model without the first uses the second for both


def in_format(path: Path, to: str, home: Path, say: Callable[[str], None]) -> Path:
    """`path` itself where `to` is empty; else a GGUF file beside the peers, rounded from it. Raises ConversionFailed."""
    if not to:
        return path
    from alize.convert.fewer_bits import quantize

    stat = path.stat()
    mark = hashlib.sha256(f"{path.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}".encode()).hexdigest()[:12]
    target = home / "peers" / "files" / f"{path.stem}-{mark}-{to}.gguf"
    if not target.exists():
        say(f"Writing {path.name} as {to}, this once …")
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{os.getpid()}-{target.name}")
        quantize(path, unfinished, to)
        unfinished.replace(target)
    return target


def facts_of(path: Path) -> dict[str, Any]:
    """`format`: the kind of tensors that takes most bytes; `head`: that of the output head; `bits`: a weight takes, scales and all;
    `read`: bytes of weights that one token needs, which is what writing alone costs."""
    from contextlib import closing

    from alize.weights.checkpoints import open_checkpoint
    from alize.weights.inspect import inspect

    facts = inspect(path)
    with closing(open_checkpoint(path)) as checkpoint:
        head = next((checkpoint.stored(name).kind for name in _HEADS if name in checkpoint), "")
        read = _read(checkpoint)
    return {
        "format": next(iter(facts.kinds)),
        "head": head,
        "bits": round(8 * facts.bytes / facts.parameters, 2),
        "parameters": facts.parameters,
        "bytes": path.stat().st_size,
        "read": read,
    }


def _read(checkpoint: "Checkpoint") -> int:
    """All of them but the table, of which one row is, and the experts that are not chosen."""
    from alize.model.params import read_params

    experts = read_params(checkpoint.params).experts
    total = 0
    for name in checkpoint:
        size = checkpoint.stored(name).data.nbytes
        if experts is not None and ".experts." in name:
            size = size * experts.active // experts.count
        total += 0 if name == "tok_embeddings.weight" and "output.weight" in checkpoint else size
    return total
