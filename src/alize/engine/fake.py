"""FakeEngine: an `Engine` that needs no model. In: requests, and a script that says what to answer. Out: steps, the same every time.

For tests and demonstrations of everything above the engine: nothing is computed, nothing is random and nothing waits for a clock.

    engine = FakeEngine(saying("Paris.", tokenizer))      # what it answers
    engine.hold(after=1)                                  # every request stops after its first token …
    engine.release()                                      # … until now
    engine.fail(EngineCrashed("out of memory"), after=3)  # the next request breaks after three tokens
    engine.crash()                                        # every request breaks, new ones are refused until restart()
    await engine.until(lambda stats: stats.aborted == 1)  # a client has left
"""

import asyncio
import hashlib
import itertools
import math
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from alize.engine.absence import ended, leaving, restarting
from alize.engine.base import (
    AdapterInfo,
    EngineStats,
    FinishReason,
    Hearing,
    ModelInfo,
    Request,
    Sight,
    Step,
    TenantStats,
    Times,
    TokenLogprob,
    Unavailable,
    check_fits,
)
from alize.engine.blocks import chain
from alize.engine.fairness import DRAWN_WEIGHT, PROMPT_WEIGHT
from alize.engine.places import no_room
from alize.engine.runners.base import BLOCK
from alize.engine.sounds import Coming
from alize.errors import AlizeError, Conflict, InvalidRequest, UnsupportedParameter
from alize.tokenize.base import Tokenizer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["FakeEngine", "Reply", "saying"]

Reply = Callable[[Request], Sequence[int]]
"""What to answer: the ids, without a stop token at the end. The engine cuts them at the request's limits."""

_DIMENSIONS = 8  # of an embedding


def saying(text: str, tokenizer: Tokenizer) -> Reply:
    """Always answer with this text."""
    ids = tuple(tokenizer.encode(text))
    return lambda request: ids


@dataclass(slots=True)
class _Running:
    """One request in flight."""

    request: Request
    given: int = 0  # tokens
    begun: bool = False  # has given a step
    error: AlizeError | None = None
    coming: Coming | None = None  # its sound, where more of it will come

    @property
    def most(self) -> int:
        """Tokens that it may give by now: of a stream one for each of its sound behind the prompt, and one more."""
        request = self.request
        return request.max_tokens if self.coming is None else min(request.max_tokens, self.coming.length - len(request.tokens) + 1)

    @property
    def last(self) -> int:
        """Tokens after which it has to end."""
        return self.request.max_tokens if self.coming is None or not self.coming.whole else self.most


class FakeEngine:
    """See `Engine` for what each method promises. An answer that runs out of script ends with the lowest stop id; where stop tokens
    cannot be drawn (none given, or min_tokens not reached) the script begins again."""

    def __init__(
        self,
        reply: Reply,
        *,
        model: str = "fake",
        vocab_size: int = 264,
        max_context: int = 4096,
        step_tokens: int = 1,
        max_requests: int | None = None,
        sight: Sight | None = None,
        hearing: Hearing | None = None,
    ) -> None:
        """`step_tokens`: tokens in each step. `max_requests`: one more at the same time raises QueueFull. `sight`, `hearing`: it takes
        images, sounds."""
        self.reply = reply
        self.asked: list[Request] = []  # every request accepted, in order
        facts = ModelInfo(model, vocab_size, max_context, "int64", "token ids", "fake", 0, 0, hidden_size=_DIMENSIONS)
        self._info = replace(facts, sight=sight, hearing=hearing, batch_invariant=True, cache_dtype="int64")
        self._step_tokens = step_tokens
        self._max_requests = max_requests
        self._running: dict[str, _Running] = {}
        self._failures: list[tuple[AlizeError, int]] = []
        self._held_after: int | None = None
        self._paused = self._down = self._closed = False
        self._blocks: set[bytes] = set()
        self._generations: Counter[str] = Counter()
        self._counts = EngineStats(generation=1)
        self._used: Counter[str] = Counter()  # weighted tokens, by tenant
        self._changed = asyncio.Event()
        self._embeddings = itertools.count()

    # ── the script ──

    def hold(self, after: int = 0) -> None:
        """Every request waits once it has given `after` tokens."""
        self._held_after = after

    def release(self) -> None:
        """Undo `hold`."""
        self._held_after = None
        self._notify()

    def fail(self, error: AlizeError, after: int = 0) -> None:
        """The next request that arrives raises `error` once it has given `after` tokens; called twice, the one after it, too."""
        self._failures.append((error, after))

    def lose(self, name: str, path: str, reason: str) -> None:
        """Be as one that has started without this adapter, until it is set or removed."""
        self._info = replace(self._info, unavailable=(*self._info.unavailable, Unavailable(name, path, reason)))

    def crash(self) -> None:
        """End as a killed process does: every request raises EngineCrashed, and new ones EngineUnavailable until `restart`."""
        self._down = True
        self._end_all(ended())

    def restart(self) -> None:
        """Come back after `crash`, with counters at zero and no prefix remembered, as a new process does."""
        self._down = False
        self._blocks.clear()
        self._counts = EngineStats(generation=self._counts.generation + 1)
        self._used.clear()
        self._notify()

    async def until(self, condition: Callable[[EngineStats], bool]) -> EngineStats:
        """Wait for a state of the engine: returns the first stats for which `condition` holds."""
        while not condition(stats := self._stats()):
            await self._changed.wait()
        return stats

    # ── the Engine ──

    @property
    def info(self) -> ModelInfo:
        return self._info

    async def generate(self, request: Request) -> AsyncGenerator[Step, None]:
        self._refuse(request)
        answer = self._answer(request)
        error, breaks_at = self._failures.pop(0) if self._failures else (None, 0)
        cached = self._remember(request)
        running = self._running[request.id] = _Running(request, coming=self._coming(request))
        self.asked.append(request)
        self._used[request.tenant] += PROMPT_WEIGHT * (len(request.tokens) - cached)
        self._count(prompt_tokens=len(request.tokens), cached_tokens=cached)
        finish: FinishReason | None = None
        try:
            while finish is None:
                await self._turn(running)
                if error is not None and running.given >= breaks_at:
                    finish = "error"  # it ends here: nothing to abort
                    raise error
                tokens, finish = self._next(answer, running, breaks_at if error else None)
                times = Times(0.0, 0.0) if finish or not running.begun else None
                running.begun, running.given = True, running.given + len(tokens)
                self._used[request.tenant] += DRAWN_WEIGHT * len(tokens)
                self._count(generated_tokens=len(tokens), steps=1)
                extra = tuple(_logprob(token, request.sampling.logprobs) for token in tokens if request.sampling.logprobs is not None)
                yield Step(request.id, tokens, extra, finish, len(request.tokens), cached, times=times)
        finally:
            del self._running[request.id]
            self._count(aborted=0 if finish or running.error else 1)

    def hear(self, request_id: str, data: bytes, *, last: bool) -> None:
        running = self._running.get(request_id)
        if running is None or not running.begun:
            return
        wrong = "it was whole" if running.coming is None else running.coming.add(data, last=last)
        if wrong:
            running.error = InvalidRequest(f"More of the sound cannot be heard: {wrong}.")
        self._notify()

    async def score(self, tokens: Sequence[int]) -> list[float]:
        self._check_up()
        check_fits(Request("", tuple(tokens), 1), self._info, drawn=0)
        return [-math.log(self._info.vocab_size)] * (len(tokens) - 1)

    async def embed(self, batch: Sequence[Sequence[int]], tenant: str = "") -> "npt.NDArray[np.float32]":
        """How often each remainder by 8 is among the tokens. It is held, fails and crashes as an answer does."""
        import numpy as np

        self._check_up()
        for tokens in batch:
            check_fits(Request("", tuple(tokens), 1), self._info, drawn=0)
        self._refuse_full()
        running = self._running[f"embed-{next(self._embeddings)}"] = _Running(Request("", (0,), 1))
        error, _ = self._failures.pop(0) if self._failures else (None, 0)
        self._notify()
        try:
            await self._turn(running)
            if error is not None:
                raise error
        finally:
            self._running = {id: one for id, one in self._running.items() if one is not running}
            self._notify()
        counts = [np.bincount(np.asarray(tokens) % _DIMENSIONS, minlength=_DIMENSIONS) for tokens in batch]
        return np.asarray([each / np.linalg.norm(each) for each in counts], np.float32).reshape(len(batch), _DIMENSIONS)

    async def set_adapter(self, name: str, path: str | None) -> None:
        self._check_up()
        before = {info.name: info for info in self._info.adapters}
        after = dict(before)
        after.pop(name, None)
        if path is not None:  # of a file that nobody reads, the path tells whether it is another one
            digest = hashlib.sha256(path.encode()).hexdigest()
            if name in before and before[name].sha256 == digest:
                return
            self._generations[name] += 1
            after[name] = AdapterInfo(name, self._generations[name], digest)
        lost = tuple(each for each in self._info.unavailable if each.name != name)
        self._info = replace(self._info, adapters=tuple(after.values()), unavailable=lost)

    async def pause(self) -> None:
        self._paused = True
        await self.until(lambda stats: stats.running == 0)

    async def resume(self) -> None:
        self._paused = False
        self._notify()

    async def reload(self, path: str | None = None) -> None:
        await self.pause()
        self._blocks.clear()
        await self.resume()

    async def stats(self) -> EngineStats:
        self._check_up()
        await asyncio.sleep(0)  # a question to a real engine takes a turn of the loop, too
        return self._stats()

    async def close(self) -> None:
        self._closed = True
        self._end_all(leaving())

    # ── how it keeps its promises ──

    def _refuse(self, request: Request) -> None:
        self._check_up()
        check_fits(request, self._info)
        if request.max_tokens < 1:
            raise InvalidRequest("max_tokens must be at least 1.", param="max_tokens")
        if request.grammar is not None:
            raise UnsupportedParameter("response_format: this engine has no grammars.", param="response_format")
        if request.adapter is not None and request.adapter not in self._keys():
            raise UnsupportedParameter(f"This engine has no adapter '{request.adapter}'.", param="model")
        if request.id in self._running:
            raise Conflict(f"A request with the id '{request.id}' is running.")
        self._refuse_full()

    def _refuse_full(self) -> None:
        if self._max_requests is not None and len(self._running) >= self._max_requests:
            raise no_room(len(self._running), 1.0)

    def _keys(self) -> dict[str | None, str]:
        """What each adapter's name means now."""
        return {info.name: info.sha256 for info in self._info.adapters}

    def _check_up(self) -> None:
        if self._closed:
            raise leaving()
        if self._down:
            raise restarting()

    async def _turn(self, running: _Running) -> None:
        """Wait until this request may give its next step."""
        await asyncio.sleep(0)  # others come between two steps, as they do where something is computed
        while running.error is None and (
            (self._held_after is not None and running.given >= self._held_after)
            or (self._paused and not running.begun)
            or running.given == running.most < running.last
        ):
            await self._changed.wait()
        if running.error is not None:
            raise running.error

    def _answer(self, request: Request) -> Iterator[int]:
        """The tokens to give, without end: a stop token wherever the script has run out; before min_tokens `_next` passes over it."""
        script = tuple(self.reply(request))
        if (request.min_tokens or not request.stop_ids) and request.stop_ids.issuperset(script):
            raise InvalidRequest("This FakeEngine's script is empty, and an answer that may not stop must say something.")
        return itertools.chain.from_iterable(itertools.repeat((*script, *sorted(request.stop_ids)[:1])))

    def _next(self, answer: Iterator[int], running: _Running, breaks_at: int | None) -> tuple[tuple[int, ...], FinishReason | None]:
        """The tokens of the next step, and how the answer ends if it ends with them."""
        request = running.request
        most = min(running.most, self._info.max_context - len(request.tokens), 2**63 if breaks_at is None else breaks_at)
        tokens: list[int] = []
        finish: FinishReason | None = "length" if running.given == running.last else None  # its sound has ended since
        while finish is None and len(tokens) < min(self._step_tokens, most - running.given):
            token = next(answer)
            done = running.given + len(tokens) + 1
            if token in request.stop_ids:
                if done <= request.min_tokens:
                    continue
                finish = "stop"
            elif done == running.last:
                finish = "length"
            elif done == self._info.max_context - len(request.tokens):
                finish = "model_length"
            tokens.append(token)
        return tuple(tokens), finish

    def _coming(self, request: Request) -> Coming | None:
        hearing = self._info.hearing
        return next((Coming(sound, hearing.token_bytes) for sound in request.sounds if sound.most and hearing is not None), None)

    def _remember(self, request: Request) -> int:
        """How many tokens of the prompt a cache of full blocks would give; the last token is always computed."""
        keys = [
            link.key
            for link in chain(request.tokens, f"{request.salt}\0{self._keys().get(request.adapter, '')}".encode(), (), request.media)
        ]
        most = (len(request.tokens) - 1) // BLOCK
        found = next((index for index, key in enumerate(keys[:most]) if key not in self._blocks), min(most, len(keys)))
        self._blocks.update(keys)
        return found * BLOCK

    def _end_all(self, error: AlizeError) -> None:
        for running in self._running.values():
            running.error = error
        self._notify()

    def _stats(self) -> EngineStats:
        running = sum(one.begun for one in self._running.values())
        return replace(self._counts, running=running, waiting=len(self._running) - running, tenants=self._tenants())

    def _tenants(self) -> dict[str, TenantStats]:
        """All of them, however many: a test has few."""
        running, waiting, tokens = Counter[str](), Counter[str](), Counter[str]()
        for one in self._running.values():
            tenant = one.request.tenant
            (running if one.begun else waiting)[tenant] += 1
            tokens[tenant] += 0 if one.begun else len(one.request.tokens)
        return {tenant: TenantStats(used, 0, running[tenant], waiting[tenant], tokens[tenant]) for tenant, used in self._used.items()}

    def _count(self, **more: int) -> None:
        self._counts = replace(self._counts, **{name: getattr(self._counts, name) + value for name, value in more.items()})
        self._notify()

    def _notify(self) -> None:
        """Wake everyone who waits for a change; each looks for itself whether it was theirs."""
        self._changed.set()
        self._changed = asyncio.Event()


def _logprob(token: int, count: int | None) -> TokenLogprob:
    """The drawn token has probability 1/2, the next ids 1/4, 1/8, …"""
    return TokenLogprob(-math.log(2), tuple((token + i, -math.log(2) * (i + 1)) for i in range(count or 0)))
