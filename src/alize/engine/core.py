"""The engine itself, without a process or a network around it. In: requests. Out: steps. One thread calls it.

`LocalEngine` runs a Core in a process of its own; `alize run` and the library run one in theirs.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Seq
from dataclasses import replace
from itertools import takewhile
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.engine.adapters import Adapters
from alize.engine.admission import refuse
from alize.engine.base import EngineStats, ModelInfo, Request, Step, Times
from alize.engine.batch import Batches
from alize.engine.drafting import Drafter
from alize.engine.fit import Room
from alize.engine.grammar import GRAMMAR_LOST
from alize.engine.groups import CacheGroups, longest
from alize.engine.guessing import Guesser
from alize.engine.guide import Words
from alize.engine.guides import Guides
from alize.engine.plan import Plan
from alize.engine.reading import Job, Reading, done
from alize.engine.runners.base import BLOCK, Output, Runner
from alize.engine.saved.prefixes import Prefixes
from alize.engine.saved.store import Saved
from alize.engine.schedule import Limits, Scheduler
from alize.engine.sequence import Sequence
from alize.engine.shares import Shares
from alize.engine.sounds import Coming
from alize.engine.speculation import judged
from alize.engine.turnover import Turnover
from alize.errors import AlizeError, InvalidRequest

__all__ = ["Core"]

_LAST = 2.0  # seconds for which a core that is closed goes on saving


class Core:
    """Continuous batching over one Runner."""

    def __init__(
        self,
        runner: Runner,
        limits: Limits,
        blocks: dict[str, int],
        model: str = "",
        sha256: str | None = None,
        room: Room | None = None,
        clock: Callable[[], float] = time.perf_counter,
        words: Callable[[], Words] | None = None,
        saved: Saved | None = None,
        drafter: Drafter | None = None,
    ) -> None:
        """`blocks` is the size of each group's pool. A context longer than one sequence alone can have in every pool is not offered.

        `room` is what adapters may take beside weights and cache; None asks nobody. `clock`: by which steps are timed, in seconds.
        `words`: the vocabulary, for grammars; None: there are none. `saved`: where computed prefixes outlive this core; None: nowhere.
        `drafter`: a model that guesses; it is closed with this one.
        """
        capacities = [longest(group, blocks[group.name], limits.step_tokens) for group in runner.info.groups]
        self.runner = runner
        self.limits = replace(
            limits,
            max_context=min(limits.max_context, runner.info.max_context, *capacities),
            max_running=min(limits.max_running, limits.step_tokens),  # every running sequence must get its token in every step
            decode_steps=min(limits.decode_steps, runner.info.max_steps),
        )
        runner.allocate(blocks)
        self.adapters = Adapters(runner, self.limits, room)
        self.scheduler = Scheduler(CacheGroups(runner.info.groups, blocks), self.limits, runner.encoded, drafter)
        self._batches, self._clock = Batches(runner.info.groups), clock
        self.guides = None if words is None else Guides(words, runner.info.vocab_size)
        keeps = saved is not None and runner.info.layout and self.scheduler.limits.prefix_cache
        self.prefixes = Prefixes(saved, runner, self.scheduler) if saved is not None and keeps else None
        self.refused: list[tuple[str, AlizeError]] = []  # requests that were added, and why they do not begin; whoever says so clears it
        self.paused = False
        self._reading = Reading(runner, self.scheduler, self.adapters, self.limits, lambda: self.info)
        self.plan: Plan | None = None  # what is being computed; None between two steps
        # A state has moved past a guess and cannot go back; and where a row's bits depend on the others, so would what is drawn.
        recurrent = any(group.kind == "recurrent" for group in runner.info.groups)
        self._speculates = limits.speculation and runner.info.batch_invariant and not recurrent
        self._sequences: dict[str, Sequence] = {}
        self._held, self._watched = Shares(), Shares()  # places: of all of these, and of those that somebody watches
        self._arrivals = self._pieces = 0  # requests, and pieces of their sound, that have come
        self._stuck: object = None  # the state in which nothing could be planned
        self._counts: dict[str, Any] = {"step_seconds": 0.0}  # of EngineStats, by name
        self._turnover = Turnover()
        self._came: dict[str, float] = {}  # requests of another core that are still to be added here, and when they came there
        self._model, self._sha256 = model, sha256

    @property
    def info(self) -> ModelInfo:
        runner = self.runner.info
        return ModelInfo(
            id=self._model,
            vocab_size=runner.vocab_size,
            max_context=self.limits.max_context,
            dtype=runner.dtype,
            dtype_reason=runner.dtype_reason,
            runner=runner.name,
            weights_bytes=runner.weights_bytes,
            cache_bytes=runner.cache_bytes({name: pool.size for name, pool in self.scheduler.groups.pools.items()}),
            hidden_size=runner.hidden_size,
            weights_sha256=self._sha256,
            sight=runner.sight,
            adapters=self.adapters.infos,
            unavailable=self.adapters.unavailable,
            writes=runner.writes,
            hearing=runner.hearing,
            grammars=self.guides is not None,
            batch_invariant=runner.batch_invariant,
            cache_dtype=runner.cache_dtype,
            draft=None if self.scheduler.drafter is None else self.scheduler.drafter.info,
        )

    @property
    def busy(self) -> bool:
        """Whether `step` has something to do: not where all who run wait for their sound, and leave no room for who waits to begin."""
        if self.guides or (self.prefixes is not None and self.prefixes.busy):
            return True
        if self._stuck is not None and self._state == self._stuck:
            return False
        return any(sequence.ready for sequence in self.scheduler.running) or self.scheduler.waiting.first(returning=self.paused) is not None

    @property
    def _state(self) -> object:
        """What a plan depends on."""
        scheduler = self.scheduler
        came = self._arrivals, self._pieces, len(self._sequences)
        return self.paused, *came, scheduler.groups.used, scheduler.preemptions, scheduler.no_room

    @property
    def settled(self) -> bool:
        """Whether nothing that began is unfinished: what `pause` waits for."""
        return not self.scheduler.running and self.scheduler.waiting.first(returning=True) is None

    def waiting(self) -> list[Request]:
        """Requests that have not begun, in order of arrival: those, too, whose prefix is being read or whose grammar is being compiled."""
        return [sequence.request for sequence in sorted(self._waiting, key=lambda sequence: sequence.arrival)]

    @property
    def _waiting(self) -> list[Sequence]:
        prepared = (self.guides.sequences if self.guides else []) + (self.prefixes.sequences if self.prefixes else [])
        return [*self.scheduler.waiting, *prepared]

    def add(self, request: Request, *, again: bool = False) -> None:
        """Queue a request; `again`: another core has taken it before.

        Raises PromptTooLong, InvalidRequest, UnsupportedParameter, Conflict (the id is in use) or QueueFull.
        """
        came = self._came.pop(request.id, self._clock())
        refuse(request, self.info, self._sequences, self._watched if request.priority >= 0 else self._held, self.limits, self._wait)
        self._arrivals += 1
        sequence = Sequence(request, self._arrivals, self.adapters.hold(request.adapter), self._coming(request))
        sequence.came = came
        if self._speculates and sequence.plain:
            known = takewhile(lambda token: 0 <= token < self.runner.info.vocab_size, request.predicted[: request.max_tokens])
            sequence.guesser = Guesser(tuple(known))  # a tokenizer may know more ids than the model has rows for
        if request.grammar is not None and self.guides is not None:
            try:
                self.guides.begin(sequence, request.grammar, again=again)
            except BaseException:
                self.adapters.release(sequence.adapter)
                raise
        else:
            self._queue(sequence)
        self._sequences[request.id] = sequence
        self._held.take(request.tenant)
        if request.priority >= 0:
            self._watched.take(request.tenant)
        self._count(prompt_tokens=len(request.tokens))

    def hear(self, request_id: str, data: bytes, *, last: bool) -> list[Step]:
        """More of a request's sound, and the step that ends it where nothing is left to be said. See `Engine.hear`.

        Raises InvalidRequest; the request is then as it was.
        """
        sequence = self._sequences.get(request_id)
        if sequence is None:
            return []
        wrong = "it was whole" if sequence.coming is None else sequence.coming.add(data, last=last)
        if wrong:
            raise InvalidRequest(f"More of the sound cannot be heard: {wrong}.")
        self._pieces += 1
        if sequence.generated < sequence.limit:
            return []
        self._remove(request_id)
        self._end(sequence)
        of, times = (sequence.prompt_length, sequence.cached), sequence.times(self._clock())
        return [Step(request_id, (), (), "length", *of, times=times)]

    def abort(self, request_id: str) -> None:
        """Forget a request and free its blocks. A no-op for one that has ended or never was."""
        sequence = self._sequences.get(request_id)
        if sequence is not None:
            self._let_go(sequence)
            self._remove(request_id)
            if sequence.request.media:
                self.runner.keep(self.scheduler.wanted())
            self._count(aborted=1)
            if sequence.first is not None:  # by a stop string, say; one that never began says nothing of how long requests take
                self._turnover.ended(self._counts["step_seconds"])

    def step(self) -> list[Step]:
        """Advance every running request: plan, encode, batch, run, commit. Where the runner raises, the step can be taken again."""
        self._begin_prepared()
        before = self._state
        plan = self.scheduler.plan(admit=not self.paused)
        started = self._clock()
        for sequence in plan.begun:
            sequence.begun = started
        self._stuck = before if plan.empty and before == self._state else None
        if plan.empty:
            self._rest()
            return []
        self.plan = plan
        try:
            self.scheduler.look_ahead(plan)
            started = self._clock()
            self._encode(plan)
            output = self.runner.run(*self._batches.of(plan), plan.steps) if plan.tokens else Output(())
        except BaseException:  # above all Ctrl-C, where the engine runs in the user's own process
            self.scheduler.undo(plan)
            raise
        finally:
            self.plan = None
        seconds = self._clock() - started
        self.scheduler.took(plan, seconds)
        self._count(steps=1, step_seconds=seconds)
        steps = self._commit(plan, output, started + seconds)
        if self.prefixes is not None:  # all that is findable is computed by now
            self.prefixes.go_on(idle=False)
        return steps

    def set_adapter(self, name: str, path: str | None) -> None:
        """See `Engine.set_adapter`."""
        if path is None:
            self.adapters.remove(name)
        else:
            self.adapters.set(name, path)

    def score(self, tokens: Seq[int], adapter: str | None = None) -> list[float]:
        """Log-probability of each token after the first, given those before it."""
        return done(self.scoring(tokens, adapter))

    def embed(self, batch: Seq[Seq[int]], adapter: str | None = None) -> npt.NDArray[np.float32]:
        """A vector of length 1 for each sequence: [len(batch), D]."""
        return done(self.embedding(batch, adapter))

    def scoring(self, tokens: Seq[int], adapter: str | None = None) -> Job[list[float]]:
        """`score`, in pieces. One job at a time: two could hold all blocks and both wait for more."""
        return self._reading.scoring(tokens, adapter)

    def embedding(self, batch: Seq[Seq[int]], adapter: str | None = None) -> Job[npt.NDArray[np.float32]]:
        """`embed`, in pieces of at most a step's tokens; of an encoder, of one whole text at least."""
        return self._reading.embedding(batch, adapter)

    def logits(self, tokens: Seq[int], adapter: str | None = None) -> npt.NDArray[np.float32]:
        """Logits of the token after each one: [len, V]. 200 KB a token for a vocabulary of 49,152."""
        return self._reading.logits(tokens, adapter)

    def stats(self, memory_bytes: int = 0) -> EngineStats:
        groups, scheduler = self.scheduler.groups, self.scheduler
        self._count_prefixes()
        waiting = self._waiting
        return EngineStats(
            **self._counts,
            running=len(scheduler.running),
            waiting=len(waiting),
            tenants=scheduler.waiting.tenants.stats(scheduler.running, waiting),
            blocks_total=groups.total,
            blocks_used=groups.used,
            preemptions=scheduler.preemptions,
            memory_bytes=memory_bytes,
            prefix_disk_bytes=self.prefixes.held if self.prefixes is not None else 0,
        )

    def count_from(self, other: "Core") -> None:
        """Go on with another core's counters. What waits there is not counted: it is counted again when it is added here."""
        other._count_prefixes()
        self._counts = dict(other._counts)
        self._count(prompt_tokens=-sum(len(request.tokens) for request in other.waiting()))
        self.scheduler.preemptions = other.scheduler.preemptions
        self.scheduler.waiting.tenants.count_from(other.scheduler.waiting.tenants)
        self._turnover = other._turnover
        self._came = {request.id: other._sequences[request.id].came for request in other.waiting()}

    def check(self) -> None:
        """Verify the books of the block pools; called when idle."""
        self.scheduler.check()
        for places, least in ((self._held, -sys.maxsize), (self._watched, 0)):
            counted = Shares()
            for sequence in self._sequences.values():
                if sequence.request.priority >= least:
                    counted.take(sequence.request.tenant)
            assert places == counted, "each has one place"
        self.adapters.check(Counter(sequence.adapter for sequence in self._sequences.values() if sequence.adapter))

    def _encode(self, plan: Plan) -> None:
        if self.runner.info.sight is not None or self.runner.info.hearing is not None:
            self.runner.keep(self.scheduler.wanted())
        if plan.encode_tokens:
            self.runner.encode(plan.encode, plan.encode_tokens)

    def _commit(self, plan: Plan, output: Output, now: float) -> list[Step]:
        output = _held(judged(output, plan.tokens, plan.guesses), plan)
        self._count_guesses(plan, output)
        logprobs = dict(zip(plan.tokens, output.logprobs, strict=True)) if output.logprobs else {}
        steps: list[Step] = []
        cached = generated = 0
        progress = self.scheduler.commit(plan, output)
        for sequence, tokens in progress:
            if sequence.guide is not None and sequence.finish is None:
                sequence.guide.take(tokens)
            if sequence.guesser is not None:
                sequence.guesser.learn(tokens)
            begins = len(sequence.tokens) == sequence.prompt_length + len(tokens)  # its first tokens: the prompt is done
            times: Times | None = None
            if begins:
                cached += sequence.cached
                sequence.first = now
                times = sequence.times(now)
            generated += len(tokens)
            id, finish = sequence.request.id, sequence.finish
            lost = _lost(sequence) if finish is None else None
            if lost is not None:
                finish = "error"
                self._lose(sequence)
            if self.prefixes is not None and lost is None and (begins or finish) and sequence.coming is None:
                self.prefixes.keep(sequence.links[: sequence.computed // BLOCK])
            if finish:
                self._end(sequence)
                times = sequence.times(now)
            of, guessed = (sequence.prompt_length, sequence.cached), (sequence.guessed, sequence.accepted)
            steps.append(Step(id, tokens, logprobs.get(sequence, ()), finish, *of, lost, *guessed, times))
        steps += self._fail(plan, output, now)
        self._count(cached_tokens=cached, generated_tokens=generated)
        return steps

    def _let_go(self, sequence: Sequence) -> None:
        """Of its id, its place and its adapter."""
        del self._sequences[sequence.request.id]
        self._held.give_back(sequence.request.tenant)
        if sequence.request.priority >= 0:
            self._watched.give_back(sequence.request.tenant)
        self.adapters.release(sequence.adapter)

    def _end(self, sequence: Sequence) -> None:
        self._let_go(sequence)
        self._turnover.ended(self._counts["step_seconds"])

    def _fail(self, plan: Plan, output: Output, now: float) -> Iterator[Step]:
        """End the requests that the runner could draw no token for."""
        rows = list(plan.tokens) if output.failures else []
        for row, why in output.failures:
            sequence = rows[row]
            if sequence.request.id not in self._sequences:  # its grammar has ended it
                continue
            if _lost(sequence) is not None:
                self._lose(sequence)
            else:
                self.scheduler.spoil(sequence)
                if self.prefixes is not None:
                    self.prefixes.forget(sequence.links[: sequence.labelled])
            self._end(sequence)
            of = (sequence.prompt_length, sequence.cached)
            yield Step(sequence.request.id, (), (), "error", *of, why, sequence.guessed, sequence.accepted, sequence.times(now))

    def _lose(self, sequence: Sequence) -> None:
        """End one whose grammar is lost. What it computed is as good as any."""
        if self.guides is not None and sequence.request.grammar is not None:
            self.guides.lose(sequence.request.salt, sequence.request.grammar)
        self.scheduler.remove(sequence.request.id)

    def _count_guesses(self, plan: Plan, output: Output) -> None:
        """A row that was guessed right has given a token; the first row's is no guess's."""
        for sequence, drawn in zip(plan.tokens, output.tokens, strict=True) if plan.guesses else ():
            guessed = len(plan.guesses.get(sequence, ()))
            accepted = max(0, len(drawn) - 1) if guessed else 0
            sequence.guessed += guessed
            sequence.accepted += accepted
            self._count(guessed_tokens=guessed, accepted_tokens=accepted)

    def close(self) -> None:
        """Save what is to be saved, for a moment at most, and free weights and cache. A no-op when closed."""
        if self.prefixes is not None:
            self.prefixes.close(_LAST)
        if self.guides is not None:
            self.guides.close()
        if self.scheduler.drafter is not None:
            self.scheduler.drafter.close()
        self.runner.close()

    def _queue(self, sequence: Sequence) -> None:
        """Have what the disk knows of its prompt read, or queue it at once."""
        if self.prefixes is None or not self.prefixes.begin(sequence):
            self.scheduler.add(sequence)

    def _remove(self, request_id: str) -> None:
        """Wherever it is."""
        self.scheduler.remove(request_id)
        if self.prefixes is not None:
            self.prefixes.remove(request_id)
        if self.guides is not None:
            self.guides.remove(request_id)

    def _rest(self) -> None:
        """There is nothing to compute: save something, or wait a moment for who prepares what there will be."""
        if self.prefixes is not None:
            self.prefixes.go_on(idle=True)
            self.prefixes.wait()
        if self.guides:
            self.guides.wait()

    def _begin_prepared(self) -> None:
        """Queue those whose grammar is compiled, and those whose prefix is in the cache."""
        for sequence in self.prefixes.ready() if self.prefixes else ():
            self.scheduler.add(sequence)
        for sequence, error in self.guides.ready() if self.guides else ():
            if error is None:
                self._queue(sequence)
                continue
            self._let_go(sequence)
            self.refused.append((sequence.request.id, error))

    def _coming(self, request: Request) -> Coming | None:
        hearing = self.runner.info.hearing
        return next((Coming(sound, hearing.token_bytes) for sound in request.sounds if sound.most and hearing is not None), None)

    def _wait(self, ahead: int) -> float:
        """Seconds until so many requests more have ended."""
        return self._turnover.wait(ahead, self._counts["step_seconds"])

    def _count_prefixes(self) -> None:
        if self.prefixes is not None:
            self._count(**self.prefixes.counted())

    def _count(self, **more: float) -> None:
        for name, value in more.items():
            self._counts[name] = self._counts.get(name, 0) + value


def _lost(sequence: Sequence) -> str | None:
    """Why its answer cannot be held to its grammar any more."""
    why = None if sequence.guide is None else sequence.guide.failure
    return None if why is None else f"{GRAMMAR_LOST} ({why})."


def _held(output: Output, plan: Plan) -> Output:
    """Without what was drawn while nobody could say what may be."""
    lost = {row: why for row, s in enumerate(plan.tokens) if s.guide is not None and output.tokens[row] and (why := _lost(s))}
    if not lost:
        return output
    tokens = tuple([() if row in lost else drawn for row, drawn in enumerate(output.tokens)])
    logprobs = tuple([() if row in lost else of for row, of in enumerate(output.logprobs)])
    return Output(tokens, logprobs, (*output.failures, *lost.items()))
