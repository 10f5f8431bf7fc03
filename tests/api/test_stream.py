"""Streams: their bytes, what keeps them open, and how they say that something went wrong."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alize.api.answers import Answer, Question
from alize.api.completion import Form
from alize.api.schemas.chat import CompletionChunk
from alize.api.sse import error_event
from alize.engine.base import Request, SamplingParams
from alize.engine.fake import FakeEngine, saying
from alize.errors import EngineCrashed, StorageFailed
from alize.storage.database import SqlDatabase
from tests.serving import TOKENIZER, Desk

FIXTURES = Path(__file__).parent.parent / "fixtures"


def events_of(text: str) -> list[str]:
    return [event for event in text.split("\n\n") if event]


def chunks_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(event.removeprefix("data: ")) for event in events_of(text) if event.startswith("data: {")]


# ── the bytes ──


async def recorded(name: str) -> bytes:
    """The stream that a fixture shows: two choices with a stop string and logprobs, a prefix, or a failure."""
    engine = FakeEngine(saying("Bonjour", TOKENIZER), step_tokens=3)
    count, stop, prefix, logprobs = {
        "chat": (1, (), "", None),
        "chat-two-choices": (2, ("our",), "", None),
        "chat-prefix": (1, (), "Ah, ", None),
        "chat-logprobs": (1, ("jour",), "", 1),
        "chat-error": (1, (), "", None),
    }[name]
    requests = (
        Request(str(index), (1, 2, 3), 20, SamplingParams(logprobs=logprobs), stop_ids=TOKENIZER.stop_ids) for index in range(count)
    )
    answer = Answer(engine, TOKENIZER, Question(tuple(requests), stop, prefix))
    form = Form("0123456789abcdef" * 2, "fake", TOKENIZER, logprobs is not None, created=1_795_500_000)
    error = EngineCrashed("The engine ended while it worked on this request.", retry_after=2.0)
    if name == "chat-error":
        engine.fail(error, after=3)
    stream = b""
    try:
        async for data in form.chunks(answer.events(), lambda: answer.usage):
            stream += data
    except EngineCrashed as raised:
        stream += error_event(raised)
    return stream


@pytest.mark.parametrize("name", ["chat", "chat-two-choices", "chat-prefix", "chat-logprobs", "chat-error"])
async def test_a_stream_is_byte_for_byte_what_the_web_app_is_tested_with(name: str) -> None:
    """tests/fixtures/*.sse are read by the web app's tests, too. To write them anew: python -m tests.fixtures.record"""
    assert (await recorded(name)).decode() == await asyncio.to_thread((FIXTURES / f"{name}.sse").read_text, "utf-8")


async def test_a_stream_has_the_shape_that_clients_parse(desk: Desk) -> None:
    response = await desk.chat(stream=True)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["cache-control"] == "no-store"
    assert "content-length" not in response.headers
    *events, done = events_of(response.text)
    assert done == "data: [DONE]"
    found = chunks_of(response.text)
    assert len(found) == len(events)
    for chunk in found:
        CompletionChunk.model_validate(chunk)
        assert {"id", "model", "choices"} <= chunk.keys()
        assert {"index", "delta", "finish_reason"} <= chunk["choices"][0].keys()
        assert chunk["id"] == found[0]["id"]
    assert found[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert [chunk["choices"][0]["finish_reason"] for chunk in found] == [None] * (len(found) - 1) + ["stop"]
    assert found[-1]["usage"]["total_tokens"] == 12


async def test_usage_comes_whatever_stream_options_say(desk: Desk) -> None:
    for options in ({"include_usage": True}, {"include_usage": False}, None):
        found = chunks_of((await desk.chat(stream=True, stream_options=options)).text)
        assert [chunk for chunk in found if "usage" in chunk] == [found[-1]]
        assert all(chunk["choices"] for chunk in found)


async def test_a_full_context_is_length_in_a_stream(new_desk: Any) -> None:
    desk = await new_desk(engine=FakeEngine(saying("Hello", TOKENIZER), max_context=8))
    assert chunks_of((await desk.chat(stream=True)).text)[-1]["choices"][0]["finish_reason"] == "length"


# ── silence ──


async def streamed(desk: Desk, at_comment: Callable[[], None]) -> tuple[list[dict[str, Any]], str]:
    """Ask for a stream message by message, doing something at its first comment. The ASGI messages, and the text."""
    body = json.dumps({"model": "fake", "messages": [{"role": "user", "content": "Hi"}], "stream": True}).encode()
    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {desk.key}".encode())]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/chat/completions",
        "scheme": "http",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    asked.put_nowait({"type": "http.request", "body": body, "more_body": False})
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message.get("body", b"").startswith(b":"):
            at_comment()

    await desk.app(scope, asked.get, send)
    return sent, b"".join(message.get("body", b"") for message in sent).decode()


async def test_a_silent_stream_is_kept_open_by_comments(new_desk: Any) -> None:
    """The head goes out with the first comment, so that a proxy sees life while a long prompt is computed."""
    desk = await new_desk(keep_alive_seconds=0.1)
    desk.engine.hold()
    sent, text = await streamed(desk, desk.engine.release)
    assert (sent[0]["type"], sent[0]["status"], sent[1]["body"]) == ("http.response.start", 200, b": keep-alive\n\n")
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks_of(text)) == "Hello"
    assert text.endswith("data: [DONE]\n\n")


async def test_an_error_after_a_comment_is_an_event(new_desk: Any) -> None:
    desk = await new_desk(keep_alive_seconds=0.1)
    desk.engine.hold()
    sent, text = await streamed(desk, desk.engine.crash)
    assert sent[0]["status"] == 200
    assert events_of(text)[-1].startswith("event: error\n")
    assert sent[-1]["more_body"] is False


# ── errors ──


async def test_an_error_before_the_first_event_is_an_ordinary_response(desk: Desk) -> None:
    desk.engine.fail(EngineCrashed("The engine ended.", retry_after=2.0))
    response = await desk.chat(stream=True)
    assert (response.status_code, response.headers["content-type"], response.json()["code"]) == (503, "application/json", "engine_crashed")
    assert await desk.rows() == []


async def test_an_error_after_it_ends_the_stream_with_an_event_both_clients_understand(desk: Desk) -> None:
    desk.engine.fail(EngineCrashed("The engine ended."), after=2)
    response = await desk.chat(stream=True)
    assert response.status_code == 200
    last = events_of(response.text)[-1]
    kind, data = last.split("\n")
    assert kind == "event: error"
    body = json.loads(data.removeprefix("data: "))
    assert (body["object"], body["code"], body["raw_status_code"]) == ("error", "engine_crashed", 503)
    assert body["error"] == {"message": "The engine ended.", "type": "server_error", "param": None, "code": "engine_crashed"}
    (row,) = await desk.rows()
    assert (row.outcome, row.completion_tokens) == ("error", 2)


class Broken(SqlDatabase):
    """A database whose disk has gone."""

    broken = False

    def transaction(self) -> Any:
        if self.broken:
            raise StorageFailed("The database cannot be written.", retry_after=5.0)
        return super().transaction()


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_could_not_be_counted_is_not_given_as_complete(desk: Desk, tmp_path: Path, stream: bool) -> None:
    await desk.chat()  # the key is remembered
    broken = Broken(f"sqlite:///{tmp_path}/broken.db")
    broken.broken = True
    object.__setattr__(desk.parts, "database", broken)
    response = await desk.chat(stream=stream)
    if stream:
        assert json.loads(events_of(response.text)[-1].split("data: ")[1])["code"] == "storage_failed"
        assert 'finish_reason":"stop' not in response.text
    else:
        assert (response.status_code, response.json()["code"]) == (503, "storage_failed")
    await broken.close()
