"""Passes for one purpose and a moment. In: a principal. Out: a secret that a browser may hold, and who it stands for.

A page cannot keep an API key, which lasts and may do more: its own server, which has one, asks for a pass and hands it on. A pass opens
WebSockets of one model until it ends. It is kept in memory alone: a restart ends all, which live for minutes at most.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from alize.errors import AuthenticationFailed, PermissionDenied
from alize.governance.identity import Principal
from alize.governance.secret import digest_of

__all__ = ["MARK", "Passes"]

MARK = "rt_"
_MOST = 10_000  # remembered for one principal, whose oldest ends early: nobody ends those of others


@dataclass(frozen=True, slots=True)
class _Pass:
    principal: Principal
    model: str
    until: float  # by the clock


class Passes:
    """The passes of one server."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._given: dict[str, _Pass] = {}  # by the secret's digest, oldest first

    def give(self, principal: Principal, model: str, seconds: float) -> str:
        """A new secret, of 192 random bits."""
        now = self._clock()
        if len(self._given) >= _MOST:
            self._given = {digest: given for digest, given in self._given.items() if given.until > now}
            theirs = [digest for digest, given in self._given.items() if given.principal.id == principal.id]
            for digest in theirs[: max(0, len(theirs) - _MOST + 1)]:
                del self._given[digest]
        secret = MARK + secrets.token_urlsafe(24)
        self._given[digest_of(secret)] = _Pass(principal, model, now + seconds)
        return secret

    def holder(self, secret: str, model: str) -> Principal:
        """Who a pass stands for. Raises AuthenticationFailed for one that is not known or has ended, PermissionDenied for another model."""
        given = self._given.get(digest_of(secret))
        if given is None or given.until <= self._clock():
            raise AuthenticationFailed(
                "This pass is not known here, or has ended.", remedy="Have another made with POST /v1/client/sessions."
            )
        if given.model != model:
            raise PermissionDenied(f"This pass is for the model {given.model}.", remedy="Have one made for this model.")
        return given.principal

    def forget(self, principal: str) -> None:
        """End what was given to a key that is revoked. A no-op for one that has none."""
        self._given = {digest: given for digest, given in self._given.items() if given.principal.id != principal}
