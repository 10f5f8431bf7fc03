"""An upstream that behaves, a second Alizé behind a socket: its models are listed and asked like ours, with where they are."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest
from mistralai.client import Mistral

from alize.api.schemas.models import ModelList
from alize.engine.fake import FakeEngine, saying
from alize.weights.catalog import Card
from tests.calling import ARGUMENTS, TOOL, agent, engine_of
from tests.calling import TOKENIZER as CALLING
from tests.serving import TOKENIZER, Desk, listening, opened

THERE = Card("big", ("big-latest",), "Big", "Knows more.", frozenset({"completion_chat"}), 4096, licence="MIT", owned_by="them", created=7)


@dataclass
class Two:
    """A server and its upstream."""

    here: Desk
    there: Desk
    host: str  # of the upstream

    async def chat(self, **more: Any) -> Any:
        return await self.here.chat(**{"model": "big", **more})


@asynccontextmanager
async def two(folder: Path, there: FakeEngine | None = None, tokenizer: Any = TOKENIZER, **given: Any) -> AsyncIterator[Two]:
    """`there`: the upstream's engine. `given` are settings of the one that is asked."""
    engine = there or FakeEngine(saying("Bonjour", TOKENIZER))
    async with AsyncExitStack() as stack:
        for name in ("there", "here"):
            (folder / name).mkdir()
        behind = await stack.enter_async_context(opened(folder / "there", engine, tokenizer, card=THERE))
        port = await stack.enter_async_context(listening(behind.app))
        settings = {"upstream_url": f"http://127.0.0.1:{port}/v1", "upstream_key": behind.key, **given}
        here = await stack.enter_async_context(opened(folder / "here", **settings))
        assert here.parts.upstream is not None
        await here.parts.upstream.refresh()
        yield Two(here, behind, f"127.0.0.1:{port}")


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Two]:
    async with two(tmp_path) as both:
        yield both


def new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def chunks_of(text: str) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


async def test_models_of_the_upstream_are_listed_behind_our_own_with_licence_and_place(pair: Two) -> None:
    body = (await pair.here.client.get("/v1/models")).json()
    ModelList.model_validate(body)
    ours, theirs = body["data"]
    assert (ours["id"], ours["served_by"], ours["license"]) == ("fake", "", None)
    assert (theirs["id"], theirs["served_by"], theirs["license"]) == ("big", pair.host, "MIT")
    assert (theirs["name"], theirs["owned_by"], theirs["created"], theirs["max_context_length"]) == ("Big", "them", 7, 4096)
    assert (await pair.here.client.get("/v1/models/big-latest")).json() == theirs


async def test_a_whole_answer_is_theirs_with_our_id_and_our_row(pair: Two) -> None:
    answer = await pair.chat(model="big-latest")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["model"], body["choices"][0]["message"]["content"]) == ("big-latest", "Bonjour")
    (here,), (there,) = await pair.here.rows(), await pair.there.rows()
    assert here.id == body["id"] != there.id
    assert (here.model, here.outcome, here.endpoint) == ("big", "stop", "/v1/chat/completions")
    assert (here.prompt_tokens, here.completion_tokens) == (there.prompt_tokens, there.completion_tokens)
    assert body["usage"]["completion_tokens"] == here.completion_tokens
    assert pair.here.engine.asked == []


async def test_a_stream_says_what_theirs_says_with_the_usage_in_the_last_chunk(pair: Two) -> None:
    chunks = chunks_of((await pair.chat(stream=True)).text)
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks) == "Bonjour"
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert {chunk["model"] for chunk in chunks} == {"big"}
    (row,) = await pair.here.rows()
    assert ["usage" in chunk for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert (chunks[-1]["choices"][0]["finish_reason"], chunks[-1]["usage"]["completion_tokens"]) == ("stop", row.completion_tokens)


async def test_fields_of_a_request_reach_the_model_under_either_name(pair: Two) -> None:
    assert (await pair.chat(seed=7, max_completion_tokens=3, temperature=0.25, stop=["x"], n=2)).status_code == 200
    request = pair.there.engine.asked[0]
    assert (request.sampling.seed, request.max_tokens, request.sampling.temperature) == (7, 3, 0.25)
    assert len(pair.there.engine.asked) == 2


async def test_what_they_refuse_is_refused_in_their_words_and_not_counted(pair: Two) -> None:
    answer = await pair.chat(messages=[{"role": "user", "content": "x" * 10_000}])
    assert (answer.status_code, answer.json()["code"]) == (400, "3051")
    assert "4096" in answer.json()["message"]
    assert pair.host in answer.json()["message"]
    assert await pair.here.rows() == []


async def test_a_client_that_leaves_stops_the_upstream_and_is_counted(pair: Two) -> None:
    pair.there.engine.hold(after=3)
    asking = asyncio.create_task(pair.chat())
    await pair.there.engine.until(lambda stats: stats.generated_tokens == 3)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await pair.there.engine.until(lambda stats: stats.aborted == 1)
    await pair.here.parts.draining.finished()
    (row,) = await pair.here.rows()
    assert row.outcome == "cancelled"


async def test_our_keys_and_limits_hold_for_their_models(tmp_path: Path) -> None:
    async with two(tmp_path, requests_per_minute=1) as pair:
        async with pair.here.without_key() as stranger:
            body = {"model": "big", "messages": [{"role": "user", "content": "Hi"}]}
            assert (await stranger.post("/v1/chat/completions", json=body)).status_code == 401
        assert (await pair.chat()).status_code == 200
        assert (await pair.chat()).status_code == 429
        assert len(pair.there.engine.asked) == 1


async def test_tokens_of_the_upstream_are_taken_from_the_workspace(tmp_path: Path) -> None:
    async with two(tmp_path, tokens_per_minute=1000) as pair:
        begun = time.monotonic()
        cost = (await pair.chat()).json()["usage"]["total_tokens"]
        left = int((await pair.here.client.get("/v1/models")).headers["x-ratelimit-remaining-tokens-minute"])
        flowed = 1000 * (time.monotonic() - begun) / 60  # back into the bucket meanwhile
        assert 1000 - cost <= left <= 1000 - cost + flowed


async def test_a_name_of_our_own_never_leaves(tmp_path: Path) -> None:
    async with two(tmp_path, model_aliases="big-latest=fake,wide=big") as pair:
        names = [card["id"] for card in (await pair.here.client.get("/v1/models")).json()["data"]]
        assert names == ["fake", "big"]
        for name, asked in (("big-latest", pair.here), ("wide", pair.there)):
            before = len(asked.engine.asked)
            assert (await pair.chat(model=name)).status_code == 200
            assert len(asked.engine.asked) == before + 1


async def test_a_model_of_the_same_name_is_offered_only_under_another(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with two(new(tmp_path / "a"), model_aliases="big=fake") as pair:
        assert [card["id"] for card in (await pair.here.client.get("/v1/models")).json()["data"]] == ["fake"]
        assert "not offered" in caplog.text
        await pair.chat()
        assert pair.there.engine.asked == []
    async with two(new(tmp_path / "b"), model_aliases="big=fake", upstream_models="huge=big") as pair:
        assert [card["id"] for card in (await pair.here.client.get("/v1/models")).json()["data"]] == ["fake", "huge"]
        assert (await pair.chat(model="huge")).json()["model"] == "huge"
        assert len(pair.there.engine.asked) == 1


async def test_metrics_have_its_answers_by_its_name(pair: Two) -> None:
    await pair.chat(stream=True)
    text = (await pair.here.client.get("/metrics")).text
    assert 'alize_request_success_total{finished_reason="stop",model_name="big"} 1.0' in text


async def test_of_work_that_nobody_waits_for_no_time_is_measured_there_either(pair: Two) -> None:
    await pair.chat(stream=True, priority=-10)
    lines = (await pair.here.client.get("/metrics")).text.splitlines()
    assert 'alize_request_success_total{finished_reason="stop",model_name="big"} 1.0' in lines
    times = [line for line in lines if "_seconds_count{" in line and '"big"' in line]
    assert not [line for line in times if not line.endswith(" 0.0")]


async def test_official_clients_read_an_upstreams_stream(pair: Two) -> None:
    async with listening(pair.here.app) as port:
        one = openai.AsyncOpenAI(api_key=pair.here.key, base_url=f"http://127.0.0.1:{port}/v1")
        stream = await one.chat.completions.create(model="big", messages=[{"role": "user", "content": "Hi"}], stream=True)
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == "Bonjour"
        await one.close()
        async with Mistral(api_key=pair.here.key, server_url=f"http://127.0.0.1:{port}") as other:
            answer = await other.chat.complete_async(model="big", messages=[{"role": "user", "content": "Hi"}])
            assert answer.choices[0].message.content == "Bonjour"


async def test_tools_and_calls_pass_through_whole_and_streamed(tmp_path: Path) -> None:
    async with two(tmp_path, there=engine_of(agent), tokenizer=CALLING) as pair:
        asked = {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": True}
        (choice,) = (await pair.chat(**asked)).json()["choices"]
        (call,) = choice["message"]["tool_calls"]
        assert (call["function"], choice["finish_reason"]) == ({"name": "weather", "arguments": ARGUMENTS}, "tool_calls")
        chunks = chunks_of((await pair.chat(stream=True, **asked)).text)
        pieces = [piece for chunk in chunks for piece in chunk["choices"][0]["delta"].get("tool_calls", ())]
        assert "".join(piece["function"]["arguments"] for piece in pieces) == ARGUMENTS
        assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
        told = {"role": "tool", "content": "22 °C", "tool_call_id": call["id"]}
        answer = await pair.chat(messages=[{"role": "user", "content": "How warm is Aix?"}, choice["message"], told], **asked)
        assert answer.json()["choices"][0]["message"]["content"] == "It is 22 °C"
        assert (await pair.here.client.get("/v1/models/big")).json()["capabilities"]["function_calling"]
        assert [row.outcome for row in await pair.here.rows()].count("tool_calls") == 2
