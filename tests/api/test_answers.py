"""One code path from steps to answers: streamed and whole agree whatever way the engine cuts tokens, characters and stop strings."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.api.answers import Answer, Begun, Event, Finish, Question, Text, Usage, fold
from alize.api.completion import Form
from alize.engine.base import Request, SamplingParams, Step
from alize.engine.build import EngineConfig
from alize.engine.fake import FakeEngine, saying
from alize.engine.local import LocalEngine
from alize.engine.schedule import Limits
from alize.errors import EngineCrashed, QueueFull
from alize.tokenize import tokenizer_at
from alize.tokenize.bytes import ByteTokenizer

TOKENIZER = ByteTokenizer()


def question(n: int = 1, *, stop: Sequence[str] = (), prefix: str = "", max_tokens: int = 100, **more: Any) -> Question:
    stop_ids = more.pop("stop_ids", TOKENIZER.stop_ids)
    requests = (Request(f"a-{index}", (1, 2, 3), max_tokens, stop_ids=stop_ids, **more) for index in range(n))
    return Question(tuple(requests), tuple(stop), prefix)


def per_choice(replies: Sequence[bytes]) -> Any:
    """Each choice says its own bytes."""
    return lambda request: tuple(replies[int(request.id.rpartition("-")[2])])


async def run(engine: FakeEngine, asked: Question) -> tuple[list[Event], Usage]:
    answer = Answer(engine, TOKENIZER, asked)
    return [event async for event in answer.events()], answer.usage


def spoken(stream: bytes) -> list[dict[str, Any]]:
    """The objects of a stream, `[DONE]` left out."""
    lines = [line.removeprefix("data: ") for line in stream.decode().split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


bytes_of_text = st.text(min_size=1, max_size=12).map(str.encode) | st.binary(min_size=1, max_size=12)


@given(
    replies=st.lists(bytes_of_text, min_size=1, max_size=3),
    stop=st.lists(st.text(min_size=1, max_size=3), max_size=2),
    step_tokens=st.integers(1, 5),
    max_tokens=st.integers(0, 14),
    prefix=st.text(max_size=3),
    logprobs=st.none() | st.integers(0, 2),
    max_context=st.integers(4, 20),
)
async def test_streamed_and_whole_answers_are_equal(
    replies: list[bytes], stop: list[str], step_tokens: int, max_tokens: int, prefix: str, logprobs: int | None, max_context: int
) -> None:
    asked = question(len(replies), stop=stop, prefix=prefix, max_tokens=max_tokens, sampling=SamplingParams(logprobs=logprobs))
    form = Form("0" * 32, "fake", TOKENIZER, logprobs is not None)

    first = Answer(FakeEngine(per_choice(replies), step_tokens=step_tokens, max_context=max_context), TOKENIZER, asked)
    stream = spoken(b"".join([data async for data in form.chunks(first.events(), lambda: first.usage)]))
    events, usage = await run(FakeEngine(per_choice(replies), step_tokens=step_tokens, max_context=max_context), asked)
    body = form.whole(fold(events, len(replies)), usage)

    for choice in body["choices"]:
        mine = [chunk["choices"][0] for chunk in stream if chunk["choices"][0]["index"] == choice["index"]]
        assert "".join(one["delta"]["content"] for one in mine) == choice["message"]["content"]
        assert mine[0]["delta"]["role"] == "assistant"
        assert [one["finish_reason"] for one in mine[:-1]] == [None] * (len(mine) - 1)
        assert mine[-1]["finish_reason"] == {"model_length": "length"}.get(choice["finish_reason"], choice["finish_reason"])
        if logprobs is not None:
            assert [entry for one in mine for entry in one["logprobs"]["content"]] == choice["logprobs"]["content"]
    assert stream[-1]["usage"] == body["usage"]
    assert not any("usage" in chunk for chunk in stream[:-1])


@given(reply=bytes_of_text, stop=st.lists(st.text(min_size=1, max_size=3), max_size=3), step_tokens=st.integers(1, 12))
async def test_the_text_is_what_decoding_everything_gives_cut_at_the_earliest_stop_string(
    reply: bytes, stop: list[str], step_tokens: int
) -> None:
    events, _ = await run(FakeEngine(per_choice([reply]), step_tokens=step_tokens), question(stop=stop))
    text = reply.decode("utf-8", "replace")
    cuts = [place for one in stop if (place := text.find(one)) >= 0]
    (choice,) = fold(events, 1)
    assert choice.text == text[: min(cuts, default=len(text))]
    assert choice.reason == "stop"


async def test_a_stop_string_ends_the_engines_request_and_counts_what_was_given() -> None:
    engine = FakeEngine(saying("one two three", TOKENIZER))
    events, usage = await run(engine, question(stop=["two"]))
    assert fold(events, 1)[0].text == "one "
    assert usage == Usage(prompt=3, cached=0, completion=len("one two"))
    stats = await engine.stats()
    assert (stats.aborted, stats.running, stats.generated_tokens) == (1, 0, 7)


@pytest.mark.parametrize("step_tokens", [1, 2, 3, 4, 7, 20])
async def test_tokens_behind_a_stop_string_are_neither_counted_nor_shown(step_tokens: int) -> None:
    """However many the engine gives in a step: also where it has ended with that step."""
    engine, seen = FakeEngine(saying("a|bcdef", TOKENIZER), step_tokens=step_tokens), list[Step]()
    answer = Answer(engine, TOKENIZER, question(stop=["|"], sampling=SamplingParams(logprobs=0)), lambda _, step: seen.append(step))
    (choice,) = fold([event async for event in answer.events()], 1)
    assert (choice.text, [token.id for token in choice.tokens], answer.usage.completion) == ("a", [*b"a|"], 2)
    assert [id for step in seen for id in step.tokens] == [*b"a|"], "nor is anybody told of them who counts"
    record = answer.replay(0)
    assert record is not None
    assert (record.answer, record.finish) == ((*b"a|",), None)


@given(
    reply=st.text("ab é", min_size=1, max_size=14),
    stop=st.lists(st.text("ab é", min_size=1, max_size=3), max_size=3),
    step_tokens=st.integers(2, 12),
    most=st.integers(1, 14),
)
async def test_an_answer_costs_the_same_however_many_tokens_come_at_once(reply: str, stop: list[str], step_tokens: int, most: int) -> None:
    asked = question(stop=stop, max_tokens=most)
    one, several = [await run(FakeEngine(per_choice([reply.encode()]), step_tokens=count), asked) for count in (1, step_tokens)]
    assert one[1] == several[1]
    assert fold(one[0], 1)[0].reason == fold(several[0], 1)[0].reason


async def test_an_answer_of_the_real_model_costs_the_same_with_guesses_as_without(smollm2: Path) -> None:
    tokenizer = tokenizer_at(smollm2)
    prompt = tokenizer.template([{"role": "user", "content": "Tell me about the wind."}])
    usages: list[list[Usage]] = []
    for speculation in (False, True):
        engine = await LocalEngine.start(EngineConfig(str(smollm2), cache_bytes=2**26, limits=Limits(speculation=speculation)))
        try:
            usages.append([])
            said = ""
            for end in (0, 40, 80, 120):
                stop = (said[end - 8 : end],) if end else ()
                request = Request("a", tuple(prompt), 60, stop_ids=tokenizer.stop_ids, predicted=tuple(tokenizer.encode(said)))
                answer = Answer(engine, tokenizer, Question((request,), stop))
                (choice,) = fold([event async for event in answer.events()], 1)
                said = said or choice.text
                assert choice.text == said[: max(0, end - 8)] or not end
                usages[-1].append(answer.usage)
        finally:
            await engine.close()
    without, guessing = usages
    assert [one.completion for one in guessing] == [one.completion for one in without]
    assert len({one.completion for one in without}) == 4, "each stop string was found"
    for one in guessing[1:]:
        assert 0 < one.accepted <= one.completion


async def test_choices_are_interleaved_and_the_prompt_is_counted_once() -> None:
    events, usage = await run(FakeEngine(per_choice([b"abc", b"xyz"])), question(2))
    assert [choice.text for choice in fold(events, 2)] == ["abc", "xyz"]
    order = [event.index for event in events if isinstance(event, Text)]
    assert order not in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])
    assert usage == Usage(prompt=3, completion=8)
    assert [event.last for event in events if isinstance(event, Finish)] == [False, True]


async def test_a_prefix_is_repeated_once_at_the_start() -> None:
    events, usage = await run(FakeEngine(per_choice([b"def", b"xyz"])), question(2, prefix="abc"))
    assert [choice.text for choice in fold(events, 2)] == ["abcdef", "abcxyz"]
    assert usage.completion == 8


async def test_no_tokens_at_all_may_be_asked_for() -> None:
    engine = FakeEngine(saying("never said", TOKENIZER))
    events, usage = await run(engine, question(max_tokens=0, prefix="abc"))
    assert events == [Begun(0), Text(0, "abc"), Finish(0, "length", last=True)]
    assert usage == Usage(prompt=3)
    assert not engine.asked


async def test_a_full_context_is_told_from_a_reached_limit() -> None:
    events, _ = await run(FakeEngine(saying("x" * 50, TOKENIZER), max_context=10), question())
    assert events[-1] == Finish(0, "model_length", last=True)
    events, _ = await run(FakeEngine(saying("x" * 50, TOKENIZER)), question(max_tokens=5))
    assert events[-1] == Finish(0, "length", last=True)


@pytest.mark.parametrize("n", [1, 3])
async def test_closing_an_answer_aborts_every_choice(n: int) -> None:
    engine = FakeEngine(saying("Hello", TOKENIZER))
    engine.hold(after=2)
    answer = Answer(engine, TOKENIZER, question(n))
    async with aclosing(answer.events()) as events:
        await anext(events)
        await engine.until(lambda stats: stats.generated_tokens >= 1)
    stats = await engine.stats()
    assert (stats.aborted, stats.running + stats.waiting) == (n, 0)
    assert 1 <= answer.usage.completion <= stats.generated_tokens


async def test_one_refused_choice_refuses_all() -> None:
    engine = FakeEngine(saying("Hello", TOKENIZER), max_requests=2)
    with pytest.raises(QueueFull):
        await run(engine, question(3))
    stats = await engine.stats()
    assert stats.running + stats.waiting == 0


async def test_a_failure_keeps_what_was_counted_until_then() -> None:
    engine = FakeEngine(saying("Hello", TOKENIZER))
    engine.fail(EngineCrashed("gone"), after=3)
    answer = Answer(engine, TOKENIZER, question())
    seen: list[Event] = []

    async def watch() -> None:
        async for event in answer.events():
            seen.append(event)

    with pytest.raises(EngineCrashed):
        await watch()
    assert fold(seen, 1)[0].text == "Hel"
    assert answer.usage == Usage(prompt=3, completion=3)


async def test_text_comes_while_the_engine_still_works() -> None:
    engine = FakeEngine(saying("Hello", TOKENIZER))
    engine.hold(after=1)
    answer = Answer(engine, TOKENIZER, question())
    events: AsyncIterator[Event] = answer.events()
    assert [await anext(events), await anext(events)] == [Begun(0), Text(0, "H")]
    rest = asyncio.create_task(fold_rest(events))
    engine.release()
    assert await rest == "ello"


async def fold_rest(events: AsyncIterator[Event]) -> str:
    return fold([event async for event in events], 1)[0].text
