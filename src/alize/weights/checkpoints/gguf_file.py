"""The GGUF container. In: the mapped bytes of one file. Out: its metadata and its tensors as views of those bytes.

    "GGUF" | version u32 | tensors u64 | entries u64 | entries: key, kind u32, value | tensors: name, dimensions, kind u32, offset u64
    | padding | the tensors' bytes, each aligned

Nothing in the file is believed: every length, count and offset is held against the bytes that are there before anything is
allocated for it. Source: the specification in ggml-org/ggml, docs/gguf.md, versions 2 and 3.
"""

import itertools
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.fields import printable, shown
from alize.weights.checkpoints.kinds import KINDS
from alize.weights.checkpoints.mapped import DAMAGED, FileTensor, map_file
from alize.wording import quantity

__all__ = ["GgufFile", "is_gguf_kind", "kind_number", "read_gguf"]

MAX_NAME = 1 << 10  # bytes of a key or a tensor's name
MAX_STRING = 1 << 24  # bytes of a text
MAX_HEADER = 1 << 27  # bytes of all entries: several times the largest vocabulary with its scores and merges
MAX_ENTRIES = 1 << 16  # of metadata, and of tensors
MAX_ELEMENTS = 1 << 22  # values in arrays, all together: sixteen times the largest vocabulary released so far
MAX_DEPTH = 4  # arrays within arrays
ARRAY_COST = 64  # values that an array within an array counts for, however empty: it takes as much memory
MAX_ALIGNMENT = 1 << 20

_NUMBERS = {0: "<u1", 1: "<i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", 10: "<u8", 11: "<i8", 12: "<f8"}
_BOOL, _STRING, _ARRAY = 7, 8, 9

_TENSOR_KINDS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K",
    14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS",
    24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip


_KIND_NUMBERS = {kind: number for number, kind in _TENSOR_KINDS.items()}


def kind_number(kind: str) -> int:
    """How the file names a kind of tensor.

    >>> kind_number("Q8_0")
    8
    """
    return _KIND_NUMBERS[kind]


def is_gguf_kind(kind: str) -> bool:
    """Whether a GGUF can have tensors of that kind."""
    return kind in _KIND_NUMBERS


@dataclass(frozen=True, slots=True)
class GgufFile:
    """One file, checked."""

    path: Path
    metadata: dict[str, Any]  # numbers, bool, str, and lists of them
    tensors: dict[str, FileTensor]  # in the file's order


def read_gguf(path: Path) -> GgufFile:
    """Read the header of a file and map the rest. Raises CheckpointInvalid naming the file, the entry and the byte."""
    cursor = _Cursor(path, map_file(path))
    tensor_count, entry_count = _counts(cursor)
    metadata: dict[str, Any] = {}
    for number in range(entry_count):
        cursor.what = f"the key of entry {number}"
        key = cursor.string(MAX_NAME)
        if key in metadata:
            cursor.fail(f"the entry '{key}' is there twice")
        cursor.what = f"the entry '{key}'"
        metadata[key] = _value(cursor, cursor.number("<I"))
    found = [_tensor_entry(cursor, number) for number in range(tensor_count)]
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 0 < alignment <= MAX_ALIGNMENT or alignment & (alignment - 1):
        cursor.fail(f"general.alignment is {shown(alignment)}, not a power of two")
    return GgufFile(path, metadata, _placed(cursor, found, -(-cursor.position // alignment) * alignment, alignment))


class _Cursor:
    """A position in the file's bytes, and words for what is being read there."""

    def __init__(self, path: Path, data: npt.NDArray[np.uint8]) -> None:
        self.path, self.data, self.view = path, data, data.data
        self.position = 0
        self.end = min(len(self.view), MAX_HEADER)
        self.what = "the header"
        self.elements = 0  # of arrays, so far

    def fail(self, why: str, remedy: str = DAMAGED) -> NoReturn:
        raise CheckpointInvalid(f"{self.path}: {printable(why)} (byte {self.position}).", remedy=remedy)

    def left(self) -> int:
        return self.end - self.position

    def take(self, length: int) -> memoryview:
        if length > self.left():
            whose = "the file ends" if self.end == len(self.view) else f"the {MAX_HEADER} bytes that all entries may take end"
            self.fail(f"{self.what} takes {quantity(length, 'byte')} and {whose} after {self.left()}")
        taken = self.view[self.position : self.position + length]
        self.position += length
        return taken

    def number(self, code: str) -> Any:
        return struct.unpack(code, self.take(struct.calcsize(code)))[0]

    def count(self, least: int) -> int:
        """A count of things that take at least `least` bytes each."""
        count = self.number("<Q")
        if count * least > self.left():
            self.fail(f"{self.what} claims {quantity(count, 'value')} and the file has {quantity(self.left(), 'byte')} left")
        return count

    def string(self, limit: int) -> str:
        length = self.number("<Q")
        if length > limit:
            self.fail(f"{self.what} claims {quantity(length, 'byte')} of text, more than the {limit} that are allowed")
        try:
            return str(self.take(length), "utf-8")
        except UnicodeDecodeError:
            self.fail(f"{self.what} is not valid UTF-8")


def _counts(cursor: _Cursor) -> tuple[int, int]:
    magic = bytes(cursor.take(4))
    if magic != b"GGUF":
        cursor.position = 0
        cursor.fail(f"this is no GGUF file: it begins with {magic!r}", "Name a .gguf file, or a folder with safetensors.")
    version = cursor.number("<I")
    if version > 0xFFFF:
        cursor.fail("this file is in big-endian order, which is not supported", "Use the little-endian release of the model.")
    if version not in (2, 3):
        cursor.fail(f"this is GGUF version {version}; versions 2 and 3 can be read", "Convert it with a current llama.cpp.")
    cursor.what = "the header"
    tensors, entries = struct.unpack("<QQ", cursor.take(16))
    # The least an entry can take: an empty key, a kind and one byte; a tensor: an empty name, no dimension, a kind and an offset.
    claims = f"the header claims {quantity(tensors, 'tensor')} and {quantity(entries, 'entry', 'entries')}"
    if entries * 13 + tensors * 24 > cursor.left():
        cursor.fail(f"{claims}, and the file has {quantity(cursor.left(), 'byte')} left")
    if max(entries, tensors) > MAX_ENTRIES:
        cursor.fail(f"{claims}, more than the {MAX_ENTRIES} of each that are allowed")
    return tensors, entries


def _value(cursor: _Cursor, kind: int, depth: int = 0) -> Any:
    if kind == _ARRAY:
        return _array(cursor, depth + 1)
    if kind == _STRING:
        return cursor.string(MAX_STRING)
    if kind == _BOOL:
        return _flags(cursor, cursor.take(1))[0]
    if kind not in _NUMBERS:
        cursor.fail(f"{cursor.what} is of the unknown kind {kind}")
    dtype = np.dtype(_NUMBERS[kind])
    return np.frombuffer(cursor.take(dtype.itemsize), dtype)[0].item()


def _array(cursor: _Cursor, depth: int) -> list[Any]:
    if depth > MAX_DEPTH:
        cursor.fail(f"{cursor.what} holds arrays within arrays, more than {MAX_DEPTH} deep")
    kind = cursor.number("<I")
    item = np.dtype(_NUMBERS.get(kind, "u1"))
    count = cursor.count({_STRING: 8, _ARRAY: 12}.get(kind, item.itemsize))
    cursor.elements += count * (ARRAY_COST if kind == _ARRAY else 1)
    if cursor.elements > MAX_ELEMENTS:
        cursor.fail(f"{cursor.what} brings the values in arrays to {cursor.elements}, more than the {MAX_ELEMENTS} that are allowed")
    if kind == _STRING:
        return _strings(cursor, count)
    if kind == _ARRAY:
        return [_array(cursor, depth + 1) for _ in range(count)]
    if kind == _BOOL:
        return _flags(cursor, cursor.take(count))
    if kind not in _NUMBERS:
        cursor.fail(f"{cursor.what} is an array of the unknown kind {kind}")
    return np.frombuffer(cursor.take(count * item.itemsize), item).tolist()


def _strings(cursor: _Cursor, count: int) -> list[str]:
    """One loop without calls: a vocabulary of 50 000 words takes 20 ms this way and 90 through `string`."""
    view, position, size = cursor.view, cursor.position, cursor.end
    unpack = struct.Struct("<Q").unpack_from
    texts: list[str] = []
    try:
        for _ in range(count):
            end = position + 8 + unpack(view, position)[0]
            if end > size or end - position > MAX_STRING + 8:
                break
            texts.append(str(view[position + 8 : end], "utf-8"))
            position = end
    except UnicodeDecodeError:
        cursor.position = position
        cursor.fail(f"{cursor.what}: text {len(texts)} is not valid UTF-8")
    except struct.error:  # no eight bytes are left
        pass
    cursor.position = position
    if len(texts) < count:
        cursor.fail(
            f"{cursor.what}: text {len(texts)} of {count} goes past the end of the file, or past the {MAX_STRING} bytes that are allowed"
        )
    return texts


def _flags(cursor: _Cursor, octets: memoryview) -> list[bool]:
    if any(octet > 1 for octet in octets):
        cursor.fail(f"{cursor.what} holds a truth value that is neither 0 nor 1")
    return [bool(octet) for octet in octets]


def _tensor_entry(cursor: _Cursor, number: int) -> tuple[str, str, tuple[int, ...], int]:
    """(name, kind, shape, offset) of one tensor, its shape checked against its kind."""
    cursor.what = f"the name of tensor {number}"
    name = cursor.string(MAX_NAME)
    cursor.what = f"tensor '{name}'"
    rank = cursor.number("<I")
    if not 1 <= rank <= 4:
        cursor.fail(f"tensor '{name}' claims {quantity(rank, 'dimension')}; one to four are possible")
    shape = struct.unpack(f"<{rank}Q", cursor.take(8 * rank))[::-1]
    code = cursor.number("<I")
    kind = _TENSOR_KINDS.get(code, f"number {code}")
    if kind not in KINDS:
        supported = ", ".join(KINDS)
        cursor.fail(f"tensor '{name}' is stored as {kind}, which cannot be read", f"Use a release stored as one of {supported}.")
    if math.prod(shape) == 0 or KINDS[kind].bytes_of(shape) is None:
        cursor.fail(f"tensor '{name}' of shape {list(shape)} cannot be stored as {kind}, in blocks of {KINDS[kind].values}")
    return name, kind, shape, cursor.number("<Q")


def _placed(cursor: _Cursor, found: list[tuple[str, str, tuple[int, ...], int]], start: int, alignment: int) -> dict[str, FileTensor]:
    """The tensors over their bytes: each inside the file, aligned, and none over another."""
    tensors: dict[str, FileTensor] = {}
    spans: list[tuple[int, int, str]] = []
    for name, kind, shape, offset in found:
        length = KINDS[kind].bytes_of(shape)
        assert length is not None  # _tensor_entry has looked
        begin = start + offset
        if name in tensors:
            cursor.fail(f"tensor '{name}' is there twice")
        if offset % alignment:
            cursor.fail(f"tensor '{name}' begins at {offset}, which is no multiple of {alignment}")
        if begin + length > len(cursor.data):
            cursor.fail(f"tensor '{name}' takes bytes {begin} to {begin + length} and the file has {len(cursor.data)}")
        tensors[name] = FileTensor(name, kind, shape, cursor.data[begin : begin + length])
        spans.append((begin, begin + length, name))
    spans.sort()
    for (_, end, first), (begin, _, second) in itertools.pairwise(spans):
        if begin < end:
            cursor.fail(f"tensors '{first}' and '{second}' overlap")
    return tensors
