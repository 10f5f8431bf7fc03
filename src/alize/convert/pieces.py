"""Tensors on their way from one file to another. In: a checkpoint's tensors. Out: the same as new tensors of any kind, made when asked for.

Nothing is computed where nothing has to be: bytes are copied, whatever they encode; rows are put in another order as bytes, since a
row is a whole number of blocks in every kind. Only another kind, or columns in another order, needs the values.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.errors import ConversionFailed
from alize.weights.checkpoints import Checkpoint
from alize.weights.checkpoints.kinds import KINDS, PLAIN
from alize.weights.checkpoints.mapped import halved, interleaved
from alize.weights.checkpoints.unpacking import halves_of, split
from alize.weights.quantized.bfloat16 import encode_bfloat16
from alize.weights.quantized.ggml import ENCODED, encode

__all__ = ["Piece", "cast", "is_plain", "piece_of", "rows_in_halves", "split_keys_and_values", "transformed"]

Values = npt.NDArray[Any]
ROWS = 1 << 22  # values that are encoded at a time
TOO_LARGE = "Choose another --dtype: bfloat16 and float32 hold it."


@dataclass(frozen=True, slots=True)
class Piece:
    """One tensor in canonical layout."""

    name: str  # canonical
    kind: str
    shape: tuple[int, ...]
    stored: Callable[[], Values]  # by rows: [*shape] of the kind's numbers, or [rows, bytes] where values share a block
    values: Callable[[], Values]  # [*shape], in float32 (float64 where it is stored so)


def is_plain(kind: str) -> bool:
    """Whether every value is stored by itself, without a scale."""
    return kind in PLAIN


def piece_of(checkpoint: Checkpoint, name: str) -> Piece:
    """A tensor of a checkpoint."""
    tensor = checkpoint.stored(name)

    def values() -> Values:
        found = checkpoint.array(name)
        return found if found.dtype == np.float64 else np.asarray(found, np.float32)

    def stored() -> Values:
        rows = (
            tensor.data.view(KINDS[tensor.kind].record).reshape(tensor.shape) if is_plain(tensor.kind) else _rows(tensor.data, tensor.shape)
        )
        return interleaved(rows, tensor.rotary_halves) if tensor.rotary_halves else rows

    return Piece(name, tensor.kind, tensor.shape, stored, values)


def _rows(data: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    return data.reshape(shape[0] if len(shape) > 1 else 1, -1)


def transformed(piece: Piece, change: Callable[[Values], Values], shape: tuple[int, ...] | None = None) -> Piece:
    """The piece with its values changed, as float32 or float64."""
    kind = "F64" if piece.kind == "F64" else "F32"

    def values() -> Values:
        return change(piece.values())

    return Piece(piece.name, kind, piece.shape if shape is None else shape, values, values)


def rows_in_halves(piece: Piece, heads: int) -> Piece:
    """Heads whose rows are in the interleaved rotary layout, in halves."""
    if not heads:
        return piece
    return replace(piece, stored=lambda: halved(piece.stored(), heads), values=lambda: halved(piece.values(), heads))


def split_keys_and_values(piece: Piece, heads: int, plain: int) -> tuple[Piece, Piece]:
    """wkv_b [heads · (plain + value), rank] as a GGUF has it: see unpacking.py."""
    rank, value = piece.shape[1], piece.shape[0] // heads - plain

    def half(which: int, shape: tuple[int, ...]) -> Piece:
        def change(rows: Values) -> Values:
            return split(rows, heads, plain)[which]

        part = replace(transformed(piece, change, shape), name=halves_of(piece.name)[which])
        return replace(part, kind=piece.kind, stored=lambda: change(piece.stored())) if is_plain(piece.kind) else part

    return half(0, (heads, rank, plain)), half(1, (heads, value, rank))


def cast(piece: Piece, kind: str) -> Piece:
    """The piece stored as `kind`. Raises ConversionFailed, when it is made, for values that the kind cannot hold."""
    if kind == piece.kind:
        return piece
    return replace(piece, kind=kind, stored=lambda: _encoded(piece, kind))


def _encoded(piece: Piece, kind: str) -> Values:
    values = piece.values()
    flat = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(1, -1)
    step = max(1, ROWS // max(1, flat.shape[1]))
    return np.concatenate([_rows_as(piece, kind, flat[start : start + step]) for start in range(0, len(flat), step)])


def _rows_as(piece: Piece, kind: str, rows: Values) -> Values:
    if kind in ENCODED:
        if not np.isfinite(rows).all():
            raise ConversionFailed(f"'{piece.name}' holds a value that is no finite number: it cannot be quantised.")
        encoded = encode(kind, np.asarray(rows, np.float32))
        scales = encoded.view(KINDS[kind].record)["d"]
        if not np.isfinite(scales).all():
            raise ConversionFailed(f"'{piece.name}' holds values too large for {kind}, whose scales are of 16 bits.")
        return encoded.reshape(len(rows), -1)
    if kind == "BF16":
        return encode_bfloat16(np.asarray(rows, np.float32))
    with np.errstate(over="ignore"):
        narrowed = rows.astype(KINDS[kind].record)
    if kind == "F16" and (np.isinf(narrowed) & np.isfinite(rows)).any():
        raise ConversionFailed(f"'{piece.name}' holds a value above 65504, the largest that float16 holds.", remedy=TOO_LARGE)
    return narrowed
