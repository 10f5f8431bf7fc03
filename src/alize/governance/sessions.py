"""Sessions of browsers. In: an account, a request's headers. Out: a cookie's secret and the record that verifies it.

Over TLS the cookie's name begins with `__Host-`, which browsers take from this very host over TLS alone: nobody on the way or on a
sister's subdomain can plant a session. Under a path prefix, where `__Host-` cannot be, it begins with `__Secure-`.
"""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alize.errors import AuthenticationFailed
from alize.governance.secret import digest_of
from alize.reasons import because
from alize.storage.base import AccountRecord, SessionRecord
from alize.storage.ids import new_id

__all__ = ["LIFETIME", "Cookie", "Opened", "Visit", "open_session"]

LIFETIME = timedelta(days=30)
"""A session ends this long after signing in, however much it is used."""

_NAME = "alize_session"
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_AGENT = 200


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a request comes from, to recognise a session by in a list."""

    user_agent: str
    address: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A session and, this once, the secret of its cookie."""

    account: AccountRecord
    record: SessionRecord
    secret: str = field(repr=False)


def open_session(account: AccountRecord, visit: Visit, now: datetime) -> Opened:
    """A session with a secret of its own, never one that a browser brought along. Nothing is stored yet."""
    secret = secrets.token_urlsafe(32)  # 256 bits
    agent = "".join(letter for letter in visit.user_agent if letter.isprintable())[:_LONGEST_AGENT]
    record = SessionRecord(
        new_id("ses"),
        account.workspace,
        account.principal,
        account.id,
        digest_of(secret),
        agent,
        visit.address[:100],
        now,
        now,
        now + LIFETIME,
    )
    return Opened(account, record, secret)


@dataclass(frozen=True, slots=True)
class Cookie:
    """The session's cookie under a path prefix ("" for none)."""

    root_path: str = ""

    @property
    def path(self) -> str:
        return self.root_path or "/"

    def name(self, secure: bool) -> str:
        """
        >>> Cookie().name(True), Cookie("/alize").name(True), Cookie().name(False)
        ('__Host-alize_session', '__Secure-alize_session', 'alize_session')
        """
        return _NAME if not secure else f"__Secure-{_NAME}" if self.root_path else f"__Host-{_NAME}"

    def secret(self, headers: dict[str, str]) -> str | None:
        """The secret that a request carries. None without the cookie of this scheme.

        Raises AuthenticationFailed where it cannot be one, or where there are two: whose the second is cannot be known.
        """
        name = self.name(headers.get(":scheme") == "https")
        pairs = (part.partition("=") for part in headers.get("cookie", "").split(";"))
        found = {value.strip() for key, _, value in pairs if key.strip() == name}
        if not found:
            return None
        if len(found) > 1:
            raise AuthenticationFailed(
                "The request carries two sessions.", remedy="Delete this site's cookies and sign in again.", reason=because("sessions_two")
            )
        (secret,) = found
        if not _SECRET.fullmatch(secret):
            raise AuthenticationFailed("The session's cookie is damaged.", remedy="Sign in again.", reason=because("session_damaged"))
        return secret
