"""Connections: what is not HTTP, half a request, two lengths, a client that is slow or leaves amid its own body, one connection for all."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from alize.api.middleware.body_limit import BodyLimit
from alize.api.protocol import Http1
from tests.serving import TOKENIZER, Desk, listening

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(desk: Desk) -> AsyncIterator[Streams]:
    async with listening(desk.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield reader, writer
        writer.close()


def chat(desk: Desk, *headers: str, body: bytes | None = None, version: str = "1.1", sized: bool = True, **more: Any) -> bytes:
    """A whole request."""
    asked = {"model": "fake", "messages": [{"role": "user", "content": "Hi"}], **more}
    body = json.dumps(asked).encode() if body is None else body
    length = [f"Content-Length: {len(body)}"] if sized else []
    lines = [f"POST /v1/chat/completions HTTP/{version}", "Host: test", f"Authorization: Bearer {desk.key}", *headers, *length]
    return "\r\n".join([*lines, "Content-Type: application/json", "", ""]).encode() + body


async def answered(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """One response of a stated length: its status, its headers by lower-case name, its body."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


async def refused(reader: asyncio.StreamReader, status: int) -> dict[str, Any]:
    """An error in the one shape, after which the server hangs up."""
    found, headers, body = await answered(reader)
    assert (found, headers["connection"], headers["content-type"]) == (status, "close", "application/json")
    with suppress(ConnectionResetError):  # where it was sent more than the server has read
        assert await reader.read() == b""
    error = json.loads(body)
    assert error.keys() - {"reason", "values"} == {"object", "message", "type", "param", "code", "raw_status_code"}
    assert (error["object"], error["raw_status_code"]) == ("error", status)
    return error


# ── what is not HTTP ──


@pytest.mark.parametrize(
    "sent",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /health HTTP/1.1\r\n\r\n",  # no host
        b"GET /health HTTP/1.1\r\nHost: test\r\nContent-Length: many\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: test\r\nno colon\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /" + b"x" * 2**17,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # TLS
    ],
)
async def test_what_is_not_http_is_told_so_in_the_one_shape(desk: Desk, sent: bytes) -> None:
    async with connected(desk) as (reader, writer):
        writer.write(sent)
        message = (await refused(reader, 400))["message"]
        assert message.startswith("This is not a valid HTTP request: ")
        assert "bytearray" not in message


async def test_a_chunk_that_is_none_ends_the_request(desk: Desk) -> None:
    async with connected(desk) as (reader, writer):
        writer.write(chat(desk, "Transfer-Encoding: chunked", body=b'5\r\n{"mod\r\nzz\r\n', sized=False))
        await refused(reader, 400)
    await desk.parts.draining.finished()
    assert not desk.engine.asked


async def test_garbage_after_an_answer_is_not_answered(desk: Desk) -> None:
    async with connected(desk) as (reader, writer):
        writer.write(b"POST /v1/models HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert (await answered(reader))[0] == 405
        writer.write(b"zz\r\n")
        assert await reader.read() == b""


async def test_two_lengths_are_refused(desk: Desk) -> None:
    """What a proxy before this server takes for the next request would otherwise be part of this one, or the other way round."""
    async with connected(desk) as (reader, writer):
        writer.write(chat(desk, "Transfer-Encoding: chunked", body=b"0\r\n\r\nGET /health HTTP/1.1\r\nHost: test\r\n\r\n"))
        assert "Content-Length and Transfer-Encoding" in (await refused(reader, 400))["message"]


async def test_an_upgrade_that_is_not_there_is_passed_over_without_a_word(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async with connected(desk) as (reader, writer):
        for protocol in ("h2c", "websocket"):
            writer.write(chat(desk, f"Upgrade: {protocol}", "Connection: Upgrade"))
            assert (await answered(reader))[0] == 200
    assert caplog.records == []


# ── one connection for all, or for one ──


async def test_a_connection_goes_on_after_errors(desk: Desk) -> None:
    async with connected(desk) as (reader, writer):
        for body, status in ((b"{", 422), (b"\xff", 422), (None, 200)):
            writer.write(chat(desk, body=body))
            assert (await answered(reader))[0] == status
        writer.write(chat(desk, model="nope") + chat(desk))  # without waiting
        assert [(await answered(reader))[0] for _ in range(2)] == [400, 200]


async def test_http_1_0_gets_a_stream_without_chunks_and_an_end(desk: Desk) -> None:
    async with connected(desk) as (reader, writer):
        writer.write(chat(desk, version="1.0", stream=True))
        head, _, text = (await reader.read()).partition(b"\r\n\r\n")
        assert b"transfer-encoding" not in head.lower()
        assert b"connection: close" in head.lower()
        assert text.startswith(b"data: {")
        assert text.endswith(b"}\n\ndata: [DONE]\n\n")


async def test_a_client_is_asked_for_its_body_when_it_waits_for_that(desk: Desk) -> None:
    whole = chat(desk, "Expect: 100-continue")
    head, _, body = whole.partition(b"\r\n\r\n")
    async with connected(desk) as (reader, writer):
        writer.write(head + b"\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(body)
        assert (await answered(reader))[0] == 200


async def test_a_body_in_pieces_cut_anywhere_is_one_body(desk: Desk) -> None:
    body = json.dumps({"model": "fake", "messages": [{"role": "user", "content": "é😀"}]}, ensure_ascii=False).encode()
    pieces = b"".join(b"1\r\n" + body[place : place + 1] + b"\r\n" for place in range(len(body)))
    async with connected(desk) as (reader, writer):
        writer.write(chat(desk, "Transfer-Encoding: chunked", body=pieces + b"0\r\n\r\n", sized=False))
        assert (await answered(reader))[0] == 200
    assert TOKENIZER.decode(desk.engine.asked[0].tokens) == "é😀"


# ── clients that are slow, or leave ──


async def test_a_client_that_leaves_amid_its_own_body_is_no_failure_of_the_server(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "alize.api")
    async with connected(desk) as (reader, writer):
        writer.write(chat(desk)[:-10])
        writer.write_eof()
        assert await reader.read() == b""
    (record,) = caplog.records
    assert (record.levelname, record.__dict__["status"], record.__dict__["client"]) == ("INFO", 499, "left")


async def test_a_body_that_comes_too_slowly_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BodyLimit, "patience", 0)
    async with connected(desk) as (reader, writer):
        writer.write(chat(desk)[:-10])
        assert (await refused(reader, 408))["code"] == "request_timeout"
    assert not desk.engine.asked


@pytest.mark.parametrize(("rate", "status"), [(1, 200), (1e9, 408)])
async def test_what_has_come_of_a_body_is_worth_more_patience(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, rate: float, status: int
) -> None:
    monkeypatch.setattr(BodyLimit, "patience", 0)
    monkeypatch.setattr(BodyLimit, "rate", rate)

    async def in_two_parts() -> AsyncIterator[bytes]:
        body = json.dumps({"model": "fake", "messages": [{"role": "user", "content": "Hi"}]}).encode()
        yield body[:20]
        await asyncio.sleep(0)  # the second has to be waited for
        yield body[20:]

    headers = {"Content-Type": "application/json"}
    assert (await desk.client.post("/v1/chat/completions", content=in_two_parts(), headers=headers)).status_code == status


async def test_an_answer_may_take_longer_than_its_request(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(desk) as (reader, writer):
        writer.write(chat(desk))
        assert (await answered(reader))[0] == 200
        monkeypatch.setattr(BodyLimit, "patience", 0)
        monkeypatch.setattr(Http1, "patience", 0)
        desk.engine.hold()
        writer.write(chat(desk))
        await desk.engine.until(lambda stats: stats.waiting == 1)
        desk.engine.release()
        assert (await answered(reader))[0] == 200


async def test_a_connection_on_which_nothing_is_asked_is_closed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Http1, "patience", 0)
    async with connected(desk) as (reader, _):
        assert await reader.read() == b""


async def test_a_head_that_comes_too_slowly_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(desk) as (reader, writer):
        writer.write(chat(desk))
        assert (await answered(reader))[0] == 200
        monkeypatch.setattr(Http1, "patience", 0)
        writer.write(chat(desk))  # at once: nobody's patience is tried
        assert (await answered(reader))[0] == 200
        writer.write(b"GET /health HTT")
        assert (await refused(reader, 408))["code"] == "request_timeout"


async def test_the_rest_of_a_body_that_was_answered_unread_is_not_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs no key to send one."""
    async with connected(desk) as (reader, writer):
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: test\r\nContent-Length: 999999\r\n\r\n")
        assert (await answered(reader))[0] == 401
        monkeypatch.setattr(Http1, "patience", 0)
        writer.write(b"x")
        assert await reader.read() == b""
