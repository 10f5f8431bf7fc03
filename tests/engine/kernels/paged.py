"""Sequences of random numbers in a paged cache. In: contexts, and how much of each asks. Out: what is seen, and what is right."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from alize.engine.batch import pack
from alize.engine.runners.base import BLOCK, Batch, CacheGroup
from alize.engine.runners.torch_cache import PagedCache
from alize.engine.runners.torch_triton.attention import positions_of_a_tile
from alize.engine.runners.torch_triton.inputs import inputs, on_device
from alize.engine.runners.torch_triton.memory import KernelAttention
from alize.model.memory import CacheRow

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SCALE = 0.3


@dataclass(frozen=True, slots=True)
class Shape:
    heads: int = 2  # of keys
    groups: int = 3  # query heads that read one
    key: int = 8
    value: int = 8
    window: int | None = None
    dtype: torch.dtype = torch.float32


class Paged:
    """Whole sequences: their queries, keys and values, and a cache whose blocks are dealt out in a random order."""

    def __init__(self, shape: Shape, contexts: list[int], seed: int = 0) -> None:
        self.shape, self.contexts = shape, contexts
        self.group = CacheGroup("full", "full", (0,), 0, shape.window)
        most = [-(-context // BLOCK) for context in contexts]
        numbers = np.random.default_rng(seed)
        dealt = iter(numbers.permutation(sum(most) + 3).tolist())
        self.tables = [[next(dealt) for _ in range(count)] for count in most]
        self.cache = PagedCache(self.group, sum(most) + 3, {0: CacheRow(shape.heads, shape.key, shape.value)}, shape.dtype, DEVICE)
        for memory in (self.cache.keys[0], self.cache.values[0]):
            memory.fill_(torch.nan)  # of another sequence, as far as anybody knows
        drawn = torch.Generator().manual_seed(seed)
        sizes = (shape.heads * shape.groups, shape.key), (shape.heads, shape.key), (shape.heads, shape.value)
        self.rows = [[torch.randn(context, *size, generator=drawn).to(DEVICE, shape.dtype) for size in sizes] for context in contexts]

    def ask(self, pieces: list[tuple[int, int, int]]) -> list[Any]:
        """In one batch, of each (sequence, begin, end) what those of its positions see."""
        batch = self.batch(pieces)
        told = on_device(inputs(batch, positions_of_a_tile(self.shape.groups)), DEVICE)
        q, k, v = (torch.cat([self.rows[s][part][begin:end] for s, begin, end in pieces]) for part in range(3))
        seen = KernelAttention({"full": self.cache}, told)(0, q, k, v, SCALE)
        return list(seen.split([end - begin for _, begin, end in pieces]))

    def batch(self, pieces: list[tuple[int, int, int]]) -> Batch:
        rows = [([1] * (end - begin), begin, {"full": self._table(s, begin)}) for s, begin, end in pieces]
        return pack(rows, (self.group,), [True] * len(pieces))

    def _table(self, sequence: int, begin: int) -> list[int]:
        """Blocks behind the window of the first that asks have been given back."""
        kept = 0 if self.shape.window is None else max(0, begin - self.shape.window + 1) // BLOCK
        return [-1 if index < kept else block for index, block in enumerate(self.tables[sequence])]

    def defined(self, sequence: int) -> Any:
        """What every position of a sequence sees, in float64 and by the definition: [T, N, V]."""
        q, k, v = (part.double().cpu() for part in self.rows[sequence])
        k, v = (part.repeat_interleave(self.shape.groups, 1) for part in (k, v))
        behind = torch.arange(len(q))[:, None] - torch.arange(len(q))
        hidden = (behind < 0) if self.shape.window is None else (behind < 0) | (behind >= self.shape.window)
        scores = torch.einsum("tnh,lnh->ntl", q, k) * SCALE
        return torch.einsum("ntl,lnv->tnv", scores.masked_fill(hidden, -torch.inf).softmax(-1), v)
