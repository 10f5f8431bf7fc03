"""The assistant of one server, put together. In: the application. Out: its routes, and work that goes on beside requests."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from alize.api.parts import House
from alize.assistant.changes import Changes
from alize.assistant.choosing import ByModel
from alize.assistant.runs import Runs
from alize.assistant.wakes import Wakes
from alize.storage.base import Database

__all__ = ["Assistant", "assisting"]


@dataclass(frozen=True, slots=True)
class Assistant:
    """What the routes use."""

    database: Database
    answerer: ByModel
    runs: Runs
    wakes: Wakes
    changes: Changes


@asynccontextmanager
async def assisting(app: FastAPI) -> AsyncGenerator[None, None]:
    """Give the application its assistant, and make answers until the block ends; what is still being made then is cut off."""
    from alize.assistant.routes import ROUTERS

    house: House = app.state.house
    draining = house.parts.draining
    wakes, changes, answerer = Wakes(), Changes(draining.told), ByModel(house)
    runs = Runs(house.parts.database, answerer, wakes, changes, draining)
    app.state.assistant = Assistant(house.parts.database, answerer, runs, wakes, changes)
    for router in ROUTERS:
        app.include_router(router)
    # A state folder is locked by one server: whatever runs in its own database is nobody's. PostgreSQL may be shared.
    work = asyncio.create_task(runs.serve(alone=not house.settings.database_url))
    try:
        yield
    finally:
        await runs.cut_short()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
