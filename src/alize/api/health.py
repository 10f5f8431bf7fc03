"""Whether a server can answer. In: its engines and its database. Out: what each says now."""

import asyncio

from alize.api.parts import Parts
from alize.engine.base import Engine, EngineStats
from alize.errors import AlizeError, EngineUnavailable
from alize.storage.base import Database

__all__ = ["OK", "checks", "hinders", "stats_of"]

OK = "ok"
_PATIENCE = 10.0  # seconds: longer than a step of an engine that works, shorter than a probe that hangs may take


async def checks(parts: Parts) -> dict[str, str]:
    """Every part by name: "ok", or why it cannot be used now. A model that sleeps is none."""
    awake = parts.awake
    names = ["database", *(f"engine {id}" for id in awake)]
    states = await asyncio.gather(_database(parts.database), *(_engine(served.engine) for served in awake.values()))
    found = dict(zip(names, states, strict=True))
    found |= {f"engine {id}": one.trouble for id, one in parts.sleeping.items() if id not in awake and one.trouble is not None}
    if parts.draining.begun:
        return {**found, "server": "shutting down"}
    return found if parts.opening.done else {**found, "server": "opening"}


def hinders(name: str, parts: Parts) -> bool:
    """Whether requests should go elsewhere while the part of this name cannot be used: talk goes on without the other models, and who
    asks one that is being loaded is answered by it."""
    id = name.removeprefix("engine ")
    if id == name:
        return True
    sleeping = parts.sleeping.get(id)
    return id == parts.default and (sleeping is None or sleeping.state != "loading")


async def stats_of(engine: Engine, patience: float = _PATIENCE) -> EngineStats:
    """Raises EngineUnavailable also where the engine does not answer in time."""
    try:
        async with asyncio.timeout(patience):
            return await engine.stats()
    except TimeoutError:
        raise EngineUnavailable(f"The engine did not answer within {patience:.0f} s.") from None


async def _engine(engine: Engine) -> str:
    try:
        await stats_of(engine)
    except AlizeError as error:
        return error.text
    return OK


async def _database(database: Database) -> str:
    try:
        await database.ping()  # has a limit of its own
    except AlizeError as error:
        return error.text
    return OK
