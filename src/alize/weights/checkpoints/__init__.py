"""From a path to a Checkpoint. In: a file or a folder as it was released. Out: named arrays, whatever the format."""

from pathlib import Path

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import Checkpoint, StoredTensor, TokenizerFiles
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
    layout = None if names is None else layout_of(names, str(path))
    # A format's readers are imported when a model has it: `alize run` waits for them.
    if layout is not None and layout.format == "consolidated":
        from alize.weights.checkpoints.consolidated import open_consolidated

        return open_consolidated(path, layout)
    if layout is not None and layout.format == "huggingface":
        from alize.weights.checkpoints.huggingface import open_huggingface

        return open_huggingface(path, layout)
    from alize.weights.checkpoints.gguf import open_gguf

    return open_gguf(path if layout is None else path / layout.weights[0], alone=alone)
