"""Connections to SQLite. In: a file. Out: a place to read, shared by many, and a place to write, held by one at a time.

Readers each see the snapshot they began with and never wait (WAL). Writers queue here, first come first served, and only the
head of the queue asks SQLite for its write lock: 200 at once wait their turn in order, where SQLite's own retry loop would let
the unlucky ones starve until they fail.

A commit returns once the bytes are on the disk (`synchronous = FULL`, one fsync, 0.4 ms on a solid-state disk). A row that was
acknowledged therefore survives `kill -9`, a crash of the system and a power cut, as far as the disk keeps its word about fsync;
`NORMAL` would be 25 times faster and lose the last rows to a power cut, among them a key that was just shown for the only time.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, CursorResult, Executable, Result, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from alize.errors import StorageFailed
from alize.reasons import because
from alize.storage.units import Dialect, finished, to_its_end

__all__ = ["SqliteConnections", "SqliteUnit"]

_READERS = 4  # connections; more would only wait for the disk and the interpreter
_PATIENCE = 15.0  # seconds a writer waits: for its turn in this process, and then for other processes


class SqliteConnections:
    """The file's readers and its one writer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers = _engine(path, "BEGIN", size=_READERS, patience=_PATIENCE, read_only=True)
        self._writer = _engine(path, "BEGIN IMMEDIATE", size=1, patience=_PATIENCE)
        self._turn = asyncio.Lock()
        self._holder: asyncio.Task[Any] | None = None

    @property
    def dialect(self) -> Dialect:
        return "sqlite"

    def unit(self) -> AbstractAsyncContextManager["SqliteUnit"]:
        """One transaction; nothing is opened before it first reads or writes."""
        return finished(SqliteUnit(self))

    @asynccontextmanager
    async def migrating(self) -> AsyncGenerator[AsyncConnection, None]:
        """The write lock with foreign keys off, since a table is changed by being made anew; they are checked before the commit.

        Another process that migrates is waited for.
        """
        engine = _engine(self.path, "BEGIN IMMEDIATE", size=1, patience=60.0, foreign_keys=False)
        try:
            async with engine.begin() as connection:
                yield connection
                broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).first()
                if broken is not None:
                    raise StorageFailed(f"Migrating would leave a row of '{broken[0]}' that refers to nothing. Nothing was changed.")
        finally:
            await engine.dispose()

    async def take_turn(self) -> None:
        """Wait to be the one who writes; `hand_on` must follow. Raises StorageFailed after 15 s."""
        task = asyncio.current_task()
        if self._holder is task:
            raise RuntimeError("a transaction that writes was begun inside another one of the same task: it would wait for itself")
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._turn.acquire()
        except TimeoutError:
            raise StorageFailed(
                f"The database is busy: {_PATIENCE:.0f} s passed without a turn to write.",
                remedy="Try again.",
                retry_after=1,
                reason=because("storage_busy"),
            ) from None
        self._holder = task

    def hand_on(self) -> None:
        self._holder = None
        self._turn.release()

    async def reader(self) -> AsyncConnection:
        return await self._readers.connect()

    async def writer(self) -> AsyncConnection:
        """For the one whose turn it is."""
        return await self._writer.connect()

    async def close(self) -> None:
        await self._readers.dispose()
        await self._writer.dispose()


class SqliteUnit:
    """A transaction that reads until its first write, and from then on holds the write lock.

    What it read before that may have changed by then, as in PostgreSQL's READ COMMITTED: a write is guarded by its own WHERE.

    Only waiting for the turn can be cancelled. A statement is let end: SQLite goes on with it in its thread anyway, and a
    connection that is dropped meanwhile keeps the write lock from all others for as long as that takes.
    """

    def __init__(self, connections: SqliteConnections) -> None:
        self._connections = connections
        self._reader: AsyncConnection | None = None
        self._writer: AsyncConnection | None = None
        self._has_turn = False

    @property
    def dialect(self) -> Dialect:
        return "sqlite"

    async def read(self, statement: Executable) -> Result[Any]:
        return await to_its_end(self._write(statement) if self._has_turn else self._read(statement))

    async def write(self, statement: Executable) -> CursorResult[Any]:
        if not self._has_turn:
            # Given back first: those who wait for their turn must not keep the readers' connections from everybody else.
            await to_its_end(self._close_reader())
            await self._connections.take_turn()
            self._has_turn = True
        return await to_its_end(self._write(statement))

    async def _read(self, statement: Executable) -> Result[Any]:
        if self._reader is None:
            self._reader = await self._connections.reader()
        return await self._reader.execute(statement)

    async def _write(self, statement: Executable) -> CursorResult[Any]:
        if self._writer is None:
            self._writer = await self._connections.writer()
        return await self._writer.execute(statement)

    async def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def finish(self, *, commit: bool) -> None:
        """Commit or roll back, and hand on the turn whatever happens."""
        try:
            await self._close_reader()
            if self._writer is not None:
                try:
                    if commit:
                        await self._writer.commit()
                finally:
                    await self._writer.close()  # rolls back what was not committed
        finally:
            if self._has_turn:
                self._has_turn = False
                self._connections.hand_on()


def _engine(path: Path, begin: str, *, size: int, patience: float, read_only: bool = False, foreign_keys: bool = True) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        pool_size=size,
        max_overflow=0,
        pool_timeout=_PATIENCE,
        # The driver's own transactions begin too late (at the first write) and unasked; ours begin where `begin` says.
        connect_args={"isolation_level": None, "timeout": patience},
    )
    sync = engine.sync_engine

    @event.listens_for(sync, "do_connect")
    def create_private(*_: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        _make_private(path)

    @event.listens_for(sync, "connect")
    def set_up(connection: Any, _: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        cursor = connection.cursor()
        mode = _write_ahead(cursor, patience)
        if mode != "wal":
            raise StorageFailed(
                f"SQLite cannot keep a write-ahead log beside {path} (journal mode '{mode}').",
                remedy="Put the state folder on a local disk, or set database_url to a PostgreSQL database.",
            )
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        if read_only:
            cursor.execute("PRAGMA query_only = ON")  # a write that took the readers' way would not have waited for its turn
        cursor.execute("PRAGMA journal_size_limit = 67108864")  # bytes; a burst does not leave its log behind for ever
        cursor.close()

    @event.listens_for(sync, "begin")
    def begin_so(connection: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.exec_driver_sql(begin)

    return engine


def _make_private(path: Path) -> None:
    """Make the file, for its owner alone, where there is none. SQLite would let everybody read it; its -wal and -shm take its mode.

    NOTE: a file that is there is not opened. Closing any descriptor of it would drop the locks that SQLite holds on it for this whole
    process (POSIX), and the next program that comes and goes would take the log away, with rows that were acknowledged.
    """
    try:
        os.close(os.open(os.path.realpath(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        return
    except FileExistsError:
        reason = "" if path.is_file() else "it is not a file"
    except OSError as error:
        reason = error.strerror
    if reason:
        raise StorageFailed(
            f"The database file {path} cannot be opened: {reason}.",
            remedy="Check the owner and mode of the state folder.",
            reason=because("storage_unwritable", words=reason),
        )


def _write_ahead(cursor: Any, patience: float) -> str:
    """Keep a write-ahead log, and return how a journal is kept now.

    Of processes that open a new file at once, each reads it before it changes the mode, and none can wait for another to stop
    reading: SQLite tells all but one at once that the file is busy. Its patience is only for who has not begun.
    """
    until = time.monotonic() + patience
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return cursor.fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        cursor.execute("BEGIN IMMEDIATE")  # waits for the one that changes it
        cursor.execute("ROLLBACK")
