"""Server-sent events, read. In: bytes, cut anywhere. Out: the events that are whole by then.

Lines end in LF, CR LF or CR; comments (`: keep-alive`) and fields other than `event` and `data` are passed over. Nothing grows beyond
`LONGEST_FRAME`, whatever comes.
"""

import re
from dataclasses import dataclass

from alize.errors import UpstreamFailed
from alize.reasons import because

__all__ = ["LONGEST_FRAME", "Frame", "Frames"]

LONGEST_FRAME = 4 * 2**20
"""Bytes of one event; the arguments of a tool call may come in one."""
_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Frame:
    data: bytes
    event: str = "message"


class Frames:
    """Of one stream.

    >>> frames = Frames()
    >>> frames.push(b": hello\\n\\ndata: o"), frames.push(b"ne\\r"), frames.push(b"\\n\\r\\ndata: two\\n")
    ([], [], [Frame(data=b'one', event='message')])
    >>> frames.end()
    [Frame(data=b'two', event='message')]
    """

    def __init__(self) -> None:
        self._line = bytearray()  # the one that has not ended
        self._data: list[bytes] = []
        self._size = 0  # of `_data`
        self._event = ""
        self._after_cr = False  # a LF that comes now belongs to the CR before it
        self._first = True

    def push(self, piece: bytes) -> list[Frame]:
        """Raises UpstreamFailed for an event that is too long."""
        if not piece:
            return []
        if self._after_cr:
            piece = piece.removeprefix(b"\n")
        *whole, rest = _END.split(piece)
        self._after_cr = piece.endswith(b"\r")
        found: list[Frame] = []
        for part in whole:
            self._line += part
            self._keep(found)
        self._line += rest
        self._bound()
        return found

    def end(self) -> list[Frame]:
        """What the stream ended in the middle of. Some servers send no empty line after their last event."""
        found: list[Frame] = []
        if self._line:
            self._keep(found)
        self._close(found)
        return found

    def _keep(self, found: list[Frame]) -> None:
        line = bytes(self._line)
        self._line.clear()
        if self._first:
            line, self._first = line.removeprefix(b"\xef\xbb\xbf"), False
        if not line:
            self._close(found)
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value) + 1
            self._bound()
        elif name == b"event":
            self._event = value[:100].decode("utf-8", "replace")

    def _close(self, found: list[Frame]) -> None:
        if self._data:
            found.append(Frame(b"\n".join(self._data), self._event or "message"))
        self._data, self._size, self._event = [], 0, ""

    def _bound(self) -> None:
        if len(self._line) + self._size > LONGEST_FRAME:
            raise UpstreamFailed(
                f"The upstream sent an event of more than {LONGEST_FRAME >> 20} MiB.",
                reason=because("upstream_event_too_long", most_bytes=LONGEST_FRAME),
            )
