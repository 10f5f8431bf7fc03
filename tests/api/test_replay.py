"""`replay`: each choice comes with what reproduces it, whole and streamed; where nothing could, the field is refused by its name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alize.api.schemas.chat import ChatCompletionResponse, CompletionChunk
from alize.engine.fake import FakeEngine, saying
from alize.engine.record import ReplayRecord, read_records, record_of
from tests.api.test_stream import chunks_of
from tests.api.test_upstream import two
from tests.serving import TOKENIZER, Desk


def record(told: Any) -> ReplayRecord:
    (found,) = read_records(json.dumps(told).encode())
    return found


async def test_each_choice_comes_with_what_the_engine_was_asked_and_gave(desk: Desk) -> None:
    given: dict[str, Any] = {"temperature": 0.9, "top_k": 5, "random_seed": 3, "logit_bias": {"7": -3}, "min_tokens": 2}
    body = (await desk.chat(replay=True, n=2, **given)).json()
    ChatCompletionResponse.model_validate(body)
    for choice, request in zip(body["choices"], desk.engine.asked, strict=True):
        found = record(choice["replay"])
        assert found == record_of(request, desk.engine.info, [*TOKENIZER.encode("Hello"), min(TOKENIZER.stop_ids)], "stop")
        assert found.request.sampling == request.sampling
    assert body["choices"][0]["replay"]["sampling"]["seed"] != body["choices"][1]["replay"]["sampling"]["seed"]


@pytest.mark.parametrize("wish", [{}, {"replay": False}, {"replay": None}])
async def test_nothing_comes_that_was_not_asked_for(desk: Desk, wish: dict[str, Any]) -> None:
    assert "replay" not in (await desk.chat(**wish)).json()["choices"][0]
    assert "replay" not in (await desk.chat(stream=True, **wish)).text


async def test_a_stream_has_it_in_the_last_chunk_of_each_choice(desk: Desk) -> None:
    whole = (await desk.chat(replay=True, n=2, random_seed=1, temperature=0)).json()
    chunks = chunks_of((await desk.chat(replay=True, n=2, random_seed=1, temperature=0, stream=True)).text)
    for chunk in chunks:
        CompletionChunk.model_validate(chunk)
    ended = {each["choices"][0]["index"]: each["choices"][0] for each in chunks if each["choices"][0]["finish_reason"]}
    assert [ended[index]["replay"] for index in (0, 1)] == [choice["replay"] for choice in whole["choices"]]
    assert sum("replay" in each["choices"][0] for each in chunks) == 2


async def test_a_record_ends_with_the_token_that_completes_a_stop_string_and_so_not_as_the_engine_did(
    new_desk: Callable[..., Any],
) -> None:
    desk = await new_desk(engine=FakeEngine(saying("Hello there", TOKENIZER), step_tokens=4))
    body = (await desk.chat(replay=True, stop="lo")).json()
    found = record(body["choices"][0]["replay"])
    assert body["choices"][0]["message"]["content"] == "Hel"
    assert (found.answer, found.finish) == (tuple(TOKENIZER.encode("Hello")), None)
    assert len(found.answer) == body["usage"]["completion_tokens"]


async def test_what_an_answer_goes_on_from_stands_at_the_end_of_its_prompt(desk: Desk) -> None:
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Well,", "prefix": True}]
    body = (await desk.chat(replay=True, messages=messages)).json()
    found = record(body["choices"][0]["replay"])
    assert body["choices"][0]["message"]["content"] == "Well,Hello"
    assert found.prompt[-5:] == tuple(TOKENIZER.encode("Well,"))
    assert found.answer[:-1] == tuple(TOKENIZER.encode("Hello"))


async def test_a_request_for_no_tokens_has_none(desk: Desk) -> None:
    assert (await desk.chat(replay=True, max_tokens=0)).json()["choices"][0]["replay"] is None


async def test_an_upstreams_answer_has_none_and_a_false_one_is_not_told_there(tmp_path: Path) -> None:
    async with two(tmp_path) as pair:
        refused = await pair.chat(replay=True)
        assert (refused.status_code, refused.json()["param"]) == (400, "replay")
        assert "replay" in refused.json()["message"]
        assert not pair.there.engine.asked
        assert (await pair.chat(replay=False)).status_code == 200


async def test_what_is_no_yes_or_no_is_refused(desk: Desk) -> None:
    assert (await desk.chat(replay="please")).status_code == 422
