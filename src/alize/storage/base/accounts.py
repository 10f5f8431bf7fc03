"""People who sign in, and how they prove it. In: records. Out: records; never a password or a cookie, only what verifies one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alize.storage.base.page import Page

__all__ = ["AccountRecord", "AccountRepository", "InvitationRecord", "SessionRecord"]


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """A local account. It belongs to a member, whose role decides what it may do."""

    id: str
    organization: str
    workspace: str
    principal: str
    email: str  # lower case, one account each in the whole house
    name: str
    role: str  # the member's: "owner", "member"
    password: str  # argon2id, in its standard encoded form
    language: str  # "" for what the browser prefers
    theme: str  # "" for what the system prefers
    created: datetime
    disabled: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A browser that is signed in."""

    id: str
    workspace: str
    principal: str
    account: str
    digest: str  # SHA-256 of the cookie's secret, hexadecimal
    user_agent: str
    address: str
    created: datetime
    last_seen: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class InvitationRecord:
    """A link with which one person may make an account, once."""

    id: str
    organization: str
    workspace: str
    digest: str
    role: str
    name: str  # a note: whom it is for
    made_by: str  # principal
    created: datetime
    expires: datetime
    used: datetime | None = None
    revoked: datetime | None = None


class AccountRepository(Protocol):
    """Accounts, sessions, invitations and failed attempts."""

    async def any(self) -> bool:
        """Whether an account exists anywhere. Takes no tenant: the first visitor has none."""
        ...

    async def add_first(self, account: AccountRecord) -> bool:
        """Add the house's first account, for the member that is there; False where one exists. Of many at once, one succeeds."""
        ...

    async def add(self, account: AccountRecord, invitation: str, at: datetime) -> None:
        """Make principal, member and account, and use the invitation up.

        Raises Conflict for an address that has an account, NotFound where the invitation has been used, has ended or was revoked.
        """
        ...

    async def by_email(self, email: str) -> AccountRecord | None:
        """Of any workspace: who signs in does not say which."""
        ...

    async def get(self, workspace: str, id: str) -> AccountRecord | None: ...

    async def list(self, workspace: str, *, limit: int = 100, after: str | None = None) -> Page[AccountRecord]:
        """Oldest first."""
        ...

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
        """Set what is given. False where there is no such account."""
        ...

    async def set_role(self, workspace: str, id: str, role: str, disabled: datetime | None) -> None:
        """Raises NotFound, and Conflict where the workspace would be left without an owner who can sign in.

        Disabling ends the account's sessions.
        """
        ...

    # sessions

    async def open_session(self, session: SessionRecord) -> None: ...

    async def session_by_digest(self, digest: str, at: datetime) -> tuple[SessionRecord, AccountRecord] | None:
        """Of any workspace. None where it has ended or its account is disabled."""
        ...

    async def sessions(self, workspace: str, principal: str, at: datetime) -> Sequence[SessionRecord]:
        """Those that have not ended, the last seen first."""
        ...

    async def saw_session(self, workspace: str, id: str, at: datetime) -> None: ...

    async def close_session(self, workspace: str, principal: str, id: str) -> bool: ...

    async def close_sessions(self, workspace: str, principal: str, *, but: str | None = None) -> int:
        """End all of a person's sessions but one; how many."""
        ...

    # invitations

    async def invite(self, invitation: InvitationRecord) -> None: ...

    async def invitation_by_digest(self, digest: str, at: datetime) -> InvitationRecord | None:
        """Of any workspace. None where it has been used, has ended or was revoked."""
        ...

    async def invitations(self, workspace: str, *, limit: int = 100, after: str | None = None) -> Page[InvitationRecord]:
        """Newest first."""
        ...

    async def revoke_invitation(self, workspace: str, id: str, at: datetime) -> bool: ...

    # failed attempts

    async def attempts(self, key: str, since: datetime, until: datetime | None = None) -> int:
        """How often `failed` was called for this key since then, and before `until`. Takes no tenant: nobody is known yet."""
        ...

    async def failed(self, key: str, at: datetime) -> None:
        """Note a failure; those older than a day are forgotten."""
        ...

    async def forgive(self, key: str) -> None:
        """Forget a key's failures."""
        ...
