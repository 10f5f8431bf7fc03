"""The safetensors container, written. In: tensors to be. Out: one file that safetensors_file.py, and everybody's library, reads.

The header is padded with spaces so that the tensors begin at a multiple of 8 bytes, and the tensors lie in the order in which they are
given, widest types first: each then begins at a multiple of its own size, as mapped memory wants it.
"""

import json
from collections.abc import Callable, Sequence
from typing import BinaryIO

from alize.weights.checkpoints.writing import NewTensor, write_tensors

__all__ = ["DTYPES", "write_safetensors"]

DTYPES = {"F64": 8, "F32": 4, "I32": 4, "I64": 8, "F16": 2, "BF16": 2, "F8_E4M3": 1}
"""Kinds that have a name there, and the bytes a value takes."""


def write_safetensors(file: BinaryIO, tensors: Sequence[NewTensor], progress: Callable[[int], None] = lambda _: None) -> None:
    """Write header and tensors at the file's position."""
    ordered = sorted(tensors, key=lambda tensor: -DTYPES[tensor.kind])
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    begin = 0
    for tensor in ordered:
        end = begin + tensor.bytes
        entries[tensor.name] = {"dtype": tensor.kind, "shape": list(tensor.shape), "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little"))
    file.write(text)
    write_tensors(file, ordered, 1, progress)
