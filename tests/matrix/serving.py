"""A whole server around a real core. In: how it is set up, a body of a chat request. Out: what was answered, and how it was computed.

The core is stepped by whoever waits for an answer, in this loop: what happens in a step, and who came before whom, is the same every time.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from alize.api.parts import Served
from alize.engine.base import EngineStats, ModelInfo, Request, SamplingParams, Step
from alize.engine.build import EngineConfig, build_core
from alize.engine.core import Core
from alize.engine.guide import words_of
from alize.engine.schedule import Limits
from tests.engine.test_speculation import ticking
from tests.matrix.models import TOKENIZER, Parts, write_adapter, write_model
from tests.serving import CARD, Desk

__all__ = ["BESIDE", "Answer", "Choice", "Server", "Setup", "Trace", "served"]

BESIDE = ("beside-0", "beside-1")
"""Two requests that came before: in the step before ours the first began, and the second where there is room for it."""


ROOM = 8
"""Sequences that the pools are made for: a window's is no larger than those that run can use, and prefixes are kept in what these leave."""


@dataclass(frozen=True)
class Setup:
    """A model and the settings of its engine."""

    parts: Parts = Parts()
    cache: str = "bfloat16"  # the setting cache_dtype
    step_tokens: int = 512
    prefix_cache: bool = False
    speculation: bool = False
    max_running: int = ROOM


@dataclass
class Trace:
    """What the core did for one request."""

    request: Request
    tokens: list[int] = field(default_factory=list[int])
    computed: int = 0
    pieces: int = 0  # steps that read some of its prompt, the last of them not counted
    held: dict[str, int] = field(default_factory=dict[str, int])  # blocks of each kind of cache group that it held last
    last: Step | None = None


@dataclass
class Choice:
    text: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])  # {"name", "arguments"}
    finish: str = ""


@dataclass
class Answer:
    """`error`: what it was refused with, `status` being no 200."""

    status: int
    error: dict[str, Any]
    choices: list[Choice]
    usage: dict[str, Any]
    events: int  # of a stream, that add something; 0 of a whole answer
    traces: list[Trace]  # of each choice
    order: list[str]  # requests by their first token

    @property
    def tokens(self) -> list[int]:
        """Of the first choice."""
        return self.traces[0].tokens


SOMEBODY = "everybody/one"
"""Whose requests all are: who goes first is then a matter of priority, and of who came first."""


class InLoop:
    """As much of an `Engine` as a chat needs, over a core in this process."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.traces: dict[str, Trace] = {}
        self.order: list[str] = []
        self._inboxes: dict[str, deque[Step]] = {}

    @property
    def info(self) -> ModelInfo:
        return self.core.info

    def add(self, request: Request) -> None:
        self.core.add(request)
        self.traces[request.id] = Trace(request)

    async def generate(self, request: Request) -> AsyncGenerator[Step, None]:
        self.add(replace(request, tenant=SOMEBODY))
        inbox = self._inboxes[request.id] = deque()
        try:
            while True:
                await asyncio.sleep(0)  # others come between two steps
                if not inbox:
                    self.advance()
                while inbox:
                    step = inbox.popleft()
                    yield step
                    if step.finish:
                        return
                for refused, error in self.core.refused:
                    if refused == request.id:
                        self.core.refused.clear()
                        raise error
        finally:
            del self._inboxes[request.id]
            self.core.abort(request.id)

    def advance(self) -> None:
        """One step."""
        for step in self.core.step():
            trace = self.traces[step.request_id]
            if not trace.tokens:
                self.order.append(step.request_id)
            trace.tokens += step.tokens
            trace.last = step
            if step.request_id in self._inboxes:
                self._inboxes[step.request_id].append(step)
        kinds = {group.name: group.kind for group in self.core.runner.info.groups}
        for sequence in self.core.scheduler.running:
            trace = self.traces[sequence.request.id]
            if not sequence.generated and sequence.computed > trace.computed:
                trace.computed, trace.pieces = sequence.computed, trace.pieces + 1
            trace.held = {kinds[name]: sum(block >= 0 for block in table) for name, table in sequence.tables.items()}

    async def stats(self) -> EngineStats:
        return self.core.stats()

    async def close(self) -> None:
        self.core.close()


def _core(folder: Path, setup: Setup) -> Core:
    """As a server builds it, but for its clock, by which every step takes as long: guesses always pay."""
    path = write_model(folder, setup.parts)
    limits = Limits(
        step_tokens=setup.step_tokens,
        prefix_cache=setup.prefix_cache,
        speculation=setup.speculation,
        max_running=ROOM,
    )
    # In float64 no rounding can tell how PyTorch grouped its additions; the native core keeps its own numbers.
    dtype = "float64" if setup.parts.state or setup.parts.eyes else "auto"
    given = {"model": "tiny", "dtype": dtype, "device": "cpu", "threads": 1, "cache_bytes": 4 << 20}
    config = EngineConfig(str(path), **given, cache_dtype=setup.cache, limits=limits)
    built = build_core(config, tokenizer=lambda: TOKENIZER)
    sizes = {name: pool.size for name, pool in built.scheduler.groups.pools.items()}
    running = replace(built.limits, max_running=setup.max_running)
    core = Core(built.runner, running, sizes, clock=ticking(), words=lambda: words_of(TOKENIZER))
    core.set_adapter(f"{folder.name}-adapted", str(write_adapter(folder / "adapter" / "lora.safetensors", path)))
    return core


def served(folder: Path, setup: Setup) -> Served:
    """Made in the folder, and served by its name; with its adapter by that and `-adapted`. Raises what `build_core` does."""
    engine: Any = InLoop(_core(folder, setup))
    return Served(engine, TOKENIZER, replace(CARD, id=folder.name, aliases=()))


@dataclass
class Server:
    """An application that serves the model, and the model's engine."""

    desk: Desk
    model: str
    engine: InLoop

    async def ask(self, body: dict[str, Any], others: int = 0, *, beside: bool = True) -> Answer:
        """`beside`: two others came before, of the priority `others`. The body names no model, or only that its adapter is wished for:
        `{"model": "-adapted"}`."""
        engine, core = self.engine, self.engine.core
        engine.traces, engine.order = {}, []
        for request in self._others() if beside else ():
            engine.add(replace(request, priority=others))
        if beside:
            engine.advance()
        response = await self.desk.client.post("/v1/chat/completions", json=body | {"model": self.model + body.get("model", "")})
        while core.busy:
            engine.advance()
        core.check()
        traces = sorted((trace for id, trace in engine.traces.items() if id not in BESIDE), key=lambda trace: trace.request.id)
        if response.status_code != 200:
            return Answer(response.status_code, response.json(), [], {}, 0, traces, engine.order)
        if not body.get("stream"):
            whole = response.json()
            return Answer(200, {}, [_choice(choice) for choice in whole["choices"]], whole["usage"], 0, traces, engine.order)
        assert response.headers["content-type"].startswith("text/event-stream")
        return _folded(response.text, traces, engine.order)

    def forget(self) -> None:
        """What prompts had in common."""
        self.engine.core.scheduler.groups.clear()

    def _others(self) -> list[Request]:
        numbers, tenant = np.random.default_rng(5), SOMEBODY
        return [
            Request(
                id,
                tuple(numbers.integers(32, 127, 30 + 5 * index).tolist()),
                20,
                SamplingParams(temperature=1.0, seed=index),
                tenant=tenant,
                adapter=(f"{self.model}-adapted", None)[index],
            )
            for index, id in enumerate(BESIDE)
        ]


def _choice(given: dict[str, Any]) -> Choice:
    message = given["message"]
    calls = [{name: call["function"][name] for name in ("name", "arguments")} for call in message["tool_calls"] or ()]
    return Choice(message["content"], calls, given["finish_reason"])


def _folded(stream: str, traces: list[Trace], order: list[str]) -> Answer:
    chunks = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    choices: dict[int, Choice] = {}
    usage: dict[str, Any] = {}
    events = 0
    for chunk in chunks:
        usage = chunk.get("usage") or usage
        for part in chunk["choices"]:
            choice, delta = choices.setdefault(part["index"], Choice()), part["delta"]
            choice.text += delta.get("content") or ""
            for call in delta.get("tool_calls") or ():
                if "id" in call:
                    choice.calls.append({"name": "", "arguments": ""})
                for name in ("name", "arguments"):
                    choice.calls[call["index"]][name] += call["function"][name]
            choice.finish = part["finish_reason"] or choice.finish
            events += bool(delta.get("content") or delta.get("tool_calls"))
    return Answer(200, {}, [choices[index] for index in sorted(choices)], usage, events, traces, order)
