"""Who waits for what. In: news of a run. Out: those who wait for it wake up; news of another server is found by looking again."""

import asyncio
from contextlib import suppress
from weakref import WeakValueDictionary

__all__ = ["Wakes"]


class Wakes:
    """Of one event loop."""

    def __init__(self) -> None:
        # Weak: whoever waits holds it. Every watched run would leave one, since its end is found by looking once more.
        self._events: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()

    def tell(self, name: str) -> None:
        """Wake everybody who waits for `name` now."""
        event = self._events.pop(name, None)
        if event is not None:
            event.set()

    def news(self, name: str) -> asyncio.Event:
        """Take this before looking at what may change, and wait for it after: what comes in between is not missed."""
        return self._events.setdefault(name, asyncio.Event())

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Until told, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()
