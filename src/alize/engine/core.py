"""The engine itself, without a process or a network around it. In: requests. Out: steps. One thread calls it.

`LocalEngine` runs a Core in a process of its own; `alize run` and the library run one in theirs.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from collections.abc import Sequence as Seq
from dataclasses import replace
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from alize.engine.adapters import Adapters
from alize.engine.base import EngineStats, ModelInfo, Request, Step, check_fits, check_writes
from alize.engine.batch import Batches, pack
from alize.engine.fit import Room
from alize.engine.groups import CacheGroups, longest
from alize.engine.pooling import Pool
from alize.engine.runners.base import Output, Runner
from alize.engine.schedule import Limits, Plan, Scheduler
from alize.engine.sequence import Sequence
from alize.engine.sounds import Coming
from alize.errors import Conflict, InvalidRequest, QueueFull, UnsupportedParameter
from alize.reasons import because
from alize.wording import quantity

__all__ = ["Core", "Job"]

Result = TypeVar("Result")
Job = Generator[None, None, Result]
"""Work outside the batch, one piece for each `next`; its result is what it returns. Closing it early frees its blocks."""


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
    ) -> None:
        """`blocks` is the size of each group's pool. A context longer than one sequence alone can have in every pool is not offered.

        `room` is what adapters may take beside weights and cache; None asks nobody. `clock`: by which steps are timed, in seconds.
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
        self.scheduler = Scheduler(CacheGroups(runner.info.groups, blocks), self.limits, runner.encoded)
        self._batches, self._clock = Batches(runner.info.groups), clock
        self.paused = False
        self._sequences: dict[str, Sequence] = {}
        self._arrivals = self._pieces = 0  # requests, and pieces of their sound, that have come
        self._stuck: object = None  # the state in which nothing could be planned
        self._counts: dict[str, Any] = {}  # of EngineStats, by name
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
        )

    @property
    def busy(self) -> bool:
        """Whether `step` has something to do: not where all who run wait for their sound, and leave no room for who waits to begin."""
        if self._stuck is not None and self._state == self._stuck:
            return False
        return any(sequence.ready for sequence in self.scheduler.running) or self.scheduler.waiting.first(returning=self.paused) is not None

    @property
    def _state(self) -> object:
        """What a plan depends on."""
        scheduler = self.scheduler
        return self.paused, self._arrivals, self._pieces, len(self._sequences), scheduler.groups.used, scheduler.preemptions

    @property
    def settled(self) -> bool:
        """Whether nothing that began is unfinished: what `pause` waits for."""
        return not self.scheduler.running and self.scheduler.waiting.first(returning=True) is None

    def waiting(self) -> list[Request]:
        """Requests that have not begun, in order of arrival."""
        return [sequence.request for sequence in sorted(self.scheduler.waiting, key=lambda s: s.arrival)]

    def add(self, request: Request) -> None:
        """Queue a request. Raises PromptTooLong, InvalidRequest, UnsupportedParameter, Conflict (the id is in use) or QueueFull."""
        self._refuse(request)
        self._arrivals += 1
        sequence = Sequence(request, self._arrivals, self.adapters.hold(request.adapter), self._coming(request))
        self._sequences[request.id] = sequence
        self.scheduler.add(sequence)
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
        del self._sequences[request_id]
        self.scheduler.remove(request_id)
        self.adapters.release(sequence.adapter)
        return [Step(request_id, finish="length", prompt_tokens=sequence.prompt_length, cached_tokens=sequence.cached)]

    def abort(self, request_id: str) -> None:
        """Forget a request and free its blocks. A no-op for one that has ended or never was."""
        sequence = self._sequences.pop(request_id, None)
        if sequence is not None:
            self.scheduler.remove(request_id)
            if sequence.request.media:
                self.runner.keep(self.scheduler.wanted())
            self.adapters.release(sequence.adapter)
            self._count(aborted=1)

    def step(self) -> list[Step]:
        """Advance every running request: plan, encode, batch, run, commit. Where the runner raises, the step can be taken again."""
        plan = self.scheduler.plan(admit=not self.paused)
        self._stuck = self._state if plan.empty else None
        if plan.empty:
            return []
        started = self._clock()
        try:
            self._encode(plan)
            output = self.runner.run(*self._batches.of(plan), plan.steps) if plan.tokens else Output(())
        except BaseException:  # above all Ctrl-C, where the engine runs in the user's own process
            self.scheduler.undo(plan)
            raise
        seconds = self._clock() - started
        self.scheduler.pace.took(seconds / plan.steps, plan.decodes, plan.read)
        self._count(steps=1, step_seconds=seconds)
        return self._commit(plan, output)

    def set_adapter(self, name: str, path: str | None) -> None:
        """See `Engine.set_adapter`."""
        if path is None:
            self.adapters.remove(name)
        else:
            self.adapters.set(name, path)

    def score(self, tokens: Seq[int]) -> list[float]:
        """Log-probability of each token after the first, given those before it."""
        return _result(self.scoring(tokens))

    def embed(self, batch: Seq[Seq[int]], adapter: str | None = None) -> npt.NDArray[np.float32]:
        """A vector of length 1 for each sequence: [len(batch), D]."""
        return _result(self.embedding(batch, adapter))

    def scoring(self, tokens: Seq[int]) -> Job[list[float]]:
        """`score`, in pieces. One job at a time: two could hold all blocks and both wait for more."""
        scores: list[float] = []
        for start, logits in self._values(tokens, "logits"):
            wide = logits.astype(np.float64)
            wide -= wide.max(axis=-1, keepdims=True)
            chosen = np.asarray(tokens[start + 1 : start + 1 + len(wide)])
            scores += (wide[np.arange(len(chosen)), chosen] - np.log(np.exp(wide[: len(chosen)]).sum(axis=-1))).tolist()
            yield
        return scores

    def embedding(self, batch: Seq[Seq[int]], adapter: str | None = None) -> Job[npt.NDArray[np.float32]]:
        """`embed`, in pieces of at most a step's tokens; of an encoder, of one whole text at least.

        Short texts go together, the shortest first: those of one length are computed as one.
        """
        for tokens in batch:
            check_fits(Request(id="", tokens=tuple(tokens), max_tokens=1), self.info, drawn=0)
        pools = [Pool(self.runner.info.pooling) for _ in batch]
        for together in _steps([len(tokens) for tokens in batch], self.limits.step_tokens, alone=bool(self.runner.info.groups)):
            texts = [batch[index] for index in together]
            if self.runner.info.writes:
                for _, hidden in self._values(texts[0], "hidden", adapter):
                    pools[together[0]].add(hidden)
                    yield
                continue
            rows = self._whole(texts)
            for index, text in zip(together, texts, strict=True):
                pools[index].add(rows[: len(text)])
                rows = rows[len(text) :]
            yield
        return np.stack([pool.vector() for pool in pools]) if pools else np.empty((0, self.runner.info.hidden_size), np.float32)

    def _whole(self, texts: Seq[Seq[int]]) -> npt.NDArray[np.float32]:
        """The rows of whole texts, one after the other, of a model that keeps nothing."""
        batch = pack([(list(text), 0, {}) for text in texts], (), [False] * len(texts), want="hidden")
        values = self.runner.run(batch, []).values
        assert values is not None
        return values

    def logits(self, tokens: Seq[int], adapter: str | None = None) -> npt.NDArray[np.float32]:
        """Logits of the token after each one: [len, V]. 200 KB a token for a vocabulary of 49,152."""
        return np.concatenate([logits for _, logits in self._values(tokens, "logits", adapter)])

    def _values(
        self, tokens: Seq[int], want: Literal["logits", "hidden"], adapter: str | None = None
    ) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """Yield (first index, values) piece by piece, computed in scratch blocks; running requests give way where needed.

        Raises PromptTooLong, InvalidRequest for ids outside the vocabulary, UnsupportedParameter for an adapter that is not there.
        """
        check_fits(Request(id="", tokens=tuple(tokens), max_tokens=1), self.info, drawn=0)
        if want == "logits":
            check_writes(self.info)
        key, groups = self.adapters.hold(adapter), self.scheduler.groups
        tables = groups.empty()
        try:
            start = 0
            while start < len(tokens):
                piece = list(tokens[start : start + self.scheduler.beside])
                self.scheduler.make_room(tables, start + len(piece))
                output = self.runner.run(
                    pack([(piece, start, tables)], self.runner.info.groups, [False], (key,) if key else (), want=want), []
                )
                assert output.values is not None
                groups.trim(tables, start + len(piece))
                yield start, output.values
                start += len(piece)
        finally:
            groups.release(tables)
            self.adapters.release(key)

    def stats(self, memory_bytes: int = 0) -> EngineStats:
        groups, scheduler = self.scheduler.groups, self.scheduler
        return EngineStats(
            **self._counts,
            running=len(scheduler.running),
            waiting=len(scheduler.waiting),
            blocks_total=groups.total,
            blocks_used=groups.used,
            preemptions=scheduler.preemptions,
            memory_bytes=memory_bytes,
        )

    def count_from(self, other: "Core") -> None:
        """Go on with another core's counters. What waits there is not counted: it is counted again when it is added here."""
        self._counts = dict(other._counts)
        self._count(prompt_tokens=-sum(len(request.tokens) for request in other.waiting()))
        self.scheduler.preemptions = other.scheduler.preemptions

    def check(self) -> None:
        """Verify the books of the block pools; called when idle."""
        self.scheduler.check()
        self.adapters.check(Counter(sequence.adapter for sequence in self._sequences.values() if sequence.adapter))

    def _encode(self, plan: Plan) -> None:
        if self.runner.info.sight is not None or self.runner.info.hearing is not None:
            self.runner.keep(self.scheduler.wanted())
        if plan.encode_tokens:
            self.runner.encode(plan.encode, plan.encode_tokens)

    def _commit(self, plan: Plan, output: Output) -> list[Step]:
        logprobs = dict(zip(plan.tokens, output.logprobs, strict=True)) if output.logprobs else {}
        steps: list[Step] = []
        cached = generated = 0
        for sequence, tokens in self.scheduler.commit(plan, output):
            if len(sequence.tokens) == sequence.prompt_length + len(tokens):  # its first tokens: the prompt is done
                cached += sequence.cached
            generated += len(tokens)
            id, finish = sequence.request.id, sequence.finish
            if finish:
                del self._sequences[id]
                self.adapters.release(sequence.adapter)
            steps.append(Step(id, tokens, logprobs.get(sequence, ()), finish, sequence.prompt_length, sequence.cached))
        steps += self._fail(plan, output)
        self._count(cached_tokens=cached, generated_tokens=generated)
        return steps

    def _fail(self, plan: Plan, output: Output) -> Iterator[Step]:
        """End the requests that the runner could draw no token for."""
        rows = list(plan.tokens) if output.failures else []
        for row, why in output.failures:
            sequence = rows[row]
            self.scheduler.spoil(sequence)
            del self._sequences[sequence.request.id]
            self.adapters.release(sequence.adapter)
            yield Step(sequence.request.id, finish="error", prompt_tokens=sequence.prompt_length, cached_tokens=sequence.cached, error=why)

    def _refuse(self, request: Request) -> None:
        check_writes(self.info)
        check_fits(request, self.info)
        if request.max_tokens < 1:
            raise InvalidRequest("max_tokens must be at least 1.", param="max_tokens")
        if request.grammar is not None:
            raise UnsupportedParameter("This engine has no grammars yet.", param="response_format")
        if request.id in self._sequences:
            raise Conflict(f"A request with the id '{request.id}' is running.")
        self._refuse_media(request)
        if len(self._sequences) >= self.limits.max_running + self.limits.max_waiting:  # one that has only not begun yet does not wait
            raise QueueFull(
                f"There is no room in the queue: {quantity(len(self._sequences), 'request')} came before.",
                remedy="Try again shortly.",
                retry_after=1.0,
                reason=because("queue_full", requests=len(self._sequences)),
            )

    def _refuse_media(self, request: Request) -> None:
        own, most = self._media_bytes(request), self.limits.media_bytes
        if own > most:
            raise InvalidRequest(
                f"The images and sounds take {own} bytes; {most} are held at most.",
                remedy="Send fewer.",
                reason=because("media_too_large", bytes=own, most_bytes=most),
            )
        held = own + sum(self._media_bytes(sequence.request) for sequence in self._sequences.values())
        if own and held > most:
            raise QueueFull(
                f"The images and sounds of all requests take {held} bytes.",
                remedy="Try again shortly.",
                retry_after=1.0,
                reason=because("media_busy", bytes=held),
            )

    def _media_bytes(self, request: Request) -> int:
        """With what the runner keeps of a sound that is still coming."""
        hearing, bytes = self.runner.info.hearing, sum(medium.held for medium in request.media)
        kept = [hearing.kept + hearing.kept_each * sound.most for sound in request.sounds if sound.most and hearing is not None]
        return bytes + sum(kept)

    def _coming(self, request: Request) -> Coming | None:
        hearing = self.runner.info.hearing
        return next((Coming(sound, hearing.token_bytes) for sound in request.sounds if sound.most and hearing is not None), None)

    def _count(self, **more: float) -> None:
        for name, value in more.items():
            self._counts[name] = self._counts.get(name, 0) + value


def _steps(lengths: Seq[int], most: int, alone: bool) -> Iterator[list[int]]:
    """Which sequences to compute together: as many as have `most` tokens, at least one, by their lengths; one where each goes `alone`.

    >>> list(_steps([5, 3, 9, 4], 8, alone=False))
    [[1, 3], [0], [2]]
    """
    step, size = list[int](), 0
    for index in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        if step and (alone or size + lengths[index] > most):
            yield step
            step, size = [], 0
        step.append(index)
        size += lengths[index]
    if step:
        yield step


def _result(job: Job[Result]) -> Result:
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value
