"""The server of hostile.py in a thread, for tests that block. In: nothing. Out: it, and a way to let what it waits for happen."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.upstream.hostile import Hostile, hostile

__all__ = ["There"]


class There:
    """The other server, in a loop of its own."""

    def __init__(self) -> None:
        self.server = Hostile()
        self._ready, self._loop, self._end = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))

    @property
    def host(self) -> str:
        return self.server.host

    def let(self, event: asyncio.Event) -> None:
        self._loop.call_soon_threadsafe(event.set)

    @contextmanager
    def running(self) -> Iterator["There"]:
        self._thread.start()
        self._ready.wait()
        try:
            yield self
        finally:
            self.let(self._end)
            self._thread.join()
            self._loop.close()

    async def _serve(self) -> None:
        async with hostile() as self.server:
            self.server.lists({"id": "theirs", "name": "Theirs"}, {"id": "far", "name": "Far", "served_by": "api.example"})
            self._ready.set()
            await self._end.wait()
