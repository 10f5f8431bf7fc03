"""What other tabs must know. In: what changed, and whose it is. Out: a stream of changes for each page that listens.

A page that was away asks for everything anew, so nothing is kept: a change that nobody hears is forgotten.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable

import msgspec

from alize.storage.base import ConversationRecord, MessageRecord, Owner, RunRecord, Store

__all__ = ["Change", "Changes", "ConversationChanged", "ConversationDeleted", "Ready", "RunBegun", "hearers"]

_MOST = 1000  # waiting for one page; its stream then ends, and it reads everything anew


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """The first word: whatever changes after it is told."""


class ConversationChanged(msgspec.Struct, tag="conversation.changed", frozen=True):
    """Or was made, or restored."""

    id: str


class ConversationDeleted(msgspec.Struct, tag="conversation.deleted", frozen=True):
    id: str


class RunBegun(msgspec.Struct, tag="run.started", frozen=True):
    """A question was asked, or an answer is made again or gone on with."""

    run: str
    conversation: str
    message: str  # the answer


Change = Ready | ConversationChanged | ConversationDeleted | RunBegun


async def hearers(store: Store, changed: ConversationRecord | MessageRecord | RunRecord) -> tuple[Owner, ...]:
    """Who may see it: whoever made it, and where that is a key, the person who answers for the key."""
    maker = Owner(changed.workspace, changed.principal)
    key = await store.keys.get(maker.workspace, maker.principal)
    return (maker,) if key is None else (maker, Owner(maker.workspace, key.principal))


class Changes:
    """Of one event loop."""

    def __init__(self, told: asyncio.Event) -> None:
        """`told` is set when the server stops: listeners would hold it up for ever."""
        self._told = told
        self._listeners: defaultdict[Owner, set[asyncio.Queue[Change | None]]] = defaultdict(set)

    def tell(self, owners: Iterable[Owner], change: Change) -> None:
        for owner in owners:
            for queue in self._listeners.get(owner, ()):
                if (waiting := queue.qsize()) <= _MOST:
                    queue.put_nowait(change if waiting < _MOST else None)

    async def listen(self, owner: Owner) -> AsyncGenerator[Change, None]:
        """`ready`, then every change after it, until the server stops, or too many wait to be heard."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue()
        queue.put_nowait(Ready())
        self._listeners[owner].add(queue)
        try:
            while not self._told.is_set():
                change = asyncio.create_task(queue.get())
                told = asyncio.create_task(self._told.wait())
                try:
                    await asyncio.wait({change, told}, return_when=asyncio.FIRST_COMPLETED)
                    if change.done():
                        if (heard := change.result()) is None:
                            return
                        yield heard
                finally:
                    change.cancel()
                    told.cancel()
        finally:
            self._listeners[owner].discard(queue)
            if not self._listeners[owner]:
                del self._listeners[owner]
