"""Adapters as the core adds them. In: adapters by key, a batch that names some. Out: arrays by layer, and a pointer for each sequence.

The core computes queries, keys and values as one product, and gate and up as another; each has thin matrices of its own (csrc/model.h):

    A          those that there are of wq, wk and wv one below the other, each with `width` rows, their largest rank; zeros fill up
    B          for each 16 outputs of the product, in the order that weights.py packs them in, `width` lines of 16 numbers, scaled
    first      for each 16 outputs, with which row of A their `width` begin
"""

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.engine.runners.native.layout import OUTPUTS, PRODUCTS, order_of
from alize.engine.runners.native.library import AdapterC, LowRankC
from alize.engine.runners.native.shapes import products_of
from alize.errors import UnsupportedParameter
from alize.model.config import ModelConfig
from alize.model.fit import Delta, fit
from alize.weights.adapters import Adapter
from alize.weights.checkpoints.fields import printable

__all__ = ["NativeAdapters"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Loaded:
    layers: "ctypes.Array[AdapterC]"
    widest: int  # rank of any product
    kept: list[npt.NDArray[Any]]  # what the layers point to


class NativeAdapters:
    """Every adapter that is in memory."""

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self._loaded: dict[str, _Loaded] = {}
        layers = range(config.layers)
        self._shapes = {f"layers.{layer}.{name}": size for layer in layers for name, size in products_of(config, layer).items()}

    def load(self, key: str, adapter: Adapter) -> None:
        """Raises CheckpointInvalid, changing nothing, for one of another model; UnsupportedParameter for one that changes experts."""
        self._refuse_experts(adapter)
        deltas = dict(fit(adapter, self._config, self._shapes))
        layers, widest = (AdapterC * self._config.layers)(), 1
        kept: list[npt.NDArray[Any]] = []
        for layer in range(self._config.layers):
            for name, parts in PRODUCTS.items():
                paths = [f"layers.{layer}.{part}" for part in parts]
                if any(path in deltas for path in paths):
                    pair, arrays = self._product(paths, deltas)
                    setattr(layers[layer], name, pair)
                    widest = max(widest, pair.rank)
                    kept += arrays
        self._loaded[key] = _Loaded(layers, widest, kept)

    def _refuse_experts(self, adapter: Adapter) -> None:
        """What comes before a layer's experts, and its products of every token, are adapted; they and what chooses them are not."""
        layers = [layer for layer in range(self._config.layers) if self._config.routed(layer)]
        routed = tuple(f"layers.{layer}.feed_forward." for layer in layers)
        if found := next((name for name in adapter.layers if name.startswith(routed)), None):
            raise UnsupportedParameter(
                f"{adapter.path} changes '{printable(found[:200])}', and the native core adapts no experts.",
                param="model",
                remedy="Set runner to torch, or merge it into the model: alize merge.",
            )

    def drop(self, key: str) -> None:
        """A no-op for one that is not here."""
        self._loaded.pop(key, None)

    def of(self, keys: Sequence[str | None]) -> "tuple[ctypes.Array[ctypes.c_void_p] | None, int]":
        """A pointer for each sequence, null for none, and the widest rank; None where none of them has one."""
        if not any(keys):
            return None, 0
        found = [None if key is None else self._loaded[key] for key in keys]
        pointers = [None if one is None else ctypes.addressof(one.layers) for one in found]
        return (ctypes.c_void_p * len(pointers))(*pointers), max(one.widest for one in found if one is not None)

    def _product(self, paths: Sequence[str], deltas: Mapping[str, Delta]) -> tuple[LowRankC, list[npt.NDArray[Any]]]:
        width = max(len(deltas[path].a_RI) for path in paths if path in deltas)
        columns = self._shapes[paths[0]][1]
        there = [path for path in paths if path in deltas]
        a = np.zeros((len(there), width, columns), np.float32)
        parts, owners = list[Floats](), list[int]()
        for path in paths:
            b = np.zeros((self._shapes[path][0], width), np.float32)
            if path in deltas:
                delta = deltas[path]
                a[there.index(path), : len(delta.a_RI)] = delta.a_RI
                b[:, : len(delta.a_RI)] = np.asarray(delta.b_OR, np.float32) * np.float32(delta.scale)
            parts.append(b)
            owners.append(there.index(path) if path in there else 0)  # of one that is not there B is zero, whatever it is multiplied with
        owner = np.repeat(np.array(owners, np.int32), [len(part) for part in parts])
        order = order_of(paths, [len(part) for part in parts], self._config.head_dim)
        lines = np.ascontiguousarray(np.concatenate(parts)[order].reshape(-1, OUTPUTS, width).swapaxes(1, 2))
        first = np.ascontiguousarray(owner[order][::OUTPUTS] * width, np.int32)
        return LowRankC(a.ctypes.data, lines.ctypes.data, first.ctypes.data, len(there) * width, width), [a, lines, first]
