"""Who a key speaks for. In: `Authorization: Bearer KEY` or `x-api-key: KEY`. Out: the key's principal, from memory for 5 seconds.

A key revoked in this process is refused from the commit on: the database says so to everyone who listens. One revoked by another
process is refused at most `REMEMBERED` seconds later.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from alize.errors import AlizeError, AuthenticationFailed
from alize.governance.identity import SCOPES, Principal, Scope
from alize.governance.secret import MARK, digest_of, whole
from alize.storage.base import Database, KeyRecord

__all__ = ["REMEMBERED", "KeyIdentity", "check_key"]

REMEMBERED = 5.0  # seconds a key is believed without asking the database again
_MOST = 10_000  # keys remembered
_LONGEST = 512  # characters of a key
_USE_NOTED_EVERY = timedelta(minutes=1)
_GET_ONE = "Make one with `alize keys create`, or ask your administrator."

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Known:
    record: KeyRecord
    principal: Principal
    until: float  # by the monotonic clock
    used: datetime | None  # the last use that was noted


class KeyIdentity:
    """`Identity` by API key. `close()` waits for the uses that are still being noted."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._now = now
        self._monotonic = monotonic
        self._known: dict[str, _Known] = {}  # by digest, oldest first
        self._revocations = 0
        self._noting: set[asyncio.Task[None]] = set()
        database.on_revoked(self._forget)

    async def identify(self, headers: dict[str, str]) -> Principal | None:
        """None without a key, and for credentials of another kind. Raises AuthenticationFailed for a key that is not good."""
        secret = _sent(headers)
        if secret is None:
            return None
        digest = digest_of(secret)
        known = self._known.get(digest)
        if known is None or known.until <= self._monotonic():
            known = await self._look_up(digest)
        now = self._now()
        _check(known.record, now)
        if known.used is None or now - known.used >= _USE_NOTED_EVERY:
            known.used = now
            task = asyncio.create_task(self._note_use(known.record, now))  # the request does not wait for it
            self._noting.add(task)
            task.add_done_callback(self._noting.discard)
        return known.principal

    async def close(self) -> None:
        """A no-op when nothing is being noted."""
        await asyncio.gather(*self._noting)

    async def _look_up(self, digest: str) -> _Known:
        revocations = self._revocations
        asked = self._monotonic()  # before the answer: its age counts from when it was true
        async with self._database.transaction() as store:
            record = await store.keys.by_digest(digest)
        if record is None:
            self._known.pop(digest, None)
            raise AuthenticationFailed("This API key is not known here.", remedy=_GET_ONE)
        scopes = cast("frozenset[Scope]", frozenset(record.scopes) & frozenset(SCOPES))
        principal = Principal(record.id, record.organization, record.workspace, scopes, "key", record.name)
        known = _Known(record, principal, asked + REMEMBERED, record.last_used)
        # NOTE: a key may have been revoked between the read and now; its answer is used once and not remembered.
        if revocations == self._revocations:
            self._known.pop(digest, None)
            self._known[digest] = known
            if len(self._known) > _MOST:
                del self._known[next(iter(self._known))]
        return known

    def _forget(self, id: str) -> None:
        self._revocations += 1
        for digest in [digest for digest, known in self._known.items() if known.record.id == id]:
            del self._known[digest]

    async def _note_use(self, key: KeyRecord, at: datetime) -> None:
        try:
            async with self._database.transaction() as store:
                await store.keys.touch(key.workspace, key.id, at)
        except AlizeError as error:  # the answer matters more than when its key was last used
            _log.warning("the use of key %s could not be noted: %s", key.id, error)


async def check_key(database: Database, key: Principal, now: datetime) -> None:
    """Raise AuthenticationFailed where a key that was let in has ended since: what it began may last longer than it."""
    async with database.transaction() as store:
        record = await store.keys.get(key.workspace, key.id)
    if record is None:
        raise AuthenticationFailed("This API key is not known here any more.", remedy=_GET_ONE)
    _check(record, now)


def _sent(headers: dict[str, str]) -> str | None:
    """The one key that was sent. Raises AuthenticationFailed where it is no key at all."""
    scheme, _, credentials = headers.get("authorization", "").strip().partition(" ")
    bearer = credentials.strip() if scheme.lower() == "bearer" else None
    if bearer is None and scheme.startswith(MARK):
        raise AuthenticationFailed("The Authorization header names no scheme.", remedy="Write `Authorization: Bearer KEY`.")
    plain = headers["x-api-key"].strip() if "x-api-key" in headers else None
    if bearer is not None and plain is not None and bearer != plain:
        raise AuthenticationFailed("Authorization and x-api-key hold different keys.", remedy="Send one of them.")
    secret = plain if bearer is None else bearer
    if secret is None:
        return None
    if not secret:
        raise AuthenticationFailed("The API key is empty.", remedy=_GET_ONE)
    if len(secret) > _LONGEST or not secret.isascii():
        raise AuthenticationFailed("This is not an API key.", remedy=_GET_ONE)
    if secret.startswith(MARK) and not whole(secret):
        raise AuthenticationFailed("This API key is mistyped or cut off: its last characters do not fit the rest.", remedy="Copy it again.")
    return secret


def _check(key: KeyRecord, now: datetime) -> None:
    if key.revoked is not None:
        raise AuthenticationFailed(f"The API key {key.prefix}… was revoked.", remedy=_GET_ONE)
    if key.expires is not None and key.expires <= now:
        raise AuthenticationFailed(f"The API key {key.prefix}… expired on {key.expires:%Y-%m-%d %H:%M} UTC.", remedy=_GET_ONE)
