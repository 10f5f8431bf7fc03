"""How many may wait for vectors and scores. In: each request, as it comes and ends. Out: a place, or a refusal with the time to come back.

One is computed, so many more wait (and more of somebody else's: `shares.py`); the next is refused. A request has its place until all its
portions are computed, so that nothing of which a part is there is refused. Seconds of work are those in which somebody had a place:

    max_waiting 2: a is computed, b and c wait; one ended every 2 s lately    →    d is refused: a, b and c will have ended in 6 s
"""

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from alize.engine.shares import Shares
from alize.engine.turnover import Turnover
from alize.errors import QueueFull
from alize.reasons import because
from alize.wording import quantity

__all__ = ["Places", "no_room"]


class Places:
    """Of one engine."""

    def __init__(self, waiting: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`waiting`: how many may wait beside the one that is computed."""
        self._most, self._clock = 1 + waiting, clock
        self._taken = Shares()
        self._turnover = Turnover()
        self._worked, self._since = 0.0, 0.0  # seconds of work before all places were last free, and when the first was taken then

    @contextmanager
    def one(self, tenant: str) -> Generator[None]:
        """Hold a place. Raises QueueFull where there is none."""
        if not self._taken.room(tenant, self._most):
            raise no_room(self._taken.total, self._turnover.wait(self._taken.ends(tenant, 1), self._now))
        if not self._taken.total:
            self._since = self._clock()
        self._taken.take(tenant)
        whole = False
        try:
            yield
            whole = True
        finally:
            now = self._now
            self._taken.give_back(tenant)
            if whole:  # clients that lose their patience do not make it look fast
                self._turnover.ended(now)
            if not self._taken.total:
                self._worked = now

    @property
    def _now(self) -> float:
        """Seconds of work until now. Somebody has a place."""
        return self._worked + self._clock() - self._since


def no_room(came: int, seconds: float) -> QueueFull:
    """For whoever comes when so many came before, of which the last will have begun, or ended, in so many seconds."""
    return QueueFull(
        f"There is no room in the queue: {quantity(came, 'request')} came before.",
        remedy=f"Try again in {math.ceil(seconds)} s.",
        retry_after=seconds,
        reason=because("queue_full", requests=came),
    )
