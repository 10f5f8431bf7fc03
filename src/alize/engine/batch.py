"""From a plan to a packed batch. In: {sequence: tokens to run}. Out: the flat arrays a Runner takes, and how to sample each row.

From one step to the next little changes where all rows decode: the same sequences, one position further, and now and then one more block.
So a batch is kept, and its arrays are written over.
"""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Sequence as Seq
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from alize.engine.groups import Tables
from alize.engine.guide import Guide, due
from alize.engine.media import Shown, shown
from alize.engine.plan import Plan
from alize.engine.runners.base import Batch, CacheGroup, RowSampling
from alize.engine.sequence import Sequence

__all__ = ["Batches", "pack"]

Ints = npt.NDArray[np.int32]


class Batches:
    """The batches of one engine, one after the other: each is good until the next is made."""

    def __init__(self, groups: tuple[CacheGroup, ...]) -> None:
        self._groups = groups
        self._rows: list[Sequence] = []  # of the batch that is kept, where it is
        self._batch: Batch | None = None
        self._rules: tuple[RowSampling, ...] = ()
        self._steps = 0  # how many the rules are for; 0 where the next step has others

    def of(self, plan: Plan) -> tuple[Batch, tuple[RowSampling, ...]]:
        """Lay the planned tokens end to end; a row is sampled where the plan reaches its sequence's last token.

        A batch whose numbers alone have changed is the same object as the one before, and rules that have not changed are, too.
        """
        rows = list(plan.tokens)
        decoding = plan.decodes == len(rows) and not plan.guesses
        if not (decoding and self._batch is not None and rows == self._rows and _move(self._batch, rows)):
            self._batch, self._steps = _build(plan, self._groups), 0
            for sequence in rows:
                sequence.tables.changed = False
            self._rows = rows if decoding and all(sequence.plain for sequence in rows) else []
        if plan.guesses:
            self._rules, self._steps = tuple(_rules(plan)), 0
        elif self._steps != plan.steps:
            tasks = _tasks(plan)
            self._rules = tuple([_row_sampling(s, plan.steps, tasks) for s in rows])
            self._steps = 0 if any(map(_varies, rows)) else plan.steps
        return self._batch, self._rules


def _move(batch: Batch, rows: list[Sequence]) -> bool:
    """Write the next tokens of the same sequences over a batch. False where a table has outgrown its array."""
    for row, sequence in enumerate(rows):
        if sequence.tables.changed and not _set_row(batch.tables, row, sequence.tables):
            return False
    batch.tokens[:] = [sequence.tokens[-1] for sequence in rows]
    batch.positions[:] = [sequence.computed for sequence in rows]
    np.add(batch.positions, 1, out=batch.contexts)
    return True


def _set_row(arrays: Mapping[str, Ints], row: int, tables: Tables) -> bool:
    for name, array in arrays.items():
        blocks = tables.row(name)
        if len(blocks) > array.shape[1]:
            return False
        array[row, : len(blocks)] = blocks
        array[row, len(blocks) :] = -1
    tables.changed = False
    return True


def _build(plan: Plan, groups: tuple[CacheGroup, ...]) -> Batch:
    """A row for each sequence, and behind it one for each guess: they all have the sequence's table."""
    rows, sampled, adapters = list[tuple[list[int], int, Tables]](), list[bool](), list[str | None]()
    for s, count in plan.tokens.items():
        rows.append((s.tokens[s.computed : s.computed + count], s.computed, s.tables))
        sampled.append(count == s.pending)
        guesses = plan.guesses.get(s, ())
        rows += [([guess], s.computed + place, s.tables) for place, guess in enumerate(guesses, 1)]
        sampled += [True] * len(guesses)
        adapters += [s.adapter] * (1 + len(guesses))
    return pack(rows, groups, sampled, tuple(adapters) if any(adapters) else (), tuple(_shown(plan)))


def pack(
    rows: Seq[tuple[list[int], int, Mapping[str, list[int]]]],
    groups: tuple[CacheGroup, ...],
    sample: list[bool],
    adapters: tuple[str | None, ...] = (),
    shown: tuple[Shown, ...] = (),
    want: Literal["tokens", "logits", "hidden"] = "tokens",
) -> Batch:
    """A batch of (tokens, position of the first, block tables) rows. See Batch for a worked example."""
    lengths = np.fromiter((len(tokens) for tokens, _, _ in rows), np.int32, len(rows))
    starts = np.fromiter((start for _, start, _ in rows), np.int32, len(rows))
    tables: dict[str, Ints] = {}
    for group in groups:
        blocks = [held.row(group.name) if isinstance(held, Tables) else np.array(held[group.name], np.int32) for _, _, held in rows]
        table = np.full((len(rows), max(map(len, blocks))), -1, np.int32)
        for row, own in enumerate(blocks):
            table[row, : len(own)] = own
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
        at += count + len(plan.guesses.get(sequence, ()))


def _varies(sequence: Sequence) -> bool:
    """Whether its rule is another after every token."""
    return sequence.guide is not None or sequence.request.sampling.penalizes or sequence.generated < sequence.request.min_tokens


def _rules(plan: Plan) -> Iterator[RowSampling]:
    """A guess is drawn behind as if the guesses before it had been drawn: else nobody looks at what is drawn there."""
    tasks = _tasks(plan)
    for sequence in plan.tokens:
        rule, guesses, masks = _row_sampling(sequence, 1, tasks), plan.guesses.get(sequence, ()), plan.masks.get(sequence, [])
        yield rule
        for place in range(1, len(guesses) + 1):
            after = rule.after(guesses[:place])
            yield replace(after, mask=masks[place - 1]) if masks else after


Tasks = Mapping[Guide, Callable[[], None]]


def _tasks(plan: Plan) -> Tasks:
    """Masks that are still to be computed, of the rows that are drawn."""
    drawn = [s.guide for s, count in plan.tokens.items() if s.guide is not None and count == s.pending]
    return dict(due(drawn)) if drawn else {}


def _row_sampling(sequence: Sequence, steps: int, tasks: Tasks) -> RowSampling:
    params, guide = sequence.request.sampling, sequence.guide
    return RowSampling(
        params=params,
        history=sequence.drawn if params.penalizes else (),
        prompt=sequence.request.tokens if params.repetition_penalty != 1 else (),
        stop_ids=sequence.request.stop_ids,
        forbid_stop=max(0, sequence.request.min_tokens - sequence.generated),
        limit=steps,
        mask=None if guide is None else guide.words,
        due=None if guide is None else tasks.get(guide),
    )
