"""What weights take in memory. In: the headers of a checkpoint. Out: bytes, decoded to a type or left as they are stored."""

import math

from alize.weights.checkpoints.base import Checkpoint, StoredTensor

__all__ = ["expanded_bytes", "stays_stored", "stored_bytes"]

_READ_WHOLE = (".wkv_b.weight", ".wk_b.weight", ".wv_b.weight", "type_embeddings.weight", ".embed_positions.weight")
"""Matrices that are neither products nor looked up by rows: latent attention takes them apart (model/latent.py), and of these small tables
a model adds a part to everything."""


def stays_stored(tensor: StoredTensor, itemsize: int) -> bool:
    """Whether it is a matrix that takes less memory as its file has it than with values of `itemsize` bytes, and can be used by rows."""
    return len(tensor.shape) == 2 and _kept(tensor) < math.prod(tensor.shape) * itemsize and not tensor.name.endswith(_READ_WHOLE)


def expanded_bytes(checkpoint: Checkpoint, itemsize: int) -> int:
    """Every tensor decoded to values of `itemsize` bytes."""
    return sum(math.prod(checkpoint.stored(name).shape) * itemsize for name in checkpoint)


def stored_bytes(checkpoint: Checkpoint, itemsize: int) -> int:
    """Matrices as they are stored, where that is less; the rest decoded."""
    tensors = (checkpoint.stored(name) for name in checkpoint)
    return sum(_kept(t) if stays_stored(t, itemsize) else math.prod(t.shape) * itemsize for t in tensors)


def _kept(tensor: StoredTensor) -> int:
    """With the scales that lie beside it: in groups of 32 levels of four bits, a fifth of all."""
    return tensor.data.nbytes + (0 if tensor.scale is None else tensor.scale.values.nbytes)
