"""Work that one thread does for many tenants. In: jobs, in whatever order they come. Out: one after the other, the tenants by turns.

Next is who has had no turn for longest: of `workspace/person` the workspace, and among its people the person. Of one tenant it is the job
that came first. So whoever brings sixty jobs delays another's single one by the one that is being done, and no more.

    a brings 1, 2, 3; then b brings 4    →    1, 4, 2, 3

>>> turns = Turns[int]()
>>> for tenant, job in (("a", 1), ("a", 2), ("a", 3)):
...     turns.add(tenant, job)
>>> first = turns.next()
>>> turns.add("b", 4)
>>> first, turns.next(), turns.next(), turns.next(), turns.next()
(1, 4, 2, 3, None)
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from alize.engine.fairness import parts

__all__ = ["Turns"]


Job = TypeVar("Job")

_MOST = 64  # tenants whose last turns are remembered; more where more wait


class Turns(Generic[Job]):
    """Any thread may add to it and take from it."""

    def __init__(self, over: Callable[[Job], bool] = lambda job: False) -> None:
        """`over`: whether nobody wants a job any more; it then takes nobody's turn."""
        self._lock, self._over = Lock(), over
        self._waiting: dict[str, deque[Job]] = {}  # by tenant, in the order in which each began to wait; none is empty
        self._had: dict[str, int] = {}  # when a tenant, or what it is part of, had its last turn
        self._most = _MOST  # of these, before those are dropped that do not wait
        self._turn = 0

    def add(self, tenant: str, job: Job) -> None:
        """A job more."""
        with self._lock:
            self._waiting.setdefault(tenant, deque()).append(job)

    def drop(self, unwanted: Callable[[Job], bool]) -> None:
        """Forget the jobs that are so: they wait no more, and take nobody's turn."""
        with self._lock:
            left = {tenant: deque(job for job in jobs if not unwanted(job)) for tenant, jobs in self._waiting.items()}
            self._waiting = {tenant: jobs for tenant, jobs in left.items() if jobs}

    def __bool__(self) -> bool:
        """Whether a job waits."""
        return bool(self._waiting)

    def next(self) -> Job | None:
        """The next job, which is taken out; None where there is none."""
        with self._lock:
            while self._waiting:
                tenant = min(self._waiting, key=lambda tenant: [self._had.get(part, 0) for part in parts(tenant)])
                job = self._waiting[tenant].popleft()
                if not self._waiting[tenant]:
                    del self._waiting[tenant]
                if not self._over(job):
                    self._turn += 1
                    self._note(parts(tenant))
                    return job
            return None

    def _note(self, had: Sequence[str]) -> None:
        """These had the turn. The turns of tenants long gone pile up nowhere."""
        if not self._waiting:
            self._had.clear()
        self._had.update(dict.fromkeys(had, self._turn))
        if len(self._had) > self._most:
            here = {part for tenant in self._waiting for part in parts(tenant)}
            self._had = {part: turn for part, turn in self._had.items() if part in here or part in had}
            self._most = max(_MOST, 2 * len(self._had))
