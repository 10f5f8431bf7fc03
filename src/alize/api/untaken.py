"""Who takes nothing. In: a connection, and what is sent on it. Out: it is cut where the client lets what it was sent lie for too long.

What an answer was lent would not be given back otherwise, and a client that reads no further would keep a model from giving way to others,
or to other weights. Nothing is done for each message: the connection itself says when its buffer is full, and when there is room again.

    sent ─ buffer full ─ some is taken ─ some is taken ─ … ─ cut
                       └   patience   ┘└   patience   ┘└ patience ┘

It is looked at several times within the patience, so that a moment in which this process itself stood still is one look, and not all of it.
"""

import asyncio
from typing import Any

__all__ = ["STALL_SECONDS", "Untaken"]

STALL_SECONDS = "stall_seconds"
"""What the application calls its patience by, in the `state` of a request's scope, in seconds. Where it says nothing, it is a minute."""
_SECONDS = 60.0
_LOOKS = 4


class Untaken(asyncio.Protocol):
    """Part of a connection's protocol. An application whose connection is cut finds its client gone."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    scope: Any = None  # before the first request
    _lies: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_again(_LOOKS)

    def resume_writing(self) -> None:
        self._forget()
        super().resume_writing()

    def _forget(self) -> None:
        """Nothing lies there any more, or it is somebody else's to look after."""
        if self._lies is not None:
            self._lies.cancel()
            self._lies = None

    def _look_again(self, looks: int) -> None:
        self._forget()
        seconds: float = self.scope["state"].get(STALL_SECONDS, _SECONDS) if self.scope else _SECONDS
        self._lies = self.loop.call_later(seconds / _LOOKS, self._look, looks - 1, self.transport.get_write_buffer_size())

    def _look(self, left: int, size: int) -> None:
        if self.transport.get_write_buffer_size() < size:
            left = _LOOKS
        if left:
            self._look_again(left)
        else:
            self.transport.abort()
