"""Which kind each tensor gets. In: what was asked for, a tensor and the form it goes to. Out: a kind, its own where it can stay.

A GGUF has its vectors and the choice of experts in float32, as llama.cpp's programs expect: nothing is lost by it, and on the way back
they are narrowed again where that loses nothing either, so that a release is the same after both ways.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from alize.convert.check import Form
from alize.convert.pieces import Piece, is_plain
from alize.errors import ConversionFailed
from alize.weights.checkpoints.gguf_file import is_gguf_kind
from alize.weights.quantized.mix import Mix, kind_in

__all__ = ["DTYPES", "KindChoice", "usual_kind"]

DTYPES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}


@dataclass(frozen=True, slots=True)
class KindChoice:
    """A `layouts.Choose`. With neither, everything stays as it is where the form allows."""

    form: Form
    matrices: str  # the kind that most matrices have (usual_kind)
    narrow: bool = False  # float32 where nothing is lost: what a GGUF has widened
    dtype: str | None = None  # a kind for whatever is not quantised
    mix: Mix | None = None
    layers: int = 0
    experts: int = 0
    tied: bool = False

    def __call__(self, name: str, piece: Piece) -> str:
        if self.mix is not None:
            quantised = kind_in(self.mix, name, piece.shape, self.layers, self.experts, self.tied)
            if quantised is not None:
                return quantised
        if self.form == "gguf" and (len(piece.shape) < 2 or name.endswith("ffn_gate_inp.weight")):
            return "F32"
        if self.dtype is not None:
            return self.dtype
        if self.form == "gguf":
            return self._in_gguf(piece)
        if not is_plain(piece.kind):
            return "F32"
        return self.matrices if self.narrow and piece.kind == "F32" and _fits(piece, self.matrices) else piece.kind

    def _in_gguf(self, piece: Piece) -> str:
        if piece.kind == "F64":
            raise ConversionFailed(
                f"'{piece.name}' is stored in float64, which the programs that read a GGUF do not.", remedy="Choose a --dtype."
            )
        return piece.kind if is_gguf_kind(piece.kind) else "F32"


def usual_kind(pieces: Mapping[str, Piece]) -> str:
    """What most of the numbers in matrices are stored as."""
    counts: dict[str, int] = {}
    for piece in pieces.values():
        if len(piece.shape) > 1:
            counts[piece.kind] = counts.get(piece.kind, 0) + _size(piece.shape)
    return max(counts, key=lambda kind: counts[kind], default="F32")


def _size(shape: Iterable[int]) -> int:
    count = 1
    for length in shape:
        count *= length
    return count


SMALL = 1 << 22  # values of a tensor that is looked through: vectors, and the choice of experts


def _fits(piece: Piece, kind: str) -> bool:
    """Whether a small tensor's values are all among those that the kind holds."""
    if kind not in ("BF16", "F16") or _size(piece.shape) > SMALL:
        return False
    values = piece.values()
    if kind == "BF16":
        return not (np.ascontiguousarray(values, np.float32).view(np.uint32) & np.uint32(0xFFFF)).any()
    with np.errstate(over="ignore"):
        return bool((values.astype(np.float16).astype(np.float32) == values).all())
