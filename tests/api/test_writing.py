"""What is sent: chunks as h11 would frame them, and the end of a connection whose client takes nothing of them."""

import asyncio
import gc
import socket
import ssl
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import h11
import pytest
from starlette.types import Receive, Scope, Send

from alize.api.connection import ClientGone
from alize.api.protocol import Http1
from alize.api.sockets import REALTIME, Socket
from alize.api.sse import EventStream
from alize.api.untaken import STALL_SECONDS, Untaken
from tests.certificates import self_signed
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
    """Pieces of what may have no body are dropped, as h11 does: they would be taken for the next answer."""
    sent = await asked(saying([] if head.get("status") == 204 else [b"a", b"b"], **head), method, version)
    assert sent.partition(b"\r\n\r\n")[2] == whole


# ── clients that read no further ──


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    async def endless() -> AsyncGenerator[bytes, None]:
        while True:
            yield b"x" * 65_536
            await asyncio.sleep(0)  # as one who waits for what is to be sent

    await EventStream(endless(), keep_alive=60)(scope, receive, send)


async def talk(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        await send({"type": "websocket.send", "text": "x" * 65_536})


UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@pytest.mark.parametrize(("endless", "more"), [(stream, ""), (talk, UPGRADE)])
async def test_whoever_takes_nothing_is_cut_and_the_application_finds_them_gone(endless: App, more: str) -> None:
    told: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"][STALL_SECONDS] = 0.01
        try:
            await endless(scope, receive, send)
        except (ClientGone, OSError) as gone:  # OSError: as starlette has it of a WebSocket
            told.set_result(gone)

    async with listening(app) as port:
        client = socket.create_connection(("127.0.0.1", port))
        client.send(f"GET {REALTIME} HTTP/1.1\r\nHost: test\r\n{more}\r\n".encode())
        await asyncio.wait_for(told, 30)
        client.close()


def large(stall: float, count: int) -> App:
    """So many bytes, handed over at once."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"][STALL_SECONDS] = stall
        await send({**HEAD, "headers": [(b"content-length", str(count).encode())]})
        await send({"type": "http.response.body", "body": b"x" * count})

    return app


@pytest.mark.parametrize(("over", "rate"), [("tcp", 5_000_000), ("tls", 1_000_000)])
async def test_whoever_takes_a_large_answer_slowly_is_not_cut(tmp_path: Path, over: str, rate: int) -> None:
    """It takes longer to be taken than nothing of it may lie there; and what TLS has of it goes on to the socket's buffer in one piece."""
    tls = self_signed(tmp_path) if over == "tls" else None
    trusted = None if tls is None else ssl.create_default_context(cafile=str(tls[0]))
    count, loop = 8 * rate // 5, asyncio.get_running_loop()
    async with listening(large(0.2, count), send_buffer=4096, tls=tls) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096, ssl=trusted)
        writer.write(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        begun, found = loop.time(), b""
        while piece := await reader.read(1 << 14):
            found += piece
            if len(found) < 3 * count // 4:
                await asyncio.sleep(max(0.0, begun + len(found) / rate - loop.time()))
        writer.close()
    assert found.endswith(b"\r\n\r\n" + b"x" * count)


async def nobody_takes(app: App, kind: type[Any], more: str = "", tls: Any = None, until_there_is_room: bool = False) -> None:
    """Ask, take the first word of the answer (or as much as the server waits for before it sends on), and wait until the connection, which
    is to be of that kind, is lost."""
    loop, room = asyncio.get_running_loop(), threading.Event()
    told: asyncio.Future[None] = loop.create_future()

    class Watched(kind):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            told.set_result(None)

        def resume_writing(self) -> None:
            super().resume_writing()
            room.set()

    def take(client: socket.socket) -> None:
        assert client.recv(8) == b"HTTP/1.1"
        while until_there_is_room and not room.is_set():
            assert client.recv(512)

    here: Any = {"ws" if issubclass(kind, Socket) else "http": Watched}
    async with listening(app, send_buffer=4096, tls=tls, **here) as port:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(30)
            await loop.run_in_executor(None, client.connect, ("127.0.0.1", port))
            if tls is not None:
                trusted = ssl.create_default_context(cafile=str(tls[0]))
                client = await loop.run_in_executor(None, partial(trusted.wrap_socket, client, server_hostname="127.0.0.1"))
            client.send(f"GET {REALTIME} HTTP/1.1\r\nHost: test\r\n{more}\r\n".encode())
            await loop.run_in_executor(None, take, client)
            await asyncio.wait_for(told, 30)
            client.close()


TAKEN = pytest.mark.parametrize(("count", "room", "over"), [(60_000, False, "tcp"), (60_000, False, "tls"), (200_000, True, "tcp")])
"""Bytes that are sent: less than what makes a buffer full, or more, of which a client takes so much that there is room again."""


@TAKEN
@pytest.mark.parametrize("kept", ["close", "keep-alive"])
async def test_the_end_of_an_answer_that_nobody_takes_is_not_kept(tmp_path: Path, count: int, room: bool, over: str, kept: str) -> None:
    """There is nothing more to be sent that would wait for it."""
    tls = self_signed(tmp_path) if over == "tls" else None
    await nobody_takes(large(0.1, count), Http1, f"Connection: {kept}\r\n", tls, room)


@TAKEN
async def test_nor_what_was_sent_of_one_in_whose_midst_the_application_fails(tmp_path: Path, count: int, room: bool, over: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"][STALL_SECONDS] = 0.1
        await send({**HEAD, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * count, "more_body": True})
        raise OSError("a disk that is gone")

    await nobody_takes(app, Http1, "", self_signed(tmp_path) if over == "tls" else None, room)


class Pinging(Socket):
    """One that soon asks whether the client is there still."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.ping_interval = self.ping_timeout = 0.01


@TAKEN
@pytest.mark.parametrize("then", ["it ends", "it closes", "it waits"])
async def test_nor_the_last_message_of_a_socket(tmp_path: Path, count: int, room: bool, over: str, then: str) -> None:
    """Whoever asks for no more answers no ping either; the end waits for all that was sent before."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"][STALL_SECONDS] = 0.1
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "x" * count})
        if then == "it closes":
            await send({"type": "websocket.close"})
        while then == "it waits" and (await receive())["type"] != "websocket.disconnect":
            pass

    kind = Pinging if then == "it waits" else Socket
    await nobody_takes(app, kind, UPGRADE, self_signed(tmp_path) if over == "tls" else None, room)


@pytest.mark.parametrize(("app", "more"), [(saying([b"a"]), "Connection: close\r\n"), (stream, ""), (talk, UPGRADE)])
async def test_whoever_leaves_or_is_left_leaves_no_error_behind(app: App, more: str) -> None:
    """What is looked at when an application has ended may be closed by then."""
    told, ended = list[Any](), asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except (ClientGone, OSError):
            pass
        finally:
            ended.set()

    async with listening(watched) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {REALTIME} HTTP/1.1\r\nHost: test\r\n{more}\r\n".encode())
        await reader.read(1024)
        writer.transport.abort()
        await ended.wait()
    gc.collect()  # a task tells what nobody took of it when it goes
    assert told == []


async def test_a_byte_now_and_then_is_nothing() -> None:
    """A window that opens by a little each time would keep what an answer was lent for as long as the client likes."""
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    class Transport(asyncio.Transport):
        left, looks = 100_000, 0

        def get_extra_info(self, name: str, default: Any = None) -> Any:
            return default

        def get_write_buffer_size(self) -> int:
            self.left, self.looks = self.left - 1, self.looks + 1
            return self.left

        def abort(self) -> None:
            told.set_result(self.looks)

    class Nobody(asyncio.Protocol):
        def pause_writing(self) -> None: ...

    class Connection(Untaken, Nobody):
        loop = asyncio.get_running_loop()
        transport = Transport()
        scope: ClassVar[Any] = {"state": {STALL_SECONDS: 0.1}}

    Connection().pause_writing()
    assert await told == 5, "when it is full, and four times after that"


async def test_what_still_lies_there_when_a_connection_is_upgraded_is_its_new_protocol_s() -> None:
    """The first answer's timer would cut whoever has long taken all of it."""
    told: asyncio.Future[tuple[bool, bool]] = asyncio.get_running_loop().create_future()

    class Watched(Http1):
        def handle_websocket_upgrade(self, event: Any) -> None:
            super().handle_websocket_upgrade(event)
            after: Any = self.transport.get_protocol()
            told.set_result((self._next is None, after._next is not None and not after.writable.is_set()))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({**HEAD, "headers": [(b"content-length", b"4000000")]})
            await send({"type": "http.response.body", "body": b"x" * 4_000_000})
            return
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "still here"})
        await receive()

    async with listening(app, send_buffer=4096, http=Watched) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 23)
        writer.write(f"GET / HTTP/1.1\r\nHost: test\r\n\r\nGET {REALTIME} HTTP/1.1\r\nHost: test\r\n{UPGRADE}\r\n".encode())
        assert await told == (True, True)
        await reader.readuntil(b"still here")
        writer.close()


async def test_what_lies_there_when_an_upgrade_is_refused_is_looked_after() -> None:
    """No application runs that would end."""
    told: asyncio.Future[tuple[bool, bool, bool]] = asyncio.get_running_loop().create_future()

    class Watched(Http1):
        def handle_websocket_upgrade(self, event: Any) -> None:
            super().handle_websocket_upgrade(event)
            after: Any = self.transport.get_protocol()
            told.set_result((self.transport.is_closing(), after.ended, after._next is not None))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await send({**HEAD, "headers": [(b"content-length", b"40000")]})
        await send({"type": "http.response.body", "body": b"x" * 40_000})

    async with listening(app, send_buffer=4096, http=Watched) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        refused = UPGRADE.replace("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 12")
        assert refused != UPGRADE
        writer.write(f"GET / HTTP/1.1\r\nHost: test\r\n\r\nGET {REALTIME} HTTP/1.1\r\nHost: test\r\n{refused}\r\n".encode())
        assert await told == (True, True, True)
        writer.close()
