"""Who takes too little. In: a connection, and what is sent on it. Out: it is cut where the client lets what it was sent lie for too long.

What an answer was lent would not be given back otherwise, and a client that reads no further would keep a model from giving way to others,
or to other weights. Nothing is done for each message: the connection itself says when its buffer is full, and when there is room again.

    sent ─ buffer full ─ enough is taken ─ enough is taken ─ … ─ cut
                       └    patience    ┘└    patience    ┘└ patience ┘

What was taken the system says, where it does: a buffer of TLS is emptied into another one at once, and then not for as long as that takes.
It says so when the other side's does, which waits until there is room for something again: of a reader on the same machine up to 64 KiB are
taken before that is seen. It is looked at several times within the patience, so that a moment in which this process itself stood still is
one look, and not all of it.
"""

import asyncio
import logging
import socket
import sys
from collections import deque
from dataclasses import dataclass
from typing import Any

__all__ = ["LEAST", "STALL_SECONDS", "Untaken"]

STALL_SECONDS = "stall_seconds"
"""What the application calls its patience by, in the `state` of a request's scope, in seconds. Where it says nothing, it is a minute."""
LEAST = 256
"""Bytes a second that have to be seen to be taken of what lies there: 15 KiB in a minute."""
_SECONDS = 60.0
_LOOKS = 4

_TCP_INFO = getattr(socket, "TCP_INFO", None) if sys.platform == "linux" else None
_IN_FLIGHT, _TAKEN, _NOT_SENT = slice(24, 28), slice(120, 128), slice(144, 148)  # in linux/tcp.h, since Linux 4.6

_log = logging.getLogger("alize.api")


@dataclass(frozen=True, slots=True)
class _Look:
    """At a connection: a number that grows with each byte that is taken, and whether anything lies there still."""

    taken: int
    lies: bool


class Untaken(asyncio.Protocol):
    """Part of a connection's protocol. An application whose connection is cut finds its client gone."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    client: tuple[str, int] | None = None
    scope: Any = None  # before the first request
    _next: asyncio.TimerHandle | None = None
    ended = False  # nothing more is to be sent: that there is room for it is no reason not to look

    def connection_lost(self, exc: Exception | None) -> None:
        self.leave_it()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.look_after_it()

    def resume_writing(self) -> None:
        if not self.ended:
            self.leave_it()
        super().resume_writing()

    def look_after_it(self) -> None:
        """Nothing is sent until some of what lies there is taken, or ever: cut the connection where that takes too long."""
        self.leave_it()
        now = _look_at(self.transport)
        if now.lies:
            seconds: float = self.scope["state"].get(STALL_SECONDS, _SECONDS) if self.scope else _SECONDS
            self._look_later(seconds, deque([now.taken], maxlen=_LOOKS + 1))

    def look_after_the_end(self) -> None:
        """Nothing more is sent, however little lies there: without a look it would for ever."""
        self.ended = True
        self.look_after_it()

    def leave_it(self) -> None:
        """Nothing lies there any more, or more is sent, or it is somebody else's to look after."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _look_later(self, seconds: float, taken: "deque[int]") -> None:
        self._next = self.loop.call_later(seconds / _LOOKS, self._look, seconds, taken)

    def _look(self, seconds: float, taken: "deque[int]") -> None:
        """`taken`: of the looks within the patience, the first of them first."""
        self._next = None
        now = _look_at(self.transport)
        taken.append(now.taken)
        if not now.lies:
            return
        if len(taken) > _LOOKS and now.taken - taken[0] < LEAST * seconds:
            what = {"seconds": seconds, "bytes": now.taken - taken[0], "client": self.client and self.client[0]}
            _log.info("a client takes too little of its answer: its connection is cut", extra=what)
            self.transport.abort()
        else:
            self._look_later(seconds, taken)


def _look_at(transport: asyncio.Transport) -> _Look:
    own = transport.get_extra_info("socket")
    if own is not None and own.fileno() < 0:
        return _Look(0, lies=False)  # it is closed: nothing lies in the system, and nobody is to be cut
    if _TCP_INFO is not None and own is not None and own.family in (socket.AF_INET, socket.AF_INET6):
        found: bytes = own.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _NOT_SENT.stop)
        if len(found) == _NOT_SENT.stop:
            in_flight, acknowledged, not_sent = (int.from_bytes(found[part], sys.byteorder) for part in (_IN_FLIGHT, _TAKEN, _NOT_SENT))
            return _Look(acknowledged, bool(in_flight or not_sent or transport.get_write_buffer_size()))
    size = transport.get_write_buffer_size()
    return _Look(-size, bool(size))
