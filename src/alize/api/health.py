"""Whether a server can answer. In: its engines and its database. Out: what each says now."""

import asyncio

from alize.api.parts import Parts
from alize.engine.base import Engine
from alize.errors import AlizeError
from alize.storage.base import Database

__all__ = ["OK", "checks"]

OK = "ok"
_PATIENCE = 2.0  # seconds; a probe that hangs is worse than one that fails


async def checks(parts: Parts) -> dict[str, str]:
    """Every part by name: "ok", or why it cannot be used now."""
    names = ["database", *(f"engine {id}" for id in parts.models)]
    states = await asyncio.gather(_database(parts.database), *(_engine(served.engine) for served in parts.models.values()))
    found = dict(zip(names, states, strict=True))
    return {**found, "server": "shutting down"} if parts.draining.begun else found


async def _engine(engine: Engine) -> str:
    try:
        async with asyncio.timeout(_PATIENCE):
            await engine.stats()
    except AlizeError as error:
        return error.text
    except TimeoutError:
        return f"it did not answer within {_PATIENCE:.0f} s"
    return OK


async def _database(database: Database) -> str:
    try:
        async with asyncio.timeout(_PATIENCE):
            await database.ping()
    except AlizeError as error:
        return error.text
    except TimeoutError:
        return f"it did not answer within {_PATIENCE:.0f} s"
    return OK
