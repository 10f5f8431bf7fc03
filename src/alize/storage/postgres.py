"""Connections to PostgreSQL. In: an address. Out: transactions at READ COMMITTED, each on a connection of a small pool.

Commits wait for the server's disk as the server is set up (`synchronous_commit`, on by default: acknowledged rows survive its crash).
"""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from sqlalchemy import URL, CursorResult, Executable, Result
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from alize.errors import Missing
from alize.storage.units import Dialect, finished

__all__ = ["PostgresConnections", "PostgresUnit"]

_POOL = 16  # connections of one process; PostgreSQL allows 100 in all unless told otherwise
_DEFAULTS = {
    "application_name": "alize",
    "connect_timeout": 10,  # seconds
    "tcp_user_timeout": 20_000,  # milliseconds; a server that vanished without a word is noticed, not waited for
}
"""libpq's parameters, where database_url does not give them."""

_MIGRATION_LOCK = 0x616C697A65  # "alize": any number will do that no other program of the same database takes


class PostgresConnections:
    """A pool of connections to one database."""

    def __init__(self, url: URL) -> None:
        """Raises Missing where psycopg is not installed. Nothing is contacted yet."""
        try:
            self._engine = create_async_engine(
                url.set(drivername="postgresql+psycopg"),
                pool_size=_POOL,
                max_overflow=0,
                pool_timeout=15.0,
                pool_pre_ping=True,  # a server that was restarted costs a reconnection, not a failed request
                connect_args={name: value for name, value in _DEFAULTS.items() if name not in url.query},
            )
        except ImportError as error:
            raise Missing(
                f"database_url names PostgreSQL, but its driver cannot be loaded: {error}.", remedy="Run `pip install 'alize[postgres]'`."
            ) from error

    @property
    def dialect(self) -> Dialect:
        return "postgresql"

    def unit(self) -> AbstractAsyncContextManager["PostgresUnit"]:
        return finished(PostgresUnit(self._engine))

    @asynccontextmanager
    async def migrating(self) -> AsyncGenerator[AsyncConnection, None]:
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql("SET LOCAL lock_timeout = '60s'")
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            yield connection

    async def close(self) -> None:
        await self._engine.dispose()


class PostgresUnit:
    """A transaction: reads and writes go through one connection, taken at the first of them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    @property
    def dialect(self) -> Dialect:
        return "postgresql"

    async def read(self, statement: Executable) -> Result[Any]:
        return await self.write(statement)

    async def write(self, statement: Executable) -> CursorResult[Any]:
        if self._connection is None:
            self._connection = await self._engine.connect()
        return await self._connection.execute(statement)

    async def finish(self, *, commit: bool) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if commit:
                await connection.commit()
        finally:
            await connection.close()  # rolls back what was not committed
