"""Who may wait: for answers (`admission.py` asks), for vectors and scores. In: who comes, and who has a place. Out: a place, or a refusal.

The queue that one workspace has filled is not full for another, nor for other people of it: whoever has fewer places than would be an even
share gets one more, beyond those that there are.

Of vectors and scores one is computed, and so many more wait. A request has its place until all its portions are computed, so that nothing
of which a part is there is refused. Seconds of work are those in which somebody had a place:

    max_waiting 2: a is computed, b and c wait; one ended every 2 s lately    →    d is refused: a, b and c will have ended in 6 s
"""

import math
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from alize.engine.fairness import parts
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
        self._taken: list[str] = []  # by whom
        self._turnover = Turnover()
        self._worked, self._since = 0.0, 0.0  # seconds of work before all places were last free, and when the first was taken then

    @contextmanager
    def one(self, tenant: str) -> Generator[None]:
        """Hold a place. Raises QueueFull where there is none."""
        if not has_room(tenant, self._taken, self._most):
            raise no_room(len(self._taken), self._turnover.wait(len(self._taken), self._now))
        if not self._taken:
            self._since = self._clock()
        self._taken.append(tenant)
        whole = False
        try:
            yield
            whole = True
        finally:
            now = self._now
            self._taken.remove(tenant)
            if whole:  # clients that lose their patience do not make it look fast
                self._turnover.ended(now)
            if not self._taken:
                self._worked = now

    @property
    def _now(self) -> float:
        """Seconds of work until now. Somebody has a place."""
        return self._worked + self._clock() - self._since


def has_room(tenant: str, before: Sequence[str], places: int) -> bool:
    """`before`: whose requests have a place, one for each.

    >>> has_room("one/ada", ["one/ada"] * 3, 4), has_room("one/ada", ["one/ada"] * 4, 4)
    (True, False)
    >>> has_room("two/bob", ["one/ada"] * 4, 4), has_room("two/bob", [*["one/ada"] * 4, "two/bob", "two/bob"], 4)
    (True, False)
    >>> has_room("one/cyd", ["one/ada"] * 4, 4)
    True
    """
    if len(before) < places:
        return True
    share, own, inside = places, before, ""
    for part in parts(tenant):
        sharers = {_inside(other, inside) for other in own} | {part}
        own = [other for other in own if _inside(other, inside) == part]
        share, inside = share // len(sharers), part
        if len(own) < share:
            return True
    return False


def _inside(tenant: str, whole: str) -> str:
    """The part of a tenant that is directly below `whole`; itself where there is none.

    >>> _inside("workspace/person", ""), _inside("workspace/person", "workspace"), _inside("workspace", "workspace")
    ('workspace', 'workspace/person', 'workspace')
    """
    chain = parts(tenant)
    return chain[min(whole.count("/") + 1 if whole else 0, len(chain) - 1)]


def no_room(came: int, seconds: float) -> QueueFull:
    """For whoever comes when so many came before, and the queue will have room in so many seconds."""
    return QueueFull(
        f"There is no room in the queue: {quantity(came, 'request')} came before.",
        remedy=f"Try again in {math.ceil(seconds)} s.",
        retry_after=seconds,
        reason=because("queue_full", requests=came),
    )
