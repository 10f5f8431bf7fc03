"""A server that answers as it is told, byte by byte. In: a script. Out: whatever a bad upstream sends, and what it was asked."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Part = bytes | asyncio.Event
"""Bytes are written, an event is waited for."""

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@dataclass
class Asked:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: Any


@dataclass
class Hostile:
    """`script` answers every chat, `listing` every GET."""

    port: int = 0
    script: Sequence[Part] = ()
    listing: Sequence[Part] = ()
    asked: list[Asked] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)  # a chat was asked for
    left: asyncio.Event = field(default_factory=asyncio.Event)  # a client went away before its answer's end
    serving: set["asyncio.Task[Any]"] = field(default_factory=set)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/v1"

    @property
    def chats(self) -> list[Asked]:
        return [one for one in self.asked if one.line.startswith("POST")]

    def lists(self, *cards: dict[str, Any]) -> None:
        self.listing = [whole({"object": "list", "data": list(cards)})]

    def streams(self, *parts: Any) -> None:
        """Dictionaries and texts as data, bytes and events as they are."""
        self.script = [STREAM, *(part if isinstance(part, bytes | asyncio.Event) else data(part) for part in parts)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *rest = head.strip().split("\r\n")
            headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in rest)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.asked.append(Asked(line, headers, json.loads(body) if body else None))
            if body:
                self.came.set()
            leaving = asyncio.create_task(reader.read())
            waits = {leaving}
            try:
                for part in self.listing if line.startswith("GET") else self.script:
                    if isinstance(part, bytes):
                        writer.write(part)
                        await writer.drain()
                        continue
                    waits.add(waiting := asyncio.create_task(part.wait()))
                    await asyncio.wait({leaving, waiting}, return_when=asyncio.FIRST_COMPLETED)
                    if leaving.done():
                        self.left.set()
                        break
            finally:
                for wait in waits:
                    wait.cancel()
                await asyncio.gather(*waits, return_exceptions=True)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


@asynccontextmanager
async def hostile(tls: ssl.SSLContext | None = None) -> AsyncIterator[Hostile]:
    """The server, on loopback. It lists one model, `theirs`."""
    upstream = Hostile()
    upstream.lists({"id": "theirs"})
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, ssl=tls)
    upstream.port = server.sockets[0].getsockname()[1]
    try:
        yield upstream
    finally:
        server.close()
        await server.wait_closed()
        left = list(upstream.serving)  # the server waits for none of them
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def whole(body: Any, status: str = "200 OK", *headers: str) -> bytes:
    """A whole response."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(content)}", "Connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode() + content


def data(value: Any) -> bytes:
    return f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode()


def says(content: Any, finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    """One chunk of a stream."""
    choice = {"index": index, "delta": {"content": content}, "finish_reason": finish}
    return {"id": "theirs-1", "object": "chat.completion.chunk", "created": 1, "model": "theirs", "choices": [choice], **more}
