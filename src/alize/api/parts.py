"""What a server is made of. In: engines, tokenizers and records built elsewhere. Out: one value that the application is made with."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from alize.api.draining import Draining
from alize.api.limits import Limits
from alize.api.opening import Opening
from alize.api.outside import Wire
from alize.api.spans import Spans
from alize.engine.base import AdapterInfo, Engine, Unavailable
from alize.governance import Accounts, Cookie, Identity, Passes
from alize.prompt.marks import call_marks_of, thought_marks_of
from alize.settings import Settings
from alize.storage.base import Database
from alize.telemetry import Metrics
from alize.tokenize.base import CallMarks, ThoughtMarks, Tokenizer
from alize.upstream.client import Upstream
from alize.weights.catalog import Card

if TYPE_CHECKING:
    from alize.api.pool.pool import Pool

__all__ = ["House", "Lent", "Parts", "Served", "Sleeping"]


@dataclass(frozen=True, slots=True)
class Served:
    """One model that is served."""

    engine: Engine
    tokenizer: Tokenizer
    card: Card
    adapter: str | None = None  # by which of its engine's adapters it is another model
    root: str = ""  # the id of the model that is adapted
    lost: Unavailable | None = None  # why it cannot be asked: its adapter could not be loaded
    lender: "Sleeping | None" = None  # whom to ask before it is used (lending.py): it may sleep, and be other weights the next time
    gone: frozenset[str] = frozenset()  # adapters that were taken away while it sleeps: its engine, which has ended, does not know it

    @property
    def thought_marks(self) -> ThoughtMarks | None:
        """What stands around its thoughts; None for a model that does not think."""
        return thought_marks_of(self.tokenizer, self.card.capabilities)

    @property
    def call_marks(self) -> CallMarks | None:
        """How it calls tools; None for a model that calls none."""
        return call_marks_of(self.tokenizer, self.card)

    @property
    def adapters(self) -> tuple[AdapterInfo, ...]:
        return tuple(info for info in self.engine.info.adapters if info.name not in self.gone)

    def adapted(self) -> "Iterator[Served]":
        """The models that the engine's adapters make of this one, as they are now; those that could not be loaded say so."""
        for info in self.adapters:
            made = f"{self.card.id} with the adapter {info.name}, of rank {info.rank}."
            able = self.card.capabilities - {"embeddings"}  # vectors are made without any adapter
            card = replace(self.card, id=info.name, aliases=(), name=info.name, description=made, capabilities=able)
            yield replace(self, card=card, adapter=info.name, root=self.card.id)
        for lost in self.engine.info.unavailable:
            if lost.name in self.gone:
                continue
            said = f"Unavailable: {lost.told}"
            card = replace(self.card, id=lost.name, aliases=(), name=lost.name, description=said, capabilities=frozenset[str]())
            yield replace(self, card=card, adapter=lost.name, root=self.card.id, lost=lost)


class Lent(Protocol):
    """A model that stays awake until it is given back."""

    @property
    def served(self) -> Served: ...

    def release(self) -> None:
        """Give it back. A no-op the second time."""
        ...


@runtime_checkable
class Sleeping(Protocol):
    """A model that is loaded when it is asked, and may be put to sleep when nobody uses it."""

    @property
    def card(self) -> Card: ...

    @property
    def state(self) -> str:
        """asleep, loading, awake, draining or failed (pool/base.py)."""
        ...

    @property
    def percent(self) -> int | None:
        """How much of it is loaded, while it is being loaded and that is known."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why it cannot be asked right now; None where it can, or where asking wakes it."""
        ...

    @property
    def served(self) -> Served | None:
        """What it was last loaded as, also while it sleeps; None until it has been loaded once."""
        ...

    @property
    def known(self) -> bool:
        """Whether `served` says what it would be loaded as, not having been given other weights since."""
        ...

    def lend_now(self) -> Lent | None:
        """The model, where it is awake; else None. Raises EngineUnavailable once it is closed."""
        ...

    async def lend(self, tenant: str = "") -> Lent:
        """The model, loaded now where it was not. Raises EngineUnavailable, and QueueFull where this tenant has no place to wait."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Built outside, and closed there."""

    models: Mapping[str, Served]  # by the card's id
    database: Database
    identity: Identity
    draining: Draining = field(default_factory=Draining)
    opening: Opening = field(default_factory=Opening)
    wire: Wire = field(default_factory=Wire)
    passes: Passes = field(default_factory=Passes)  # told by the database of keys that are revoked
    spans: Spans | None = None  # what sends traces
    upstream: Upstream | None = None  # another server whose models are offered, too
    readers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))  # held while a picture or a sound is read
    sleeping: Mapping[str, Sleeping] = field(default_factory=dict[str, Sleeping])  # by the card's id
    pool: "Pool | None" = None  # of the models that sleep
    setup_token: str | None = None  # asked for by the first account; None: this machine's visitors need none

    @property
    def own(self) -> "Iterator[Served | Sleeping]":
        """Every model of this server, each followed by what adapters make of it. One that was never loaded is as its card says."""
        for model in (*self.models.values(), *self.sleeping.values()):
            served = model if isinstance(model, Served) else model.served
            yield model if served is None else served
            if served is not None:
                yield from served.adapted()

    @property
    def default(self) -> str:
        """The id of the model that is meant where none is named."""
        return next(iter((*self.models, *self.sleeping)))

    @property
    def awake(self) -> dict[str, Served]:
        """The models that are loaded and stay, by the card's id."""
        woken = {id: one.served for id, one in self.sleeping.items() if one.state == "awake" and one.served is not None}
        return {**self.models, **woken}


@dataclass(frozen=True, slots=True)
class House:
    """What every route may use: the parts, and what the application itself keeps."""

    settings: Settings
    parts: Parts
    limits: Limits
    accounts: Accounts
    cookie: Cookie
    metrics: Metrics = field(default_factory=Metrics)
