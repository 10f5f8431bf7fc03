"""Server-sent events. In: events as bytes, while they are made. Out: a response that keeps a silent connection open and says how it ended.

The head is sent with the first event: an error before it is an ordinary response with its own status. Where the first event takes
longer than `keep_alive` seconds, the head goes out with a comment, and from then on an error is an event:

    event: error
    data: {"object": "error", …, "error": {"message": …, "type": …, "param": …, "code": …}}

OpenAI's client looks for the key `error`, Mistral's for the others. Nothing follows an error: the stream ends without `[DONE]`.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from alize.api.connection import while_connected
from alize.api.errors import told
from alize.errors import AlizeError

__all__ = ["DONE", "EventStream", "error_event", "event"]

DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"
_HEAD = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
# X-Accel-Buffering: nginx would hold events back until its buffer is full.


def event(data: Any) -> bytes:
    """
    >>> event({"text": "two\\nlines"})
    b'data: {"text":"two\\\\nlines"}\\n\\n'
    """
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def error_event(error: AlizeError) -> bytes:
    """The last event of a stream that failed."""
    body = error.body()
    nested = {name: body[name] for name in ("message", "type", "param", "code")}
    return b"event: error\n" + event({**body, "error": nested})


class EventStream(Response):
    """The response. `events` is closed when it ends, also when the client leaves."""

    def __init__(self, events: AsyncGenerator[bytes, None], keep_alive: float) -> None:
        super().__init__(headers=_HEAD)
        del self.headers["content-length"]
        self._events, self._keep_alive = events, keep_alive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wire = _Wire(send, self.raw_headers)
        await while_connected(receive, self._write(wire, scope))

    async def _write(self, wire: "_Wire", scope: Scope) -> None:
        ticking = asyncio.create_task(wire.tick(self._keep_alive))
        try:
            async with aclosing(self._events) as events:
                async for data in events:
                    await wire.write(data)
        except AlizeError as error:
            await _stopped(ticking)
            if not wire.began:
                raise
            await wire.write(error_event(told(error, scope)))
        finally:
            await _stopped(ticking)
        await wire.end()


class _Wire:
    """Where events go: one at a time, the head before the first."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self.began = False
        self._send, self._headers = send, headers
        self._lock = asyncio.Lock()  # a comment must not come into the middle of an event that is being sent
        self._written = asyncio.get_running_loop().time()

    async def write(self, data: bytes) -> None:
        async with self._lock:
            await self._begin()
            await self._send({"type": "http.response.body", "body": data, "more_body": True})
            self._written = asyncio.get_running_loop().time()

    async def end(self) -> None:
        async with self._lock:
            await self._begin()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _begin(self) -> None:
        if not self.began:
            self.began = True
            await self._send({"type": "http.response.start", "status": 200, "headers": self._headers})

    async def tick(self, seconds: float) -> None:
        """Write a comment whenever nothing was written for so long."""
        while True:
            silent = asyncio.get_running_loop().time() - self._written
            if silent < seconds:
                await asyncio.sleep(seconds - silent)
            else:
                await self.write(KEEP_ALIVE)


async def _stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
