"""The safetensors container. In: the mapped bytes of one file. Out: its tensors as views of those bytes.

    length u64 | JSON: {"name": {"dtype", "shape", "data_offsets": [begin, end]}, …, "__metadata__": {…}} | the tensors' bytes

Read here rather than by the library, which has no bfloat16 without PyTorch and copies what it reads. Held to the same rules: the
tensors cover the bytes after the header exactly, without overlap or gap. Source: huggingface/safetensors, README.
"""

import json
import math
from pathlib import Path
from typing import Any, NoReturn, cast

import numpy as np
import numpy.typing as npt

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.fields import printable, shown
from alize.weights.checkpoints.mapped import DAMAGED, FileTensor, map_file
from alize.wording import quantity

__all__ = ["read_safetensors"]

MAX_HEADER = 16 * 2**20  # bytes; read, a list of empty lists takes 28 times as much, and the format's own limit is 100 MB
MAX_RANK = 8

_SIZES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8,
}  # fmt: skip


def read_safetensors(path: Path) -> dict[str, FileTensor]:
    """The tensors by name, in the order of their bytes; only the header is read. Raises CheckpointInvalid naming file and tensor."""
    data = map_file(path)
    if len(data) < 8:
        _fail(path, f"it has {quantity(len(data), 'byte')}, too few for a header")
    length = int(data[:8].view("<u8")[0])
    if length > len(data) - 8:
        _fail(path, f"its header claims {quantity(length, 'byte')}, and {len(data) - 8} follow")
    if length > MAX_HEADER:
        _fail(path, f"its header claims {quantity(length, 'byte')}, more than the {MAX_HEADER} that are allowed")
    header = _header(path, bytes(data[8 : 8 + length]))
    header.pop("__metadata__", None)
    return _placed(path, header, data[8 + length :])


def _header(path: Path, text: bytes) -> dict[str, Any]:
    def no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        entries = dict(pairs)
        if len(entries) < len(pairs):
            raise ValueError("a name is there twice")
        return entries

    try:
        header: Any = json.loads(text, object_pairs_hook=no_twins)
    except (ValueError, RecursionError) as error:
        _fail(path, f"its header is not valid JSON: {error}")
    if not isinstance(header, dict):
        _fail(path, "its header is no JSON object")
    return cast("dict[str, Any]", header)


def _placed(path: Path, header: dict[str, Any], data: npt.NDArray[np.uint8]) -> dict[str, FileTensor]:
    spans = sorted((*_span(path, name, entry), name) for name, entry in header.items())
    tensors: dict[str, FileTensor] = {}
    position = 0
    for begin, end, name in spans:
        if begin != position:
            _fail(path, f"tensor '{name[:200]}' begins at {begin}, where {position} is expected")
        if end > len(data):
            _fail(path, f"tensor '{name[:200]}' takes bytes {begin} to {end} and the file has {len(data)}")
        entry = header[name]
        tensors[name] = FileTensor(name, entry["dtype"], tuple(entry["shape"]), data[begin:end])
        position = end
    if position != len(data):
        _fail(path, f"the last tensor is followed by {quantity(len(data) - position, 'byte')}")
    return tensors


def _span(path: Path, name: str, entry: Any) -> tuple[int, int]:
    """The offsets of a tensor, which must be what its shape takes."""
    try:
        dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
    except (TypeError, KeyError, ValueError):
        _fail(path, f"tensor '{name[:200]}' has no dtype, shape and two data_offsets")
    if not isinstance(dtype, str) or dtype not in _SIZES:
        _fail(path, f"tensor '{name[:200]}' is of the unknown dtype {shown(dtype)}")
    sizes = cast("list[Any]", shape if isinstance(shape, list) else [None])
    if len(sizes) > MAX_RANK or not all(_is_count(number) for number in (*sizes, begin, end)):
        _fail(path, f"tensor '{name[:200]}' has the shape {shown(shape)} and the offsets {shown((begin, end))}")
    if end - begin != math.prod(sizes) * _SIZES[dtype]:
        _fail(path, f"tensor '{name[:200]}' of shape {sizes} as {dtype} does not take the {quantity(end - begin, 'byte')} it claims")
    return begin, end


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _fail(path: Path, why: str) -> NoReturn:
    raise CheckpointInvalid(f"{path}: {printable(why)}.", remedy=DAMAGED)
