"""Accounts of people. In: what they typed, and where their browser is. Out: accounts and sessions, or why not.

setup     the house's owner gets the first account; of many visitors at once, one does
sign in   an address and a password, hashed whether the address is known or not; a session of its own each time
accept    an invitation becomes an account, once

Passwords are hashed outside of transactions: a transaction that waits for 50 ms of hashing would hold up everybody else.
"""

import hmac
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from alize.errors import AuthenticationFailed, Conflict, NotFound, PermissionDenied, RateLimited
from alize.governance.attempts import PER_ADDRESS, PER_EMAIL, Attempts, address_key, email_key
from alize.governance.identity import Principal
from alize.governance.keys import owner
from alize.governance.passwords import Passwords, checked_password
from alize.governance.people import checked_email, checked_name, folded
from alize.governance.secret import digest_of
from alize.governance.sessions import Opened, Visit, open_session
from alize.reasons import because
from alize.storage.base import AccountRecord, Database, InvitationRecord, SessionRecord, Store
from alize.storage.ids import new_id

__all__ = ["Accounts"]

_NO = "The address or the password is wrong."


class Accounts:
    """The accounts of one database."""

    def __init__(
        self, database: Database, passwords: Passwords | None = None, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._passwords = passwords or Passwords()
        self._attempts = Attempts(database, now)
        self.now = now

    async def any(self) -> bool:
        """Whether there is an account."""
        async with self._database.transaction() as store:
            return await store.accounts.any()

    async def found(self, secret: str) -> tuple[SessionRecord, AccountRecord] | None:
        """The session of a cookie's secret; None where it has ended or its account is disabled."""
        async with self._database.transaction() as store:
            return await store.accounts.session_by_digest(digest_of(secret), self.now())

    async def set_up(self, email: str, name: str, password: str, visit: Visit, *, token: str | None, expected: str | None) -> Opened:
        """Make the first account, the owner's. `expected`: the token that is asked for; None asks for none.

        Raises Conflict where there is an account, PermissionDenied for another token, InvalidRequest.
        """
        if await self.any():
            raise _set_up_already()
        if expected is not None and not hmac.compare_digest((token or "").encode(), expected.encode()):
            raise PermissionDenied(
                "This is not the token for the first account.",
                param="token",
                remedy="The server prints it when it starts.",
                reason=because("setup_token_wrong"),
            )
        mine = await owner(self._database)
        account = await self._new(mine, "owner", email, name, password)
        opened = open_session(account, visit, self.now())
        async with self._database.transaction() as store:
            if not await store.accounts.add_first(account):
                raise _set_up_already()
            await store.accounts.open_session(opened.record)
        return opened

    async def sign_in(self, email: str, password: str, visit: Visit, *, old: str | None = None) -> Opened:
        """Open a session. `old`: the secret that the browser came with, whose session ends.

        Raises AuthenticationFailed, the same for an unknown address, a wrong password and a disabled account; RateLimited.
        """
        email = folded(email)
        async with self._attempts.attempt({email_key(email): PER_EMAIL, address_key(visit.address): PER_ADDRESS}) as attempt:
            async with self._database.transaction() as store:
                account = await store.accounts.by_email(email)
            fits = await self._passwords.fits(None if account is None else account.password, password)
            if account is None or not fits or account.disabled is not None:
                attempt.failed = True
            else:
                opened = open_session(account, visit, self.now())
                attempt.failed = not await self._open(opened, old)
                if not attempt.failed:
                    with suppress(RateLimited):  # the session is open: what a crowd leaves no time for is done at the next one
                        await self._renew(account, password)
                    return opened
        raise AuthenticationFailed(
            _NO, remedy="Try again, or have the password reset with `alize accounts password`.", reason=because("sign_in_wrong")
        )

    async def offer(self, token: str) -> InvitationRecord:
        """The invitation of a link's token. Raises NotFound for one that cannot be used."""
        async with self._database.transaction() as store:
            invitation = await store.accounts.invitation_by_digest(digest_of(token), self.now())
        if invitation is None:
            raise NotFound(
                "This invitation has been used, has ended or was withdrawn.",
                remedy="Ask for another one.",
                reason=because("invitation_used"),
            )
        return invitation

    async def accept(self, token: str, email: str, name: str, password: str, visit: Visit, *, old: str | None = None) -> Opened:
        """Make the account of an invitation. Raises NotFound for one that cannot be used, Conflict, InvalidRequest."""
        invitation = await self.offer(token)
        mine = Principal(new_id("prn"), invitation.organization, invitation.workspace, frozenset(), "member")
        account = await self._new(mine, invitation.role, email, name, password)
        opened = open_session(account, visit, self.now())
        async with self._database.transaction() as store:
            await store.accounts.add(account, invitation.id, self.now())
            await self._end(store, old)
            await store.accounts.open_session(opened.record)
        return opened

    async def sign_out(self, secret: str) -> None:
        """End the session of a cookie's secret. A no-op where it has ended."""
        async with self._database.transaction() as store:
            await self._end(store, secret)

    async def change_password(self, account: AccountRecord, old: str, new: str, visit: Visit, *, but: str) -> None:
        """Set another password and end all sessions but one. Raises PermissionDenied for a wrong old one, RateLimited, InvalidRequest."""
        checked_password(new, "new")
        async with self._attempts.attempt({f"account:{account.id}": PER_EMAIL, address_key(visit.address): PER_ADDRESS}) as attempt:
            attempt.failed = not await self._passwords.fits(account.password, old)
        if attempt.failed:
            raise PermissionDenied("The old password is wrong.", param="old", remedy="Try again.", reason=because("old_password_wrong"))
        await self._set(account, new, but)

    async def reset_password(self, account: AccountRecord, new: str) -> int:
        """Set another password without the old one; how many sessions ended. For commands on this machine. Raises InvalidRequest."""
        checked_password(new)
        return await self._set(account, new, None)

    async def _set(self, account: AccountRecord, new: str, but: str | None) -> int:
        hashed = await self._passwords.hashed(new)
        async with self._database.transaction() as store:
            await store.accounts.change(account.workspace, account.id, password=hashed)
            await store.accounts.forgive(email_key(account.email))
            return await store.accounts.close_sessions(account.workspace, account.principal, but=but)

    async def _new(self, mine: Principal, role: str, email: str, name: str, password: str) -> AccountRecord:
        """What is stored once it is hashed. Everything else is looked at before."""
        account = AccountRecord(
            new_id("acc"),
            mine.organization,
            mine.workspace,
            mine.id,
            checked_email(email),
            checked_name(name),
            role,
            "",
            "",
            "",
            self.now(),
        )
        return replace(account, password=await self._passwords.hashed(checked_password(password)))

    async def _open(self, opened: Opened, old: str | None) -> bool:
        """Store the session, unless the password was changed or the account disabled while this one was being hashed."""
        account = opened.account
        async with self._database.transaction() as store:
            if not await self._unchanged(store, account):
                return False
            await self._end(store, old)
            await store.accounts.open_session(opened.record)
        return True

    async def _unchanged(self, store: Store, account: AccountRecord) -> bool:
        """Whether the account has this password still, and is not disabled."""
        await store.accounts.forgive(email_key(account.email))  # the first write: what is read after it stays so until the end
        now = await store.accounts.get(account.workspace, account.id)
        return now is not None and now.password == account.password and now.disabled is None

    async def _end(self, store: Store, secret: str | None) -> None:
        found = None if secret is None else await store.accounts.session_by_digest(digest_of(secret), self.now())
        if found is not None:
            await store.accounts.close_session(found[0].workspace, found[0].principal, found[0].id)

    async def _renew(self, account: AccountRecord, password: str) -> None:
        """Hash anew what was hashed more weakly than today."""
        if self._passwords.outdated(account.password):
            hashed = await self._passwords.hashed(password)
            async with self._database.transaction() as store:
                if await self._unchanged(store, account):
                    await store.accounts.change(account.workspace, account.id, password=hashed)


def _set_up_already() -> Conflict:
    return Conflict("There is an account already.", remedy="Sign in, or ask its owner for an invitation.", reason=because("setup_done"))
