"""The assistant of one server, put together. In: the application. Out: its routes, and work that goes on beside requests."""

import asyncio
import logging
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

_log = logging.getLogger("alize.assistant")
_AGAIN = 1.0  # seconds


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
    work = asyncio.create_task(_kept_up(runs, alone=not house.settings.database_url))
    try:
        yield
    finally:
        await runs.cut_short()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def _kept_up(runs: Runs, *, alone: bool) -> None:
    """Until cancelled. Whatever fails, also what nobody foresaw, is said and begun anew: else no answer would be made from then on."""
    while True:
        try:
            await runs.serve(alone=alone)
        except Exception:  # noqa: BLE001 - see above
            _log.exception("the assistant failed, and begins anew")
        alone = False  # what runs may be its own by now
        await asyncio.sleep(_AGAIN)
