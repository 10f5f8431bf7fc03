"""When there is room for one more who waits. In: a pool's models, and its clock. Out: seconds, where anything is known.

A place is free when a model that is waited for is there: whoever waits for it then has it. Until then:

    a tenth of it is loaded, after 3 s                      27 s
    nothing of it yet, after 3 s; its last load took 8 s     5 s
    it has not begun; its last load took 8 s                 8 s, though others may have to give way first
    it was never loaded, and another's last load took 6 s    as if it were that one
"""

from collections.abc import Iterable

from alize.api.pool.resident import Resident
from alize.engine.turnover import bounded

__all__ = ["due"]


def due(residents: Iterable[Resident], now: float) -> float | None:
    """Seconds until the first line moves, at least 1 and at most 300; None where no model was loaded yet and none says how far it is."""
    every = list(residents)
    loaded = [one for one in every if one.took is not None]
    usual = max(loaded, key=lambda one: one.woke).took if loaded else None
    lines = [one for one in every if any(waiter.asks for waiter in one.waiting)]
    loading = [one for one in lines if one.state == "loading"]
    left = [seconds for one in loading or lines if (seconds := _left(one, usual, now)) is not None]
    return bounded(min(left)) if left else None


def _left(resident: Resident, usual: float | None, now: float) -> float | None:
    took = usual if resident.took is None else resident.took
    if resident.began is None:  # it is being fetched, say: how long that takes, nobody knows
        return took
    passed = now - resident.began
    if resident.percent:
        return passed * (100 - resident.percent) / resident.percent
    return None if took is None else took - passed
