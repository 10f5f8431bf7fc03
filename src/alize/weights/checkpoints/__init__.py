"""From a path to a Checkpoint. In: a file or a folder as it was released. Out: named arrays, whatever the format."""

from pathlib import Path

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import Checkpoint, StoredTensor, TokenizerFiles
from alize.weights.checkpoints.gguf import open_gguf

__all__ = ["Checkpoint", "StoredTensor", "TokenizerFiles", "open_checkpoint"]


def open_checkpoint(path: Path) -> Checkpoint:
    """Open weights in whichever format they are. Raises CheckpointInvalid."""
    if path.is_file() and path.suffix == ".gguf":
        return open_gguf(path)
    raise CheckpointInvalid(f"{path} is no .gguf file.")
