"""Work on the database of the state folder. In: what to do. Out: its result; the schema is brought up to date first."""

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from alize.storage.base import Database

__all__ = ["on_database"]

Result = TypeVar("Result")


def on_database(home: "Path | None", work: Callable[["Database"], Awaitable[Result]]) -> Result:
    """Open the database, bring its schema up to date, do the work and close it."""
    import asyncio  # 28 ms that `alize --help` need not take

    from alize.settings import Settings

    settings = Settings.load(home=home)

    async def all_of_it() -> Result:
        async with _opened(settings) as database:
            return await work(database)

    return asyncio.run(all_of_it())


@asynccontextmanager
async def _opened(settings: Any) -> "AsyncGenerator[Database, None]":
    from alize.storage import open_database

    database = open_database(settings)
    try:
        await database.migrate()
        yield database
    finally:
        await database.close()
