"""Accounts, sessions, invitations and failed attempts as they are kept. In: records. Out: records, and whether a guarded write was made."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, delete, func, select, update

from alize.errors import Conflict, NotFound
from alize.reasons import because
from alize.storage.base import AccountRecord, InvitationRecord, Page, SessionRecord
from alize.storage.ids import new_id
from alize.storage.schema import accounts, attempts, invitations, members, organizations, principals, sessions
from alize.storage.statements import Order, insert_new, page
from alize.storage.units import Unit

__all__ = ["SqlAccounts"]

_OLDEST_FIRST = Order("accounts", accounts.c.created, accounts.c.id, newest_first=False)
_NEWEST_FIRST = Order("invitations", invitations.c.created, invitations.c.id, newest_first=True)
_REMEMBERED = timedelta(days=1)


class SqlAccounts:
    """`AccountRepository` in SQL."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def any(self) -> bool:
        return (await self._unit.read(select(accounts.c.id).limit(1))).first() is not None

    async def add_first(self, account: AccountRecord) -> bool:
        # The organization's row is held to the end of the transaction: of many first visitors each sees what those before it did.
        await self._unit.write(select(organizations.c.id).where(organizations.c.id == account.organization).with_for_update())
        if (await self._unit.write(select(accounts.c.id).limit(1))).first() is not None:
            return False
        return await insert_new(self._unit, accounts, None, **_row(account))

    async def add(self, account: AccountRecord, invitation: str, at: datetime) -> None:
        live = and_(invitations.c.workspace == account.workspace, invitations.c.id == invitation, _open(at))
        if not (await self._unit.write(update(invitations).where(live).values(used=at))).rowcount:
            raise NotFound(
                "This invitation has been used, has ended or was withdrawn.",
                remedy="Ask for another one.",
                reason=because("invitation_used"),
            )
        person = {"id": account.principal, "organization": account.organization, "name": account.name, "created": at}
        await insert_new(self._unit, principals, None, **person)
        member = {name: getattr(account, name) for name in ("organization", "workspace", "principal", "role")}
        await insert_new(self._unit, members, None, id=new_id("mem"), created=at, **member)
        if not await insert_new(self._unit, accounts, None, **_row(account)):
            raise Conflict(
                "There is an account with this address already.", param="email", remedy="Sign in with it.", reason=because("email_taken")
            )

    async def by_email(self, email: str) -> AccountRecord | None:
        return await self._one(_accounts().where(accounts.c.email == email))

    async def get(self, workspace: str, id: str) -> AccountRecord | None:
        return await self._one(_accounts().where(accounts.c.workspace == workspace, accounts.c.id == id))

    async def list(self, workspace: str, *, limit: int = 100, after: str | None = None) -> Page[AccountRecord]:
        return await page(self._unit, _accounts().where(accounts.c.workspace == workspace), _OLDEST_FIRST, _account, limit, after)

    async def change(
        self,
        workspace: str,
        id: str,
        *,
        name: str | None = None,
        language: str | None = None,
        theme: str | None = None,
        password: str | None = None,
    ) -> bool:
        given = {"name": name, "language": language, "theme": theme, "password": password}
        values = {column: value for column, value in given.items() if value is not None}
        if not values:
            return await self.get(workspace, id) is not None
        mine = (accounts.c.workspace == workspace, accounts.c.id == id)
        return (await self._unit.write(update(accounts).where(*mine).values(values))).rowcount == 1

    async def set_role(self, workspace: str, id: str, role: str, disabled: datetime | None) -> None:
        # All of the workspace's members are held: two owners that step down at once must not both see the other one.
        await self._unit.write(select(members.c.id).where(members.c.workspace == workspace).order_by(members.c.id).with_for_update())
        account = (await self._unit.write(_accounts().where(accounts.c.workspace == workspace, accounts.c.id == id))).mappings().first()
        if account is None:
            raise NotFound(f"There is no account '{id[:100]}' in this workspace.", reason=because("account_gone"))
        others = _accounts().where(
            accounts.c.workspace == workspace, accounts.c.id != id, members.c.role == "owner", accounts.c.disabled.is_(None)
        )
        if (role != "owner" or disabled is not None) and (await self._unit.write(others.limit(1))).first() is None:
            raise Conflict(
                "This is the last owner who can sign in.", remedy="Make somebody else an owner first.", reason=because("last_owner")
            )
        mine = and_(members.c.workspace == workspace, members.c.principal == account["principal"])
        await self._unit.write(update(members).where(mine).values(role=role))
        await self._unit.write(update(accounts).where(accounts.c.id == id).values(disabled=disabled))
        if disabled is not None:
            await self._unit.write(delete(sessions).where(sessions.c.account == id))

    async def open_session(self, session: SessionRecord) -> None:
        row = {column.name: getattr(session, column.name) for column in sessions.c}
        if not await insert_new(self._unit, sessions, None, **row):
            raise Conflict("This session exists already.")
        await self._unit.write(delete(sessions).where(sessions.c.expires < session.created))

    async def session_by_digest(self, digest: str, at: datetime) -> tuple[SessionRecord, AccountRecord] | None:
        query = select(sessions).where(sessions.c.digest == digest, sessions.c.expires > at)
        row = (await self._unit.read(query)).mappings().first()
        if row is None:
            return None
        session = SessionRecord(**row)
        account = await self.get(session.workspace, session.account)
        return None if account is None or account.disabled is not None else (session, account)

    async def sessions(self, workspace: str, principal: str, at: datetime) -> Sequence[SessionRecord]:
        query = select(sessions).where(_whose(workspace, principal), sessions.c.expires > at)
        rows = await self._unit.read(query.order_by(sessions.c.last_seen.desc(), sessions.c.id))
        return [SessionRecord(**row) for row in rows.mappings()]

    async def saw_session(self, workspace: str, id: str, at: datetime) -> None:
        mine = (sessions.c.workspace == workspace, sessions.c.id == id, sessions.c.last_seen < at)
        await self._unit.write(update(sessions).where(*mine).values(last_seen=at))

    async def close_session(self, workspace: str, principal: str, id: str) -> bool:
        return (await self._unit.write(delete(sessions).where(_whose(workspace, principal), sessions.c.id == id))).rowcount == 1

    async def close_sessions(self, workspace: str, principal: str, *, but: str | None = None) -> int:
        mine = [_whose(workspace, principal), *([] if but is None else [sessions.c.id != but])]
        return (await self._unit.write(delete(sessions).where(*mine))).rowcount

    async def invite(self, invitation: InvitationRecord) -> None:
        row = {column.name: getattr(invitation, column.name) for column in invitations.c}
        if not await insert_new(self._unit, invitations, None, **row):
            raise Conflict("This invitation exists already.")

    async def invitation_by_digest(self, digest: str, at: datetime) -> InvitationRecord | None:
        row = (await self._unit.read(select(invitations).where(invitations.c.digest == digest, _open(at)))).mappings().first()
        return None if row is None else InvitationRecord(**row)

    async def invitations(self, workspace: str, *, limit: int = 100, after: str | None = None) -> Page[InvitationRecord]:
        query = select(invitations).where(invitations.c.workspace == workspace)
        return await page(self._unit, query, _NEWEST_FIRST, lambda row: InvitationRecord(**row), limit, after)

    async def revoke_invitation(self, workspace: str, id: str, at: datetime) -> bool:
        mine = (invitations.c.workspace == workspace, invitations.c.id == id, invitations.c.used.is_(None))
        ended = update(invitations).where(*mine).values(revoked=func.coalesce(invitations.c.revoked, at))
        return (await self._unit.write(ended)).rowcount == 1

    async def attempts(self, key: str, since: datetime, until: datetime | None = None) -> int:
        query = select(func.count()).where(attempts.c.key == key, attempts.c.at >= since)
        if until is not None:
            query = query.where(attempts.c.at < until)
        return int((await self._unit.read(query)).scalar_one())

    async def failed(self, key: str, at: datetime) -> None:
        await insert_new(self._unit, attempts, None, id=new_id("try"), key=key, at=at)
        await self._unit.write(delete(attempts).where(attempts.c.at < at - _REMEMBERED))

    async def forgive(self, key: str) -> None:
        await self._unit.write(delete(attempts).where(attempts.c.key == key))

    async def _one(self, query: Select[Any]) -> AccountRecord | None:
        row = (await self._unit.read(query)).mappings().first()
        return None if row is None else _account(row)


def _accounts() -> Select[Any]:
    """Accounts with the role of their members."""
    same = and_(accounts.c.workspace == members.c.workspace, accounts.c.principal == members.c.principal)
    return select(*accounts.c, members.c.role).select_from(accounts.join(members, same))


def _account(row: RowMapping) -> AccountRecord:
    return AccountRecord(**row)


def _row(account: AccountRecord) -> dict[str, Any]:
    return {column.name: getattr(account, column.name) for column in accounts.c}


def _open(at: datetime) -> ColumnElement[bool]:
    return and_(invitations.c.used.is_(None), invitations.c.revoked.is_(None), invitations.c.expires > at)


def _whose(workspace: str, principal: str) -> ColumnElement[bool]:
    return and_(sessions.c.workspace == workspace, sessions.c.principal == principal)
