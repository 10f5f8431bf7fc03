"""An adapter on a model. In: what an adapter's file holds, a configuration, the shapes of the model's layers. Out: A and B of each layer.

Everything is compared before anything is read: an adapter of another model is refused with the first tensor that says so. Rows of B are
put in the order of the model's own rows (weights/checkpoints/base.py), and experts that share a tensor are taken apart. No PyTorch here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.errors import CheckpointInvalid
from alize.model.config import ModelConfig
from alize.weights.adapters import Adapter, LowRank
from alize.weights.checkpoints.dequantize import dequantize
from alize.weights.checkpoints.fields import printable
from alize.weights.checkpoints.mapped import FileTensor, interleaved
from alize.wording import quantity

__all__ = ["Delta", "Shapes", "fit"]

Array = npt.NDArray[Any]
Shapes = Mapping[str, tuple[int, ...]]
"""Layer → [out, in]."""


@dataclass(frozen=True, slots=True)
class Delta:
    """What is added to one layer's weight: scale · B A. The arrays may be views of the file."""

    a_RI: Array
    b_OR: Array
    scale: float


@dataclass(frozen=True, slots=True)
class _Part:
    """A layer, and which of a pair's numbers are its own."""

    layer: str
    pair: LowRank
    rows: range  # of b
    expert: int | None = None  # of pair.experts


def fit(adapter: Adapter, config: ModelConfig, shapes: Shapes) -> Iterator[tuple[str, Delta]]:
    """The matrices layer by layer, each read when it is its turn.

    Raises CheckpointInvalid naming the file and the tensor, before the first: where the model has no such layer, or one of another shape.
    """
    parts = [part for pair in adapter.layers.values() for part in _parts(adapter, pair, config)]
    taken: set[str] = set()
    for part in parts:
        _check(adapter, part, shapes)
        if part.layer in taken:
            raise _wrong(adapter, part.pair.b, f"is for '{part.layer}', and so is another")
        taken.add(part.layer)
    return ((part.layer, _delta(part, config)) for part in parts)


def _parts(adapter: Adapter, pair: LowRank, config: ModelConfig) -> Iterator[_Part]:
    """A pair of its own, or of each expert: the gate's rows come before the other projection's (weights/checkpoints/stacked.py)."""
    if not pair.experts:
        yield _Part(pair.layer, pair, range(pair.b.shape[0]))
        return
    experts = config.experts
    stem = pair.layer.removesuffix(".base_layer")
    if experts is None or pair.experts != experts.count:
        raise _wrong(adapter, pair.a, f"is of {quantity(pair.experts, 'expert')}, and the model has {experts.count if experts else 'none'}")
    wide, every = pair.b.shape[0] == 2 * experts.hidden and pair.a.shape[1] == config.dim, range(pair.b.shape[0])
    halves = {"w1": every[: experts.hidden], "w3": every[experts.hidden :]} if wide else {"w2": every}
    for expert in range(experts.count):
        for part, rows in halves.items():
            yield _Part(f"{stem}.{expert}.{part}", pair, rows, expert)


def _check(adapter: Adapter, part: _Part, shapes: Shapes) -> None:
    a, b, shape = part.pair.a, part.pair.b, shapes.get(part.layer)
    if shape is None:
        raise _wrong(adapter, b, f"is for '{printable(part.layer[:200])}', and the model has no linear layer of that name to adapt")
    if (len(part.rows), a.shape[1]) != shape:
        names = f"and '{printable(a.name[:200])}' {list(a.shape)}"
        raise _wrong(adapter, b, f"is {list(b.shape)} {names}: together no change of '{part.layer}', which is {list(shape)}")


def _delta(part: _Part, config: ModelConfig) -> Delta:
    pair = part.pair
    a, b = (dequantize(tensor.kind, tensor.data, tensor.shape) for tensor in (pair.a, pair.b))
    if part.expert is not None:
        a, b = a[part.expert * pair.rank : (part.expert + 1) * pair.rank], b[part.rows.start : part.rows.stop, part.expert :: pair.experts]
    heads = {"wq": config.heads, "wk": config.kv_heads}.get(part.layer.rsplit(".", 1)[-1], 0)
    if pair.halves and heads and config.latent is None:  # latent attention is interleaved everywhere
        b = interleaved(b, heads)
    return Delta(np.ascontiguousarray(a), np.ascontiguousarray(b), pair.scale)


def _wrong(adapter: Adapter, tensor: FileTensor, why: str) -> CheckpointInvalid:
    made_for = f" It was made for {adapter.base}." if adapter.base else ""
    return CheckpointInvalid(
        f"{adapter.path}: '{printable(tensor.name[:200])}' {why}.", remedy=f"Use it with the model that it was made for.{made_for}"
    )
