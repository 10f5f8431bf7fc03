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
from threading import Lock
from typing import Generic, TypeVar

from alize.engine.fairness import parts

__all__ = ["Turns"]


Job = TypeVar("Job")


class Turns(Generic[Job]):
    """Any thread may add to it and take from it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[str, deque[Job]] = {}  # by tenant, in the order in which each began to wait; none is empty
        self._had: dict[str, int] = {}  # when a tenant, or what it is part of, had its last turn
        self._turn = 0

    def add(self, tenant: str, job: Job) -> None:
        """A job more."""
        with self._lock:
            self._waiting.setdefault(tenant, deque()).append(job)

    def next(self) -> Job | None:
        """The next job, which is taken out; None where there is none."""
        with self._lock:
            if not self._waiting:
                return None
            tenant = min(self._waiting, key=lambda tenant: [self._had.get(part, 0) for part in parts(tenant)])
            job = self._waiting[tenant].popleft()
            self._turn += 1
            had = dict.fromkeys(parts(tenant), self._turn)
            if not self._waiting[tenant]:
                del self._waiting[tenant]
            # Where nobody waits, the turns of tenants long gone would pile up.
            self._had = self._had | had if self._waiting else had
            return job
