"""An engine that hangs is noticed, whatever it hangs in, is restarted, and says what it was doing; one that merely works is left alone."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from alize.engine.base import Request
from alize.engine.build import EngineConfig
from alize.engine.local import LocalEngine
from alize.engine.schedule import Limits
from alize.engine.watchdog import Pulse, Watch, pulse_seconds
from alize.engine.wire import Doing
from alize.errors import EngineCrashed, EngineUnavailable
from tests.engine.engines import core

DEADLINE = 60
HANGS = 7
"""A token at which the processes of these tests hang."""

HANGING = f"""#!{sys.executable}
# The engine's process, on a machine where what computes the token {HANGS} never returns.
import sys, threading, time
from alize.engine import core, worker
run = core.Core._encode
def hangs(self, plan):
    if any({HANGS} in sequence.tokens for sequence in plan.tokens):
        threading.Event().wait()
    run(self, plan)
core.Core._encode = hangs
sys.argv = sys.argv[2:]
sys.exit(worker.main())
"""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.floats(0.5, 1000), st.lists(st.floats(0.01, 0.99), max_size=40))
def test_an_engine_that_says_that_it_begins_anew_in_time_is_never_taken_to_hang(patience: float, steps: list[float]) -> None:
    clock = Clock()
    watch = Watch(patience, clock)
    for share in steps:
        left = share * patience
        while left > 0:
            clock.now += min(left, pulse_seconds(patience))
            left -= pulse_seconds(patience)
            assert watch.hung() is None
        watch.hear(Doing("a step", 0.0))


@given(st.floats(0.5, 1000), st.booleans())
def test_one_that_does_the_same_for_too_long_is_noticed_within_a_pulse_whether_it_speaks_or_not(patience: float, speaks: bool) -> None:
    clock = Clock()
    watch, pulse = Watch(patience, clock), pulse_seconds(patience)
    watch.hear(Doing("a step", 0.0))
    looks = 0
    while (what := watch.hung()) is None:
        clock.now += pulse
        looks += 1
        if speaks:
            watch.hear(Doing("a step", clock.now))
    assert what == "a step"
    assert patience < clock.now <= patience + 2 * pulse


def test_one_that_does_nothing_may_do_so_for_ever_and_one_that_is_silent_may_not() -> None:
    clock = Clock()
    watch = Watch(10, clock)
    for _ in range(100):
        clock.now += 2
        watch.hear(Doing("", 0.0))
        assert watch.hung() is None
    found: list[str | None] = []
    for _ in range(6):
        clock.now += 2
        found.append(watch.hung())
    assert found == [None] * 5 + ["something that lets it say nothing"]


def test_a_server_that_stood_still_itself_gives_the_engine_its_time_anew() -> None:
    clock = Clock()
    watch = Watch(10, clock)
    watch.hear(Doing("a step", 1.0))
    clock.now += 3600
    assert watch.hung() is None
    clock.now += 4
    assert watch.hung() is None


def test_a_long_step_that_has_ended_is_not_counted_to_the_silence_behind_it() -> None:
    clock = Clock()
    watch = Watch(10, clock)
    watch.hear(Doing("a step", 9.0))
    watch.hear(None)  # what the step gave
    clock.now += 2
    assert watch.hung() is None


def test_what_a_step_does_is_said_in_numbers() -> None:
    engine, said = core(limits=Limits(step_tokens=32)), list[str]()
    run = engine.runner.run
    pulse = Pulse()

    def watched(*given: object) -> object:
        said.append(pulse.say(engine).what)
        return run(*given)  # type: ignore[arg-type]

    engine.runner.run = watched  # type: ignore[method-assign,assignment]
    pulse.begins("step")
    engine.add(Request("a", (1,) * 20, max_tokens=3))
    engine.step()
    engine.add(Request("b", (2,) * 60, max_tokens=1))
    engine.step()
    pulse.ends()
    assert said == [
        "a step with 0 answers being written, 20 tokens of prompts being read, the longest context of 0 tokens",
        "a step with 1 answer being written, 31 tokens of prompts being read, the longest context of 20 tokens",
    ]
    assert pulse.say(engine) == Doing("", 0.0)


@pytest_asyncio.fixture
async def hanging(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LocalEngine]:
    program = tmp_path / "python"
    program.write_text(HANGING)
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    limits = Limits(max_context=256)
    config = EngineConfig(str(tiny_checkpoint), "tiny", dtype="float64", threads=1, cache_bytes=1 << 20, limits=limits, hang_seconds=4)
    engine = await LocalEngine.start(config)
    assert [step async for step in engine.generate(Request("first", (1, 2, 3), max_tokens=1))]  # what a first step has to set up
    yield engine
    await engine.close()


async def comes_back(engine: LocalEngine, generation: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                if (await engine.stats()).generation >= generation:
                    return
            except EngineUnavailable:
                await asyncio.sleep(0.01)  # between two looks


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_hung_step_ends_every_answer_with_what_it_was_and_the_engine_serves_again(hanging: LocalEngine) -> None:
    async with asyncio.timeout(DEADLINE):
        beside = hanging.generate(Request("beside", (1, 2, 3), max_tokens=200))
        await anext(beside)
        with pytest.raises(EngineCrashed, match=r"hung for 4 seconds and was restarted.*a step with 1 answer being written, 3 tokens of"):
            async for _ in hanging.generate(Request("hangs", (1, HANGS, 3), max_tokens=2)):
                pass
        with pytest.raises(EngineCrashed, match="hung"):
            async for _ in beside:
                pass
    await comes_back(hanging, 2)
    steps = [step async for step in hanging.generate(Request("later", (1, 2, 3), max_tokens=5))]
    assert steps[-1].finish == "length"


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_process_that_stands_still_altogether_is_restarted(hanging: LocalEngine) -> None:
    stream = hanging.generate(Request("a", (1, 2, 3), max_tokens=250))
    await anext(stream)
    assert hanging.pid is not None
    os.kill(hanging.pid, signal.SIGSTOP)
    async with asyncio.timeout(DEADLINE):
        with pytest.raises(EngineCrashed, match="hung for 4 seconds"):
            async for _ in stream:
                pass
    await comes_back(hanging, 2)
