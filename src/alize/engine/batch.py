"""From a plan to a packed batch. In: {sequence: tokens to run}. Out: the flat arrays a Runner takes, and how to sample each row."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from alize.engine.media import Shown, shown
from alize.engine.runners.base import Batch, CacheGroup, RowSampling
from alize.engine.schedule import Plan
from alize.engine.sequence import Sequence

__all__ = ["build_batch", "pack"]


def build_batch(plan: Plan, groups: tuple[CacheGroup, ...]) -> tuple[Batch, list[RowSampling]]:
    """Lay the planned tokens end to end; a row is sampled where the plan reaches its sequence's last token."""
    rows = [(s.tokens[s.computed : s.computed + count], s.computed, s.tables) for s, count in plan.tokens.items()]
    finished = [count == s.pending for s, count in plan.tokens.items()]
    adapters = tuple(s.adapter for s in plan.tokens)
    batch = pack(rows, groups, finished, adapters if any(adapters) else (), tuple(_shown(plan)))
    return batch, [_row_sampling(s, plan.steps) for s in plan.tokens]


def pack(
    rows: list[tuple[list[int], int, dict[str, list[int]]]],
    groups: tuple[CacheGroup, ...],
    sample: list[bool],
    adapters: tuple[str | None, ...] = (),
    shown: tuple[Shown, ...] = (),
    want: Literal["tokens", "logits", "hidden"] = "tokens",
) -> Batch:
    """A batch of (tokens, position of the first, block tables) rows. See Batch for a worked example."""
    lengths = np.fromiter((len(tokens) for tokens, _, _ in rows), np.int32, len(rows))
    starts = np.fromiter((start for _, start, _ in rows), np.int32, len(rows))
    tables: dict[str, np.ndarray] = {}
    for group in groups:
        table = np.full((len(rows), max(len(held[group.name]) for _, _, held in rows)), -1, np.int32)
        for row, (_, _, held) in enumerate(rows):
            table[row, : len(held[group.name])] = held[group.name]
        tables[group.name] = table
    offsets = np.arange(lengths.sum(), dtype=np.int32) - np.repeat(np.cumsum(lengths, dtype=np.int32) - lengths, lengths)
    return Batch(
        tokens=np.concatenate([np.asarray(tokens, np.int32) for tokens, _, _ in rows]),
        positions=np.repeat(starts, lengths) + offsets,
        lengths=lengths,
        contexts=starts + lengths,
        tables=tables,
        sample=np.asarray(sample, np.bool_),
        adapters=adapters,
        shown=shown,
        want=want,
    )


def _shown(plan: Plan) -> Iterator[Shown]:
    at = 0
    for sequence, count in plan.tokens.items():
        yield from shown(sequence.media, sequence.computed, count, at)
        at += count


def _row_sampling(sequence: Sequence, steps: int) -> RowSampling:
    params = sequence.request.sampling
    return RowSampling(
        params=params,
        history=sequence.drawn if params.penalizes else (),
        prompt=sequence.request.tokens if params.repetition_penalty != 1 else (),
        stop_ids=sequence.request.stop_ids,
        forbid_stop=max(0, sequence.request.min_tokens - sequence.generated),
        limit=steps,
    )
