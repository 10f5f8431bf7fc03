"""FakeEngine keeps the promises of `Engine`, and does what its script says."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.engine.base import Engine, Request, SamplingParams, Step
from alize.engine.fake import FakeEngine, saying
from alize.engine.grammar import Grammar
from alize.errors import Conflict, EngineCrashed, EngineUnavailable, InvalidRequest, PromptTooLong, QueueFull, UnsupportedParameter
from alize.tokenize.bytes import ByteTokenizer

TOKENIZER = ByteTokenizer()
STOP = TOKENIZER.stop_ids


def request(name: str = "a", tokens: tuple[int, ...] = (1, 2, 3), max_tokens: int = 100, **more: Any) -> Request:
    return Request(name, tokens, max_tokens, stop_ids=more.pop("stop_ids", STOP), **more)


async def collect(engine: Engine, asked: Request) -> list[Step]:
    return [step async for step in engine.generate(asked)]


def ids(steps: list[Step]) -> list[int]:
    return [token for step in steps for token in step.tokens]


def new(text: str = "Hello", **more: Any) -> FakeEngine:
    return FakeEngine(saying(text, TOKENIZER), **more)


async def test_it_says_its_script_and_ends_with_a_stop_token() -> None:
    steps = await collect(new(), request())
    assert ids(steps) == [*b"Hello", min(STOP)]
    assert [step.finish for step in steps] == [None] * 5 + ["stop"]
    assert {step.prompt_tokens for step in steps} == {3}


@given(
    text=st.text(min_size=1, max_size=20),
    step_tokens=st.integers(1, 7),
    max_tokens=st.integers(1, 60),
    min_tokens=st.integers(0, 60),
    stops=st.booleans(),
    max_context=st.integers(4, 64),
)
async def test_every_answer_keeps_its_limits(
    text: str, step_tokens: int, max_tokens: int, min_tokens: int, stops: bool, max_context: int
) -> None:
    engine = new(text, step_tokens=step_tokens, max_context=max_context)
    stop_ids = STOP if stops else frozenset[int]()
    steps = await collect(engine, request(max_tokens=max_tokens, min_tokens=min_tokens, stop_ids=stop_ids))
    given_ids, finish = ids(steps), steps[-1].finish
    assert [step.finish for step in steps[:-1]] == [None] * (len(steps) - 1)
    assert all(0 < len(step.tokens) <= step_tokens for step in steps)
    assert not any(token in STOP for token in given_ids[:-1])
    match finish:
        case "stop":
            assert given_ids[-1] in stop_ids
            assert len(given_ids) > min_tokens
        case "length":
            assert len(given_ids) == max_tokens
        case _:
            assert finish == "model_length"
            assert len(given_ids) == max_context - 3
    assert (await engine.stats()).generated_tokens == len(given_ids)


async def test_closing_the_stream_is_counted_as_an_abort() -> None:
    engine = new()
    stream = engine.generate(request())
    await anext(stream)
    await stream.aclose()
    stats = await engine.stats()
    assert (stats.aborted, stats.running) == (1, 0)


async def test_a_finished_answer_is_no_abort() -> None:
    engine = new()
    await collect(engine, request())
    assert (await engine.stats()).aborted == 0


async def test_held_answers_go_on_when_released() -> None:
    engine = new()
    engine.hold(after=2)
    task = asyncio.create_task(collect(engine, request()))
    await engine.until(lambda stats: stats.generated_tokens == 2)
    assert not task.done()
    engine.release()
    assert len(ids(await task)) == 6


async def test_a_failure_comes_after_as_many_tokens_as_asked() -> None:
    engine = new(step_tokens=4)
    engine.fail(EngineCrashed("gone"), after=3)
    stream = engine.generate(request())
    assert (await anext(stream)).tokens == (*b"Hel",)
    with pytest.raises(EngineCrashed, match="gone"):
        await anext(stream)
    assert (await engine.stats()).aborted == 0
    assert len(ids(await collect(engine, request()))) == 6  # only the one request


async def test_a_crash_ends_every_request_and_refuses_new_ones_until_restarted() -> None:
    engine = new()
    engine.hold(after=1)
    tasks = [asyncio.create_task(collect(engine, request(name))) for name in "abc"]
    await engine.until(lambda stats: stats.generated_tokens == 3)
    engine.crash()
    assert [type(error) for error in await asyncio.gather(*tasks, return_exceptions=True)] == [EngineCrashed] * 3
    with pytest.raises(EngineUnavailable):
        await collect(engine, request())
    with pytest.raises(EngineUnavailable):
        await engine.stats()
    engine.restart()
    engine.release()
    assert len(ids(await collect(engine, request()))) == 6
    assert (await engine.stats()).generation == 2


async def test_a_full_queue_refuses_the_next_request() -> None:
    engine = new(max_requests=1)
    engine.hold()
    task = asyncio.create_task(collect(engine, request("a")))
    await engine.until(lambda stats: stats.waiting == 1)
    with pytest.raises(QueueFull, match="1 request came before"):
        await collect(engine, request("b"))
    engine.release()
    await task


async def test_paused_it_starts_nothing_new() -> None:
    engine = new()
    await engine.pause()
    task = asyncio.create_task(collect(engine, request()))
    await engine.until(lambda stats: stats.waiting == 1)
    assert not task.done()
    await engine.resume()
    await task


async def test_prefixes_are_shared_within_one_salt_only() -> None:
    engine = new()
    prompt = tuple(range(40))

    async def cached(salt: str) -> int:
        return (await collect(engine, request(tokens=prompt, salt=salt)))[0].cached_tokens

    assert [await cached("a"), await cached("a"), await cached("b")] == [0, 32, 0]
    await engine.reload()
    assert await cached("a") == 0


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (request(tokens=()), InvalidRequest),
        (request(tokens=(1,) * 4096), PromptTooLong),
        (request(max_tokens=0), InvalidRequest),
        (request(adapter="x"), UnsupportedParameter),
        (request(grammar=Grammar("regex", "x")), UnsupportedParameter),
    ],
)
async def test_what_cannot_be_answered_is_refused_before_the_first_step(asked: Request, error: type[Exception]) -> None:
    engine = new()
    with pytest.raises(error):
        await anext(engine.generate(asked))
    assert not engine.asked


async def test_one_id_runs_once_at_a_time() -> None:
    engine = new()
    stream = engine.generate(request())
    await anext(stream)
    with pytest.raises(Conflict):
        await collect(engine, request())
    await stream.aclose()


async def test_logprobs_come_with_each_token_where_asked() -> None:
    steps = await collect(new(step_tokens=2), request(sampling=SamplingParams(logprobs=3)))
    assert [len(step.logprobs) for step in steps] == [len(step.tokens) for step in steps]
    assert steps[0].logprobs[0].top[0][0] == steps[0].tokens[0]
    assert not any(step.logprobs for step in await collect(new(), request()))


async def test_closing_ends_requests_and_refuses_new_ones() -> None:
    engine = new()
    engine.hold(after=1)
    task = asyncio.create_task(collect(engine, request()))
    await engine.until(lambda stats: stats.running == 1)
    await engine.close()
    with pytest.raises(EngineUnavailable):
        await task
    with pytest.raises(EngineUnavailable):
        await collect(engine, request())
    await engine.close()


async def test_embeddings_have_length_one_and_scores_are_one_fewer_than_tokens() -> None:
    engine = new()
    (vector,) = await engine.embed([[1, 2, 9]])
    assert sum(value * value for value in vector) == pytest.approx(1)
    assert len(await engine.score([1, 2, 3])) == 2
