"""The engine's process: it streams, it aborts, it dies and comes back, and nobody waits for ever.

What every engine promises is tried in tests/contract/test_engine.py.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import psutil
import pytest
import pytest_asyncio

from alize.engine.base import EngineStats, Request, SamplingParams, Step
from alize.engine.build import EngineConfig, build_core
from alize.engine.local import LocalEngine
from alize.engine.process import EngineProcess
from alize.engine.schedule import Limits
from alize.engine.wire import Call
from alize.errors import CheckpointInvalid, Conflict, EngineCrashed, EngineUnavailable, InvalidRequest, PromptTooLong, UnsupportedParameter
from tests.adapters import write_release

pytest.importorskip("torch")
pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "a-key-that-is-nobody-elses"
DEADLINE = 60  # seconds; a machine that does many other things takes 20 to start a process


@pytest.fixture(scope="module")
def config(tiny_checkpoint: Path) -> EngineConfig:
    return EngineConfig(str(tiny_checkpoint), model="tiny", dtype="float64", threads=1, cache_bytes=1 << 20, limits=Limits(max_context=256))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def started(config: EngineConfig) -> AsyncIterator[LocalEngine]:
    """One for all tests, since each process takes two seconds of a core to import PyTorch."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ALIZE_API_KEY", SECRET)
        engine = await LocalEngine.start(config)
    yield engine
    await engine.close()


@pytest_asyncio.fixture(loop_scope="module")
async def engine(started: LocalEngine) -> AsyncIterator[LocalEngine]:
    """Whatever a test did to it, the next one finds it running, idle and not paused."""
    yield started
    await until(started, lambda _: True)
    await started.resume()
    await idle(started)


def request(name: str, count: int = 20, **more: object) -> Request:
    return Request(name, (1, 2, 3), max_tokens=count, **more)  # type: ignore[arg-type]


async def collect(engine: LocalEngine, asked: Request) -> list[Step]:
    return [step async for step in engine.generate(asked)]


async def until(engine: LocalEngine, holds: Callable[[EngineStats], object]) -> EngineStats:
    """Wait until what the engine counts is so. One that is being restarted counts nothing yet."""
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                if holds(stats := await engine.stats()):
                    return stats
            except EngineUnavailable:
                pass
            await asyncio.sleep(0.01)  # between two looks: looking without a rest takes the core that the new process starts on


async def idle(engine: LocalEngine) -> EngineStats:
    """Wait until the engine has nothing left."""
    return await until(engine, lambda stats: not stats.running + stats.waiting)


async def begun(engine: LocalEngine, asked: Request) -> "asyncio.Task[list[Step]]":
    """An answer that has begun, and the rest of it."""
    first = asyncio.Event()

    async def watch() -> list[Step]:
        steps: list[Step] = []
        async for step in engine.generate(asked):
            steps.append(step)
            first.set()
        return steps

    task = asyncio.create_task(watch())
    await first.wait()
    return task


def untimed(steps: list[Step]) -> list[Step]:
    """But for how long each took."""
    return [msgspec.structs.replace(step, times=None) for step in steps]


def kill(engine: LocalEngine) -> None:
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)


async def restarted(engine: LocalEngine) -> None:
    """Kill the process and wait until another one answers."""
    generation = (await engine.stats()).generation
    kill(engine)
    await until(engine, lambda stats: stats.generation == generation + 1)


async def test_it_streams_what_the_core_computes(engine: LocalEngine, config: EngineConfig) -> None:
    core = build_core(config)
    core.add(request("a", sampling=SamplingParams(temperature=1.0, seed=5, logprobs=2)))
    expected: list[Step] = []
    while core.busy:
        expected += core.step()
    steps = await collect(engine, request("a", sampling=SamplingParams(temperature=1.0, seed=5, logprobs=2)))
    assert untimed(steps) == untimed(expected)
    assert steps[-1].finish == "length"
    assert engine.info == replace(core.info, dtype_reason=engine.info.dtype_reason)


async def test_many_at_once_get_their_own_answers(engine: LocalEngine) -> None:
    asked = [request(str(index), sampling=SamplingParams(temperature=1.0, seed=index)) for index in range(20)]
    together = await asyncio.gather(*(collect(engine, one) for one in asked))
    for one, steps in zip(asked, together, strict=True):
        again = await collect(engine, one)
        assert [t for s in steps for t in s.tokens] == [t for s in again for t in s.tokens]


async def test_closing_the_stream_aborts_the_request(engine: LocalEngine) -> None:
    aborted = (await engine.stats()).aborted
    stream = engine.generate(request("a", 200))
    await anext(stream)
    await stream.aclose()
    stats = await idle(engine)
    assert (stats.aborted, stats.blocks_used) == (aborted + 1, 0)


async def test_a_cancelled_task_aborts_its_request(engine: LocalEngine) -> None:
    task = await begun(engine, request("a", 200))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await idle(engine)).blocks_used == 0


async def test_a_killed_engine_fails_what_was_running_and_comes_back(engine: LocalEngine) -> None:
    generation = (await engine.stats()).generation
    streams = [engine.generate(request(str(index), 250)) for index in range(3)]
    for stream in streams:
        await anext(stream)
    kill(engine)
    for stream in streams:
        with pytest.raises(EngineCrashed):
            async for _ in stream:
                pass
    with pytest.raises(EngineUnavailable):
        await collect(engine, request("too early"))
    assert (await until(engine, lambda _: True)).generation == generation + 1
    assert (await collect(engine, request("later")))[-1].finish == "length"


async def test_an_engine_told_to_terminate_leaves_that_to_the_server(engine: LocalEngine) -> None:
    stream = engine.generate(request("a", 250))
    await anext(stream)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGTERM)
    assert [step async for step in stream][-1].finish == "length"


async def test_an_id_used_again_gets_nothing_of_the_request_before(engine: LocalEngine) -> None:
    expected = untimed(await collect(engine, request("a")))
    for _ in range(20):
        stream = engine.generate(replace(request("a", 200), tokens=(9, 9, 9, 9)))
        await anext(stream)
        await stream.aclose()
        assert untimed(await collect(engine, request("a"))) == expected


@pytest.mark.slow
async def test_a_process_that_cannot_be_started_is_tried_again(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    tried, generation = asyncio.Event(), (await engine.stats()).generation

    def fails(*_: object, **__: object) -> None:
        tried.set()
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", fails)
        with pytest.raises(EngineUnavailable, match="Too many open files"):
            await LocalEngine.start(engine._config)
        tried.clear()
        kill(engine)
        await asyncio.wait_for(tried.wait(), DEADLINE)
    assert (await until(engine, lambda _: True)).generation == generation + 1


async def test_a_call_in_flight_fails_with_the_engine(engine: LocalEngine) -> None:
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSTOP)
    call = asyncio.create_task(engine.stats())
    await asyncio.sleep(0)
    kill(engine)
    with pytest.raises(EngineCrashed):
        await call


async def test_pausing_waits_for_what_runs_and_holds_what_comes(engine: LocalEngine) -> None:
    running = await begun(engine, request("runs", 100))
    await engine.pause()
    assert (await engine.stats()).running == 0
    held = asyncio.create_task(collect(engine, request("held")))
    await until(engine, lambda stats: stats.waiting)
    assert not held.done()
    await engine.resume()
    assert (await running)[-1].finish == (await held)[-1].finish == "length"


@pytest.mark.slow
async def test_a_paused_engine_that_dies_comes_back_paused(engine: LocalEngine) -> None:
    await engine.pause()
    await restarted(engine)
    held = asyncio.create_task(collect(engine, request("held")))
    await until(engine, lambda stats: stats.waiting)
    await engine.resume()
    await held
    await restarted(engine)
    await collect(engine, request("free"))


async def test_a_pause_given_up_is_none(engine: LocalEngine) -> None:
    running = await begun(engine, request("runs", 200))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await engine.pause()
    await collect(engine, request("comes"))
    await running


async def test_a_reload_for_which_answers_run_too_long_is_called_off_and_the_old_weights_go_on(config: EngineConfig) -> None:
    engine = await LocalEngine.start(replace(config, settle_seconds=0.05))
    running = await begun(engine, request("runs", 100))
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSTOP)  # so that it takes as long as it takes
    comes = asyncio.create_task(collect(engine, request("comes")))
    with pytest.raises(Conflict, match=r"had not ended after 0.05 seconds"):
        await engine.reload()
    os.kill(engine.pid, signal.SIGCONT)
    for answer in (running, comes):
        assert (await answer)[-1].finish == "length"
    assert (await engine.stats()).aborted == 0
    await engine.close()


async def test_a_reload_that_nobody_waits_for_is_accounted_for(config: EngineConfig, tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "other").symlink_to(tiny_checkpoint)
    engine = await LocalEngine.start(replace(config, sha256="stated"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await engine.reload(str(tmp_path / "other"))
    await collect(engine, request("after"))  # it was queued behind the new weights
    assert engine.info.weights_sha256 is None
    await engine.reload(str(tiny_checkpoint))  # back: what was saved of these weights is found again
    assert engine.info.weights_sha256 == "stated"
    await engine.close()


async def test_an_answer_need_not_wait_for_a_long_score(config: EngineConfig) -> None:
    engine = await LocalEngine.start(replace(config, limits=Limits(max_context=256, step_tokens=4)))
    ended: list[str] = []

    async def noted(name: str, work: Awaitable[object]) -> None:
        await work
        ended.append(name)

    await engine.pause()  # so that both begin at once
    score = asyncio.create_task(noted("score", engine.score([1] * 256)))  # 64 pieces
    answer = asyncio.create_task(noted("answer", collect(engine, request("a", 20))))
    await until(engine, lambda stats: stats.waiting)
    await engine.resume()
    await answer
    assert ended == ["answer"]
    score.cancel()
    await until(engine, lambda stats: not stats.blocks_used)
    assert len(await engine.score([1] * 10)) == 9
    await engine.close()


async def test_a_process_that_speaks_no_protocol_is_a_crash(config: EngineConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!{sys.executable}\nimport os, sys\nos.write(int(sys.argv[3]), bytes([1, 0, 0, 0, 0xC1]))\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(EngineCrashed, match="no message"):
        await LocalEngine.start(config)


async def test_how_far_the_weights_are_is_told_and_said_to_who_asks_meanwhile(config: EngineConfig) -> None:
    told: list[tuple[int, int]] = []
    said: list[str] = []
    engine: LocalEngine | None = None

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        assert engine is not None
        with pytest.raises(EngineUnavailable) as raised:
            engine._send(Call(1, "stats"))  # pyright: ignore[reportPrivateUsage]
        said.append(raised.value.message)

    engine = await LocalEngine.begin(config, progress=progress)
    try:
        await engine.ready()
    finally:
        await engine.close()
    assert told[-1][0] == told[-1][1]
    assert told == sorted(told)
    assert len(told) <= 101
    assert said[-1] == "The model is being loaded: 100 %."
    assert said[0].startswith("The model is being loaded: ")


async def test_reloading_keeps_what_waits(engine: LocalEngine, tiny_checkpoint: Path) -> None:
    before = await collect(engine, request("before"))
    counted = await engine.stats()
    await engine.pause()
    held = asyncio.create_task(collect(engine, request("held")))
    await until(engine, lambda stats: stats.waiting)
    await engine.reload(str(tiny_checkpoint))
    assert [s.tokens for s in await held] == [s.tokens for s in before]
    stats = await engine.stats()  # counters go on, and nothing is counted twice
    assert (stats.generated_tokens, stats.prompt_tokens) == (counted.generated_tokens + 20, counted.prompt_tokens + 3)
    with pytest.raises(CheckpointInvalid):
        await engine.reload(str(tiny_checkpoint / "nothing"))
    assert (await collect(engine, request("after")))[-1].finish == "length"


async def test_the_checksum_is_that_of_the_weights_it_was_stated_for(config: EngineConfig, tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "other").symlink_to(tiny_checkpoint)
    engine = await LocalEngine.start(replace(config, sha256="stated"))
    await engine.reload()
    assert engine.info.weights_sha256 == "stated"
    await engine.reload(str(tmp_path / "other"))
    assert engine.info.weights_sha256 is None
    await engine.close()


async def test_what_cannot_be_run_is_refused_before_the_first_step(engine: LocalEngine) -> None:
    with pytest.raises(PromptTooLong, match="256"):
        await collect(engine, replace(request("a"), tokens=(1,) * 256))
    with pytest.raises(InvalidRequest, match="token id"):
        await collect(engine, replace(request("a"), tokens=(1 << 20,)))
    for change in ({"tokens": (2**70,)}, {"max_tokens": 0}, {"max_tokens": 2**70}, {"min_tokens": 2**70}, {"priority": -(2**70)}):
        with pytest.raises(InvalidRequest):
            await collect(engine, replace(request("a"), **change))
    assert (await collect(engine, request("a", 2**62)))[-1].finish == "model_length"
    with pytest.raises(UnsupportedParameter):
        await collect(engine, request("a", adapter="mine"))


ADAPTED = {"layers.0.attention.wq": (32, 32), "layers.1.attention.wv": (16, 32)}


async def test_adapters_outlive_the_engine_s_process_and_new_weights(config: EngineConfig, tmp_path: Path) -> None:
    path = write_release(tmp_path / "lora.safetensors", ADAPTED)
    engine = await LocalEngine.start(replace(config, adapters={"from the start": str(path)}))
    await engine.set_adapter("mine", str(path))
    await engine.set_adapter("gone", str(path))
    await engine.set_adapter("gone", None)
    plain = tokens(await collect(engine, request("a")))
    before = tokens(await collect(engine, request("a", adapter="mine")))
    assert before == tokens(await collect(engine, request("a", adapter="from the start"))) != plain
    await engine.reload()
    assert tokens(await collect(engine, request("a", adapter="mine"))) == before
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await until(engine, lambda stats: stats.generation == 2)
    assert [info.name for info in engine.info.adapters] == ["from the start", "mine"]
    assert tokens(await collect(engine, request("a", adapter="mine"))) == before
    await engine.close()


async def test_an_adapter_that_cannot_be_set_changes_nothing(engine: LocalEngine, tmp_path: Path) -> None:
    with pytest.raises(CheckpointInvalid, match="lora_B"):
        await engine.set_adapter("mine", str(write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (8, 8)})))
    with pytest.raises(CheckpointInvalid, match="nowhere"):
        await engine.set_adapter("mine", str(tmp_path / "nowhere"))
    assert engine.info.adapters == ()
    assert (await collect(engine, request("a")))[-1].finish == "length"


async def test_an_engine_comes_up_without_the_adapters_that_cannot_be_loaded(
    config: EngineConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Gone, of another model, cut short: each says why, and the one that is whole is served."""
    whole = write_release(tmp_path / "whole" / "lora.safetensors", ADAPTED)
    other = write_release(tmp_path / "other" / "lora.safetensors", {"layers.7.attention.wq": (32, 32)})
    short = write_release(tmp_path / "short" / "lora.safetensors", ADAPTED)
    short.write_bytes(short.read_bytes()[:-100])
    paths = {"whole": whole, "other": other, "short": short, "gone": tmp_path / "gone"}
    engine = await LocalEngine.start(replace(config, adapters={name: str(path) for name, path in paths.items()}))
    assert [info.name for info in engine.info.adapters] == ["whole"]
    assert {lost.name: lost.path for lost in engine.info.unavailable} == {name: str(paths[name]) for name in ("other", "short", "gone")}
    reasons = {lost.name: lost.reason for lost in engine.info.unavailable}
    assert "layers.7" in reasons["other"]
    assert "short" in reasons["short"]
    assert "cannot be read" in reasons["gone"]
    assert [record.getMessage().split()[1] for record in caplog.records if "unavailable" in record.getMessage()] == list(reasons)
    with pytest.raises(UnsupportedParameter, match="no adapter 'gone'"):
        await collect(engine, request("a", adapter="gone"))
    assert (await collect(engine, request("a", adapter="whole")))[-1].finish == "length"
    await engine.close()


async def test_an_adapter_that_goes_while_the_engine_is_down_is_mourned_once_and_may_come_back(
    config: EngineConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_release(tmp_path / "lora.safetensors", ADAPTED)
    engine = await LocalEngine.start(replace(config, adapters={"mine": str(path)}))
    path.unlink()
    for generation in (2, 3):
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        await until(engine, lambda stats, wanted=generation: stats.generation == wanted)
        assert [lost.name for lost in engine.info.unavailable] == ["mine"]
        assert (await collect(engine, request("a")))[-1].finish == "length"
    assert sum("mine is unavailable" in record.getMessage() for record in caplog.records) == 1
    await engine.reload()  # what was not there before hinders no new weights
    await engine.set_adapter("mine", str(write_release(path, ADAPTED)))
    assert (engine.info.unavailable, [info.name for info in engine.info.adapters]) == ((), ["mine"])
    path.unlink()
    with pytest.raises(CheckpointInvalid, match="lora"):
        await engine.reload()  # what is served is not given up for new weights
    assert (await collect(engine, request("a", adapter="mine")))[-1].finish == "length"
    await engine.set_adapter("mine", None)
    await engine.reload()
    assert (engine.info.unavailable, engine.info.adapters) == ((), ())
    await engine.close()


def tokens(steps: list[Step]) -> list[int]:
    return [token for step in steps for token in step.tokens]


async def test_weights_that_cannot_be_read_are_an_error_at_start(config: EngineConfig, tmp_path: Path) -> None:
    with pytest.raises(CheckpointInvalid):
        await LocalEngine.start(replace(config, path=str(tmp_path)))


async def test_it_loads_while_something_else_is_done(config: EngineConfig) -> None:
    with EngineProcess() as process:
        engine = await LocalEngine.begin(config, process)
        assert engine.pid == process.pid
        with pytest.raises(EngineUnavailable, match="not started yet"):
            _ = engine.info
        await engine.ready()
        assert (await collect(engine, request("a")))[-1].finish == "length"
        await engine.close()
        assert not process.running


async def test_an_engine_closed_while_it_loads_leaves_no_process(config: EngineConfig) -> None:
    engine = await LocalEngine.begin(config)
    pid = engine.pid
    await engine.close()
    assert pid is not None
    assert not psutil.pid_exists(pid)


async def test_a_process_that_nobody_spoke_to_is_not_left_behind() -> None:
    with EngineProcess() as process:
        assert process.running
    assert not process.running


async def test_scores_and_embeddings_cross_the_process(engine: LocalEngine, config: EngineConfig) -> None:
    core = build_core(config)
    assert await engine.score([1, 2, 3, 4]) == core.score([1, 2, 3, 4])
    assert (await engine.embed([[1, 2, 3], [4]]) == core.embed([[1, 2, 3], [4]])).all()


async def test_the_engine_is_told_no_secrets(engine: LocalEngine) -> None:
    assert engine.pid is not None
    assert SECRET not in psutil.Process(engine.pid).environ().values()
