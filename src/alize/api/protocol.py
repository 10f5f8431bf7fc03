"""HTTP/1.1 on one connection. In: bytes of a client. Out: requests for the application; errors in the one shape; no waiting for ever.

uvicorn answers what is not HTTP with plain text, and gives a client all the time it likes to send the head of a request or what is left
of a body that was answered unread. Here both have `patience`; the body itself is timed by middleware/body_limit.py, the answer's reader
by untaken.py.

    connected ─ head ─ body ─ answer ─ idle ─ head ─ …
    └ patience ┘                       │     └ patience from its first byte
                                       └ timeout_keep_alive, uvicorn's own

Chunks of a stream are framed here, not by h11, which finds out for each what the head has shown: 2.3 µs of the 70 that a token costs.
"""

import asyncio
import sys
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, cast
from weakref import ref

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from alize.api.sockets import REALTIME, Socket
from alize.api.untaken import Untaken
from alize.errors import AlizeError, InvalidRequest, RequestTimeout
from alize.reasons import because

__all__ = ["Http1"]


class Http1(Untaken, H11Protocol):
    """uvicorn's protocol, with an end to its patience."""

    patience: ClassVar[float] = 20.0  # seconds for a head; browsers that connect ahead of time just connect again
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] # as uvicorn's
        super().connection_made(transport)
        self.app = _Followed(self.app, self)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)
        if self.cycle:
            _Chunks.part(self.cycle)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        if self.timeout_keep_alive_task is not None:  # the connection was idle
            self._wait()
        super().data_received(data)
        if self.cycle is not before:
            self._stop_waiting()

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:  # the application begins after this, and is given the cycle's `send`
            self.cycle.send = _Chunks(self.cycle).send
            self.ended = False
            if not self.flow.write_paused:  # more is sent, and there is room for it
                self.leave_it()

    def on_response_complete(self) -> None:
        self.look_after_the_end()
        super().on_response_complete()

    def look_where_it_closes(self) -> None:
        """After an application that left amid its answer, or raised there."""
        if self.transport.is_closing():
            self.look_after_the_end()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls for what is not HTTP, while it handles h11's error."""
        reason = str(sys.exception() or msg).partition(": bytearray(")[0]  # behind it stands what was sent, as Python writes it
        self._refuse(InvalidRequest(f"This is not a valid HTTP request: {reason[:200].rstrip('.')}."))

    def _should_upgrade(self) -> bool:
        """Elsewhere there is nothing to upgrade to; uvicorn would warn in the log, whatever a client asks for."""
        return self._get_upgrade() == b"websocket" and self._should_upgrade_to_ws() and self.scope["path"].endswith(REALTIME)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._stop_waiting()  # what comes on this connection is no head any more
        super().handle_websocket_upgrade(event)
        self.leave_it()
        if self.flow.write_paused:  # an answer before it lies there still: from now on that is the other protocol's
            cast("Socket", self.transport.get_protocol()).pause_writing()

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.patience, self._lose_patience)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _lose_patience(self) -> None:
        begun = bool(self.conn.trailing_data[0])  # a client that sent nothing asked nothing: it is not answered
        if begun and not self.transport.is_closing():
            self._refuse(
                RequestTimeout(
                    "The head of the request came too slowly.",
                    remedy="Send it again over a better connection.",
                    reason=because("head_slow"),
                )
            )
        else:
            self.transport.close()

    def _refuse(self, error: AlizeError) -> None:
        """Answer, where a request is not answered yet, and close. An application that runs finds its client gone."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = msgspec.json.encode(error.body())
            headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close")]
            head = h11.Response(status_code=error.status, headers=headers, reason=HTTPStatus(error.status).phrase)
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
            if self.cycle:
                self.cycle.disconnected = True
                self.cycle.message_event.set()
        self.transport.close()


class _Followed:
    """The application, on one connection. One that raises amid an answer, or leaves it, has it closed."""

    def __init__(self, app: Any, connection: Http1) -> None:
        self._app, self._connection = app, ref(connection)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            connection = self._connection()
            if connection is not None and not connection.ended:
                connection.loop.call_soon(connection.look_where_it_closes)  # uvicorn closes it first


class _Chunks:
    """How one answer is sent: its chunks, where it is a stream of them, as RFC 9112 § 7.1 has them."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle, self._whole = cycle, cycle.send
        self._may = cycle.scope["http_version"] == "1.1" and cycle.scope["method"] != "HEAD"  # as it was asked: layers within change that
        self._chunked = False

    async def send(self, message: Any) -> None:
        cycle = self._cycle
        if not (self._chunked and message.get("body") and message.get("more_body")) or cycle.response_complete:
            await self._whole(message)
            if message["type"] == "http.response.start":
                self._chunked = self._may and _in_chunks(message)
            if cycle.response_complete:
                self.part(cycle)
            return
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if not cycle.disconnected:
            body = message["body"]
            cycle.transport.write(b"%x\r\n%b\r\n" % (len(body), body))

    @staticmethod
    def part(cycle: RequestResponseCycle) -> None:
        """Each has the other: they would wait for the garbage collector."""
        cycle.__dict__.pop("send", None)


def _in_chunks(start: Mapping[str, Any]) -> bool:
    """Of what h11 sends so: an answer of no stated length that may have a body."""
    return start["status"] == 200 and all(name.lower() != b"content-length" for name, _ in start.get("headers", ()))
