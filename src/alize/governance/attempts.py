"""How often one may be wrong. In: what a failure is counted under. Out: RateLimited once there were too many in the last 15 minutes.

Failures are rows, so that a restart forgives nothing. Attempts that are still being made count too: of a hundred guesses sent at once
only as many are looked at as sent one after another.
"""

import ipaddress
import itertools
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from alize.errors import RateLimited
from alize.governance.secret import digest_of
from alize.reasons import because
from alize.storage.base import Database

__all__ = ["PER_ADDRESS", "PER_EMAIL", "WINDOW", "Attempt", "Attempts", "address_key", "email_key"]

WINDOW = timedelta(minutes=15)
PER_EMAIL, PER_ADDRESS = 5, 20  # failures in a window
_MINUTE = timedelta(minutes=1)
_MINUTES = WINDOW // _MINUTE
_SHORTLY = 2.0  # seconds, where nothing has failed but as many are being tried


@dataclass(slots=True)
class Attempt:
    """One that is being made."""

    failed: bool = False


class Attempts:
    """Counts for one database. What is being attempted is known in this process; failures are known to all."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._open: dict[str, set[int]] = {}  # by key, the numbers of those that are being made
        self._numbers = itertools.count()

    @asynccontextmanager
    async def attempt(self, most: Mapping[str, int]) -> AsyncGenerator[Attempt, None]:
        """Let the block try, unless one of the keys has had its `most` failures; note a failure where the block says so.

        Raises RateLimited, with the time until one more would be let in.
        """
        # Numbered before anything is awaited, so that of two that begin together the second sees the first, and not the other way round.
        number = next(self._numbers)
        for key in most:
            self._open.setdefault(key, set()).add(number)
        attempt = Attempt()
        try:
            await self._check(most, number)
            yield attempt
            if attempt.failed:
                async with self._database.transaction() as store:
                    for key in most:
                        await store.accounts.failed(key, self._now())
        finally:
            for key in most:
                self._open[key].discard(number)
                if not self._open[key]:
                    del self._open[key]

    async def _check(self, most: Mapping[str, int], number: int) -> None:
        now = self._now()
        # What failed later than now did so before the clock was set back: it must not lock anybody out for as long as that was far.
        # One minute of it counts, since another server's clock may be a little ahead.
        until = now + _MINUTE
        for key, limit in most.items():
            failures, ahead = await self._counted(key, number, now - WINDOW, until)
            if failures + ahead < limit:
                continue
            passed, wait = 0, _MINUTES if failures >= limit else 0  # minutes: still too early, early enough
            async with self._database.transaction() as store:
                while wait - passed > 1:
                    middle = (passed + wait) // 2
                    late = await store.accounts.attempts(key, now - WINDOW + middle * _MINUTE, until) < limit
                    passed, wait = (passed, middle) if late else (middle, wait)
            after = wait * _MINUTE.total_seconds() or _SHORTLY
            raise RateLimited(
                "Too many failed attempts.",
                remedy="Wait a little and try again.",
                retry_after=after,
                reason=because("attempts_used", seconds=after),
            )

    async def _counted(self, key: str, number: int, since: datetime, until: datetime) -> tuple[int, int]:
        """How many failed, and how many are being made that began before this one, as of one moment: whichever ended while the failures
        were counted would be in both numbers, or in none. Fewer each time, they are soon the same."""
        while True:
            ahead = self._ahead(key, number)
            async with self._database.transaction() as store:  # another one each time: it sees what has been written since
                failures = await store.accounts.attempts(key, since, until)
            if self._ahead(key, number) == ahead:
                return failures, len(ahead)

    def _ahead(self, key: str, number: int) -> set[int]:
        return {one for one in self._open[key] if one < number}


def email_key(email: str) -> str:
    """By its digest: people type passwords into the wrong field, and rows are kept for a day."""
    return f"email:{digest_of(email)}"


def address_key(address: str) -> str:
    """An IPv6 address counts as its network of 64 bits: whoever has one has them all.

    >>> address_key("2001:db8::1:2:3:4"), address_key("192.0.2.7"), address_key("::ffff:192.0.2.7")
    ('address:2001:db8::', 'address:192.0.2.7', 'address:192.0.2.7')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"address:{address[:100]}"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return f"address:{parsed.ipv4_mapped}"
        if not parsed.is_loopback:
            return f"address:{ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)).network_address}"
    return f"address:{parsed}"
