"""A model that is loaded when it is first asked. In: its card, and how to load it. Out: the model as it is served, once.

A server that talks all day and embeds nothing need not hold a second model in memory. Whoever asks first waits: the weights are fetched
where they are not here yet, a process of their own is begun and loads them. Others who ask meanwhile wait for the same.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from alize.api.parts import Served, Sleeping
from alize.errors import AlizeError, EngineUnavailable
from alize.weights.catalog import Card

__all__ = ["Sleeper"]

_log = logging.getLogger("alize.api")
_AGAIN = 10.0  # seconds before loading is tried again


class Sleeper(Sleeping):
    """Built in the composition root, which closes it."""

    def __init__(self, card: Card, wake: Callable[[], Awaitable[Served]]) -> None:
        self._card, self._wake = card, wake
        self._waking: asyncio.Task[Served] | None = None
        self._failed = 0.0  # when it last did, by the loop's clock
        self._closed = False

    @property
    def card(self) -> Card:
        return self._card

    @property
    def served(self) -> Served | None:
        done = self._waking is not None and self._waking.done() and not self._waking.cancelled()
        return self._waking.result() if self._waking is not None and done and self._waking.exception() is None else None

    async def awake(self) -> Served:
        """The model, loaded now where it was not. Raises EngineUnavailable; the reason is in the log, since it may name paths."""
        if self._closed:
            raise EngineUnavailable("The server is shutting down.")
        if self._waking is None:
            left = self._failed + _AGAIN - asyncio.get_running_loop().time() if self._failed else 0.0
            if left > 0:
                raise self._unavailable(left)
            _log.info("loading a model", extra={"model": self._card.id})
            self._waking = asyncio.create_task(self._begin())
            self._waking.add_done_callback(lambda task: task.cancelled() or task.exception())  # seen, also where nobody waited
        try:
            return await asyncio.shield(self._waking)  # giving up the wait is not giving up the model
        except asyncio.CancelledError:
            if self._closed:
                raise EngineUnavailable("The server is shutting down.") from None
            raise

    async def close(self) -> None:
        self._closed = True
        if self._waking is not None and not self._waking.done():
            self._waking.cancel()
            await asyncio.gather(self._waking, return_exceptions=True)
        if (served := self.served) is not None:
            await served.engine.close()

    async def _begin(self) -> Served:
        try:
            return await self._wake()
        except Exception as error:  # whatever it is: a failure that were kept would be every later answer, too
            foreseen = isinstance(error, AlizeError)
            _log.error("the model %s cannot be loaded: %s", self._card.id, error.text if foreseen else error, exc_info=not foreseen)
            self._waking, self._failed = None, asyncio.get_running_loop().time()
            raise self._unavailable(_AGAIN) from error

    def _unavailable(self, seconds: float) -> EngineUnavailable:
        return EngineUnavailable(f"The model {self._card.id} cannot be loaded. The server's log says why.", retry_after=seconds)
