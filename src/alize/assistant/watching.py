"""A run as it is watched. In: the run, and the last event seen. Out: the rest of its events, those to come as they are committed.

Read from the log each time: a page that was away, a second one, and one that comes after a restart all see the same.
"""

from collections.abc import AsyncGenerator

import msgspec

from alize.assistant.changes import Changes
from alize.assistant.events import TERMINAL, Gap, as_data, kind_of
from alize.assistant.wakes import Wakes
from alize.storage.base import Database, Owner, StoredEvent

__all__ = ["changes_of", "frame", "watch"]

_LOOK = 1.0  # seconds between looks, for what another server writes
_MOST = 500  # events read at once


async def watch(database: Database, wakes: Wakes, owner: Owner, run: str, after: int) -> AsyncGenerator[bytes, None]:
    """Server-sent events until the terminal one. A `run.gap` where the log no longer holds what follows `after`: read the conversation.

    Raises what keeps the rest from being written, such as DiskFull: what follows `after` can be asked for once that is over.
    """
    while True:
        news = wakes.news(run)
        async with database.transaction() as store:
            record = await store.runs.get(owner, run)
            events = await store.runs.events(owner, run, after, limit=_MOST)
        if record is None or after > record.seq or (events and events[0].seq != after + 1) or (not events and record.seq > after):
            yield frame(StoredEvent(0, as_data(Gap())))
            return
        for event in events:
            yield frame(event)
            after = event.seq
            if kind_of(event.data) in TERMINAL:
                return
        if record.ended is not None and after >= record.seq:
            return
        if len(events) < _MOST:
            if trouble := wakes.trouble(run):
                raise trouble
            await wakes.wait(news, _LOOK)


def frame(event: StoredEvent) -> bytes:
    """
    >>> frame(StoredEvent(3, {"type": "message.output.delta", "content": "a\\n"}))
    b'id: 3\\nevent: message.output.delta\\ndata: {"type":"message.output.delta","content":"a\\\\n"}\\n\\n'
    """
    number = f"id: {event.seq}\n" if event.seq else ""
    return f"{number}event: {kind_of(event.data)}\ndata: ".encode() + msgspec.json.encode(event.data) + b"\n\n"


async def changes_of(changes: Changes, owner: Owner) -> AsyncGenerator[bytes, None]:
    """Server-sent events, the first at once: whatever changes after it will be told."""
    async for change in changes.listen(owner):
        yield frame(StoredEvent(0, as_data(change)))
