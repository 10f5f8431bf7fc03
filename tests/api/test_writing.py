"""What is sent: chunks as h11 would frame them, and the end of a connection whose client takes nothing of them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from socket import create_connection
from typing import Any

import h11
import pytest
from starlette.types import Receive, Scope, Send

from alize.api.connection import ClientGone
from alize.api.protocol import Http1
from alize.api.sockets import REALTIME
from alize.api.sse import EventStream
from alize.api.untaken import STALL_SECONDS
from tests.serving import listening

App = Callable[[Scope, Receive, Send], Awaitable[None]]

PIECES = [b"a", b"", b"0\r\n\r\n", b"x" * 70_000, "été".encode()]
HEAD = {"type": "http.response.start", "status": 200}


def saying(pieces: list[bytes], **head: Any) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({**HEAD, "headers": [], **head})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    return app


async def asked(app: App, method: str = "GET", version: str = "1.1") -> bytes:
    """All that comes on a connection for one request."""
    async with listening(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{method} / HTTP/{version}\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        found = await reader.read()
        writer.close()
        return found


def parsed(method: str, sent: bytes) -> list[bytes]:
    """The pieces of an answer as a client finds them, and that it has an end."""
    client, pieces = h11.Connection(h11.CLIENT), list[bytes]()
    client.send(h11.Request(method=method, target="/", headers=[("Host", "test"), ("Connection", "close")]))
    client.send(h11.EndOfMessage())
    client.receive_data(sent)
    client.receive_data(b"")
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Data):
            pieces.append(bytes(event.data))
    return pieces


async def test_each_piece_of_a_stream_is_one_chunk_and_the_end_is_said() -> None:
    sent = await asked(saying(PIECES))
    assert b"transfer-encoding: chunked" in sent.lower()
    assert parsed("GET", sent) == [piece for piece in PIECES if piece]
    body = sent.partition(b"\r\n\r\n")[2]
    assert body == b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*filter(None, PIECES), b""])


@pytest.mark.parametrize(
    ("version", "method", "head", "whole"),
    [
        ("1.0", "GET", {}, b"ab"),
        ("1.1", "HEAD", {}, b""),
        ("1.1", "GET", {"headers": [(b"Content-Length", b"2")]}, b"ab"),
        ("1.1", "GET", {"status": 204}, b""),
    ],
)
async def test_what_is_no_stream_of_chunks_is_sent_as_it_is(version: str, method: str, head: dict[str, Any], whole: bytes) -> None:
    sent = await asked(saying([b"a", b"b"] if whole else [], **head), method, version)
    assert sent.partition(b"\r\n\r\n")[2] == whole


# ── clients that read no further ──


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    async def endless() -> AsyncGenerator[bytes, None]:
        while True:
            yield b"x" * 65_536
            await asyncio.sleep(0)  # as one who waits for what is to be sent

    await EventStream(endless(), keep_alive=60)(scope, receive, send)


async def socket(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        await send({"type": "websocket.send", "text": "x" * 65_536})


UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@pytest.mark.parametrize(("endless", "more"), [(stream, ""), (socket, UPGRADE)])
async def test_whoever_takes_nothing_is_cut_and_the_application_finds_them_gone(endless: App, more: str) -> None:
    told: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"][STALL_SECONDS] = 0.01
        try:
            await endless(scope, receive, send)
        except (ClientGone, OSError) as gone:  # OSError: as starlette has it of a WebSocket
            told.set_result(gone)

    async with listening(app) as port:
        client = create_connection(("127.0.0.1", port))
        client.send(f"GET {REALTIME} HTTP/1.1\r\nHost: test\r\n{more}\r\n".encode())
        await told
        client.close()


async def test_whoever_takes_a_large_answer_slowly_is_not_cut() -> None:
    """It is handed over at once, and takes longer to be taken than nothing of it may lie there."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"][STALL_SECONDS] = 0.4
        await send({**HEAD, "headers": [(b"content-length", b"8000000")]})
        await send({"type": "http.response.body", "body": b"x" * 8_000_000})

    async with listening(app, send_buffer=4096) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
        writer.write(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        begun, found = asyncio.get_running_loop().time(), b""
        while piece := await reader.read(1 << 17):
            found += piece
            if len(found) < 6_000_000:
                await asyncio.sleep(max(0.0, begun + len(found) / 5_000_000 - asyncio.get_running_loop().time()))  # 5 MB a second
        writer.close()
    assert found.endswith(b"\r\n\r\n" + b"x" * 8_000_000)


async def test_what_still_lies_there_when_a_connection_is_upgraded_is_its_new_protocol_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer's timer would cut whoever has long taken all of it."""
    told: asyncio.Future[tuple[bool, bool]] = asyncio.get_running_loop().create_future()

    class Watched(Http1):
        def handle_websocket_upgrade(self, event: Any) -> None:
            super().handle_websocket_upgrade(event)
            after: Any = self.transport.get_protocol()
            told.set_result((self._lies is None, after._lies is not None and not after.writable.is_set()))

    monkeypatch.setattr("tests.serving.Http1", Watched)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({**HEAD, "headers": [(b"content-length", b"4000000")]})
            await send({"type": "http.response.body", "body": b"x" * 4_000_000})
            return
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "still here"})
        await receive()

    async with listening(app, send_buffer=4096) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 23)
        writer.write(f"GET / HTTP/1.1\r\nHost: test\r\n\r\nGET {REALTIME} HTTP/1.1\r\nHost: test\r\n{UPGRADE}\r\n".encode())
        assert await told == (True, True)
        await reader.readuntil(b"still here")
        writer.close()
