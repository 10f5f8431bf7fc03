"""An upstream that does not behave: whatever it sends, a client gets an answer with an end, or one error that says who failed."""

import asyncio
import gzip
import json
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.certificates import self_signed
from tests.serving import Desk, listening, opened
from tests.upstream.hostile import STREAM, Hostile, data, hostile, says, whole

KEY = "sk-a-secret-that-nobody-may-see"


@pytest.fixture
async def upstream() -> AsyncIterator[Hostile]:
    async with hostile() as server:
        yield server


@pytest.fixture
async def desk(tmp_path: Path, upstream: Hostile) -> AsyncIterator[Desk]:
    async with opened(tmp_path, upstream_url=upstream.url, upstream_key=KEY) as desk:
        assert desk.parts.upstream is not None
        await desk.parts.upstream.refresh()
        yield desk


async def stream_of(desk: Desk, **more: Any) -> tuple[str, list[dict[str, Any]], dict[str, Any] | None]:
    """The text of a streamed answer, its chunks, and the error it ended with; an end it always has."""
    answer = await desk.chat(model="theirs", stream=True, **more)
    if answer.status_code != 200:
        return "", [], answer.json()
    every = [block for block in answer.text.strip().split("\n\n") if not block.startswith(":")]
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in every]
    error = json.loads(blocks.pop()["data"]) if blocks[-1].get("event") == "error" else None
    assert error is not None or blocks.pop()["data"] == "[DONE]"
    chunks = [json.loads(block["data"]) for block in blocks]
    assert all(chunk["choices"] for chunk in chunks)
    content = [choice["delta"].get("content") for chunk in chunks for choice in chunk["choices"]]
    return "".join(part for part in content if isinstance(part, str)), chunks, error


async def test_a_key_goes_to_the_upstream_and_our_clients_key_does_not(desk: Desk, upstream: Hostile) -> None:
    upstream.streams(says("Hi", "stop"), "[DONE]")
    body = {"model": "theirs", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    answer = await desk.client.post("/v1/chat/completions", json=body, headers={"x-request-id": "mine-7", "cookie": "a=b"})
    assert answer.headers["x-request-id"] == "mine-7"
    (asked,) = upstream.chats
    assert (asked.headers["authorization"], asked.headers["x-request-id"]) == (f"Bearer {KEY}", "mine-7")
    assert "cookie" not in asked.headers
    assert desk.key not in str(asked.headers)


async def test_each_kind_of_server_is_asked_in_its_own_form(desk: Desk, upstream: Hostile) -> None:
    upstream.streams(says("Hi", "stop"), "[DONE]")
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    given: dict[str, Any] = {"random_seed": 7, "max_tokens": 5, "tools": [tool]}
    await stream_of(desk, **given)
    sent = {"seed": 7, "max_tokens": 5, "tools": given["tools"], "stream": True, "stream_options": {"include_usage": True}}
    body = {"model": "theirs", "messages": [{"role": "user", "content": "Hi"}]}
    assert upstream.chats[-1].body == body | sent
    upstream.lists({"id": "theirs", "capabilities": {"completion_chat": True}})
    assert desk.parts.upstream is not None
    await desk.parts.upstream.refresh()
    await stream_of(desk, seed=7, max_completion_tokens=5, stream_options={"include_usage": True})
    assert upstream.chats[-1].body == body | {"random_seed": 7, "max_tokens": 5, "stream": True}


async def test_a_usage_behind_the_end_comes_with_the_end(desk: Desk, upstream: Hostile) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11, "completion_tokens_details": {"reasoning_tokens": 1}}
    upstream.streams(says("Hi", usage=None), says("", "stop"), {"id": "x", "choices": [], "usage": usage}, "[DONE]")
    text, chunks, error = await stream_of(desk)
    assert (text, error, len(chunks)) == ("Hi", None, 2)
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"] == usage | {"prompt_tokens_details": {"cached_tokens": 0}}
    (row,) = await desk.rows()
    assert (row.prompt_tokens, row.completion_tokens, row.outcome) == (9, 2, "stop")


@pytest.mark.parametrize(
    "usage", [None, {}, [], {"prompt_tokens": -1, "completion_tokens": 2}, {"prompt_tokens": "9", "completion_tokens": 1}]
)
async def test_without_a_sound_usage_one_is_estimated(desk: Desk, upstream: Hostile, usage: Any) -> None:
    upstream.streams(says("abcdef"), says("", "stop", usage=usage), "[DONE]")
    _, chunks, error = await stream_of(desk)
    assert error is None
    (row,) = await desk.rows()
    assert (row.prompt_tokens, row.completion_tokens) == (9, 2)
    assert chunks[-1]["usage"]["total_tokens"] == 11


async def test_a_stream_may_end_without_done_or_without_a_reason(desk: Desk, upstream: Hostile) -> None:
    upstream.streams(says("Hi"), says("", "length"))
    text, chunks, error = await stream_of(desk)
    assert (text, error, chunks[-1]["choices"][0]["finish_reason"]) == ("Hi", None, "length")
    upstream.streams(says("Hi"), "[DONE]")
    text, chunks, error = await stream_of(desk)
    assert (text, error, chunks[-1]["choices"][0]["finish_reason"]) == ("Hi", None, "stop")
    upstream.script = [STREAM, data(says("Hi", "stop")).rstrip()]  # not even an empty line
    assert (await stream_of(desk))[0] == "Hi"


async def test_what_comes_behind_the_end_does_not_hide_it(desk: Desk, upstream: Hostile) -> None:
    """Also where fewer choices come than were asked for."""
    usage = {"prompt_tokens": 9, "completion_tokens": 2}
    upstream.streams(says("Hi", "stop"), says(""), {"choices": [], "usage": usage}, "[DONE]")
    for n in (1, 2):
        text, chunks, error = await stream_of(desk, n=n)
        assert (text, error, chunks[0]["choices"][0]["finish_reason"]) == ("Hi", None, "stop")
        assert ["usage" in chunk for chunk in chunks] == [False, True]


async def test_a_reason_that_cannot_be_stored_spoils_no_answer(desk: Desk, upstream: Hostile) -> None:
    upstream.streams(says("Hi", "st\0op"), "[DONE]")
    text, _, error = await stream_of(desk)
    assert (text, error) == ("Hi", None)
    (row,) = await desk.rows()
    assert row.outcome == "stop"


async def test_no_cookie_is_kept(desk: Desk, upstream: Hostile) -> None:
    head = STREAM.replace(b"\r\n\r\n", b"\r\nSet-Cookie: who=ada; Path=/\r\n\r\n")
    upstream.script = [head, data(says("Hi", "stop")), data("[DONE]")]
    for _ in range(2):
        assert (await stream_of(desk))[0] == "Hi"
    assert all("cookie" not in asked.headers for asked in upstream.asked)


@pytest.mark.parametrize("depth", [100, 400, 900, 5000])
async def test_a_value_that_is_nested_deeply_is_passed_on_or_refused(desk: Desk, upstream: Hostile, depth: int) -> None:
    deep = '{"choices": [{"index": 0, "delta": {"content": "Hi", "x": ' + "[" * depth + "]" * depth + "}}]}"
    upstream.streams(deep, says("", "stop"), "[DONE]")
    _, _, error = await stream_of(desk)
    assert error is None or error["code"] == "upstream_failed"


async def test_comments_bytes_in_pieces_and_foreign_fields_change_nothing(desk: Desk, upstream: Hostile) -> None:
    words = b"".join(data(says(part, reasoning="hm")) for part in ("é", "🌬", "東"))
    stream = b": keep-alive\r\n\r\nretry: 5\r\n" + words + data(says("", "stop"))
    upstream.script = [STREAM, *(stream[at : at + 1] for at in range(len(stream)))]
    text, chunks, error = await stream_of(desk)
    assert (text, error) == ("é🌬東", None)
    assert chunks[0]["reasoning"] == "hm"


async def test_lists_of_chunks_and_reasoning_are_passed_on_as_they_are(desk: Desk, upstream: Hostile) -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Paris"}]
    upstream.streams(says(thinking), says(None, reasoning_content="x"), says("", "stop"), "[DONE]")
    _, chunks, error = await stream_of(desk)
    assert error is None
    assert chunks[0]["choices"][0]["delta"]["content"] == thinking


@pytest.mark.parametrize(
    "parts",
    [
        [says("Hel")],
        [says("Hel"), b'data: {"choi'],
        [says("Hel"), "not json", "[DONE]"],
        [says("Hel"), "[1]", "[DONE]"],
        [says("Hel"), {"type": "ping"}, "[DONE]"],
        [says("Hel"), {"choices": "none"}, "[DONE]"],
        [says("Hel"), {"choices": [5]}, "[DONE]"],
        [says("Hel"), {"choices": [{"index": -1, "delta": {}}]}, "[DONE]"],
        [says("Hel"), {"choices": [{"index": 0, "delta": "x"}]}, "[DONE]"],
        [says("Hel"), '{"choices": [{"index": 0, "delta": {"content": "\\ud800"}}]}', "[DONE]"],
        [says("Hel"), "[" * 100_000],
        [says("Hel"), b"data: \xff\xfe\n\n"],
        [says("Hel"), {"error": {"message": "out of memory", "type": "server_error"}}],
        [says("Hel"), b'event: error\ndata: {"object": "error", "message": "out of memory"}\n\n'],
        [says("Hel"), b"data: " + b"x" * 5_000_000],
    ],
)
async def test_a_stream_that_breaks_is_an_error_behind_what_came(desk: Desk, upstream: Hostile, parts: list[Any]) -> None:
    upstream.streams(*parts)
    text, _, error = await stream_of(desk)
    assert text == "Hel"
    assert error is not None
    assert (error["object"], error["code"], error["raw_status_code"]) == ("error", "upstream_failed", 502)
    (row,) = await desk.rows()
    assert row.outcome == "error"


REFUSALS: list[tuple[Any, int, str | None]] = [
    (whole({"error": {"message": "no such field", "code": "x"}}, "400 Bad Request"), 400, None),
    (whole({"error": {"message": "long", "code": "context_length_exceeded"}}, "400 Bad Request"), 400, "3051"),
    (whole({"detail": [{"loc": ["body", "top_k"], "msg": "extra"}]}, "422 Unprocessable"), 400, None),
    (whole({"message": f"bad key {KEY}"}, "401 Unauthorized"), 502, "upstream_refused"),
    (whole({}, "402 Payment Required"), 502, "upstream_refused"),
    (whole({}, "403 Forbidden"), 502, "upstream_refused"),
    (whole(b"<html>", "404 Not Found"), 502, "upstream_refused"),
    (whole({"error": "slow down"}, "429 Too Many", "Retry-After: 7"), 429, "1300"),
    (whole(b"", "500 Error"), 502, "upstream_failed"),
    (whole(b"x" * 200_000, "503 Busy", "Retry-After: 3"), 502, "upstream_failed"),
    (whole(b"", "307 Temporary Redirect", "Location: http://127.0.0.1:9/v1/chat/completions"), 502, "upstream_refused"),
    (whole(b"", "204 No Content"), 502, "upstream_failed"),
    (b"no HTTP at all\r\n\r\n", 502, "upstream_failed"),
    (b"", 502, "upstream_failed"),
    (whole(gzip.compress(b"{}"), "200 OK", "Content-Encoding: gzip"), 502, "upstream_failed"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("response", "status", "code"), REFUSALS)
async def test_each_refusal_has_our_shape_and_keeps_the_key(
    desk: Desk, upstream: Hostile, response: bytes, status: int, code: str | None, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.script = [response]
    answer = await desk.chat(model="theirs", stream=stream)
    body = answer.json()
    assert (answer.status_code, body["code"], body["object"]) == (status, code, "error"), body
    assert upstream.host in body["message"]
    assert KEY not in answer.text + caplog.text
    assert len(upstream.chats) == 1
    assert answer.headers.get("retry-after") == {429: "7"}.get(status, "3" if b"503" in response[:20] else None)
    assert await desk.rows() == []


NONE = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"{",
    b'{"choices": []}',
    b'{"choices": [1]}',
    b'{"choices": [{"message": 1}]}',
    b'{"error": {"message": "no"}}',
)


@pytest.mark.parametrize("body", NONE)
async def test_a_whole_answer_that_is_none_is_an_error(desk: Desk, upstream: Hostile, body: bytes) -> None:
    upstream.script = [whole(body)]
    answer = await desk.chat(model="theirs")
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


async def test_a_page_where_a_stream_was_asked_for_is_an_error(desk: Desk, upstream: Hostile) -> None:
    upstream.script = [whole(b"<html>Sign in</html>")]
    assert (await stream_of(desk))[2]["code"] == "upstream_failed"  # pyright: ignore[reportOptionalSubscript]


async def test_nobody_there_is_an_error_that_says_so(tmp_path: Path) -> None:
    async with hostile() as gone:
        url, host = gone.url, gone.host
    async with opened(tmp_path, upstream_url=url, upstream_models="theirs") as desk:
        answer = await desk.chat(model="theirs")
        assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")
        assert answer.json()["message"].startswith(f"{host} cannot be reached.")
        assert (await desk.client.get("/health")).status_code == 200
        assert (await desk.chat()).status_code == 200


async def test_a_server_whose_upstream_is_down_says_why_a_model_is_not_known_and_finds_it_later(tmp_path: Path, upstream: Hostile) -> None:
    upstream.listing = [whole(b"", "500 Error")]
    async with opened(tmp_path, upstream_url=upstream.url) as desk:
        assert desk.parts.upstream is not None
        await asyncio.gather(desk.parts.upstream.refresh(), return_exceptions=True)
        answer = await desk.chat(model="theirs")
        assert answer.status_code == 400
        assert f"{upstream.host} answers 500" in answer.json()["message"]
        assert [card["id"] for card in (await desk.client.get("/v1/models")).json()["data"]] == ["fake"]
        upstream.lists({"id": "theirs"}, {"id": "other"})
        await desk.parts.upstream.refresh()
        upstream.listing = [whole(b"nothing")]
        await asyncio.gather(desk.parts.upstream.refresh(), return_exceptions=True)
        assert [card["id"] for card in (await desk.client.get("/v1/models")).json()["data"]] == ["fake", "theirs", "other"]


async def test_silence_is_given_up(tmp_path: Path, upstream: Hostile) -> None:
    never = asyncio.Event()
    async with opened(tmp_path, upstream_url=upstream.url, upstream_models="theirs", upstream_timeout=1, keep_alive_seconds=0.1) as desk:
        upstream.script = [never]
        answer = await desk.chat(model="theirs")
        assert (answer.status_code, answer.json()["code"]) == (504, "upstream_timeout")
        upstream.streams(says("Hel"), never)
        text, _, error = await stream_of(desk)
        assert text == "Hel"
        assert error is not None
        assert error["code"] == "upstream_timeout"


async def test_a_first_word_that_is_slow_is_waited_for_with_signs_of_life(tmp_path: Path, upstream: Hostile) -> None:
    slow = asyncio.Event()
    given: dict[str, Any] = {"upstream_url": upstream.url, "upstream_models": "theirs", "keep_alive_seconds": 0.1}
    async with opened(tmp_path, **given) as desk, listening(desk.app) as port:
        upstream.streams(slow, says("Hi", "stop"), "[DONE]")
        body = {"model": "theirs", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
        headers = {"Authorization": f"Bearer {desk.key}"}
        async with (
            httpx.AsyncClient(headers=headers) as client,
            client.stream("POST", f"http://127.0.0.1:{port}/v1/chat/completions", json=body) as answer,
        ):
            lines = answer.aiter_lines()
            assert await anext(lines) == ": keep-alive"
            slow.set()
            assert any("Hi" in line for line in [line async for line in lines])


async def test_an_upstream_that_does_not_close_behind_its_answer_is_not_waited_for(desk: Desk, upstream: Hostile) -> None:
    upstream.streams(says("Hi", "stop"), "[DONE]", asyncio.Event())
    assert (await stream_of(desk))[0] == "Hi"
    upstream.streams(says("Hi", "stop"), asyncio.Event())
    assert (await stream_of(desk))[0] == "Hi"
    assert upstream.left.is_set()


async def test_closing_the_server_ends_what_the_upstream_still_says(desk: Desk, upstream: Hostile) -> None:
    upstream.streams(says("Hel"), asyncio.Event())
    asking = asyncio.create_task(stream_of(desk))
    assert desk.parts.upstream is not None
    await upstream.came.wait()
    await desk.parts.upstream.close()
    _, _, error = await asking
    assert error is not None
    assert error["code"] == "engine_unavailable"


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    async with hostile(context) as server:
        url = server.url.replace("http:", "https:")
        async with opened(tmp_path, upstream_url=url, upstream_models="theirs", upstream_key=KEY) as desk:
            answer = await desk.chat(model="theirs")
            assert (answer.status_code, answer.json()["code"]) == (502, "upstream_refused")
            assert "self" in answer.json()["message"]
            assert server.asked == []


async def test_no_text_and_no_key_is_logged(desk: Desk, upstream: Hostile, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="alize")
    upstream.streams(says("a private answer", "stop"), "[DONE]")
    await stream_of(desk, messages=[{"role": "user", "content": "a private question"}])
    upstream.script = [whole({"message": f"key {KEY} is no good"}, "401 Unauthorized")]
    await stream_of(desk)
    assert "is no good" in caplog.text
    assert "private" not in caplog.text
    assert KEY not in caplog.text
