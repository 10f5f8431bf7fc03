"""Who a browser speaks for. In: the session's cookie. Out: the principal of the account that signed in; asked of the database each time.

So a session that was ended, an account that was disabled and a role that was changed count from the next request on, everywhere.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from alize.errors import AlizeError, AuthenticationFailed
from alize.governance.identity import SCOPES, Principal
from alize.governance.secret import digest_of
from alize.governance.sessions import Cookie
from alize.reasons import because
from alize.storage.base import AccountRecord, Database, SessionRecord

__all__ = ["SessionIdentity", "principal_of_account"]

_SEEN_EVERY = timedelta(minutes=1)

_log = logging.getLogger(__name__)


def principal_of_account(account: AccountRecord, session: str = "") -> Principal:
    """The person as one who acts: an owner may do everything, others call models."""
    scopes = frozenset(SCOPES if account.role == "owner" else SCOPES[:1])
    return Principal(account.principal, account.organization, account.workspace, scopes, "member", account.name, session)


class SessionIdentity:
    """`Identity` by cookie. Comes after keys: a request that carries a key means the key. `close()` waits for what is being noted."""

    def __init__(self, database: Database, cookie: Cookie, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._cookie = cookie
        self._now = now
        self._noting: dict[str, asyncio.Task[None]] = {}  # by the session's id: once, however many requests come together

    async def identify(self, headers: dict[str, str]) -> Principal | None:
        """None without the cookie. Raises AuthenticationFailed where it is none of a session that still is."""
        secret = self._cookie.secret(headers)
        if secret is None:
            return None
        now = self._now()
        async with self._database.transaction() as store:
            found = await store.accounts.session_by_digest(digest_of(secret), now)
        if found is None:
            raise AuthenticationFailed("Your session has ended.", remedy="Sign in again.", reason=because("session_ended"))
        session, account = found
        if now - session.last_seen >= _SEEN_EVERY and session.id not in self._noting:
            task = asyncio.create_task(self._note(session, now))  # the request does not wait for it
            self._noting[session.id] = task
            task.add_done_callback(lambda _: self._noting.pop(session.id, None))
        return principal_of_account(account, session.id)

    async def close(self) -> None:
        """A no-op when nothing is being noted."""
        await asyncio.gather(*self._noting.values())

    async def _note(self, session: SessionRecord, at: datetime) -> None:
        try:
            async with self._database.transaction() as store:
                await store.accounts.saw_session(session.workspace, session.id, at)
        except AlizeError as error:  # the answer matters more than when its session was last seen
            _log.warning("the use of session %s could not be noted: %s", session.id, error)
