"""The Database seam in SQL. In: an address. Out: transactions whose repositories speak of records, on SQLite or PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import ArgumentError

from alize.errors import SettingInvalid, StorageFailed
from alize.reasons import because
from alize.storage.accounts import SqlAccounts
from alize.storage.attachments import SqlAttachments
from alize.storage.base import Store
from alize.storage.conversations import SqlConversations
from alize.storage.failures import driver_errors
from alize.storage.keys import SqlKeys
from alize.storage.members import SqlMembers
from alize.storage.migrate import migrate
from alize.storage.postgres import PostgresConnections
from alize.storage.runs import SqlRuns
from alize.storage.sqlite import SqliteConnections
from alize.storage.units import Connections, Unit
from alize.storage.usage import SqlUsage

__all__ = ["SqlDatabase", "SqlStore"]

_PING = 5.0  # seconds


class SqlStore:
    """The repositories of one transaction."""

    def __init__(self, unit: Unit, revoked: Callable[[str], None]) -> None:
        self.members = SqlMembers(unit)
        self.keys = SqlKeys(unit, revoked)
        self.usage = SqlUsage(unit)
        self.accounts = SqlAccounts(unit)
        self.conversations = SqlConversations(unit)
        self.runs = SqlRuns(unit)
        self.attachments = SqlAttachments(unit)


class SqlDatabase:
    """`Database` on SQLite (`sqlite:///path`) or PostgreSQL (`postgresql://user:password@host/name`)."""

    def __init__(self, url: str | URL) -> None:
        """Nothing is opened yet. Raises SettingInvalid for an address that names neither, Missing without PostgreSQL's driver."""
        self._connections = _connections(url)
        self._listeners: list[Callable[[str], None]] = []
        self._closed = False
        self._open = 0  # transactions
        self._all_ended = asyncio.Event()

    async def migrate(self) -> None:
        self._check_open()
        with driver_errors():
            await migrate(self._connections)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Store, None]:
        self._check_open()
        revoked: list[str] = []
        self._open += 1
        try:
            with driver_errors():
                async with self._connections.unit() as unit:
                    yield SqlStore(unit, revoked.append)
        finally:
            self._open -= 1
            if not self._open:
                self._all_ended.set()
            # also where a cancellation arrived during the commit; hearing of a revocation that was undone harms nobody
            for id in revoked:
                for heard in self._listeners:
                    heard(id)

    def on_revoked(self, heard: Callable[[str], None]) -> None:
        self._listeners.append(heard)

    async def ping(self) -> None:
        self._check_open()
        asking = asyncio.ensure_future(self._ask())
        # Not `asyncio.timeout`: what is being asked may not end when it is cancelled, and whoever pings wants to know now.
        done, _ = await asyncio.wait([asking], timeout=_PING)
        if not done:
            asking.cancel()
            asking.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            raise StorageFailed(f"The database did not answer within {_PING:g} s.", retry_after=_PING, reason=because("storage_busy"))
        asking.result()

    async def _ask(self) -> None:
        with driver_errors():
            async with self._connections.unit() as unit:
                await unit.read(text("SELECT 1"))

    async def close(self) -> None:
        self._closed = True
        if self._open:  # a connection in use would be left to the garbage collector
            self._all_ended.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_ended.wait(), _PING)
        await self._connections.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StorageFailed("The database was closed: the program is ending.", reason=because("shutting_down"))


def _connections(url: str | URL) -> Connections:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        # The address is not repeated: it may hold a password.
        raise SettingInvalid("database_url is not an address.", param="database_url", remedy=_FORMS) from None
    match address.drivername:
        case "sqlite" | "sqlite+aiosqlite":
            if address.database in (None, "", ":memory:"):
                raise SettingInvalid("database_url names a SQLite database without a file.", param="database_url", remedy=_FORMS)
            if address.host or address.query:  # `sqlite://folder/file.db` is file.db on the machine `folder`
                raise SettingInvalid("database_url names more than a file of SQLite's.", param="database_url", remedy=_FORMS)
            return SqliteConnections(Path(address.database or "").absolute())
        case "postgresql" | "postgres" | "postgresql+psycopg":
            try:
                (address.host or "").encode("idna")
            except UnicodeError:  # which the driver would raise as it is, and only when it connects
                raise SettingInvalid("database_url names a host that cannot be one.", param="database_url", remedy=_FORMS) from None
            return PostgresConnections(address)
        case other:
            raise SettingInvalid(f"database_url names '{other}', which is not supported.", param="database_url", remedy=_FORMS)


_FORMS = "Write sqlite:///path/to/file.db or postgresql://user:password@host/name."
