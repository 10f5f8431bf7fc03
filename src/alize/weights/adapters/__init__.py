"""From a path to an Adapter. In: a folder of PEFT's or of mistral-finetune's, or a file in it. Out: pairs of matrices by layer."""

from pathlib import Path

from alize.errors import CheckpointInvalid
from alize.weights.adapters.base import CONFIG, FILE, WEIGHTS, Adapter, LowRank
from alize.weights.checkpoints.fields import printable

__all__ = ["Adapter", "LowRank", "open_adapter"]

_PICKLES = ("adapter_model.bin", "lora.pth", "lora.pt", "lora.bin")


def open_adapter(path: Path, scale: float | None = None) -> Adapter:
    """Open an adapter. It is read through once, for its checksum; the matrices stay where they are.

    `scale` is for Mistral's files, which do not always say it; a PEFT folder does. Raises CheckpointInvalid naming the file, what is
    wrong in it and where.
    """
    shown = printable(str(path))
    try:
        path.stat()  # of a file that is not there it would be said else that the folder holds no adapter
        folder = path if path.is_dir() else path.parent
        names = {entry.name for entry in folder.iterdir()}
    except OSError as error:
        raise CheckpointInvalid(f"{shown} cannot be read: {error.strerror}.", remedy="Check the path and its permissions.") from error
    except ValueError as error:  # a null byte in the path
        raise CheckpointInvalid(f"{shown} is no path: {error}.") from error
    wanted = "" if path.is_dir() else path.name
    if wanted in ("", CONFIG, WEIGHTS) and CONFIG in names:
        if WEIGHTS not in names:
            raise _missing(shown, names)
        if scale is not None:
            raise CheckpointInvalid(f"{shown} says its own scale, in {CONFIG}: none can be given beside it.", remedy="Leave the scale out.")
        from alize.weights.adapters.peft import open_peft  # a format's reader is imported where there is such a file

        return open_peft(folder)
    if wanted == "" and FILE in names:
        from alize.weights.adapters.release import open_release

        return open_release(folder / FILE, scale)
    if wanted == "" or wanted not in names:
        raise _missing(shown, names)
    if wanted.endswith(".safetensors"):
        from alize.weights.adapters.release import open_release

        return open_release(path, scale)
    raise CheckpointInvalid(f"{shown} is no adapter that can be read.", remedy=_WANTED)


_WANTED = f"Wanted are a folder with {CONFIG} and {WEIGHTS}, or a {FILE} of mistral-finetune."


def _missing(shown: str, names: set[str]) -> CheckpointInvalid:
    pickled = next((name for name in _PICKLES if name in names), None)
    if pickled is not None:
        return CheckpointInvalid(
            f"{shown} holds its adapter as {pickled}, a format that can run any code when it is read.",
            remedy="Save it again as safetensors, on a machine you can spare.",
        )
    return CheckpointInvalid(f"{shown} holds no adapter.", remedy=_WANTED)
