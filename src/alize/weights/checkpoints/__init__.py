"""From a path to a Checkpoint. In: a file or a folder as it was released. Out: named arrays, whatever the format."""

from pathlib import Path

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import Checkpoint, StoredTensor, TokenizerFiles
from alize.weights.checkpoints.consolidated import open_consolidated
from alize.weights.checkpoints.gguf import open_gguf
from alize.weights.checkpoints.huggingface import open_huggingface
from alize.weights.checkpoints.layout import layout_of, names_in

__all__ = ["Checkpoint", "StoredTensor", "TokenizerFiles", "open_checkpoint"]


def open_checkpoint(path: Path, *, alone: bool = False) -> Checkpoint:
    """Open weights in whichever format they are: a .gguf file, any piece of a split one, or the folder of a release.

    `alone`: of a GGUF, without what lies beside it to see or hear with.

    Takes milliseconds and reads no weights. Raises CheckpointInvalid naming the file, what is wrong in it and where.
    """
    if path.suffix == ".safetensors":
        path = path.parent
    try:
        names = names_in(path) if path.is_dir() else None
    except OSError as error:
        raise CheckpointInvalid(f"{path} cannot be read: {error.strerror}.", remedy="Check the path and its permissions.") from error
    if names is None:
        return open_gguf(path, alone=alone)
    layout = layout_of(names, str(path))
    match layout.format:
        case "consolidated":
            return open_consolidated(path, layout)
        case "huggingface":
            return open_huggingface(path, layout)
        case "gguf":
            return open_gguf(path / layout.weights[0], alone=alone)
