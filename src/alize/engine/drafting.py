"""A draft model: a small one that writes what a large one may write next. In: sequences. Out: guesses, where the text itself gives none.

It has the same vocabulary, a runner and a cache of its own, and follows a sequence some tokens behind. Before it writes it reads what it
has not seen; what it has written stays in its cache as far as it came true, and is written over where it did not:

    sequence    the old lighthouse                    reads  the old lighthouse    writes  stood at the     cached  … stood at
    one step    the old lighthouse stood in           reads  in                    writes  the harbour,     cached  … stood in the harbour
                                   came true ┘  └ what the model drew in place of "at"

A long prompt is read in pieces, one beside each step; prompts that begin alike are read once, as by the model itself. Whether guesses are
right is found out as for all others (speculation.py), so they change no answer. Whether they are worth their time, stakes.py says.
"""

import time
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Seq
from dataclasses import dataclass

from alize.engine.base import DraftInfo, SamplingParams
from alize.engine.batch import pack
from alize.engine.groups import CacheGroups, Tables
from alize.engine.guessing import Odds
from alize.engine.pace import Pace
from alize.engine.runners.base import BLOCK, RowSampling, Runner
from alize.engine.sequence import Sequence
from alize.engine.stakes import Stakes

__all__ = ["Drafter"]

_HOPE, _WEIGHT = 0.7, 64
"""How likely a guess is right of an engine that has seen none, and how many guesses that is worth."""

_GREEDY = SamplingParams()


@dataclass(slots=True)
class _Draft:
    """How far one sequence was followed."""

    tables: Tables
    odds: Odds
    computed: int = 0  # tokens of it in the cache
    labelled: int = 0  # full blocks of these that others find
    ahead: tuple[int, ...] = ()  # what is written in the cache behind them
    lost: bool = False  # it has a token that the draft model has no row for, or comes to no number

    def catch_up(self, tokens: Seq[int]) -> None:
        """Count what was written ahead as far as it came true; the last token is computed again, if need be, for what follows it."""
        came = 0
        while came < len(self.ahead) and self.computed + 1 < len(tokens) and tokens[self.computed] == self.ahead[came]:
            self.computed, came = self.computed + 1, came + 1
        self.ahead = ()


class Drafter:
    """The draft model of one engine."""

    def __init__(
        self,
        runner: Runner,
        blocks: Mapping[str, int],
        vocab: int,
        step_tokens: int,
        clock: Callable[[], float] = time.perf_counter,
        id: str = "",
    ) -> None:
        """`blocks` is the size of each group's pool, `vocab` how many tokens the model knows that is drafted for. Raises MemoryError."""
        assert all(group.kind != "recurrent" for group in runner.info.groups), "a state cannot go back behind a wrong guess"
        runner.allocate(blocks)
        self.runner, self.groups = runner, CacheGroups(runner.info.groups, blocks)
        self.stakes = Stakes(step_tokens)
        self._id, self._vocab, self._clock = id, vocab, clock
        self._odds = Odds(_HOPE, _WEIGHT)
        self._drafts: dict[Sequence, _Draft] = {}
        self._proposed: dict[Sequence, tuple[int, ...]] = {}  # in this step
        self._spent = 0.0  # seconds, in this step

    @property
    def info(self) -> DraftInfo:
        runner = self.runner.info
        blocks = {name: pool.size for name, pool in self.groups.pools.items()}
        return DraftInfo(self._id, runner.weights_bytes, runner.cache_bytes(blocks))

    def propose(self, rows: Seq[Sequence], wanted: Mapping[Sequence, int], pace: Pace, most: int) -> dict[Sequence, tuple[int, ...]]:
        """What may follow the sequences that are `wanted`, at most so many tokens of each; nothing where it does not pay or has no room.

        `rows`: all that decode in this step of the model, which has that pace, and computes `most` guesses at most.
        """
        self._proposed, self._spent = {}, 0.0
        if self.stakes.rests():
            return {}
        chosen = {sequence: self._draft(sequence) for sequence in wanted}
        chosen = {sequence: draft for sequence, draft in chosen.items() if self._pays(sequence, draft, len(rows), pace)}
        likely = max((draft.odds.chance for draft in chosen.values()), default=0.0) / 2  # a row of what is likely wrong costs as much
        chosen = {sequence: draft for sequence, draft in chosen.items() if draft.odds.chance >= likely}
        length = self.stakes.length([draft.odds.chance for draft in chosen.values()], len(rows), pace, most) if chosen else 0
        length = min(length, self.runner.info.max_steps, max((wanted[sequence] for sequence in chosen), default=0))
        ready = self._read(chosen, length, self.stakes.readable(len(rows), pace)) if length else {}
        if ready:
            self.stakes.wrote()
        for sequence, written in ready.items():
            known = next((place for place, token in enumerate(written) if token >= self._vocab), len(written))
            if guess := written[: min(known, wanted[sequence])]:
                self._proposed[sequence] = sequence.guesser.expect(guess, chosen[sequence].odds) if sequence.guesser else guess
        return self._proposed

    def settle(
        self,
        rows: Mapping[Sequence, int],
        drawn: Seq[tuple[int, ...]],
        seconds: float,
        pace: Pace,
        guesses: Mapping[Sequence, tuple[int, ...]],
    ) -> None:
        """What came of a step that took so long: of each of its rows, the tokens that were drawn. `guesses`: what was computed ahead."""
        tried = self._proposed.keys() & guesses.keys()
        gained = sum(len(own) - 1 for sequence, own in zip(rows, drawn, strict=True) if own and sequence in tried)
        self.stakes.settle(seconds, self._spent, gained, len(rows), pace)
        self._proposed, self._spent = {}, 0.0

    def drop(self, sequence: Sequence) -> None:
        """Free what it has in the cache. A no-op for one that has nothing there."""
        draft = self._drafts.pop(sequence, None)
        if draft is not None:
            self.groups.release(draft.tables)

    def check(self, running: Seq[Sequence]) -> None:
        """Raise AssertionError where blocks and sequences disagree."""
        self.groups.check()
        assert self._drafts.keys() <= set(running), "a sequence that does not run is followed"
        for name, pool in self.groups.pools.items():
            held = {block for draft in self._drafts.values() for block in draft.tables[name] if block >= 0}
            assert len(held) == pool.size - pool.free, f"drafts: {pool.size - pool.free} blocks in use, {len(held)} held by sequences"

    def close(self) -> None:
        """Free weights and cache. A no-op when closed."""
        self.runner.close()

    def _draft(self, sequence: Sequence) -> _Draft:
        """How far it was followed; of one that never was, as far as the cache knows its beginning."""
        draft = self._drafts.get(sequence)
        if draft is None:
            links = sequence.links
            reach = self.groups.match(links, (len(sequence.tokens) - 1) // BLOCK)
            draft = _Draft(self.groups.adopt(links[:reach]), Odds(self._odds.chance, beyond=self._odds), reach * BLOCK, reach)
            self._drafts[sequence] = draft
        draft.catch_up(sequence.tokens)
        self.groups.trim(draft.tables, draft.computed)
        full = min(draft.computed // BLOCK, len(sequence.links))
        if full > draft.labelled:
            self.groups.label(draft.tables, sequence.links[:full], draft.labelled)
            draft.labelled = full
        return draft

    def _pays(self, sequence: Sequence, draft: _Draft, rows: int, pace: Pace) -> bool:
        """Whether it is worth reading what was not followed."""
        behind = len(sequence.tokens) - draft.computed - 1
        return not draft.lost and self.stakes.reads(behind, sequence.generated, draft.odds.chance, rows, pace)

    def _read(self, chosen: Mapping[Sequence, _Draft], length: int, most: int) -> dict[Sequence, tuple[int, ...]]:
        """Read what is new of each, of all together `most` tokens beside one of each; and write `length` tokens behind those now read."""
        pieces, room = dict[Sequence, list[int]](), most
        for sequence, draft in chosen.items():
            piece = sequence.tokens[draft.computed : min(len(sequence.tokens), draft.computed + 1 + room)]
            draft.lost = max(piece) >= self.runner.info.vocab_size
            end = len(sequence.tokens) + length - 1
            if not draft.lost and end <= self.runner.info.max_context and self.groups.grow(draft.tables, end):
                pieces[sequence], room = piece, room - len(piece) + 1
        if not pieces:
            return {}
        whole = [chosen[sequence].computed + len(piece) == len(sequence.tokens) for sequence, piece in pieces.items()]
        rows = [(piece, chosen[sequence].computed, chosen[sequence].tables) for sequence, piece in pieces.items()]
        at_once = all(len(piece) == 1 for piece in pieces.values()) and all(whole)
        written = self._run(rows, whole, length if at_once else 1)
        for sequence, piece in pieces.items():
            chosen[sequence].computed += len(piece)
        ready = {sequence: own for sequence, own, there in zip(pieces, written, whole, strict=True) if there}
        for sequence, own in ready.items():
            chosen[sequence].lost = not own  # it has a number that is none
        ready = {sequence: own for sequence, own in ready.items() if own}
        if not at_once and ready and length > 1:
            rows = [(list(own), len(sequence.tokens), chosen[sequence].tables) for sequence, own in ready.items()]
            more = self._run(rows, [True] * len(rows), length - 1)
            ready = {sequence: own + then for (sequence, own), then in zip(ready.items(), more, strict=True)}
        for sequence, own in ready.items():
            chosen[sequence].ahead = own[:-1]
        return ready

    def _run(self, rows: list[tuple[list[int], int, Tables]], whole: list[bool], length: int) -> tuple[tuple[int, ...], ...]:
        """The likeliest tokens behind each row that is whole."""
        started, tokens = self._clock(), sum(len(piece) for piece, _, _ in rows)
        rule = RowSampling(_GREEDY, limit=length)
        output = self.runner.run(pack(rows, self.runner.info.groups, whole), (rule,) * len(rows), length)
        seconds, drawn = self._clock() - started, sum(whole)
        self._spent += seconds
        self.stakes.pace.took(seconds / length, drawn, tokens - drawn)
        return output.tokens
