"""A model laid out for the core. In: a checkpoint. Out: structures that point into arrays of packed weights, and keep them alive."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.engine.runners.native.library import FORMATS, LayerC, MatrixC, ModelC, aligned, library
from alize.engine.runners.native.turns import turns
from alize.model.config import ModelConfig
from alize.weights.checkpoints.base import Checkpoint, StoredTensor

__all__ = ["PackedWeights"]

_OUTPUTS = 16
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
                qkv=self._attention(index),
                out=self._matrix([f"layers.{index}.attention.wo.weight"]),
                gate_up=self._gate_up(index),
                down=self._matrix([f"layers.{index}.feed_forward.w2.weight"]),
                cosines=cosines.ctypes.data,
                sines=sines.ctypes.data,
                table=groups.index(kind),
                window=config.window or 0 if kind == "sliding" else 0,
            )
        embedding = self._matrix(["tok_embeddings.weight"])
        head = self._matrix(["output.weight"]) if "output.weight" in checkpoint else embedding
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

    def _attention(self, layer: int) -> MatrixC:
        """Queries, keys and values as one matrix, heads in halves as the core turns them."""
        names = [f"layers.{layer}.attention.{name}.weight" for name in ("wq", "wk", "wv")]
        tensors = [self._checkpoint.stored(name) for name in names]
        turned = [_halves(tensor, self._config.head_dim) for tensor in tensors[:2]]
        starts = np.cumsum([0, *(tensor.shape[0] for tensor in tensors)])
        values = np.arange(tensors[2].shape[0], dtype=np.int32)
        return self._packed(tensors, np.concatenate([rows + start for rows, start in zip((*turned, values), starts, strict=False)]))

    def _gate_up(self, layer: int) -> MatrixC:
        """16 outputs of the gate, 16 of up, and so on: what is multiplied with each other is computed by one thread."""
        tensors = [self._checkpoint.stored(f"layers.{layer}.feed_forward.{name}.weight") for name in ("w1", "w3")]
        hidden = tensors[0].shape[0]
        gate = np.arange(hidden, dtype=np.int32).reshape(-1, _OUTPUTS)
        return self._packed(tensors, np.stack([gate, gate + hidden], axis=1).reshape(-1))

    def _matrix(self, names: Iterable[str]) -> MatrixC:
        tensors = [self._checkpoint.stored(name) for name in names]
        return self._packed(tensors, np.arange(sum(tensor.shape[0] for tensor in tensors), dtype=np.int32))

    def _packed(self, tensors: list[StoredTensor], rows: Rows) -> MatrixC:
        """`rows[n]`: the row of the tensors, one below the other, that becomes row n."""
        format, columns = FORMATS[tensors[0].kind], tensors[0].shape[1]
        blocks = tensors[0].data if len(tensors) == 1 else np.concatenate([tensor.data for tensor in tensors])
        height = -(-len(rows) // _OUTPUTS) * _OUTPUTS
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
            self._done += tensor.data.nbytes
            self._checkpoint.release(tensor.name)
        if self._progress is not None:
            self._progress(self._done, self._total)
        return MatrixC(format, height, columns, values.ctypes.data, scales.ctypes.data, lowest)

    def _vector(self, name: str) -> int:
        """The address of its values as float32."""
        values = np.ascontiguousarray(self._checkpoint.array(name), np.float32).copy()
        self._keep(values)
        self._done += self._checkpoint.stored(name).data.nbytes
        return values.ctypes.data

    def _keep(self, *arrays: npt.NDArray[Any]) -> None:
        self._kept += arrays
        self.nbytes += sum(array.nbytes for array in arrays)


def _halves(tensor: StoredTensor, width: int) -> Rows:
    """Which row of the file becomes each row, so that heads are in halves: (i, i + width / 2) in place of (2i, 2i + 1).

    >>> _halves(StoredTensor("", "Q8_0", (4, 32), np.empty(0, np.uint8)), 4).tolist()
    [0, 2, 1, 3]
    """
    rows = np.arange(tensor.shape[0], dtype=np.int32)
    return rows if tensor.rotary_halves else rows.reshape(-1, width // 2, 2).swapaxes(1, 2).reshape(-1)
