"""Passwords. In: what a person typed. Out: argon2id in its standard form, or whether it fits one.

A password is compared as NFKC writes it, so that the same keys typed on another keyboard or system give the same password.
Hashing takes 64 MiB and some 50 ms on purpose: it is done in threads, four at once, and whoever would wait for long is asked to come back.
"""

import asyncio
import base64
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from alize.errors import InvalidRequest, RateLimited
from alize.reasons import because
from alize.wording import quantity

__all__ = ["LONGEST", "SHORTEST", "Passwords", "checked_password"]

SHORTEST, LONGEST = 8, 256  # characters, after NFKC
_AT_ONCE = 4
_MOST_WAITING = 200  # some 5 s of work on two cores
_RETRY = 5.0  # seconds

Result = TypeVar("Result")


def checked_password(password: str, param: str = "password") -> str:
    """The password itself. Raises InvalidRequest where it is too short or too long."""
    length = len(_normal(password))
    if length < SHORTEST:
        raise InvalidRequest(
            f"The password has {quantity(length, 'character')}; {SHORTEST} is the least.",
            param=param,
            remedy="Choose a longer one.",
            reason=because("password_short", characters=length, least=SHORTEST),
        )
    if length > LONGEST:
        raise InvalidRequest(
            f"The password has {quantity(length, 'character')}; {LONGEST} is the most.",
            param=param,
            remedy="Choose a shorter one.",
            reason=because("password_long", characters=length, most=LONGEST),
        )
    return password


class Passwords:
    """Hashes and compares, for one process."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = _unfitting(self._hasher)
        # Not a semaphore around `to_thread`: a caller that is cancelled would give its place away while its thread still works.
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0

    async def hashed(self, password: str) -> str:
        """Argon2id with a salt of its own. Raises RateLimited where too many wait."""
        return await self._worked(lambda: self._hasher.hash(_normal(password)))

    async def fits(self, encoded: str | None, password: str) -> bool:
        """Whether `password` is the one. None, for an account that is not there, takes the same work and is never so.

        Raises RateLimited where too many wait.
        """
        return await self._worked(lambda: self._verified(encoded or self._nobody, _normal(password))) and encoded is not None

    def outdated(self, encoded: str) -> bool:
        """Whether it was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(encoded)

    def _verified(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _worked(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= _MOST_WAITING:
            raise RateLimited(
                "Too many people sign in at this moment.", remedy="Try again shortly.", retry_after=_RETRY, reason=because("sign_in_busy")
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _unfitting(hasher: PasswordHasher) -> str:
    """What no password fits, made without hashing one: today's parameters, and randomness where salt and digest would be."""
    salt, digest = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${digest}"
