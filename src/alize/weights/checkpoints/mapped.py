"""Files as mapped memory. In: a path. Out: its bytes as an array, none of them read yet, and a Checkpoint over such arrays.

A mapped file must not be cut short by anybody while it is open: the system ends a process that touches what is gone. `pull` only ever
puts whole files in place of others, which leaves a mapping as it was.
"""

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import Matrix, Scale, StoredTensor, TokenizerFiles
from alize.weights.checkpoints.dequantize import dequantize
from alize.weights.checkpoints.matrix import StoredMatrix, rescale

__all__ = ["DAMAGED", "FileTensor", "MappedCheckpoint", "halved", "interleaved", "map_file"]

DAMAGED = "The file is damaged or incomplete: fetch it again."


@dataclass(frozen=True, slots=True)
class FileTensor:
    """A tensor under the name its file gives it."""

    name: str
    kind: str
    shape: tuple[int, ...]  # outermost first
    data: npt.NDArray[np.uint8]
    scale: Scale | None = None


class MappedCheckpoint:
    """The Checkpoint of all three formats: they differ in how they are read, not in what they hold."""

    def __init__(
        self,
        format: str,
        path: Path,
        params: Mapping[str, Any],
        tensors: Mapping[str, StoredTensor],
        tokenizer: TokenizerFiles,
        metadata: Mapping[str, Any],
        projector: Path | None = None,
        left_out: str | None = None,
    ) -> None:
        self.projector, self.left_out = projector, left_out
        self.format, self.path, self.params, self.tokenizer, self.metadata = format, path, params, tokenizer, metadata
        self._tensors = dict(tensors)
        self._closed = False

    def joined(
        self, params: Mapping[str, Any], tensors: Mapping[str, StoredTensor], projector: Path | None, left_out: str | None
    ) -> "MappedCheckpoint":
        """The same with more in it."""
        together, whole = {**self.params, **params}, {**self._tensors, **tensors}
        return MappedCheckpoint(self.format, self.path, together, whole, self.tokenizer, self.metadata, projector, left_out)

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def stored(self, name: str) -> StoredTensor:
        """The tensor as it lies in the file. Raises KeyError for an unknown name, ValueError once closed."""
        if self._closed:
            raise ValueError(f"{self.path} was closed.")
        return self._tensors[name]

    def array(self, name: str, out: npt.NDArray[np.float32] | None = None) -> npt.NDArray[Any]:
        """The values in canonical layout: float32 for quantised kinds and BF16, the file's own type (a view, read-only) otherwise."""
        tensor = self.stored(name)
        values = dequantize(tensor.kind, tensor.data, tensor.shape, out)
        if tensor.scale is not None:
            rescale(values, tensor.scale, np.arange(len(values)))
        if tensor.negative_exp:
            return self._logarithm(name, values)
        values = values - 1 if tensor.plus_one else values
        return interleaved(values, tensor.rotary_halves) if tensor.rotary_halves else values

    def matrix(self, name: str) -> Matrix:
        """A tensor of two axes, left in its file."""
        return StoredMatrix(self.stored(name))

    def release(self, name: str) -> None:
        """The tensor was read and its bytes need not stay in this process's memory; touched again, they are read again."""
        _unload(self.stored(name).data)

    def _logarithm(self, name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """log(-values), in float64: the exponential of it is then what the file says."""
        if not (values < 0).all():
            raise CheckpointInvalid(f"{self.path}: '{name}' is stored as -exp of its values, and not all of it is below 0.", remedy=DAMAGED)
        return np.log(-values.astype(np.float64))

    def close(self) -> None:
        """Forget the files. Memory is unmapped when the last array handed out is gone, so none of them is cut off."""
        self._closed = True
        self._tensors.clear()


def interleaved(values: npt.NDArray[Any], heads: int) -> npt.NDArray[Any]:
    """Rows of `heads` heads from halves to the interleaved rotary layout.

    Of one head of 6 rows, halves turn (0, 3), (1, 4), (2, 5) together; interleaved, neighbours do:

        rows of the file     0 1 2 3 4 5
        rows of the result   0 3 1 4 2 5
    """
    split = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return np.ascontiguousarray(split.swapaxes(1, 2)).reshape(values.shape)


def _unload(data: npt.NDArray[np.uint8]) -> None:
    """Take a view of a mapped file out of this process's memory; the system keeps the pages as long as nobody needs theirs more."""
    base: Any = data
    while isinstance(base, np.ndarray):
        base = cast("Any", base.base)
    mapping: Any = base.obj if isinstance(base, memoryview) else base
    if not isinstance(mapping, mmap.mmap) or not hasattr(mmap, "MADV_DONTNEED") or not len(data):  # not every system has it
        return
    begin = data.ctypes.data - np.frombuffer(mapping, np.uint8).ctypes.data
    first = begin // mmap.PAGESIZE * mmap.PAGESIZE
    mapping.madvise(mmap.MADV_DONTNEED, first, begin + data.nbytes - first)


def halved(values: npt.NDArray[Any], heads: int) -> npt.NDArray[Any]:
    """What `interleaved` undoes."""
    split = values.reshape(heads, values.shape[0] // heads // 2, 2, *values.shape[1:])
    return np.ascontiguousarray(split.swapaxes(1, 2)).reshape(values.shape)


def map_file(path: Path) -> npt.NDArray[np.uint8]:
    """The bytes of a file, read-only, 1-D. The mapping lives as long as any view of the array.

    Raises CheckpointInvalid where the file is missing, unreadable or empty.
    """
    if path.exists() and not path.is_file():  # opening a pipe would wait for ever
        raise CheckpointInvalid(f"{path} cannot be read: it is not a file.", remedy="Check the path.")
    try:
        with path.open("rb") as file:
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    except FileNotFoundError as error:
        raise CheckpointInvalid(f"There is no file {path}.", remedy="Check the path, or fetch the model again.") from error
    except ValueError as error:  # what mmap says of an empty file
        raise CheckpointInvalid(f"{path} is empty.", remedy=DAMAGED) from error
    except OSError as error:
        raise CheckpointInvalid(
            f"{path} cannot be read: {error.strerror}.", remedy="Check its permissions and that it is a file."
        ) from error
