"""Members. In: names, or a workspace. Out: the first owner, or who is there."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, Select, select

from alize.storage.base import Member, Page
from alize.storage.ids import new_id
from alize.storage.schema import members, organizations, principals, workspaces
from alize.storage.statements import Order, insert_new, page
from alize.storage.units import Unit

__all__ = ["SqlMembers"]

_OLDEST_FIRST = Order("members", members.c.created, members.c.id, newest_first=False)


class SqlMembers:
    """`MemberRepository` in SQL."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def bootstrap(self, organization: str, workspace: str, name: str) -> Member:
        unit = self._unit
        now = datetime.now(UTC)
        await insert_new(unit, organizations, ["name"], id=new_id("org"), name=organization, created=now)
        # The row stays locked until the end: of two servers that start at once, the second sees all that the first did.
        named = select(organizations.c.id).where(organizations.c.name == organization).with_for_update()
        org: str = (await unit.write(named)).scalar_one()
        new_workspace = {"id": new_id("ws"), "organization": org, "name": workspace, "created": now}
        await insert_new(unit, workspaces, ["organization", "name"], **new_workspace)
        inside = select(workspaces.c.id).where(workspaces.c.organization == org, workspaces.c.name == workspace)
        ws: str = (await unit.write(inside)).scalar_one()
        owners = _members(ws).where(members.c.role == "owner").order_by(members.c.created, members.c.id).limit(1)
        owner = (await unit.write(owners)).mappings().first()
        if owner is not None:
            return _member(owner)
        made = Member(new_id("mem"), org, ws, new_id("prn"), name, "owner", now)
        await insert_new(unit, principals, None, id=made.principal, organization=org, name=name, created=now)
        await insert_new(unit, members, None, **{column.name: getattr(made, column.name) for column in members.c})
        return made

    async def list(self, workspace: str, *, limit: int = 100, after: str | None = None) -> Page[Member]:
        return await page(self._unit, _members(workspace), _OLDEST_FIRST, _member, limit, after)


def _members(workspace: str) -> Select[Any]:
    named = members.join(principals, members.c.principal == principals.c.id)
    return select(*members.c, principals.c.name).select_from(named).where(members.c.workspace == workspace)


def _member(row: RowMapping) -> Member:
    return Member(**row)
