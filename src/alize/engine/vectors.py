"""Vectors made smaller. In: vectors of length 1. Out: their first numbers, of length 1 again, as bytes or bits.

    dimension   the first numbers alone (Kusupati et al. 2022). Models trained for it put the most into them; others lose more.
    int8        round(127 · x). No number is above 1, so nothing is cut off, and all vectors have one scale: a · b / 127² is their cosine,
                wrong by 0.003 (one standard deviation of the rounding), however long they are
    uint8       the same + 128: take 128 off before multiplying
    ubinary     a bit for each number, 1 where it is above 0; eight a byte, the first in the highest bit. Cosines become counts of bits
                that differ. Where the numbers are no multiple of eight, the last byte is filled up with 0
    binary      the same byte - 128, for databases whose bytes have a sign

>>> shaped(np.float32([[0.6, -0.8, 0.0]]), "int8", 2).tolist(), shaped(np.float32([[0.6, -0.8, 0.0]]), "ubinary").tolist()
([[76, -102]], [[128]])
"""

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from alize.errors import InvalidRequest

__all__ = ["OutputType", "check_shape", "shaped"]

OutputType = Literal["float", "int8", "uint8", "binary", "ubinary"]


def check_shape(width: int, kind: str, dimension: int | None) -> None:
    """Raises InvalidRequest for a type that is not known, and a dimension that vectors of this width do not have."""
    if kind not in get_args(OutputType):
        raise InvalidRequest(f"There is no output_dtype {kind!r}; there are {', '.join(get_args(OutputType))}.", param="output_dtype")
    if dimension is not None and not 1 <= dimension <= width:
        raise InvalidRequest(
            f"output_dimension is {dimension}; this model's vectors have {width} numbers.",
            param="output_dimension",
            remedy=f"Send 1 to {width}, or leave it out.",
        )


def shaped(vectors: npt.NDArray[np.float32], kind: str = "float", dimension: int | None = None) -> npt.NDArray[Any]:
    """[R, D] of float32 to [R, dimension] of the type; of bits, [R, dimension / 8] rounded up. Raises as `check_shape` does."""
    check_shape(vectors.shape[1], kind, dimension)
    if dimension is not None and dimension < vectors.shape[1]:
        vectors = vectors[:, :dimension]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    match kind:
        case "int8":
            return np.rint(vectors * 127).clip(-127, 127).astype(np.int8)
        case "uint8":
            return (np.rint(vectors * 127).clip(-127, 127) + 128).astype(np.uint8)
        case "ubinary":
            return np.packbits(vectors > 0, axis=1)
        case "binary":
            return (np.packbits(vectors > 0, axis=1).astype(np.int16) - 128).astype(np.int8)
        case _:
            return vectors
