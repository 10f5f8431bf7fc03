"""Models for a pool that need no files. In: a card, what it takes, when it may be loaded. Out: a Source whose engine is a FakeEngine."""

import asyncio
from collections.abc import Mapping

from alize.api.parts import Served
from alize.api.pool import Pool, Source
from alize.engine.fake import FakeEngine, saying
from alize.errors import OutOfMemory
from alize.weights.catalog import Card
from tests.serving import CARD, TOKENIZER

__all__ = ["FakeSource", "pool_of"]


class FakeSource:
    """See Source. It can be held while it loads, and told to fail; every engine that it has made can be looked at."""

    def __init__(self, card: Card = CARD, size: int = 1, *failures: Exception, says: str = "Hello") -> None:
        self.card, self.size, self.failures, self.says = card, size, list(failures), says
        self.percent: int | None = None
        self.asked, self.begun, self.go = 0, asyncio.Event(), asyncio.Event()
        self.go.set()
        self.found = asyncio.Event()  # set where its files are here
        self.found.set()
        self.measured, self.known = asyncio.Event(), asyncio.Event()  # it is asked what it needs, and that is known
        self.known.set()
        self.engines: list[FakeEngine] = []
        self.adapters: dict[str, str] = {}

    async def prepare(self, budget: int) -> int:
        await self.found.wait()
        return self.size

    async def need(self, left: int) -> int:
        self.measured.set()
        await asyncio.sleep(0)  # a file is read meanwhile
        await self.known.wait()
        if self.size > left:
            raise OutOfMemory(f"{self.card.id} takes {self.size}, and {left} are left.")
        return self.size

    async def load(self, left: int) -> tuple[Served, int]:
        self.asked += 1
        self.begun.set()
        await self.go.wait()
        if self.failures:
            raise self.failures.pop(0)
        engine = FakeEngine(saying(self.says, TOKENIZER), model=self.card.id, max_context=self.card.context)
        for name, path in self.adapters.items():
            await engine.set_adapter(name, path)
        self.engines.append(engine)
        return Served(engine, TOKENIZER, self.card), self.size

    async def set_adapter(self, served: Served, name: str, path: str | None) -> None:
        await self.go.wait()
        await served.engine.set_adapter(name, path)
        self.adapters = {other: where for other, where in {**self.adapters, name: path}.items() if where is not None}

    def forget_adapter(self, name: str) -> None:
        self.adapters.pop(name, None)

    def take_after(self, other: Source) -> None:
        if isinstance(other, FakeSource):
            self.adapters = dict(other.adapters)


def pool_of(*sources: FakeSource, budget: int = 2**40, pinned: Mapping[str, bool] | None = None) -> Pool:
    """All of them asleep."""
    pool = Pool(budget)
    for source in sources:
        pool.add(source, pinned=(pinned or {}).get(source.card.id, False))
    return pool
