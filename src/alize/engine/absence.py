"""Why an engine does not answer. In: where it stands. Out: the error of every request that wanted it, in one wording for every engine."""

import time
from collections.abc import Callable

from alize.engine.turnover import bounded
from alize.errors import EngineCrashed, EngineUnavailable
from alize.reasons import because

__all__ = ["Outage", "ended", "leaving", "loading", "restarting", "starting"]

_SOON = 2.0  # seconds: where nothing is known


class Outage:
    """How long an engine will not answer: by what its last start took, and by how far this one is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begins = clock()  # when its process began, or will
        self._took: float | None = None  # from there until it was ready, the last time
        self._share = 0.0  # of its weights, that are loaded

    def begins(self, after: float = 0.0) -> None:
        """A process begins to load in so many seconds."""
        self._begins, self._share = self._clock() + after, 0.0

    def loaded(self, share: float) -> None:
        """So much of it is there, 0 to 1."""
        self._share = share

    def over(self) -> None:
        """It is ready."""
        self._took = self._clock() - self._begins

    @property
    def left(self) -> float:
        """Seconds until it will be, at least 1, so that nobody comes back too soon, and at most 300.

        A tenth of the weights took 3 s: 27 s. The last start took 4 s, and the next one begins in 8: 12 s.
        """
        passed = self._clock() - self._begins
        left = _SOON if self._took is None else self._took - passed
        if self._share > 0:
            left = passed * (1 - self._share) / self._share
        return bounded(left)


def starting(said: str = "The engine is being started.", after: float = _SOON) -> EngineUnavailable:
    return EngineUnavailable(said, retry_after=after, reason=because("engine_starting"))


def loading(percent: int, after: float = _SOON) -> EngineUnavailable:
    said = f"The model is being loaded: {percent} %."
    return EngineUnavailable(said, retry_after=after, reason=because("model_loading_at", percent=percent))


def restarting(after: float = _SOON) -> EngineUnavailable:
    said = "The engine is not running; it is being restarted."
    return EngineUnavailable(said, retry_after=after, reason=because("engine_restarting"))


def leaving() -> EngineUnavailable:
    return EngineUnavailable("The server is shutting down.", reason=because("shutting_down"))


def ended(said: str = "The engine ended while it worked on this request.", after: float | None = _SOON) -> EngineCrashed:
    return EngineCrashed(said, retry_after=after, reason=because("engine_ended"))
