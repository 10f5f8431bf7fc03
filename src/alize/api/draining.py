"""How a server ends. In: the wish to stop. Out: new requests are refused, and it is known when the last running one is done."""

import asyncio

__all__ = ["Draining"]


class Draining:
    """Counts requests in flight. Of one event loop."""

    def __init__(self) -> None:
        self.begun = False  # new requests are to be answered 503
        self.told = asyncio.Event()  # for streams that would never end by themselves
        self.running = 0
        self._empty: asyncio.Event | None = None

    def begin(self) -> None:
        """A no-op when begun."""
        self.begun = True
        self.told.set()

    def enter(self) -> None:
        self.running += 1

    def leave(self) -> None:
        self.running -= 1
        if self.running == 0 and self._empty is not None:
            self._empty.set()
            self._empty = None

    async def finished(self) -> None:
        """Wait until no request is in flight."""
        while self.running:
            self._empty = self._empty or asyncio.Event()
            await self._empty.wait()
