"""The Engine seam: what every engine promises, tried on each of them. What only one of them does is tried in tests/engine."""

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from alize.engine.base import Engine, EngineStats, Request, SamplingParams, Step
from alize.engine.fake import FakeEngine
from alize.engine.grammar import Grammar
from alize.errors import Conflict, EngineUnavailable, InvalidRequest, PromptTooLong, UnsupportedParameter
from tests.adapters import write_release

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONTEXT = 256
VOCABULARY = 101


async def local(checkpoint: Path) -> Engine:
    pytest.importorskip("torch")
    from alize.engine.build import EngineConfig
    from alize.engine.local import LocalEngine
    from alize.engine.schedule import Limits

    limits = Limits(max_context=CONTEXT)
    return await LocalEngine.start(EngineConfig(str(checkpoint), "tiny", dtype="float64", threads=1, cache_bytes=1 << 20, limits=limits))


def fake() -> Engine:
    return FakeEngine(lambda request: tuple(range(10, 40)), vocab_size=VOCABULARY, max_context=CONTEXT, step_tokens=2)


@pytest_asyncio.fixture(params=["fake", "local"], scope="module", loop_scope="module")
async def engine(request: pytest.FixtureRequest, tiny_checkpoint: Path) -> AsyncIterator[Engine]:
    """One for all tests, since a process takes 3 s to start: each test leaves it idle."""
    engine = fake() if request.param == "fake" else await local(tiny_checkpoint)
    yield engine
    await engine.close()


def asked(id: str = "a", tokens: tuple[int, ...] = (1, 2, 3), max_tokens: int = 8, **more: Any) -> Request:
    return Request(id, tokens, max_tokens, **more)


async def collect(engine: Engine, request: Request) -> list[Step]:
    return [step async for step in engine.generate(request)]


async def idle(engine: Engine) -> EngineStats:
    """Wait until nothing is left of what was aborted."""
    while (stats := await engine.stats()).running + stats.waiting:
        pass
    return stats


def ids(steps: list[Step]) -> list[int]:
    return [token for step in steps for token in step.tokens]


async def test_it_says_what_it_serves(engine: Engine) -> None:
    assert (engine.info.vocab_size, engine.info.max_context) == (VOCABULARY, CONTEXT)


async def test_the_last_step_and_no_other_says_how_it_ended(engine: Engine) -> None:
    steps = await collect(engine, asked())
    assert [step.finish for step in steps] == [None] * (len(steps) - 1) + ["length"]
    assert len(ids(steps)) == 8
    assert {(step.request_id, step.prompt_tokens) for step in steps} == {("a", 3)}
    assert all(0 <= token < VOCABULARY for token in ids(steps))


async def test_the_same_request_gives_the_same_tokens(engine: Engine) -> None:
    sampling = SamplingParams(temperature=1.0, seed=7)
    first, again = [ids(await collect(engine, asked(str(number), sampling=sampling))) for number in range(2)]
    assert first == again


async def test_a_stop_token_is_counted_and_comes_last(engine: Engine) -> None:
    free = ids(await collect(engine, asked()))
    stop = free[2]
    steps = await collect(engine, asked(stop_ids=frozenset({stop})))
    assert steps[-1].finish == "stop"
    assert ids(steps)[-1] == stop
    assert stop not in ids(steps)[:-1]


async def test_stop_tokens_are_not_drawn_before_the_minimum(engine: Engine) -> None:
    stop_ids = frozenset(range(0, VOCABULARY, 2))
    steps = await collect(engine, asked(stop_ids=stop_ids, min_tokens=5, max_tokens=50))
    assert len(ids(steps)) > 5
    assert not stop_ids.intersection(ids(steps)[:5])


async def test_a_full_context_has_its_own_reason(engine: Engine) -> None:
    steps = await collect(engine, asked(tokens=(1,) * (CONTEXT - 4), max_tokens=100))
    assert steps[-1].finish == "model_length"
    assert len(ids(steps)) == 4


async def test_logprobs_come_one_for_each_token_where_asked(engine: Engine) -> None:
    for step in await collect(engine, asked(sampling=SamplingParams(logprobs=2))):
        assert len(step.logprobs) == len(step.tokens)
        assert all(len(one.top) == 2 and one.logprob <= 0 for one in step.logprobs)
    assert not any(step.logprobs for step in await collect(engine, asked()))


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (asked(tokens=()), InvalidRequest),
        (asked(tokens=(1,) * CONTEXT), PromptTooLong),
        (asked(max_tokens=0), InvalidRequest),
        (asked(adapter="x"), UnsupportedParameter),
        (asked(grammar=Grammar("regex", "x")), UnsupportedParameter),
    ],
)
async def test_what_it_cannot_do_is_refused_before_the_first_step(engine: Engine, request_: Request, error: type[Exception]) -> None:
    aborted = (await engine.stats()).aborted
    with pytest.raises(error):
        await anext(engine.generate(request_))
    stats = await engine.stats()
    assert (stats.running, stats.waiting, stats.aborted) == (0, 0, aborted)


async def test_an_id_is_used_by_one_request_at_a_time(engine: Engine) -> None:
    stream = engine.generate(asked(max_tokens=200))
    await anext(stream)
    with pytest.raises(Conflict):
        await collect(engine, asked())
    await stream.aclose()
    await idle(engine)


async def test_closing_a_stream_aborts_its_request_and_no_other(engine: Engine) -> None:
    aborted = (await engine.stats()).aborted
    other = asyncio.create_task(collect(engine, asked("other", max_tokens=20)))
    stream = engine.generate(asked(max_tokens=200))
    await anext(stream)
    await stream.aclose()
    assert len(ids(await other)) == 20
    stats = await idle(engine)
    assert (stats.aborted, stats.blocks_used) == (aborted + 1, 0)


async def test_what_it_counts_is_what_it_gave(engine: Engine) -> None:
    before = await engine.stats()
    answers = await asyncio.gather(*(collect(engine, asked(str(number), max_tokens=number + 1)) for number in range(5)))
    stats = await engine.stats()
    assert stats.generated_tokens - before.generated_tokens == sum(len(ids(steps)) for steps in answers) == 15
    assert stats.prompt_tokens - before.prompt_tokens == 15


async def test_a_prefix_is_cached_within_one_salt_only(engine: Engine) -> None:
    async def cached(salt: str) -> int:
        return (await collect(engine, asked(tokens=tuple(range(1, 41)), salt=salt)))[0].cached_tokens

    assert [await cached("a"), await cached("a"), await cached("b")] == [0, 32, 0]
    await engine.reload()
    assert await cached("a") == 0


async def test_paused_it_begins_nothing_until_it_is_resumed(engine: Engine) -> None:
    await engine.pause()
    await engine.pause()
    answer = asyncio.create_task(collect(engine, asked()))
    while (await engine.stats()).waiting == 0:
        pass
    assert not answer.done()
    await engine.resume()
    await engine.resume()
    assert len(ids(await answer)) == 8


async def test_scores_and_embeddings(engine: Engine) -> None:
    scores = await engine.score([1, 2, 3, 4])
    assert len(scores) == 3
    assert all(score <= 0 for score in scores)
    assert len(await engine.score([1] * CONTEXT)) == CONTEXT - 1
    vectors = await engine.embed([[1, 2, 3], [4]])
    assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1, 1])


async def test_what_cannot_be_scored_or_embedded_is_refused(engine: Engine) -> None:
    for tokens, error in (([], InvalidRequest), ([1] * (CONTEXT + 1), PromptTooLong), ([2**70], InvalidRequest)):
        with pytest.raises(error):
            await engine.score(tokens)
        with pytest.raises(error):
            await engine.embed([tokens])


async def test_an_adapter_is_set_replaced_and_removed_by_name(engine: Engine, tmp_path: Path) -> None:
    shapes = {"layers.0.attention.wq": (32, 32), "layers.1.feed_forward.w2": (32, 64)}
    first, second = (str(write_release(tmp_path / str(seed) / "lora.safetensors", shapes, seed)) for seed in range(2))
    await engine.set_adapter("x", None)
    assert engine.info.adapters == ()
    for path, generation in ((first, 1), (first, 1), (second, 2)):
        await engine.set_adapter("x", path)
        assert [(info.name, info.generation) for info in engine.info.adapters] == [("x", generation)]
        assert len(ids(await collect(engine, asked(adapter="x")))) == 8
    await engine.set_adapter("x", None)
    assert engine.info.adapters == ()
    with pytest.raises(UnsupportedParameter):
        await collect(engine, asked(adapter="x"))


async def test_a_prefix_is_cached_within_one_generation_of_an_adapter_only(engine: Engine, tmp_path: Path) -> None:
    async def cached(adapter: str | None) -> int:
        return (await collect(engine, asked(tokens=tuple(range(1, 41)), salt="adapters", adapter=adapter)))[0].cached_tokens

    shapes = {"layers.0.attention.wq": (32, 32)}
    await engine.set_adapter("x", str(write_release(tmp_path / "a" / "lora.safetensors", shapes, 1)))
    assert [await cached(name) for name in (None, "x", "x", None)] == [0, 0, 32, 32]
    await engine.set_adapter("x", str(write_release(tmp_path / "b" / "lora.safetensors", shapes, 2)))
    assert [await cached(name) for name in ("x", "x", None)] == [0, 32, 32]
    await engine.set_adapter("x", None)


@pytest.mark.parametrize("kind", ["fake", "local"])
async def test_closing_ends_what_runs_and_refuses_what_comes(kind: str, tiny_checkpoint: Path) -> None:
    engine = fake() if kind == "fake" else await local(tiny_checkpoint)
    stream = engine.generate(asked(max_tokens=200))
    await anext(stream)

    async def rest() -> None:
        async for _ in stream:
            pass

    running = asyncio.create_task(rest())
    await engine.close()
    await engine.close()
    with pytest.raises(EngineUnavailable):
        await running
    with pytest.raises(EngineUnavailable):
        await collect(engine, asked("b"))


async def test_the_first_step_and_the_last_say_where_time_went_and_no_other(engine: Engine) -> None:
    steps = await collect(engine, asked(max_tokens=9))
    told = [step.times for step in steps]
    assert told[0] is not None
    assert told[-1] is not None
    assert not any(told[1:-1])
    assert (told[0].queue, told[0].prefill) == (told[-1].queue, told[-1].prefill) >= (0, 0)
    assert told[-1].preemptions == 0


async def test_what_each_tenant_used_is_told_apart(engine: Engine) -> None:
    before = (await engine.stats()).tenants
    await asyncio.gather(
        *(collect(engine, asked(f"{tenant}-{n}", tokens=(n + 1, 2), max_tokens=n + 1, tenant=tenant)) for tenant in "xy" for n in range(3))
    )
    after = (await idle(engine)).tenants
    for tenant in "xy":
        used = after[tenant].used - (before[tenant].used if tenant in before else 0)
        assert used == 3 * 2 + 2 * (1 + 2 + 3)
        assert (after[tenant].running, after[tenant].waiting, after[tenant].waiting_tokens) == (0, 0, 0)
