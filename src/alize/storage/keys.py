"""API keys as they are kept. In: records and a workspace. Out: records; whoever listens hears of a revoked one."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, select, update

from alize.errors import Conflict
from alize.storage.base import KeyRecord, Page
from alize.storage.schema import api_keys
from alize.storage.statements import Order, insert_new, page
from alize.storage.units import Unit

__all__ = ["SqlKeys"]

_NEWEST_FIRST = Order("keys", api_keys.c.created, api_keys.c.id, newest_first=True)


class SqlKeys:
    """`KeyRepository` in SQL."""

    def __init__(self, unit: Unit, revoked: Callable[[str], None]) -> None:
        """`revoked` is told the id of each key revoked in this transaction, before its commit."""
        self._unit = unit
        self._revoked = revoked

    async def add(self, key: KeyRecord) -> None:
        if not await insert_new(self._unit, api_keys, None, **{column.name: getattr(key, column.name) for column in api_keys.c}):
            raise Conflict("This API key exists already.", remedy="Make another one.")

    async def by_digest(self, digest: str) -> KeyRecord | None:
        return await self._one(select(api_keys).where(api_keys.c.digest == digest))

    async def get(self, workspace: str, id: str) -> KeyRecord | None:
        return await self._one(_keys(workspace).where(api_keys.c.id == id))

    async def list(self, workspace: str, *, limit: int = 100, after: str | None = None) -> Page[KeyRecord]:
        return await page(self._unit, _keys(workspace), _NEWEST_FIRST, _key, limit, after)

    async def revoke(self, workspace: str, id: str, at: datetime) -> bool:
        mine = (api_keys.c.workspace == workspace, api_keys.c.id == id)
        done = await self._unit.write(update(api_keys).where(*mine, api_keys.c.revoked.is_(None)).values(revoked=at))
        if done.rowcount:
            self._revoked(id)
            return True
        return (await self._unit.read(select(api_keys.c.id).where(*mine))).first() is not None

    async def touch(self, workspace: str, id: str, at: datetime) -> None:
        later = api_keys.c.last_used.is_(None) | (api_keys.c.last_used < at)  # servers note their uses in any order
        mine = (api_keys.c.workspace == workspace, api_keys.c.id == id)
        await self._unit.write(update(api_keys).where(*mine, later).values(last_used=at))

    async def _one(self, query: Select[Any]) -> KeyRecord | None:
        row = (await self._unit.read(query)).mappings().first()
        return None if row is None else _key(row)


def _keys(workspace: str) -> Select[Any]:
    return select(api_keys).where(api_keys.c.workspace == workspace)


def _key(row: RowMapping) -> KeyRecord:
    return KeyRecord(**row)
