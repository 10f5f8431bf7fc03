"""What requests cost. In: a record for each request. Out: the list of them, and their sum."""

from datetime import datetime

from sqlalchemy import RowMapping, func, select

from alize.storage.base import Page, UsageRecord, UsageTotals
from alize.storage.schema import usage
from alize.storage.statements import Order, insert_new, page
from alize.storage.units import Unit

__all__ = ["SqlUsage"]

_NEWEST_FIRST = Order("usage", usage.c.created, usage.c.id, newest_first=True)


class SqlUsage:
    """`UsageRepository` in SQL."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, usage: UsageRecord) -> None:
        await insert_new(self._unit, _TABLE, ["workspace", "id"], **{name: getattr(usage, name) for name in _COLUMNS})

    async def list(self, workspace: str, *, limit: int = 100, after: str | None = None) -> Page[UsageRecord]:
        return await page(self._unit, select(_TABLE).where(_TABLE.c.workspace == workspace), _NEWEST_FIRST, _record, limit, after)

    async def totals(self, workspace: str, *, since: datetime | None = None) -> UsageTotals:
        tokens = (_TABLE.c.prompt_tokens, _TABLE.c.cached_tokens, _TABLE.c.completion_tokens)
        query = select(func.count(), *(func.coalesce(func.sum(column), 0) for column in tokens)).where(_TABLE.c.workspace == workspace)
        if since is not None:
            query = query.where(_TABLE.c.created >= since)
        row = (await self._unit.read(query)).one()
        return UsageTotals(*(int(value) for value in row))  # PostgreSQL sums 64-bit integers as decimals


_TABLE = usage
_COLUMNS = [column.name for column in usage.c]


def _record(row: RowMapping) -> UsageRecord:
    return UsageRecord(**row)
