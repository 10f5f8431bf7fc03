"""Paged keys and values, read by the kernels. In: a layer's queries, keys and values. Out: what the queries see in the cache."""

from collections.abc import Mapping

from torch import Tensor

from alize.engine.runners.torch_cache import PagedCache
from alize.engine.runners.torch_triton.attention import attend
from alize.engine.runners.torch_triton.inputs import slots_of, table_of

__all__ = ["KernelAttention"]


class KernelAttention:
    """An `Attend` over paged caches, for one batch or for all that are written into the same inputs."""

    def __init__(self, caches: Mapping[str, PagedCache], inputs: Mapping[str, Tensor]) -> None:
        self._of_layer = {layer: cache for cache in caches.values() for layer in cache.group.layers}
        self._inputs = inputs
        self._slots = {name: inputs[slots_of(name)].long() for name in caches}

    def __call__(self, layer: int, q_TNH: Tensor, k_TKH: Tensor | None, v_TKV: Tensor | None, scale: float, chosen: bool = False) -> Tensor:
        cache = self._of_layer[layer]
        keys, values, name = cache.keys[layer], cache.values[layer], cache.group.name
        if k_TKH is not None and v_TKV is not None:
            self._write(name, keys, k_TKH)
            if values.data_ptr() != keys.data_ptr():
                self._write(name, values, v_TKV)
        seen_TNV = q_TNH.new_empty(*q_TNH.shape[:2], values.shape[-1])
        attend(q_TNH, keys, values, self._inputs[table_of(name)], self._inputs["tiles"], scale, cache.group.window, seen_TNV)
        return seen_TNV

    def choose(self, layer: int, q_TIH: Tensor, weight_TI: Tensor, k_TH: Tensor, top: int) -> None:
        raise TypeError("the kernels are not used for a model with an indexer (rule.py)")

    def _write(self, name: str, memory: Tensor, rows: Tensor) -> None:
        memory.view(-1, *rows.shape[1:]).index_copy_(0, self._slots[name], rows)
