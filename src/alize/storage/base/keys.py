"""API keys. In: records and a workspace. Out: records; never a key, only its hash."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alize.storage.base.page import Page

__all__ = ["KeyRecord", "KeyRepository"]


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key as it is kept: never the key, only its hash."""

    id: str
    organization: str
    workspace: str
    principal: str  # who made it and answers for it
    name: str
    prefix: str  # the first characters, to recognise it by
    digest: str  # SHA-256 of the whole key, hexadecimal
    scopes: tuple[str, ...]
    created: datetime
    last_used: datetime | None = None
    revoked: datetime | None = None
    expires: datetime | None = None


class KeyRepository(Protocol):
    async def add(self, key: KeyRecord) -> None:
        """Raises Conflict where the digest exists."""
        ...

    async def by_digest(self, digest: str) -> KeyRecord | None:
        """Find a key of any workspace: the request does not know its tenant yet."""
        ...

    async def get(self, workspace: str, id: str) -> KeyRecord | None: ...

    async def list(self, workspace: str, *, limit: int = 100, after: str | None = None) -> Page[KeyRecord]:
        """Newest first, revoked ones included."""
        ...

    async def revoke(self, workspace: str, id: str, at: datetime) -> bool:
        """False where there is no such key; a no-op, and True, where it is revoked already."""
        ...

    async def touch(self, workspace: str, id: str, at: datetime) -> None:
        """Note that a key was used. A no-op for an unknown key."""
        ...
