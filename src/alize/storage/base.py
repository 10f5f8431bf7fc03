"""The Database seam. In: typed records. Out: typed records, inside a transaction. SQLite and PostgreSQL stand behind it.

Every call names the workspace whose rows it touches: a query without a tenant cannot be written. Only what has no workspace yet
(finding the principal of a key, the first organization) takes none, and says so.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

__all__ = [
    "Database",
    "KeyRecord",
    "KeyRepository",
    "Member",
    "MemberRepository",
    "Page",
    "Store",
    "UsageRecord",
    "UsageRepository",
    "UsageTotals",
]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Member:
    """A person's place in a workspace."""

    id: str
    organization: str
    workspace: str
    principal: str
    name: str
    role: str  # "owner", "member"
    created: datetime


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


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """What one request cost. Written before the client is told that the answer is complete."""

    id: str  # the request's id
    workspace: str
    principal: str
    model: str
    endpoint: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    outcome: str  # finish reasons, "cancelled" or "error"
    created: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class UsageTotals:
    requests: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A slice of a list. `next` is the cursor of the following page, None at the end."""

    items: Sequence[Item]
    next: str | None = None


class MemberRepository(Protocol):
    async def bootstrap(self, organization: str, workspace: str, name: str) -> Member:
        """Create organization, workspace and its owner by these names, or return the owner that is there.

        Takes no tenant: it makes the first one.
        """
        ...

    async def list(self, workspace: str, *, limit: int = 100, after: str | None = None) -> Page[Member]: ...


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


class UsageRepository(Protocol):
    async def add(self, usage: UsageRecord) -> None:
        """A second record with the same id and workspace is a no-op, so a retry never counts twice."""
        ...

    async def list(self, workspace: str, *, limit: int = 100, after: str | None = None) -> Page[UsageRecord]:
        """Newest first."""
        ...

    async def totals(self, workspace: str, *, since: datetime | None = None) -> UsageTotals: ...


class Store(Protocol):
    """The repositories, all in one transaction."""

    @property
    def members(self) -> MemberRepository: ...
    @property
    def keys(self) -> KeyRepository: ...
    @property
    def usage(self) -> UsageRepository: ...


class Database(Protocol):
    """A place for records."""

    async def migrate(self) -> None:
        """Bring the schema up to this version. Raises StorageFailed where the database is newer than the program."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Store]:
        """Commit when the block ends, roll back when it raises. Raises StorageFailed or DiskFull, never the driver's own errors.

        Used by one task at a time. What was read before the first write may have changed by then (READ COMMITTED): a write says
        in itself what it depends on. A transaction that writes holds up others that write: compute and wait for others outside.
        """
        ...

    def on_revoked(self, heard: Callable[[str], None]) -> None:
        """Call `heard(id)` whenever a transaction of this process has revoked a key, before the transaction's block is left."""
        ...

    async def ping(self) -> None:
        """Return if the database answers. Raises StorageFailed."""
        ...

    async def close(self) -> None:
        """A no-op when closed."""
        ...
