"""Paged keys and values in PyTorch. In: a layer's queries, keys and values. Out: what the queries see in the cache.

The cache of a layer is [blocks, 16, K, H] twice. A step first writes the keys and values of its whole batch, then reads: decodes
together, gathered block by block and masked to their own lengths; pieces of prompts one sequence at a time.

R sequences, T tokens, N query heads, K key/value heads, G = N/K queries per key head, H head width, L keys gathered.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from alize.engine.runners.base import BLOCK, Batch, CacheGroup, Ints
from alize.model.attend import best, index_scores
from alize.model.memory import CacheRow

__all__ = ["PagedAttention", "PagedCache", "zeros"]

LEAST_QUERIES = 8
"""Query rows of one product, padded up: with fewer, MKL takes another path and the same query gets other bits."""

SHORT_TAIL, LONG_TAIL, SPAN = 192, 384, 512
"""PyTorch reads keys 512 at a time. MKL splits a shorter rest in two where it is between 192 and 384 keys long, so that the same query
would get other bits when more keys stand behind its own: such a rest is padded, with keys nobody sees, to 384."""

DECODES_TOGETHER = 32
"""Decodes gathered in one piece, sorted by length, so that padding to the longest wastes little."""


class PagedCache:
    """Memory of one cache group."""

    def __init__(self, group: CacheGroup, blocks: int, rows: Mapping[int, CacheRow], dtype: torch.dtype, device: str) -> None:
        self.group, self.blocks = group, blocks
        self.keys: dict[int, Tensor] = {}
        self.values: dict[int, Tensor] = {}
        self.index: dict[int, Tensor] = {}
        for layer in group.layers:
            row = rows[layer]
            if row.heads:
                self.keys[layer] = zeros((blocks, BLOCK, row.heads, row.key), dtype, device)
                kept = self.keys[layer][..., : row.value]
                self.values[layer] = kept if row.inside else zeros((blocks, BLOCK, row.heads, row.value), dtype, device)
            if row.index:
                self.index[layer] = zeros((blocks, BLOCK, row.index), dtype, device)

    def memory_of(self, block: int) -> Iterator[Tensor]:
        """What all layers keep in a block, piece by piece, as bytes. Written over, it is kept."""
        for layer in self.group.layers:
            keys, values = self.keys.get(layer), self.values.get(layer)
            if keys is not None and values is not None:
                yield _octets(keys[block])
                if values.data_ptr() != keys.data_ptr():
                    yield _octets(values[block])
            if layer in self.index:
                yield _octets(self.index[layer][block])


def _octets(memory: Tensor) -> Tensor:
    return memory.view(-1).view(torch.uint8)


def zeros(shape: tuple[int, ...], dtype: torch.dtype, device: str) -> Tensor:
    """Zeros that take no memory until a block is used: torch.zeros touches every page, 6 s and 6 GB for a default cache."""
    if device != "cpu" or 0 in shape:
        return torch.zeros(shape, dtype=dtype, device=device)
    return torch.as_tensor(np.zeros(math.prod(shape) * dtype.itemsize, np.uint8)).view(dtype).view(shape)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Sequences read together: which rows of the batch's tokens, which blocks, and who sees what."""

    rows_T: Tensor | slice  # rows of the packed tokens
    blocks: Tensor  # [R, B] block numbers
    mask: Tensor  # [R, 1, Tq, L] added to the scores: 0 or -inf; Tq is 1 for decodes
    decode: bool


class PagedAttention:
    """An `Attend` over paged caches, for one batch."""

    def __init__(self, batch: Batch, caches: dict[str, PagedCache], dtype: torch.dtype, device: str) -> None:
        self._of_layer = {layer: cache for cache in caches.values() for layer in cache.group.layers}
        self._slots: dict[str, Tensor] = {}
        self._pieces: dict[str, list[_Piece]] = {}
        self._chosen: list[Tensor] = []  # of each piece, its mask without what was not chosen
        rows = np.repeat(np.arange(len(batch.lengths)), batch.lengths)
        for name, cache in caches.items():
            table = batch.tables[name]
            slots = table[rows, batch.positions // BLOCK].astype(np.int64) * BLOCK + batch.positions % BLOCK
            self._slots[name] = torch.as_tensor(slots, device=device)
            self._pieces[name] = list(_pieces(batch, table, cache.group.window, dtype, device))

    def __call__(self, layer: int, q_TNH: Tensor, k_TKH: Tensor | None, v_TKV: Tensor | None, scale: float, chosen: bool = False) -> Tensor:
        cache = self._of_layer[layer]
        keys, values = cache.keys[layer], cache.values[layer]
        if k_TKH is not None and v_TKV is not None:
            self._write(cache, keys, k_TKH)
            if values.data_ptr() != keys.data_ptr():
                self._write(cache, values, v_TKV)
        pieces = self._pieces[cache.group.name]
        masks = self._chosen if chosen else [piece.mask for piece in pieces]
        if len(pieces) == 1:
            return _attend(pieces[0], q_TNH, keys, values, masks[0], scale)
        seen_TNV = q_TNH.new_empty((*q_TNH.shape[:2], values.shape[-1]))
        for piece, mask in zip(pieces, masks, strict=True):
            seen_TNV[piece.rows_T] = _attend(piece, q_TNH[piece.rows_T], keys, values, mask, scale)
        return seen_TNV

    def choose(self, layer: int, q_TIH: Tensor, weight_TI: Tensor, k_TH: Tensor, top: int) -> None:
        cache = self._of_layer[layer]
        self._write(cache, cache.index[layer], k_TH)
        self._chosen = []
        for piece in self._pieces[cache.group.name]:
            count = len(piece.blocks)
            k_RLH = cache.index[layer][piece.blocks].view(count, -1, k_TH.shape[-1])
            q_RTIH = q_TIH[piece.rows_T].view(count, -1, *q_TIH.shape[1:])
            weight_RTI = weight_TI[piece.rows_T].view(count, -1, weight_TI.shape[-1])
            scores = torch.stack([index_scores(*row) for row in zip(q_RTIH, weight_RTI, k_RLH, strict=True)])
            queries = scores.shape[1]
            scores += piece.mask[:, 0, :queries]
            mask = piece.mask.clone()
            mask[:, 0, :queries].masked_fill_(~best(scores, top), float("-inf"))
            self._chosen.append(mask)

    def _write(self, cache: PagedCache, memory: Tensor, rows: Tensor) -> None:
        memory.view(-1, *rows.shape[1:]).index_copy_(0, self._slots[cache.group.name], rows)


def _attend(piece: _Piece, q_TNH: Tensor, keys: Tensor, values: Tensor, mask: Tensor, scale: float) -> Tensor:
    count, heads = len(piece.blocks), keys.shape[2]
    k_RKLH = keys[piece.blocks].view(count, -1, heads, keys.shape[3]).transpose(1, 2)
    v_RKLV = k_RKLH[..., : values.shape[3]]
    if values.data_ptr() != keys.data_ptr():
        v_RKLV = values[piece.blocks].view(count, -1, heads, values.shape[3]).transpose(1, 2)
    if piece.decode:  # the G queries of one key head see the same keys: they take the place of a query axis
        q_RKGH = q_TNH.view(count, heads, -1, keys.shape[3])
        seen = F.scaled_dot_product_attention(_padded(q_RKGH), k_RKLH, v_RKLV, attn_mask=mask, scale=scale)
        return seen[:, :, : q_RKGH.shape[2]].reshape(*q_TNH.shape[:2], -1)
    tokens = len(q_TNH)
    q_KGTH = q_TNH.view(tokens, heads, -1, keys.shape[3]).permute(1, 2, 0, 3)
    shared = (-1, q_KGTH.shape[1], -1, -1)  # G queries read one key head, without a copy
    seen = F.scaled_dot_product_attention(
        _padded(q_KGTH), k_RKLH.transpose(0, 1).expand(shared), v_RKLV.transpose(0, 1).expand(shared), attn_mask=mask, scale=scale
    )
    return seen[:, :, :tokens].permute(2, 0, 1, 3).reshape(*q_TNH.shape[:2], -1)


def _padded(queries: Tensor) -> Tensor:
    short = LEAST_QUERIES - queries.shape[2]
    return F.pad(queries, (0, 0, 0, short)) if short > 0 else queries


def _pieces(batch: Batch, table: Ints, window: int | None, dtype: torch.dtype, device: str) -> Iterator[_Piece]:
    starts = np.cumsum(batch.lengths) - batch.lengths
    decodes = np.flatnonzero(batch.lengths == 1)
    if len(decodes) > DECODES_TOGETHER:
        decodes = decodes[np.argsort(batch.contexts[decodes], kind="stable")]
    for first in range(0, len(decodes), DECODES_TOGETHER):
        chosen = decodes[first : first + DECODES_TOGETHER]
        yield _piece(starts[chosen], table[chosen], batch.contexts[chosen][:, None] - 1, window, dtype, device, decode=True)
    for row in np.flatnonzero(batch.lengths > 1):
        tokens = slice(int(starts[row]), int(starts[row] + batch.lengths[row]))
        yield _piece(tokens, table[row : row + 1], batch.positions[None, tokens], window, dtype, device, decode=False)


def _piece(
    rows: "slice | np.ndarray", table: Ints, queries: Ints, window: int | None, dtype: torch.dtype, device: str, decode: bool
) -> _Piece:
    """`queries` [R, Tq] are the positions that ask; only blocks that one of them can see are read."""
    first = 0 if window is None else max(0, int(queries.min()) - window + 1) // SPAN * SPAN
    last = _key_end(int(queries.max()) + 1)
    if not decode and queries.shape[1] < LEAST_QUERIES:
        queries = np.pad(queries, ((0, 0), (0, LEAST_QUERIES - queries.shape[1])), mode="edge")
    keys, asking = np.arange(first, last), queries[:, :, None]
    seen = keys <= asking  # not by their distance: of a long prompt that would be half a gigabyte of numbers
    if window is not None:
        seen &= keys > asking - min(window, last)
    mask = torch.zeros(seen.shape, dtype=dtype, device=device).masked_fill_(torch.as_tensor(~seen, device=device), float("-inf"))
    blocks = np.zeros((len(table), (last - first) // BLOCK), np.int64)  # where there is no block, or no more: masked, any will do
    held = table[:, first // BLOCK : last // BLOCK]
    blocks[:, : held.shape[1]] = np.maximum(held, 0)
    rows_T = rows if isinstance(rows, slice) else torch.as_tensor(rows, device=device)
    return _Piece(rows_T, torch.as_tensor(blocks, device=device), mask[:, None], decode)


def _key_end(length: int) -> int:
    """Where to stop reading keys so that `length` of them are read.

    >>> _key_end(100), _key_end(200), _key_end(400), _key_end(512 + 200)
    (112, 384, 400, 896)
    """
    spans, tail = divmod(-(-length // BLOCK) * BLOCK, SPAN)
    return spans * SPAN + (LONG_TAIL if SHORT_TAIL < tail < LONG_TAIL else tail)
