"""What a new checkpoint file consists of. In: tensors that are made when their turn comes. Out: their bytes, one part at a time.

A file's header says where each tensor lies before the first of them is there: so a tensor's name, kind and shape are known at once, and
its bytes are made last, by `parts`. Experts that a format keeps as one tensor are made one after another: no more than one of them is in
memory.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from alize.errors import ConversionFailed
from alize.weights.checkpoints.kinds import KINDS

__all__ = ["NewTensor", "new_tensor", "write_tensors"]


@dataclass(frozen=True, slots=True)
class NewTensor:
    """One tensor of a file that is being written."""

    name: str
    kind: str
    shape: tuple[int, ...]  # outermost first
    parts: Callable[[], Iterator[npt.NDArray[Any]]]  # contiguous, `bytes` bytes in all
    bytes: int


def new_tensor(name: str, kind: str, shape: tuple[int, ...], parts: Callable[[], Iterator[npt.NDArray[Any]]]) -> NewTensor:
    """Raises ConversionFailed where rows of this shape do not hold whole blocks of the kind."""
    count = KINDS[kind].bytes_of(shape)
    if count is None:
        raise ConversionFailed(f"'{name}' of shape {list(shape)} cannot be stored as {kind}, in blocks of {KINDS[kind].values}.")
    return NewTensor(name, kind, shape, parts, count)


def write_tensors(file: BinaryIO, tensors: Iterable[NewTensor], alignment: int, progress: Callable[[int], None]) -> None:
    """Append the tensors, each padded to `alignment`; `progress` is told the bytes of tensors written so far."""
    done = 0
    for tensor in tensors:
        written = 0
        for part in tensor.parts():
            data = np.ascontiguousarray(part).reshape(-1).view(np.uint8).data
            file.write(data)
            written += len(data)
            progress(done + written)
        assert written == tensor.bytes, (tensor.name, written, tensor.bytes)
        file.write(bytes(-written % alignment))
        done += written
