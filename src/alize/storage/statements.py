"""Two statements that every repository uses. In: a table or query. Out: whether a row was new; one page of a list."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import RowMapping, Select, Table, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import KeyedColumnElement

from alize.storage import cursor
from alize.storage.base import Page
from alize.storage.units import Unit

__all__ = ["Order", "insert_new", "page"]

Item = TypeVar("Item")


class Order(NamedTuple):
    """How a list is ordered: by time, and by id within one microsecond."""

    kind: str  # written into cursors, so that one list's is refused by another
    time: KeyedColumnElement[Any]
    id: KeyedColumnElement[Any]
    newest_first: bool


async def insert_new(unit: Unit, table: Table, unique: Sequence[str] | None, **row: Any) -> bool:
    """Insert the row unless one with the same `unique` columns (None: any unique ones) is there. Return whether it was inserted.

    An error would undo the whole transaction on PostgreSQL; this leaves it usable on both.
    """
    insert = sqlite.insert if unit.dialect == "sqlite" else postgresql.insert
    statement = insert(table).values(row).on_conflict_do_nothing(index_elements=unique)
    # Without the option, SQLAlchemy forgets an INSERT's count on PostgreSQL.
    return (await unit.write(statement.execution_options(preserve_rowcount=True))).rowcount == 1


async def page(
    unit: Unit, query: Select[Any], order: Order, item: Callable[[RowMapping], Item], limit: int, after: str | None
) -> Page[Item]:
    """The page of `query` after that cursor. Raises InvalidRequest for a limit or a cursor that cannot be.

    Rows added before the place of the cursor are not seen, and none is seen twice: a page begins by comparison, not by count.
    """
    cursor.check_limit(limit)
    place = tuple_(order.time, order.id)
    if after is not None:
        seen = tuple_(*cursor.decode(order.kind, after), types=[order.time.type, order.id.type])
        query = query.where(place < seen if order.newest_first else place > seen)
    query = query.order_by(*(column.desc() if order.newest_first else column.asc() for column in (order.time, order.id)))
    # One row more than asked for tells whether there is another page.
    rows = (await unit.read(query.limit(limit + 1))).mappings().all()
    shown = rows[:limit]
    more = len(rows) > limit
    last = cursor.Place(shown[-1][order.time.name], shown[-1]["id"]) if more else None
    return Page([item(row) for row in shown], cursor.encode(order.kind, last) if last else None)
