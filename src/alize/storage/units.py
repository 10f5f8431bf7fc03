"""What a backend owes the repositories. In: a transaction's first read or write. Out: the connection it goes through.

`SqliteConnections` and `PostgresConnections` stand behind `Connections`; the repositories see a `Unit` and know neither.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["Connections", "Dialect", "Unit", "to_its_end"]

Dialect = Literal["sqlite", "postgresql"]


class Unit(Protocol):
    """One transaction, used by one task at a time."""

    async def reading(self) -> AsyncConnection:
        """For a statement that changes nothing. Sees what this transaction wrote."""
        ...

    async def writing(self) -> AsyncConnection:
        """For a statement that changes something. May wait for other writers."""
        ...


class Connections(Protocol):
    """A database that can be reached."""

    @property
    def dialect(self) -> Dialect: ...

    def unit(self) -> AbstractAsyncContextManager[Unit]:
        """Commit when the block ends, roll back when it raises. Nothing is opened before the first statement."""
        ...

    def migrating(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """One transaction that keeps every other process from migrating, and waits for one that does."""
        ...

    async def close(self) -> None: ...


async def to_its_end(ending: Coroutine[object, object, None]) -> None:
    """Run `ending` to its end even if the caller is cancelled meanwhile, and only then let the cancellation go on.

    A transaction left half-way would keep its locks until the program ends.
    """
    task = asyncio.ensure_future(ending)
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled
