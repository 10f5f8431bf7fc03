"""A browser speaks for whoever signed in with it, as long as the session and the account are there; asked anew each time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from alize.errors import AuthenticationFailed, Conflict
from alize.governance import SCOPES, Accounts, Cookie, SessionIdentity
from alize.governance.passwords import Passwords
from alize.governance.sessions import LIFETIME, Opened, Visit
from alize.storage.base import Database
from tests.serving import CHEAP

VISIT = Visit("Firefox\x1b[2J" + "x" * 500, "192.0.2.7")
ADA = ("ada@example.org", "Ada", "correct horse")


class Clock:
    time = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(database: Database, clock: Clock) -> Accounts:
    return Accounts(database, Passwords(CHEAP), now=clock)


@pytest.fixture
async def opened(accounts: Accounts) -> Opened:
    return await accounts.set_up(*ADA, VISIT, token=None, expected=None)


@pytest.fixture
async def identity(database: Database, clock: Clock) -> AsyncIterator[SessionIdentity]:
    identity = SessionIdentity(database, Cookie(), now=clock)
    yield identity
    await identity.close()


def carrying(opened: Opened) -> dict[str, str]:
    return {"cookie": f"theme=dark; alize_session={opened.secret}", ":scheme": "http"}


async def test_the_cookie_speaks_for_the_person(identity: SessionIdentity, opened: Opened) -> None:
    principal = await identity.identify(carrying(opened))
    assert principal
    assert (principal.id, principal.workspace) == (opened.account.principal, opened.account.workspace)
    assert (principal.kind, principal.session) == ("member", opened.record.id)
    assert principal.scopes == frozenset(SCOPES)


async def test_without_the_cookie_somebody_else_decides(identity: SessionIdentity, opened: Opened) -> None:
    for headers in ({}, {"cookie": ""}, {"cookie": "theme=dark"}, {"cookie": f"not_alize_session={opened.secret}"}):
        assert await identity.identify(headers) is None


async def test_a_session_ends_thirty_days_after_signing_in_however_much_it_is_used(
    identity: SessionIdentity, opened: Opened, clock: Clock
) -> None:
    for _ in range(30):
        assert await identity.identify(carrying(opened))
        clock.time += timedelta(days=1)
    assert clock.time - opened.record.created == LIFETIME
    with pytest.raises(AuthenticationFailed, match="ended"):
        await identity.identify(carrying(opened))


async def test_when_it_was_last_seen_is_noted_once_a_minute(
    database: Database, identity: SessionIdentity, opened: Opened, clock: Clock
) -> None:
    async def last_seen() -> datetime:
        await identity.close()
        async with database.transaction() as store:
            (session,) = await store.accounts.sessions(opened.account.workspace, opened.account.principal, clock.time)
        return session.last_seen

    await identity.identify(carrying(opened))
    clock.time += timedelta(seconds=59)
    await identity.identify(carrying(opened))
    assert await last_seen() == opened.record.created
    clock.time += timedelta(seconds=1)
    await asyncio.gather(*(identity.identify(carrying(opened)) for _ in range(20)))
    assert await last_seen() == clock.time


async def test_what_a_browser_says_of_itself_is_cut_and_cleaned(opened: Opened) -> None:
    assert opened.record.user_agent.startswith("Firefox[2Jx")
    assert len(opened.record.user_agent) == 200
    assert opened.secret not in repr(opened)


async def test_a_password_that_is_changed_while_the_old_one_is_looked_at_opens_nothing(
    database: Database, opened: Opened, clock: Clock
) -> None:
    """Or whoever stole it would have a session that outlives the change."""
    checked, changed = asyncio.Event(), asyncio.Event()

    class Slow(Passwords):
        async def fits(self, encoded: str | None, password: str) -> bool:
            fitting = await super().fits(encoded, password)
            checked.set()
            await changed.wait()
            return fitting

    signing_in = asyncio.create_task(Accounts(database, Slow(CHEAP), now=clock).sign_in(ADA[0], ADA[2], VISIT))
    await checked.wait()
    await Accounts(database, Passwords(CHEAP), now=clock).reset_password(opened.account, "a better horse")
    changed.set()
    with pytest.raises(AuthenticationFailed):
        await signing_in
    async with database.transaction() as store:
        assert not await store.accounts.sessions(opened.account.workspace, opened.account.principal, clock.time)


async def test_a_weaker_hash_is_made_anew_when_its_password_is_known(database: Database, opened: Opened, clock: Clock) -> None:
    stronger = Passwords()
    assert stronger.outdated(opened.account.password)
    await Accounts(database, stronger, now=clock).sign_in(ADA[0], ADA[2], VISIT)
    async with database.transaction() as store:
        account = await store.accounts.by_email(ADA[0])
    assert account
    assert not stronger.outdated(account.password)
    assert await stronger.fits(account.password, ADA[2])


async def test_there_is_one_first_account(accounts: Accounts, opened: Opened) -> None:
    with pytest.raises(Conflict):
        await accounts.set_up("eve@example.org", "Eve", "correct horse", VISIT, token=None, expected=None)
