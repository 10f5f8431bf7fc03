"""One model of a pool. In: what the pool decides. Out: its state, who waits for it, and who uses it.

A life is one loading of its weights: whoever was lent the model keeps the life that they were lent, also where another has begun since.
What it was last loaded as is remembered while it sleeps: its tokenizer, its context, its adapters' names.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from alize.api.parts import Served
from alize.api.pool.base import Lease, Source, State
from alize.engine.absence import loading
from alize.engine.base import AdapterInfo
from alize.errors import AlizeError
from alize.weights.catalog import Card

if TYPE_CHECKING:
    from alize.api.pool.pool import Pool

__all__ = ["Life", "Resident", "Tally", "Waiter"]


@dataclass(slots=True, eq=False)
class Life:
    """The model as it was loaded once."""

    served: Served
    held: int  # bytes
    lent: int = 0  # how many use it
    empty: asyncio.Event = field(default_factory=asyncio.Event)  # set where a life that ends is used by nobody any more


@dataclass(slots=True, eq=False)
class Waiter:
    """Somebody who waits for the model."""

    since: int  # a number that grows with time, and is nobody else's
    lease: "asyncio.Future[Lease]"
    tenant: str = ""  # whose place it takes
    asks: bool = True  # it is a request, of which so many may wait, and each so long; else whoever runs the server has it loaded


@dataclass(slots=True)
class Tally:
    """Counts since the server began."""

    loads: int = 0
    failures: int = 0
    sleeps: int = 0
    swaps: int = 0  # of the sleeps, those that made room for another model
    load_seconds: float = 0.0


class Resident:
    """Changed by its pool (pool.py, lives.py) alone. Everybody else reads it."""

    def __init__(self, source: Source, pool: "Pool", *, pinned: bool) -> None:
        self.source, self.pool, self.pinned = source, pool, pinned
        self.state: State = "asleep"
        self.since = datetime.now(UTC)  # when the state began
        self.served: Served | None = None  # as it was last loaded, also while it sleeps
        self.known = False  # `served` is of the weights that it has now
        self.life: Life | None = None
        self.ending: list[Life] = []  # lives that are still used, though another has begun
        self.waiting: deque[Waiter] = deque()
        self.task: asyncio.Task[None] | None = None  # that loads it or puts it to sleep
        self.reserved = 0  # bytes of what is being loaded
        self.measuring = False  # it is not known yet how many those are
        self.coming: Source | None = None  # other weights, from when they are asked for until they answer or have failed
        self.adapting = asyncio.Lock()  # held while it is given an adapter: one after the other, and no reload meanwhile
        self.told_to_sleep = False
        self.least: int | None = None  # bytes that it needs, when its files were last looked at
        self.looked = False  # whether that was since it was last loaded: they may be others by now
        # By the pool's clock: when it was last used, until when it need not give way while it is used, when it last failed.
        self.used, self.stays, self.failed = 0.0, 0.0, float("-inf")
        self.began: float | None = None  # by the same clock, when the load that runs began
        self.woke = 0.0  # when its last load ended
        self.took: float | None = None  # and the seconds of it
        self.failure: AlizeError | None = None  # why it could not be loaded
        self.tally = Tally()

    @property
    def card(self) -> Card:
        return self.source.card

    @property
    def adapters(self) -> tuple[AdapterInfo, ...]:
        """Those that it has, or wakes with."""
        return () if self.served is None else self.served.adapters

    @property
    def held(self) -> int:
        """Bytes of the budget that it takes now."""
        return self.reserved + sum(life.held for life in self.lives)

    @property
    def lives(self) -> list[Life]:
        return [*([self.life] if self.life is not None else []), *self.ending]

    @property
    def running(self) -> int:
        """How many use it."""
        return sum(life.lent for life in self.lives)

    @property
    def reloading(self) -> bool:
        """Whether it is being given other weights: nothing else is changed meanwhile."""
        return self.coming is not None

    @property
    def busy(self) -> bool:
        """Whether putting it to sleep now would be in somebody's way."""
        return bool(self.running or self.waiting or self.reloading or self.state == "loading")

    @property
    def shown(self) -> State:
        """Its state for others: one that takes nobody new drains, though its answers still run."""
        return "draining" if self.state == "awake" and self.told_to_sleep else self.state

    @property
    def percent(self) -> int | None:
        """How much of what is being loaded is there."""
        source = self.coming or (self.source if self.state == "loading" else None)
        return None if source is None else source.percent

    @property
    def trouble(self) -> str | None:
        """Why it cannot be asked right now, for everybody; None where it can, or where asking wakes it."""
        if self.state == "loading":
            return "The model is being loaded." if self.percent is None else loading(self.percent).message
        return "The model could not be loaded. The server's log says why." if self.state == "failed" else None

    def lend_now(self) -> Lease | None:
        """See Sleeping."""
        return self.pool.lend_now(self)

    async def lend(self, tenant: str = "") -> Lease:
        """See Sleeping."""
        return await self.pool.lend(self, tenant)

    def forget_adapter(self, name: str) -> None:
        """Wake without an adapter, and be shown without it until then. It sleeps."""
        self.source.forget_adapter(name)
        self.looked = False  # it needs less
        if self.served is not None:
            self.served = replace(self.served, gone=self.served.gone | {name})

    def become(self, state: State) -> None:
        """A no-op where it is that already."""
        if state != self.state:
            self.state, self.since = state, datetime.now(UTC)
