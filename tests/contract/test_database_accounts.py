"""What every Database promises of accounts, sessions and invitations, tried on SQLite and on a real PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from alize.errors import Conflict, NotFound
from alize.storage.base import AccountRecord, Database, InvitationRecord, Member, SessionRecord
from tests.contract.test_database import new_member

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
names = count()


def account_of(member: Member, **given: object) -> AccountRecord:
    number = next(names)
    account = AccountRecord(
        f"acc_{number}",
        member.organization,
        member.workspace,
        member.principal,
        f"{number}@example.org",
        "Ada",
        "owner",
        "hash",
        "",
        "",
        NOW,
    )
    return replace(account, **given)


def invitation_of(member: Member, **given: object) -> InvitationRecord:
    id = f"inv_{next(names)}"
    invitation = InvitationRecord(
        id, member.organization, member.workspace, f"digest of {id}", "member", "a friend", member.principal, NOW, LATER
    )
    return replace(invitation, **given)


def session_of(account: AccountRecord, **given: object) -> SessionRecord:
    id = f"ses_{next(names)}"
    session = SessionRecord(id, account.workspace, account.principal, account.id, f"digest of {id}", "Firefox", "::1", NOW, NOW, LATER)
    return replace(session, **given)


async def first(database: Database) -> AccountRecord:
    account = account_of(await new_member(database))
    async with database.transaction() as store:
        assert await store.accounts.add_first(account)
    return account


async def invited(database: Database, account: AccountRecord, role: str = "member", **given: object) -> AccountRecord:
    member = Member("", account.organization, account.workspace, account.principal, "", role, NOW)
    invitation = invitation_of(member, role=role)
    guest = account_of(member, principal=f"prn_{next(names)}", role=role, **given)
    async with database.transaction() as store:
        await store.accounts.invite(invitation)
        await store.accounts.add(guest, invitation.id, NOW)
    return guest


async def test_of_fifty_first_visitors_one_makes_the_account(database: Database) -> None:
    member = await new_member(database)

    async def visit(number: int) -> bool:
        async with database.transaction() as store:
            return await store.accounts.add_first(account_of(member))

    async with database.transaction() as store:
        assert not await store.accounts.any()
    assert sum(await asyncio.gather(*(visit(number) for number in range(50)))) == 1
    async with database.transaction() as store:
        assert await store.accounts.any()
        assert len((await store.accounts.list(member.workspace)).items) == 1


async def test_an_account_is_found_by_its_address_and_in_its_workspace_only(database: Database) -> None:
    account = await first(database)
    other = await new_member(database)
    async with database.transaction() as store:
        assert await store.accounts.by_email(account.email) == account
        assert await store.accounts.by_email("nobody@example.org") is None
        assert await store.accounts.get(account.workspace, account.id) == account
        assert await store.accounts.get(other.workspace, account.id) is None
        assert not await store.accounts.change(other.workspace, account.id, name="Eve")
        assert await store.accounts.change(account.workspace, account.id, name="Ada L.", theme="dark", password="new")
        assert await store.accounts.get(account.workspace, account.id) == replace(account, name="Ada L.", theme="dark", password="new")


async def test_an_invitation_makes_one_account_also_when_two_use_it_at_once(database: Database) -> None:
    owner = await first(database)
    member = Member("", owner.organization, owner.workspace, owner.principal, "", "owner", NOW)
    invitation = invitation_of(member)
    async with database.transaction() as store:
        await store.accounts.invite(invitation)
        assert await store.accounts.invitation_by_digest(invitation.digest, NOW) == invitation

    async def accept() -> bool:
        guest = account_of(member, principal=f"prn_{next(names)}", role="member")
        try:
            async with database.transaction() as store:
                await store.accounts.add(guest, invitation.id, NOW)
        except NotFound:
            return False
        return True

    assert sum(await asyncio.gather(*(accept() for _ in range(10)))) == 1
    async with database.transaction() as store:
        assert await store.accounts.invitation_by_digest(invitation.digest, NOW) is None
        assert [account.role for account in (await store.accounts.list(owner.workspace)).items] == ["owner", "member"]


async def test_an_address_has_one_account_and_a_refused_one_uses_no_invitation_up(database: Database) -> None:
    owner = await first(database)
    member = Member("", owner.organization, owner.workspace, owner.principal, "", "owner", NOW)
    invitation = invitation_of(member)
    async with database.transaction() as store:
        await store.accounts.invite(invitation)
    with pytest.raises(Conflict):
        async with database.transaction() as store:
            await store.accounts.add(account_of(member, principal="prn_new", email=owner.email), invitation.id, NOW)
    async with database.transaction() as store:
        assert await store.accounts.invitation_by_digest(invitation.digest, NOW) is not None
        assert len((await store.accounts.list(owner.workspace)).items) == 1


@pytest.mark.parametrize("change", ["ended", "revoked"])
async def test_an_invitation_that_has_ended_or_was_revoked_is_none(database: Database, change: str) -> None:
    owner = await first(database)
    member = Member("", owner.organization, owner.workspace, owner.principal, "", "owner", NOW)
    invitation = invitation_of(member)
    at = LATER if change == "ended" else NOW
    async with database.transaction() as store:
        await store.accounts.invite(invitation)
        if change == "revoked":
            assert not await store.accounts.revoke_invitation("ws_other", invitation.id, NOW)
            assert await store.accounts.revoke_invitation(owner.workspace, invitation.id, NOW)
        assert await store.accounts.invitation_by_digest(invitation.digest, at) is None
        with pytest.raises(NotFound):
            await store.accounts.add(account_of(member, principal="prn_new"), invitation.id, at)
        assert [one.id for one in (await store.accounts.invitations(owner.workspace)).items] == [invitation.id]


async def test_a_session_holds_until_it_ends_is_closed_or_its_account_is_disabled(database: Database) -> None:
    owner = await first(database)
    guest = await invited(database, owner)
    kept, closed, theirs = session_of(owner), session_of(owner), session_of(guest)
    async with database.transaction() as store:
        for session in (kept, closed, theirs):
            await store.accounts.open_session(session)
        assert await store.accounts.session_by_digest(kept.digest, NOW) == (kept, owner)
        assert await store.accounts.session_by_digest(kept.digest, LATER) is None
        assert not await store.accounts.close_session(owner.workspace, owner.principal, theirs.id)
        assert await store.accounts.close_session(owner.workspace, owner.principal, closed.id)
        assert await store.accounts.session_by_digest(closed.digest, NOW) is None
        await store.accounts.saw_session(owner.workspace, kept.id, NOW + timedelta(minutes=5))
        await store.accounts.saw_session(owner.workspace, kept.id, NOW)  # an earlier sight that comes late
        assert [one.last_seen for one in await store.accounts.sessions(owner.workspace, owner.principal, NOW)] == [
            NOW + timedelta(minutes=5)
        ]
        await store.accounts.set_role(guest.workspace, guest.id, "member", NOW)
        assert await store.accounts.session_by_digest(theirs.digest, NOW) is None


async def test_all_sessions_but_one_are_closed_together(database: Database) -> None:
    owner = await first(database)
    guest = await invited(database, owner)
    mine = [session_of(owner) for _ in range(3)]
    async with database.transaction() as store:
        for session in (*mine, session_of(guest)):
            await store.accounts.open_session(session)
        assert await store.accounts.close_sessions(owner.workspace, owner.principal, but=mine[1].id) == 2
        assert [one.id for one in await store.accounts.sessions(owner.workspace, owner.principal, NOW)] == [mine[1].id]
        assert len(await store.accounts.sessions(guest.workspace, guest.principal, NOW)) == 1


async def test_the_last_owner_who_can_sign_in_stays(database: Database) -> None:
    owner = await first(database)
    await invited(database, owner)
    for role, disabled in (("member", None), ("owner", NOW)):
        with pytest.raises(Conflict):
            async with database.transaction() as store:
                await store.accounts.set_role(owner.workspace, owner.id, role, disabled)
    with pytest.raises(NotFound):
        async with database.transaction() as store:
            await store.accounts.set_role("ws_other", owner.id, "member", None)


async def test_of_two_owners_who_step_down_at_once_one_stays(database: Database) -> None:
    owner = await first(database)
    second = await invited(database, owner, role="owner")

    async def step_down(account: AccountRecord) -> bool:
        try:
            async with database.transaction() as store:
                await store.accounts.set_role(account.workspace, account.id, "member", None)
        except Conflict:
            return False
        return True

    assert sorted(await asyncio.gather(step_down(owner), step_down(second))) == [False, True]


async def test_failures_are_counted_by_key_and_since_a_time_until_they_are_forgiven(database: Database) -> None:
    async with database.transaction() as store:
        for minutes in range(5):
            await store.accounts.failed("email:a", NOW + timedelta(minutes=minutes))
        await store.accounts.failed("email:b", NOW)
        assert await store.accounts.attempts("email:a", NOW + timedelta(minutes=2)) == 3
        await store.accounts.failed("email:b", NOW + timedelta(days=2))
        assert await store.accounts.attempts("email:a", NOW) == 0  # a day old, and forgotten
        await store.accounts.forgive("email:b")
        assert await store.accounts.attempts("email:b", NOW) == 0
