"""Who waits for what. In: news of a run. Out: those who wait for it wake up; news of another server is found by looking again.

News that cannot be written down, because nothing can, is kept here as long as that lasts.
"""

import asyncio
from contextlib import suppress
from weakref import WeakValueDictionary

from alize.errors import AlizeError

__all__ = ["Wakes"]


class Wakes:
    """Of one event loop."""

    def __init__(self) -> None:
        # Weak: whoever waits holds it. Every watched run would leave one, since its end is found by looking once more.
        self._events: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        self._troubles: dict[str, AlizeError] = {}

    def tell(self, name: str, trouble: AlizeError | None = None) -> None:
        """Wake everybody who waits for `name` now. `trouble`: why no more can be said of it, until it is mended."""
        if trouble is not None:
            self._troubles[name] = trouble
        event = self._events.pop(name, None)
        if event is not None:
            event.set()

    def mended(self, name: str) -> None:
        """A no-op where nothing was wrong."""
        if self._troubles.pop(name, None) is not None:
            self.tell(name)

    def trouble(self, name: str) -> AlizeError | None:
        return self._troubles.get(name)

    def news(self, name: str) -> asyncio.Event:
        """Take this before looking at what may change, and wait for it after: what comes in between is not missed."""
        return self._events.setdefault(name, asyncio.Event())

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Until told, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()
