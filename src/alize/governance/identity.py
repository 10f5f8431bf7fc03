"""The Identity seam. In: a request's credentials. Out: the principal who acts, or None when the credentials are not this one's kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from alize.storage.ids import tenant_of

__all__ = ["SCOPES", "Identity", "Principal", "Scope", "first_match"]

Scope = Literal["inference", "admin"]
SCOPES: tuple[Scope, ...] = ("inference", "admin")
"""`inference` calls models; `admin` also manages keys and settings."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts, and on whose behalf. Every row they touch carries `workspace`."""

    id: str
    organization: str
    workspace: str
    scopes: frozenset[Scope]
    kind: Literal["member", "key", "local"]  # local: `--no-auth` on loopback
    name: str = ""
    session: str = ""  # the id of the browser's session it acts by, where it is one

    @property
    def tenant(self) -> str:
        return tenant_of(self.workspace, self.id)


class Identity(Protocol):
    """One way to prove who you are."""

    async def identify(self, headers: dict[str, str]) -> Principal | None:
        """Return the principal; None if the headers carry nothing of this kind.

        Names are in lower case; `:scheme`, which no client can send, says "http" or "https".

        Raises AuthenticationFailed where they do and it is wrong: a bad key must never fall through to another method.
        """
        ...


def first_match(identities: Sequence[Identity]) -> Identity:
    """Several ways as one: the first that knows the credentials decides. One that raises ends the search."""
    return _FirstMatch(tuple(identities))


@dataclass(frozen=True, slots=True)
class _FirstMatch:
    identities: tuple[Identity, ...]

    async def identify(self, headers: dict[str, str]) -> Principal | None:
        for identity in self.identities:
            principal = await identity.identify(headers)
            if principal is not None:
                return principal
        return None
