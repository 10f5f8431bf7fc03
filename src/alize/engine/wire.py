"""Messages between the server's process and the engine's. In: values. Out: frames of msgpack, each behind its length.

Everything that crosses is listed here: what is sent down (commands) and what comes back (events).
"""

import socket
import struct
import threading
from collections.abc import Iterator

import msgspec

from alize import errors
from alize.engine.base import EngineStats, ModelInfo, Request, Step
from alize.engine.build import EngineConfig
from alize.errors import AlizeError
from alize.reasons import Reason

__all__ = [
    "Abort",
    "Add",
    "Call",
    "Channel",
    "Command",
    "Doing",
    "Event",
    "Failed",
    "Failure",
    "Hear",
    "Loading",
    "Quit",
    "Ready",
    "Refused",
    "Reply",
    "SetAdapter",
    "Start",
    "Steps",
    "decode_event",
    "encode",
]

_HEADER = struct.Struct("<I")
_MOST = 1 << 16  # bytes read at once: memory for more is asked of the system every time, with nothing to read too


class Failure(msgspec.Struct, frozen=True):
    """An AlizeError on its way between processes."""

    kind: str
    message: str
    param: str | None = None
    remedy: str | None = None
    retry_after: float | None = None
    reason: Reason | None = None

    @classmethod
    def of(cls, error: AlizeError) -> "Failure":
        return cls(type(error).__name__, error.message, error.param, error.remedy, error.retry_after, error.reason)

    def error(self) -> AlizeError:
        kind = getattr(errors, self.kind, AlizeError)
        return kind(self.message, param=self.param, remedy=self.remedy, retry_after=self.retry_after, reason=self.reason)


# ── commands ──


class Start(msgspec.Struct, tag=True, frozen=True):
    """First frame: what to run."""

    config: EngineConfig


class Add(msgspec.Struct, tag=True, frozen=True):
    request: Request


class Hear(msgspec.Struct, tag=True, frozen=True):
    """More of the sound of a request."""

    request_id: str
    data: bytes
    last: bool


class Abort(msgspec.Struct, tag=True, frozen=True):
    """Nobody waits any more for this request, or for the call of this number."""

    request_id: str


class Call(msgspec.Struct, tag=True, frozen=True):
    """Anything that is answered once: method is score, embed, pause, resume, reload or stats."""

    number: int
    method: str
    tokens: list[int] = []
    batch: list[list[int]] = []  # to embed
    path: str | None = None
    tenant: str = ""  # whose texts these are: tenants take turns


class SetAdapter(msgspec.Struct, tag=True, frozen=True):
    """Load, replace or (path None) remove an adapter; answered once, with the model as it is then."""

    number: int
    name: str
    path: str | None


class Quit(msgspec.Struct, tag=True, frozen=True):
    """Stop now."""


Command = Start | Add | Hear | Abort | Call | SetAdapter | Quit

# ── events ──


class Loading(msgspec.Struct, tag=True, frozen=True):
    """How far the weights are, in bytes of their files: at most once for every hundredth."""

    done: int
    total: int


class Ready(msgspec.Struct, tag=True, frozen=True):
    """The weights are loaded."""

    info: ModelInfo


class Doing(msgspec.Struct, tag=True, frozen=True):
    """What the engine is doing, and for how long: every few seconds. Empty where that is nothing, or takes as long as it takes."""

    what: str
    seconds: float


class Failed(msgspec.Struct, tag=True, frozen=True):
    """The engine cannot go on; its process ends after this."""

    failure: Failure


class Steps(msgspec.Struct, tag=True, frozen=True):
    """What one engine step gave to all its requests."""

    steps: list[Step]


class Refused(msgspec.Struct, tag=True, frozen=True):
    """A request was not accepted."""

    request_id: str
    failure: Failure


class Reply(msgspec.Struct, tag=True, frozen=True):
    """What comes back for a Call or a SetAdapter: one of the fields, or none where there is nothing to say."""

    number: int
    failure: Failure | None = None
    values: list[float] = []
    vectors: bytes = b""  # of float32, one after the other
    stats: EngineStats | None = None
    info: ModelInfo | None = None


Event = Loading | Ready | Doing | Failed | Steps | Refused | Reply

_encoder = msgspec.msgpack.Encoder()
_commands: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_events: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


def encode(message: Command | Event) -> bytes:
    """One frame."""
    body = _encoder.encode(message)
    return _HEADER.pack(len(body)) + body


def decode_event(body: bytes) -> Event:
    return _events.decode(body)


class Channel:
    """The engine's end: a blocking socket, read only when something is there or nothing else is to be done."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = bytearray()
        self._sending = threading.Lock()

    def send(self, event: Event) -> None:
        """Any thread may. Raises BrokenPipeError where the server is gone."""
        with self._sending:
            self._socket.sendall(encode(event))

    def receive(self, wait: bool) -> Iterator[Command]:
        """Every command that has arrived; with `wait`, at least one. Raises EOFError where the server is gone."""
        while True:
            for command in self._complete():
                wait = False
                yield command
            try:
                received = self._socket.recv(_MOST, 0 if wait else socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            if not received:
                raise EOFError
            self._buffer += received

    def _complete(self) -> Iterator[Command]:
        while len(self._buffer) >= _HEADER.size:
            (size,) = _HEADER.unpack_from(self._buffer)
            if len(self._buffer) < _HEADER.size + size:
                return
            body = bytes(self._buffer[_HEADER.size : _HEADER.size + size])
            del self._buffer[: _HEADER.size + size]
            yield _commands.decode(body)
