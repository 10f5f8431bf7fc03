"""A model laid out for the core. In: a checkpoint. Out: structures that point into arrays of packed weights, and keep them alive."""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.engine.runners.native.layout import OUTPUTS, PRODUCTS, ROUTER, halves, order_of, router_lines
from alize.engine.runners.native.library import Arena, FeedForwardC, LayerC, MatrixC, ModelC, Packer
from alize.engine.runners.native.turns import turns
from alize.model.config import ModelConfig
from alize.weights.checkpoints.base import Checkpoint, StoredTensor

__all__ = ["PackedWeights"]

Rows = npt.NDArray[np.int32]

_TOGETHER = 64 * 2**20
"""Bytes of tensors that are packed by one call, while Python is free for others: so a tokenizer is made meanwhile."""


class PackedWeights:
    """Raises MemoryError where they do not fit."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        config: ModelConfig,
        max_context: int,
        threads: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """`progress` is called with the bytes of the file that are dealt with, and with all of them."""
        arena = Arena()
        self._checkpoint, self._config, self._packer = checkpoint, config, Packer(arena, threads)
        self._waiting, self._kept = list[StoredTensor](), list[npt.NDArray[Any]]()  # tensors to be packed; arrays that are pointed to
        self._layers_of_experts: list[ctypes.Array[FeedForwardC]] = []
        self.nbytes = 0
        self._done, self._total, self._progress = 0, sum(checkpoint.stored(name).data.nbytes for name in checkpoint), progress
        cosines, sines = turns(config.rope, config.head_dim, max_context, arena)
        self._kept += [cosines, sines]
        groups = sorted({config.attention_kind(layer) for layer in range(config.layers)})  # "full" before "sliding"
        layers = (LayerC * config.layers)()
        for index in range(config.layers):
            kind = config.attention_kind(index)
            routed = config.experts is not None and config.routed(index)
            layers[index] = LayerC(
                attention_norm=self._vector(f"layers.{index}.attention_norm.weight"),
                mlp_norm=self._vector(f"layers.{index}.ffn_norm.weight"),
                qkv=(MatrixC * 3)(*(self._product(f"layers.{index}", part) for part in PRODUCTS["qkv"])),
                query_norm=self._head_norm(index, "q_norm"),
                key_norm=self._head_norm(index, "k_norm"),
                out=self._product(f"layers.{index}", *PRODUCTS["out"]),
                mlp=FeedForwardC() if routed else self._feed_forward(f"layers.{index}.feed_forward"),
                router=self._router(index) if routed else None,
                experts=self._experts(index) if routed else None,
                cosines=cosines.ctypes.data,
                sines=sines.ctypes.data,
                table=groups.index(kind),
                window=config.window or 0 if kind == "sliding" else 0,
            )
        embedding = self._matrix("tok_embeddings.weight")
        head = self._matrix("output.weight") if "output.weight" in checkpoint else embedding
        experts = config.experts
        self.model = ModelC(
            dim=config.dim,
            heads=config.heads,
            kv_heads=config.kv_heads,
            head=config.head_dim,
            mlp=config.hidden,
            vocab=config.vocab,
            layers=config.layers,
            experts=experts.count if experts else 0,
            active=experts.active if experts else 0,
            expert_mlp=experts.hidden if experts else 0,
            epsilon=config.norm_eps,
            query_scale=config.rope.score_scale * (config.score_width or config.head_dim) ** -0.5,
            share_scale=experts.scale if experts else 0,
            embedding=embedding,
            vocabulary=head,
            norm=self._vector("norm.weight"),
            layer=layers,
        )
        self._flush()

    def _feed_forward(self, stem: str) -> FeedForwardC:
        """Of a layer, or of one expert. `stem`: what w1, w2 and w3 are parts of."""
        gate, up, down = "w1", "w3", "w2"
        alike = len({self._checkpoint.stored(f"{stem}.{part}.weight").kind for part in (gate, up)}) == 1
        return FeedForwardC(
            gate_up=self._product(stem, gate, up) if alike else self._product(stem, gate),
            up=MatrixC() if alike else self._product(stem, up),
            down=self._product(stem, down),
        )

    def _experts(self, layer: int) -> int:
        """The address of all of a layer's."""
        count = self._config.experts.count if self._config.experts else 0
        experts = (FeedForwardC * count)(*(self._feed_forward(f"layers.{layer}.feed_forward.experts.{each}") for each in range(count)))
        self._layers_of_experts.append(experts)
        return ctypes.addressof(experts)

    def _router(self, layer: int) -> int:
        """The address of what chooses among them, in single precision whatever the file has."""
        name = f"layers.{layer}.{ROUTER}.weight"
        return self._values(name, router_lines(np.asarray(self._checkpoint.array(name), np.float32)))

    def _head_norm(self, layer: int, part: str) -> int | None:
        """The address of the factors of a head's numbers, in the order of its rows; None in models that have none."""
        if not self._config.qk_norm:
            return None
        name, width = f"layers.{layer}.attention.{part}.weight", self._config.head_dim
        return self._values(name, np.asarray(self._checkpoint.array(name), np.float32)[halves(np.arange(width, dtype=np.int32), width)])

    def _product(self, stem: str, *parts: str) -> MatrixC:
        """What is multiplied as one: tensors of one kind, their rows in the order of layout.py."""
        names = [f"{stem}.{part}" for part in parts]
        tensors = [self._checkpoint.stored(f"{name}.weight") for name in names]
        sizes = [tensor.shape[0] for tensor in tensors]
        return self._packed(tensors, order_of(names, sizes, self._config.head_dim, [bool(tensor.rotary_halves) for tensor in tensors]))

    def _matrix(self, name: str) -> MatrixC:
        tensor = self._checkpoint.stored(name)
        return self._packed([tensor], np.arange(tensor.shape[0], dtype=np.int32))

    def _packed(self, tensors: list[StoredTensor], rows: Rows) -> MatrixC:
        """`rows[n]`: the row of the tensors, one below the other, that becomes row n."""
        blocks = tensors[0].data if len(tensors) == 1 else np.concatenate([tensor.data for tensor in tensors])
        source = np.concatenate([rows, np.full(-len(rows) % OUTPUTS, -1, np.int32)])
        matrix, arrays = self._packer.add(tensors[0].kind, blocks, source, tensors[0].shape[1])
        self._keep(*arrays)
        self._waiting += tensors
        if self._packer.waiting_bytes >= _TOGETHER:
            self._flush()
        return matrix

    def _flush(self) -> None:
        self._packer.flush()
        for tensor in self._waiting:
            self._tell(tensor)
        self._waiting = []

    def _vector(self, name: str) -> int:
        """The address of its values as float32."""
        return self._values(name, np.asarray(self._checkpoint.array(name), np.float32))

    def _values(self, name: str, values: npt.NDArray[np.float32]) -> int:
        """The address of what was made of a tensor's values."""
        own = np.array(values, order="C")  # never a view of the file
        self._keep(own)
        self._tell(self._checkpoint.stored(name))
        return own.ctypes.data

    def _tell(self, tensor: StoredTensor) -> None:
        """That one more is dealt with."""
        self._checkpoint.release(tensor.name)
        self._done += tensor.data.nbytes
        if self._progress is not None:
            self._progress(self._done, self._total)

    def _keep(self, *arrays: npt.NDArray[Any]) -> None:
        self._kept += arrays
        self.nbytes += sum(array.nbytes for array in arrays)
