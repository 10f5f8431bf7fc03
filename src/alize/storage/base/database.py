"""The way to the repositories. In: nothing. Out: transactions of a database, each with all repositories."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from alize.storage.base.accounts import AccountRepository
from alize.storage.base.attachments import AttachmentRepository
from alize.storage.base.conversations import ConversationRepository
from alize.storage.base.keys import KeyRepository
from alize.storage.base.members import MemberRepository
from alize.storage.base.runs import RunRepository
from alize.storage.base.usage import UsageRepository

__all__ = ["Database", "Store"]


class Store(Protocol):
    """The repositories, all in one transaction."""

    @property
    def members(self) -> MemberRepository: ...
    @property
    def keys(self) -> KeyRepository: ...
    @property
    def usage(self) -> UsageRepository: ...
    @property
    def accounts(self) -> AccountRepository: ...
    @property
    def conversations(self) -> ConversationRepository: ...
    @property
    def runs(self) -> RunRepository: ...
    @property
    def attachments(self) -> AttachmentRepository: ...


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
