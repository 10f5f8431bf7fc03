"""Invitations. In: who invites, for what role and how long. Out: the record that is kept, and the token of the link, this once."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alize.errors import InvalidRequest, NotFound
from alize.governance.identity import Principal
from alize.governance.keys import answerable
from alize.governance.people import checked_name
from alize.governance.secret import digest_of
from alize.reasons import because
from alize.storage.base import InvitationRecord, Store
from alize.storage.ids import new_id

__all__ = ["LONGEST_DAYS", "ROLES", "MadeInvitation", "invite", "withdraw"]

LONGEST_DAYS = 365
ROLES = ("member", "owner")


@dataclass(frozen=True, slots=True)
class MadeInvitation:
    """A new invitation. Only the token's digest is kept."""

    record: InvitationRecord
    token: str = field(repr=False)


async def invite(store: Store, maker: Principal, role: str, name: str = "", days: int = 7) -> MadeInvitation:
    """Make an invitation into the maker's workspace. `name`: a note, whom it is for. Raises InvalidRequest."""
    if role not in ROLES:
        raise InvalidRequest(
            f"There is no role '{role[:50]}'.",
            param="role",
            remedy=f"Choose one of {', '.join(ROLES)}.",
            reason=because("role_unknown", role=role[:50], roles=list(ROLES)),
        )
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidRequest(
            f"An invitation lasts 1 to {LONGEST_DAYS} days, not {days}.",
            param="days",
            reason=because("invitation_days", most=LONGEST_DAYS, days=days),
        )
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    record = InvitationRecord(
        new_id("inv"),
        maker.organization,
        maker.workspace,
        digest_of(token),
        role,
        checked_name(name) if name.strip() else "",
        await answerable(store, maker),
        now,
        now + timedelta(days=days),
    )
    await store.accounts.invite(record)
    return MadeInvitation(record, token)


async def withdraw(store: Store, workspace: str, id: str) -> None:
    """End an invitation that has not been used. A no-op where it has ended. Raises NotFound."""
    if not await store.accounts.revoke_invitation(workspace, id, datetime.now(UTC)):
        raise NotFound(f"There is no unused invitation '{id[:100]}' in this workspace.", reason=because("invitation_gone"))
