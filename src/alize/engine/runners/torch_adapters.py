"""Adapters at work in PyTorch. In: a model that serves, adapters by key, and which rows of a batch ask for which. Out: B (A x) where due.

What model/lora.py defines, for a batch whose rows have different adapters, or none. Rows of one adapter are taken out, go through its thin
matrices together, and are added to what the layer's own weight has given for all rows at once:

    batch        rows 0 1 2 | 3 | 4 5          three sequences; the first and the last ask for adapter a, the second for none
    layer        y = W x                       all six rows
    adapter a    y[0 1 2 4 5] += B (A x[0 1 2 4 5])

Layers are reached from outside, by hooks and by the few methods in which several products are one (a model that was packed has no layer
for each). Experts see some rows of a batch, so within an expert the rows are counted anew.

T tokens, N heads, P plain part of a head, V width of a value, C rank of a latent, R rank of the adapter.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from alize.engine.runners.base import Batch
from alize.engine.runners.torch_pack import can_pack, packed
from alize.model.attention import Attention
from alize.model.build import Model
from alize.model.config import ModelConfig
from alize.model.experts import SparseFeedForward
from alize.model.feedforward import FeedForward
from alize.model.fit import fit
from alize.model.latent import LatentAttention
from alize.model.load import unfilled
from alize.model.lora import modules_of, shapes_of
from alize.weights.adapters import Adapter

__all__ = ["TorchAdapters"]

Product = Callable[[Tensor], Tensor]
Pair = tuple[Tensor, Tensor]


@dataclass(slots=True)
class _Loaded:
    """One adapter, by layers. The scale is in B."""

    products: dict[str, Product] = field(default_factory=dict[str, Product])  # B (A x)
    unpacking: dict[str, Pair] = field(default_factory=dict[str, Pair])  # of wkv_b, A and B


class TorchAdapters:
    """Every adapter that is in memory."""

    def __init__(self, config: ModelConfig, dtype: torch.dtype, device: str) -> None:
        self._config, self._dtype, self._device = config, dtype, device
        self._shapes: dict[str, tuple[int, ...]] = {}  # of the model's layers, once somebody wants to know
        self._loaded: dict[str, _Loaded] = {}
        self._asked: list[tuple[str, Tensor | None]] = []  # the rows of the call that runs; None: all of them
        self._keys: list[str] = []
        self._owner_T: Tensor | None = None  # of each row, which of the keys; -1: none

    def load(self, key: str, adapter: Adapter, model: Model) -> None:
        """Raises CheckpointInvalid, changing nothing, for one of another model."""
        if not self._shapes:
            self._shapes = shapes_of(unfilled(self._config))  # packed, a model has no layers of its own any more
            self._reach(model)
        wide, loaded = torch.promote_types(self._dtype, torch.float32), _Loaded()
        for layer, delta in fit(adapter, self._config, self._shapes):
            a_RI, b_OR = (torch.as_tensor(array.copy()).to(self._device, wide) for array in (delta.a_RI, delta.b_OR))
            pair = a_RI.to(self._dtype), (b_OR * delta.scale).to(self._dtype)
            if layer.endswith(".wkv_b"):
                loaded.unpacking[layer] = pair
            else:
                loaded.products[layer] = _product(*pair)
        self._loaded[key] = loaded

    def drop(self, key: str) -> None:
        """A no-op for one that is not here."""
        self._loaded.pop(key, None)

    @contextmanager
    def at_work(self, batch: Batch) -> Generator[None]:
        """Within it, the model's rows are those of this batch."""
        if not any(batch.adapters):
            yield
            return
        self._keys = sorted({key for key in batch.adapters if key is not None})
        numbers = torch.tensor([self._keys.index(key) if key is not None else -1 for key in batch.adapters])
        owner_T = numbers.repeat_interleave(torch.as_tensor(batch.lengths, dtype=torch.int64)).to(self._device)
        with self._rows(owner_T):
            yield

    @contextmanager
    def _rows(self, owner_T: Tensor) -> Generator[None]:
        before = self._asked, self._owner_T
        asked = [(key, torch.nonzero(owner_T == number).flatten()) for number, key in enumerate(self._keys)]
        self._asked = [(key, None if len(rows) == len(owner_T) else rows) for key, rows in asked if len(rows)]
        self._owner_T = owner_T
        try:
            yield
        finally:
            self._asked, self._owner_T = before

    def _reach(self, model: Model) -> None:
        """Take hold of every layer that an adapter may be on, from whichever runner had it before.

        Nothing made here knows the model, which must be gone when its runner lets it go.
        """
        rest = dict.fromkeys(self._shapes)
        for name, module in modules_of(model).items():
            adapted = next((adapted for plain, adapted in _ADAPTED.items() if isinstance(module, plain)), None)
            if adapted is not None:
                module.__class__ = _mixed(adapted, type(module))
                vars(module).update(adapters=self, path=name)
                for part in adapted.parts:
                    del rest[f"{name}.{part}"]
        for layer in rest:
            module = model.get_submodule(layer)
            if "adapters" not in vars(module):
                module.register_forward_hook(_hook)
            vars(module).update(adapters=self, path=layer)

    def add(self, layer: str, y_TO: Tensor, x_TI: Tensor) -> None:
        """What the adapters at work make of x, onto y."""
        for key, rows in self._asked:
            if product := self._loaded[key].products.get(layer):
                onto(y_TO, product(of(x_TI, rows)), rows)

    @property
    def working(self) -> bool:
        """Whether any of the rows has one."""
        return bool(self._asked)

    def unpacking(self, layer: str) -> list[tuple[Tensor, Tensor, Tensor | None]]:
        """A and B of the adapters at work that are on this wkv_b, each with its rows."""
        return [(*pair, rows) for key, rows in self._asked if (pair := self._loaded[key].unpacking.get(layer)) is not None]

    @contextmanager
    def among(self, tokens: Tensor) -> Generator[None]:
        """Within it, the rows are those of these tokens alone."""
        if self._owner_T is None:
            yield
            return
        with self._rows(self._owner_T[tokens]):
            yield


def _hook(module: nn.Module, given: tuple[Tensor, ...], y_TO: Tensor) -> None:
    adapters: TorchAdapters = vars(module)["adapters"]
    adapters.add(vars(module)["path"], y_TO, given[0])


def _product(a_RI: Tensor, b_OR: Tensor) -> Product:
    if not can_pack(a_RI.dtype, a_RI.device.type):
        return lambda x: x @ a_RI.T @ b_OR.T
    into, out = packed(a_RI), packed(b_OR)  # as the layers themselves: a row gets the same bits whatever rows share the batch
    return lambda x: out(into(x))


def of(x: Tensor, rows: Tensor | None) -> Tensor:
    return x if rows is None else x[rows]


def onto(y: Tensor, more: Tensor, rows: Tensor | None) -> None:
    if rows is None:
        y += more
    else:
        y.index_add_(0, rows, more)


# ── modules in which several products are one, or one is none ──


class _Attention(Attention):
    parts = ("wq", "wk", "wv")
    adapters: TorchAdapters
    path: str

    def project(self, x_TD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        products = super().project(x_TD)
        for part, y_TO in zip(self.parts, products, strict=True):
            self.adapters.add(f"{self.path}.{part}", y_TO, x_TD)
        return products


class _FeedForward(FeedForward):
    parts = ("w1", "w3")
    adapters: TorchAdapters
    path: str

    def project(self, x_TD: Tensor) -> tuple[Tensor, Tensor]:
        products = super().project(x_TD)
        for part, y_TF in zip(self.parts, products, strict=True):
            self.adapters.add(f"{self.path}.{part}", y_TF, x_TD)
        return products


class _Experts(SparseFeedForward):
    parts = ()
    adapters: TorchAdapters

    def mixed(self, x_TD: Tensor, shares_TA: Tensor, chosen_TA: Tensor) -> Tensor:
        if self.adapters.working:  # expert by expert, also where others than PyTorch would compute them together
            return SparseFeedForward.mixed(self, x_TD, shares_TA, chosen_TA)
        return super().mixed(x_TD, shares_TA, chosen_TA)

    def compute(self, expert: int, x_TD: Tensor, tokens: Tensor) -> Tensor:
        with self.adapters.among(tokens):
            return super().compute(expert, x_TD, tokens)


class _Latents(LatentAttention):
    """wkv_b is never multiplied with rows: its halves are applied to queries and to what was seen (model/latent.py), and so are B's."""

    parts = ("wkv_b",)
    adapters: TorchAdapters
    path: str

    def absorbed(self, pass_TNP: Tensor) -> Tensor:
        q_TNC = super().absorbed(pass_TNP)
        for a_RC, b_OR, rows in self.adapters.unpacking(f"{self.path}.wkv_b"):
            b_NPR = self._heads(b_OR)[:, : self.plain]
            onto(q_TNC, torch.einsum("tnp,npr->tnr", of(pass_TNP, rows), b_NPR) @ a_RC, rows)
        return q_TNC

    def unpacked(self, seen_TNC: Tensor) -> Tensor:
        v_TNV = super().unpacked(seen_TNC)
        for a_RC, b_OR, rows in self.adapters.unpacking(f"{self.path}.wkv_b"):
            b_NVR = self._heads(b_OR)[:, self.plain :]
            onto(v_TNV, torch.einsum("tnr,nvr->tnv", of(seen_TNC, rows) @ a_RC.T, b_NVR), rows)
        return v_TNV

    def _heads(self, b_OR: Tensor) -> Tensor:
        return b_OR.view(self.heads, -1, b_OR.shape[-1])


_ADAPTED: dict[type[nn.Module], Any] = {
    Attention: _Attention,
    FeedForward: _FeedForward,
    SparseFeedForward: _Experts,
    LatentAttention: _Latents,
}


@cache
def _mixed(adapted: type[nn.Module], plain: type[nn.Module]) -> type[nn.Module]:
    """A class that computes as `plain`, which may be a packed one, and adds what `adapted` does."""
    if issubclass(plain, adapted):
        return plain
    return adapted if plain in _ADAPTED else type(f"Adapted{plain.__name__}", (adapted, plain), {})
