"""Pools for tests. In: a budget. Out: models that need no files, a clock that the test moves, and a wait until all has been done."""

import asyncio
from dataclasses import replace
from typing import Any

from alize.api.pool import Pool, Resident
from tests.serving import CARD
from tests.sources import FakeSource

__all__ = ["Clock", "named", "settled", "three"]


def named(id: str, size: int, *failures: Exception) -> FakeSource:
    return FakeSource(replace(CARD, id=id, aliases=()), size, *failures)


async def settled() -> None:
    """Until whatever can go on by itself has: a load and a sleep are a few turns of the loop here."""
    for _ in range(30):
        await asyncio.sleep(0)


class Clock:
    """Time that goes on when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def three(budget: int, **more: Any) -> tuple[Pool, list[Resident], list[FakeSource]]:
    pool = Pool(budget, clock=Clock(), **more)
    sources = [named(id, size) for id, size in (("a", 4), ("b", 4), ("c", 7))]
    return pool, [pool.add(source) for source in sources], sources
