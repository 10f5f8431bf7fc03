"""Fill-in-the-middle: the text before a gap and after it become what the model's alphabet says, and the answer is a chat's."""

import json
from typing import Any

import pytest

from alize.api.schemas.fim import FIMCompletionResponse
from alize.engine.record import read_record, record_of
from alize.weights.catalog import Card
from tests.serving import TOKENIZER, Desk

CODE = Card("fake", capabilities=frozenset({"completion_fim"}))


@pytest.fixture
async def coder(new_desk: Any) -> Desk:
    return await new_desk(card=CODE)


async def fill(desk: Desk, **fields: Any) -> Any:
    return await desk.client.post("/v1/fim/completions", json={"model": "fake", "prompt": "def f(", "suffix": "return a", **fields})


async def test_the_gap_is_asked_for_in_the_alphabet_of_the_model(coder: Desk) -> None:
    body = (await fill(coder)).json()
    assert coder.engine.asked[-1].tokens == tuple(TOKENIZER.infill("def f(", "return a"))
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"]["content"] == "Hello"
    FIMCompletionResponse.model_validate(body)


@pytest.mark.parametrize("suffix", [None, ""])
async def test_without_a_suffix_the_text_goes_on(coder: Desk, suffix: str | None) -> None:
    assert (await fill(coder, suffix=suffix)).status_code == 200
    assert coder.engine.asked[-1].tokens == tuple(TOKENIZER.infill("def f(", ""))


async def test_every_field_reaches_the_engine(coder: Desk) -> None:
    await fill(coder, temperature=0.5, top_p=0.25, max_tokens=3, min_tokens=2, random_seed=7)
    asked = coder.engine.asked[-1]
    assert (asked.sampling.temperature, asked.sampling.top_p, asked.sampling.seed) == (0.5, 0.25, 7)
    assert (asked.max_tokens, asked.min_tokens) == (3, 2)


async def test_a_stop_string_ends_it(coder: Desk) -> None:
    choice = (await fill(coder, stop="llo")).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"], choice["stop_reason"]) == ("He", "stop", "llo")
    assert "stop_reason" not in (await fill(coder, stop="none of it")).text


async def test_a_stream_gives_deltas_and_the_usage_with_its_last_chunk(coder: Desk) -> None:
    text = (await fill(coder, stream=True)).text
    assert '"delta":{"content":"' in text
    assert text.rstrip().endswith("data: [DONE]")
    assert '"usage":{' in text


@pytest.mark.parametrize("stream", [False, True])
async def test_it_comes_with_what_reproduces_it_where_that_is_asked_for(coder: Desk, stream: bool) -> None:
    answer = await fill(coder, stream=stream, replay=True, stop="lo", random_seed=3)
    (asked,) = coder.engine.asked
    if stream:
        chunks = [json.loads(line.removeprefix("data: ")) for line in answer.text.split("\n\n") if line.startswith("data: {")]
        assert ["replay" in chunk["choices"][0] for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
        given = chunks[-1]["choices"][0]["replay"]
    else:
        given = FIMCompletionResponse.model_validate(answer.json()).choices[0].replay
    record = read_record(json.dumps(given).encode())
    assert record == record_of(asked, coder.engine.info, TOKENIZER.encode("Hello"), None)
    steps = [step async for step in coder.engine.generate(record.request)]
    assert [token for step in steps for token in step.tokens][:5] == list(record.answer)


@pytest.mark.parametrize("wish", [{}, {"replay": False}])
async def test_nothing_comes_that_was_not_asked_for(coder: Desk, wish: dict[str, Any]) -> None:
    assert "replay" not in (await fill(coder, **wish)).text
    assert "replay" not in (await fill(coder, stream=True, **wish)).text


async def test_it_is_counted_as_its_own_endpoint(coder: Desk) -> None:
    await fill(coder)
    (row,) = await coder.rows()
    assert (row.endpoint, row.outcome) == ("/v1/fim/completions", "stop")


async def test_a_model_without_gaps_is_refused(desk: Desk) -> None:
    answer = await fill(desk)
    assert (answer.status_code, answer.json()["param"]) == (400, "model")
    assert "completion_fim" in answer.json()["message"]


@pytest.mark.parametrize(
    "fields", [{"prompt": None}, {"prompt": 3}, {"suffix": ["a"]}, {"stop": [""]}, {"max_tokens": -1}, {"temperature": 2}, {"messages": []}]
)
async def test_what_is_no_request_is_a_422_that_names_the_field(coder: Desk, fields: dict[str, Any]) -> None:
    answer = await fill(coder, **fields)
    assert answer.status_code == 422, answer.text
    assert next(iter(fields)) in answer.text


async def test_a_prompt_past_the_context_says_how_much_fits(coder: Desk) -> None:
    answer = await fill(coder, prompt="a" * 5000)
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["param"]) == ("3051", "prompt")
    assert "5011 tokens" in answer.json()["message"]
    assert "4096" in answer.json()["message"]
