"""Whose a row is. In: a table with a workspace and a principal, and who asks. Out: the condition that leaves them theirs and no other.

What a key made is its own, and the person's who answers for it, also when it has ended. It does not work the other way: a key is given to
a program, which sees what it made itself, and neither the person's conversations nor those of their other keys.
"""

from sqlalchemy import ColumnElement, Table, and_, or_, select

from alize.storage.base import Owner
from alize.storage.schema import api_keys

__all__ = ["owned"]


def owned(table: Table, owner: Owner) -> ColumnElement[bool]:
    keys = select(api_keys.c.id).where(api_keys.c.workspace == owner.workspace, api_keys.c.principal == owner.principal)
    mine = or_(table.c.principal == owner.principal, table.c.principal.in_(keys))
    return and_(table.c.workspace == owner.workspace, mine)
