"""All that TorchRunner leaves to the kernels. In: a model, then its caches, then batches. Out: an `Attend`, or the logits of a decode step.

Everything here may import Triton; whoever serves without it imports rule.py alone.
"""

from collections.abc import Mapping

from torch import Tensor

from alize.engine.runners.base import Batch
from alize.engine.runners.torch_cache import PagedCache
from alize.engine.runners.torch_triton.attention import positions_of_a_tile
from alize.engine.runners.torch_triton.decode import DecodeSteps
from alize.engine.runners.torch_triton.grouping import group_experts
from alize.engine.runners.torch_triton.inputs import inputs, on_device
from alize.engine.runners.torch_triton.memory import KernelAttention
from alize.engine.runners.torch_triton.rule import why_no_graphs
from alize.model.build import Model
from alize.model.memory import cache_row

__all__ = ["KernelSteps"]


class KernelSteps:
    spare = 1  # blocks of each cache that are not handed out: the last, into which padded rows write

    def __init__(self, model: Model, device: str) -> None:
        """Its sparse layers are grouped in place."""
        group_experts(model)
        self._model, self._device = model, device
        self._length = positions_of_a_tile(model.config.heads // max(1, cache_row(model.config, 0).heads))
        self.unrecorded = why_no_graphs(model)  # None: steps that decode are
        self._caches: Mapping[str, PagedCache] = {}
        self._decodes: DecodeSteps | None = None

    def use(self, caches: Mapping[str, PagedCache]) -> None:
        """From now on these, each with `spare` blocks behind those handed out; what was recorded over others is forgotten."""
        decodes = None
        if self.unrecorded is None:
            scratch = {name: cache.blocks - self.spare for name, cache in caches.items()}
            decodes = DecodeSteps(self._model, caches, scratch, self._length, self._device)
        self._caches, self._decodes = caches, decodes

    def forget(self) -> None:
        """Layers of the model have been replaced."""
        if self._decodes is not None:
            self._decodes.forget()

    def attend(self, batch: Batch) -> KernelAttention:
        return KernelAttention(self._caches, on_device(inputs(batch, self._length), self._device))

    def decoded(self, batch: Batch) -> Tensor | None:
        """Logits of every row [R, V], good until the next call; None where a batch is not one of decodes that can be recorded."""
        return self._decodes.logits(batch) if self._decodes is not None and self._decodes.takes(batch) else None
