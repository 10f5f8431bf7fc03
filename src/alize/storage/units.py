"""What a backend owes the repositories. In: statements. Out: their results, inside one transaction.

`SqliteConnections` and `PostgresConnections` stand behind `Connections`; the repositories see a `Unit` and know neither.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal, Protocol, TypeVar

from sqlalchemy import CursorResult, Executable, Result
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["Connections", "Dialect", "Unit", "finished", "to_its_end"]

Value = TypeVar("Value")
Begun = TypeVar("Begun", bound="_Finishable")
Dialect = Literal["sqlite", "postgresql"]


class Unit(Protocol):
    """One transaction, used by one task at a time."""

    @property
    def dialect(self) -> Dialect: ...

    async def read(self, statement: Executable) -> Result[Any]:
        """Run a statement that changes nothing. It sees what this transaction wrote. The rows are here already."""
        ...

    async def write(self, statement: Executable) -> CursorResult[Any]:
        """Run a statement that may change something, or must see nothing change after it. May wait for other writers."""
        ...


class _Finishable(Protocol):
    async def finish(self, *, commit: bool) -> None: ...


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


@asynccontextmanager
async def finished(unit: Begun) -> AsyncGenerator[Begun, None]:
    """The transaction, committed when the block ends and rolled back when it raises; a cancellation cuts neither short."""
    try:
        yield unit
    except BaseException:
        await to_its_end(unit.finish(commit=False))
        raise
    else:
        await to_its_end(unit.finish(commit=True))


async def to_its_end(work: Coroutine[object, object, Value]) -> Value:
    """Run `work` to its end even if the caller is cancelled meanwhile, and only then let the cancellation go on.

    What is left half-way, such as a transaction that nobody ends, would keep its locks as long as the program runs.
    """
    task = asyncio.ensure_future(work)
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    value = task.result()
    if cancelled is not None:
        raise cancelled
    return value
