"""A model laid out for the core. In: a checkpoint. Out: structures that point into arrays of packed weights, and keep them alive."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.engine.runners.native.layout import OUTPUTS, PRODUCTS, order_of
from alize.engine.runners.native.library import FORMATS, LayerC, MatrixC, ModelC, aligned, library
from alize.engine.runners.native.turns import turns
from alize.model.config import ModelConfig
from alize.weights.checkpoints.base import Checkpoint, StoredTensor

__all__ = ["PackedWeights"]

_GROUP = 32
Rows = npt.NDArray[np.int32]


class PackedWeights:
    """Raises MemoryError where they do not fit."""

    def __init__(
        self, checkpoint: Checkpoint, config: ModelConfig, max_context: int, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """`progress` is called with the bytes of the file that are dealt with, and with all of them."""
        self._checkpoint, self._config = checkpoint, config
        self._kept: list[npt.NDArray[Any]] = []
        self.nbytes = 0
        self._done, self._total, self._progress = 0, sum(checkpoint.stored(name).data.nbytes for name in checkpoint), progress
        cosines, sines = turns(config.rope, config.head_dim, max_context)
        self._kept += [cosines, sines]
        groups = sorted({config.attention_kind(layer) for layer in range(config.layers)})  # "full" before "sliding"
        layers = (LayerC * config.layers)()
        for index in range(config.layers):
            kind = config.attention_kind(index)
            layers[index] = LayerC(
                attention_norm=self._vector(f"layers.{index}.attention_norm.weight"),
                mlp_norm=self._vector(f"layers.{index}.ffn_norm.weight"),
                qkv=self._product(index, "qkv"),
                out=self._product(index, "out"),
                gate_up=self._product(index, "gate_up"),
                down=self._product(index, "down"),
                cosines=cosines.ctypes.data,
                sines=sines.ctypes.data,
                table=groups.index(kind),
                window=config.window or 0 if kind == "sliding" else 0,
            )
        embedding = self._matrix("tok_embeddings.weight")
        head = self._matrix("output.weight") if "output.weight" in checkpoint else embedding
        self.model = ModelC(
            dim=config.dim,
            heads=config.heads,
            kv_heads=config.kv_heads,
            head=config.head_dim,
            mlp=config.hidden,
            vocab=config.vocab,
            layers=config.layers,
            epsilon=config.norm_eps,
            query_scale=config.rope.score_scale * (config.score_width or config.head_dim) ** -0.5,
            embedding=embedding,
            vocabulary=head,
            norm=self._vector("norm.weight"),
            layer=layers,
        )

    def _product(self, layer: int, name: str) -> MatrixC:
        """What layout.py says is multiplied as one."""
        names = [f"layers.{layer}.{part}" for part in PRODUCTS[name]]
        tensors = [self._checkpoint.stored(f"{part}.weight") for part in names]
        turned = [bool(tensor.rotary_halves) for tensor in tensors]
        return self._packed(tensors, order_of(names, [tensor.shape[0] for tensor in tensors], self._config.head_dim, turned))

    def _matrix(self, name: str) -> MatrixC:
        tensor = self._checkpoint.stored(name)
        return self._packed([tensor], np.arange(tensor.shape[0], dtype=np.int32))

    def _packed(self, tensors: list[StoredTensor], rows: Rows) -> MatrixC:
        """`rows[n]`: the row of the tensors, one below the other, that becomes row n."""
        format, columns = FORMATS[tensors[0].kind], tensors[0].shape[1]
        blocks = tensors[0].data if len(tensors) == 1 else np.concatenate([tensor.data for tensor in tensors])
        height = -(-len(rows) // OUTPUTS) * OUTPUTS
        source = np.ascontiguousarray(np.concatenate([rows, np.full(height - len(rows), -1, np.int32)]), np.int32)
        values = aligned(library().alize_bytes_of_values(format, height, columns), np.uint8)
        scales = aligned(height * (columns // _GROUP), np.uint16)
        minimums = aligned(len(scales), np.uint16) if tensors[0].kind == "Q4_1" else None
        lowest = None if minimums is None else minimums.ctypes.data
        blocks = np.ascontiguousarray(blocks)
        library().alize_pack(
            format, blocks.ctypes.data, source.ctypes.data, height, columns, values.ctypes.data, scales.ctypes.data, lowest
        )
        self._keep(values, scales, *([] if minimums is None else [minimums]))
        for tensor in tensors:
            self._tell(tensor)
        return MatrixC(format, height, columns, values.ctypes.data, scales.ctypes.data, lowest)

    def _vector(self, name: str) -> int:
        """The address of its values as float32."""
        values = np.ascontiguousarray(self._checkpoint.array(name), np.float32).copy()
        self._keep(values)
        self._tell(self._checkpoint.stored(name))
        return values.ctypes.data

    def _tell(self, tensor: StoredTensor) -> None:
        """That one more is dealt with."""
        self._checkpoint.release(tensor.name)
        self._done += tensor.data.nbytes
        if self._progress is not None:
            self._progress(self._done, self._total)

    def _keep(self, *arrays: npt.NDArray[Any]) -> None:
        self._kept += arrays
        self.nbytes += sum(array.nbytes for array in arrays)
