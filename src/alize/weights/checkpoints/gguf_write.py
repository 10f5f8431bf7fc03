"""The GGUF container, written. In: metadata and tensors to be. Out: one file that gguf_file.py, and llama.cpp, reads.

Version 3, aligned to 32 bytes. How wide a number is stored follows from its type here: a whole number is a u32 (i64 where that is too
narrow), any other an f32; in lists, i32 and f32. That is what llama.cpp expects of every entry written by this project.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, cast

import numpy as np

from alize.errors import ConversionFailed
from alize.weights.checkpoints.gguf_file import kind_number
from alize.weights.checkpoints.writing import NewTensor, write_tensors

__all__ = ["ALIGNMENT", "write_gguf"]

ALIGNMENT = 32
VERSION = 3
_U32, _I32, _F32, _BOOL, _STRING, _ARRAY, _I64 = 4, 5, 6, 7, 8, 9, 11


def write_gguf(
    file: BinaryIO, metadata: Mapping[str, Any], tensors: Sequence[NewTensor], progress: Callable[[int], None] = lambda _: None
) -> None:
    """Write header and tensors at the file's beginning. Raises ConversionFailed for an entry that has no type there."""
    header = bytearray(b"GGUF" + struct.pack("<IQQ", VERSION, len(tensors), len(metadata)))
    for key, value in metadata.items():
        try:
            header += _text(key) + _entry(key, value)
        except (OverflowError, struct.error) as error:
            raise ConversionFailed(f"The entry '{key}' of the metadata holds a number that is too large for a GGUF of its kind.") from error
    offset = 0
    for tensor in tensors:
        header += _text(tensor.name) + struct.pack("<I", len(tensor.shape))
        header += struct.pack(f"<{len(tensor.shape)}Q", *reversed(tensor.shape))
        header += struct.pack("<IQ", kind_number(tensor.kind), offset)
        offset += tensor.bytes + -tensor.bytes % ALIGNMENT
    file.write(header)
    file.write(bytes(-len(header) % ALIGNMENT))
    write_tensors(file, tensors, ALIGNMENT, progress)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def _entry(key: str, value: Any) -> bytes:
    if isinstance(value, bool):
        return struct.pack("<IB", _BOOL, value)
    if isinstance(value, int):
        return struct.pack("<II", _U32, value) if 0 <= value < 2**32 else struct.pack("<Iq", _I64, value)
    if isinstance(value, float):
        return struct.pack("<If", _F32, value)
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _text(value)
    if isinstance(value, list):
        return struct.pack("<I", _ARRAY) + _items(key, cast("list[Any]", value))
    raise ConversionFailed(f"The entry '{key}' of the metadata is a {type(value).__name__}, which has no place in a GGUF.")


def _items(key: str, values: list[Any]) -> bytes:
    """A list of values that are all alike; an empty one is one of texts."""
    kind = _type(values[0]) if values else str
    if any(_type(value) is not kind for value in values) or kind not in (str, *_LISTS):
        raise ConversionFailed(f"The entry '{key}' of the metadata is a list of values that are not alike.")
    count = len(values)
    if kind is str:
        return struct.pack("<IQ", _STRING, count) + b"".join(map(_text, values))
    code, number = _LISTS[kind]
    return struct.pack("<IQ", number, count) + np.array(values, code).tobytes()


def _type(value: Any) -> type[Any]:
    return cast("type[Any]", type(value))


_LISTS: dict[type[Any], tuple[str, int]] = {bool: ("?", _BOOL), int: ("<i4", _I32), float: ("<f4", _F32)}
