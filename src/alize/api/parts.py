"""What a server is made of. In: engines, tokenizers and records built elsewhere. Out: one value that the application is made with."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from alize.api.draining import Draining
from alize.api.limits import Limits
from alize.api.opening import Opening
from alize.api.outside import Wire
from alize.engine.base import Engine, Unavailable
from alize.governance import Accounts, Cookie, Identity, Passes
from alize.prompt.marks import call_marks_of, thought_marks_of
from alize.settings import Settings
from alize.storage.base import Database
from alize.telemetry import Metrics
from alize.tokenize.base import CallMarks, ThoughtMarks, Tokenizer
from alize.upstream.client import Upstream
from alize.weights.catalog import Card

__all__ = ["House", "Parts", "Served", "Sleeping"]


@dataclass(frozen=True, slots=True)
class Served:
    """One model that is served."""

    engine: Engine
    tokenizer: Tokenizer
    card: Card
    adapter: str | None = None  # by which of its engine's adapters it is another model
    root: str = ""  # the id of the model that is adapted
    lost: Unavailable | None = None  # why it cannot be asked: its adapter could not be loaded

    @property
    def thought_marks(self) -> ThoughtMarks | None:
        """What stands around its thoughts; None for a model that does not think."""
        return thought_marks_of(self.tokenizer, self.card.capabilities)

    @property
    def call_marks(self) -> CallMarks | None:
        """How it calls tools; None for a model that calls none."""
        return call_marks_of(self.tokenizer, self.card.capabilities)

    def adapted(self) -> "Iterator[Served]":
        """The models that the engine's adapters make of this one, as they are now; those that could not be loaded say so."""
        for info in self.engine.info.adapters:
            made = f"{self.card.id} with the adapter {info.name}, of rank {info.rank}."
            able = self.card.capabilities - {"embeddings"}  # vectors are made without any adapter
            card = replace(self.card, id=info.name, aliases=(), name=info.name, description=made, capabilities=able)
            yield replace(self, card=card, adapter=info.name, root=self.card.id)
        for lost in self.engine.info.unavailable:
            said = f"Unavailable: {lost.told}"
            card = replace(self.card, id=lost.name, aliases=(), name=lost.name, description=said, capabilities=frozenset[str]())
            yield replace(self, card=card, adapter=lost.name, root=self.card.id, lost=lost)


@runtime_checkable
class Sleeping(Protocol):
    """A model that is loaded when it is first asked."""

    @property
    def card(self) -> Card: ...

    @property
    def served(self) -> Served | None:
        """None until it has been loaded."""
        ...

    async def awake(self) -> Served:
        """The model, loaded now where it was not. Raises EngineUnavailable."""
        ...

    async def close(self) -> None:
        """End what it computes, and free it. A no-op for one that was never loaded."""
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
    upstream: Upstream | None = None  # another server whose models are offered, too
    readers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))  # held while a picture or a sound is read
    sleeping: Mapping[str, Sleeping] = field(default_factory=dict[str, Sleeping])  # by the card's id
    setup_token: str | None = None  # asked for by the first account; None: this machine's visitors need none

    def served(self) -> Iterator[Served]:
        """Every model of this server, each followed by what adapters make of it."""
        for model in self.models.values():
            yield model
            yield from model.adapted()

    @property
    def awake(self) -> dict[str, Served]:
        """The models that are loaded, by the card's id."""
        woken = {id: served for id, sleeping in self.sleeping.items() if (served := sleeping.served) is not None}
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
