"""What other tabs must know. In: what changed, and whose it is. Out: a stream of changes for each page that listens.

A page that was away asks for everything anew, so nothing is kept: a change that nobody hears is forgotten.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from typing import Any

from alize.storage.base import Owner

__all__ = ["Changes"]

_MOST = 1000  # waiting for one page; it is then told to read everything anew


class Changes:
    """Of one event loop."""

    def __init__(self, told: asyncio.Event) -> None:
        """`told` is set when the server stops: listeners would hold it up for ever."""
        self._told = told
        self._listeners: defaultdict[Owner, set[asyncio.Queue[dict[str, Any]]]] = defaultdict(set)

    def tell(self, owner: Owner, change: dict[str, Any]) -> None:
        for queue in self._listeners.get(owner, ()):
            if queue.qsize() < _MOST:
                queue.put_nowait(change)

    async def listen(self, owner: Owner) -> AsyncGenerator[dict[str, Any], None]:
        """`ready`, then every change after it, until the server stops."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        queue.put_nowait({"type": "ready"})
        self._listeners[owner].add(queue)
        try:
            while not self._told.is_set():
                change = asyncio.create_task(queue.get())
                told = asyncio.create_task(self._told.wait())
                try:
                    await asyncio.wait({change, told}, return_when=asyncio.FIRST_COMPLETED)
                    if change.done():
                        yield change.result()
                finally:
                    change.cancel()
                    told.cancel()
        finally:
            self._listeners[owner].discard(queue)
            if not self._listeners[owner]:
                del self._listeners[owner]
