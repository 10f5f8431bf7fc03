"""What SQLite adds to the contract: it survives `kill -9`, shares its file with other processes, and says what is wrong with it."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, text

from alize.errors import DiskFull, StorageFailed
from alize.storage import sqlite
from alize.storage.base import Database, Member, UsageRecord
from alize.storage.database import SqlDatabase

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a house, 100% 'ours'?.db"  # characters that mean something in an address


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    database = open_file(path)
    await database.migrate()
    yield database
    await database.close()


def open_file(path: Path) -> SqlDatabase:
    return SqlDatabase(URL.create("sqlite", database=str(path)))


async def new_member(database: Database) -> Member:
    async with database.transaction() as store:
        return await store.members.bootstrap("acme", "main", "ada")


def usage_of(member: Member, id: str, **given: object) -> UsageRecord:
    usage = UsageRecord(id, member.workspace, member.principal, "small", "/v1/chat/completions", 7, 3, 5, "stop", NOW, 0.25)
    return replace(usage, **given)


async def write(database: Database, usage: UsageRecord) -> None:
    async with database.transaction() as store:
        await store.usage.add(usage)


WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from sqlalchemy import URL
from alize.storage.base import UsageRecord
from alize.storage.database import SqlDatabase

async def write(database, member, lane):
    number = 0
    while True:
        id = f"{lane}.{number}"
        usage = UsageRecord(id, member.workspace, member.principal, "m", "/v1", 1, 0, 1, "stop", datetime.now(UTC), 0.1)
        async with database.transaction() as store:
            await store.usage.add(usage)
        print(id, flush=True)
        number += 1

async def main():
    database = SqlDatabase(URL.create("sqlite", database=sys.argv[1]))
    await database.migrate()
    async with database.transaction() as store:
        member = await store.members.bootstrap("acme", "main", "ada")
    await asyncio.gather(*(write(database, member, f"{sys.argv[2]}.{lane}") for lane in range(8)))

asyncio.run(main())
"""


def writer_process(path: Path, name: str) -> Any:
    """A process that writes rows without end and prints each one's id after its commit."""
    return subprocess.Popen([sys.executable, "-c", WRITER, path, name], stdout=subprocess.PIPE, text=True)


async def test_every_row_that_was_acknowledged_is_there_after_kill_9(path: Path) -> None:
    acknowledged: list[str] = []
    for round in range(3):  # a database that was killed is opened, written and killed again
        with writer_process(path, str(round)) as process:
            for _ in range(40 + 17 * round):
                acknowledged.append(process.stdout.readline().strip())
            process.kill()
            acknowledged += process.stdout.read().split("\n")[:-1]  # what it still said before it died; the last line may be cut
    database = open_file(path)
    member = await new_member(database)
    async with database.transaction() as store:
        kept = {record.id for record in (await store.usage.list(member.workspace, limit=1000)).items}
    assert len(acknowledged) > 150
    assert set(acknowledged) <= kept
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    await database.close()


async def test_processes_write_to_one_file_at_once(database: Database, path: Path) -> None:
    member = await new_member(database)
    with writer_process(path, "other") as process:
        process.stdout.readline()
        await asyncio.gather(*(write(database, usage_of(member, f"mine.{number}")) for number in range(50)))
        process.kill()
        theirs = {line for line in process.stdout.read().split("\n")[:-1] if line}
    async with database.transaction() as store:
        kept = {record.id for record in (await store.usage.list(member.workspace, limit=1000)).items}
    assert {f"mine.{number}" for number in range(50)} | theirs <= kept


LOOK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM usage").fetchone()[0])
connection.close()
"""


def seen_by_another_process(path: Path) -> int:
    """How many rows a program sees that opens the file, looks, and closes it again."""
    return int(subprocess.run([sys.executable, "-c", LOOK, path], check=True, capture_output=True, text=True).stdout)


async def test_a_process_that_comes_and_goes_does_not_take_the_log_away(database: Database, path: Path) -> None:
    """It would, if opening another connection had dropped the locks of those there are: what is written then reaches no file."""
    member = await new_member(database)
    await write(database, usage_of(member, "r1"))
    async with AsyncExitStack() as stack:
        for _ in range(sqlite._READERS):
            store = await stack.enter_async_context(database.transaction())
            assert (await store.usage.totals(member.workspace)).requests == 1
    log = path.with_name(f"{path.name}-wal")
    before = log.stat().st_ino
    assert seen_by_another_process(path) == 1
    assert log.stat().st_ino == before
    await write(database, usage_of(member, "r2"))
    assert seen_by_another_process(path) == 2


def test_who_opens_a_new_file_waits_for_another_that_changes_it(path: Path) -> None:
    """SQLite's own patience does not cover the change to a write-ahead log: it fails at once where another one writes."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other, closing(sqlite3.connect(path, isolation_level=None)) as ours:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            ours.execute("PRAGMA journal_mode = WAL")
        # The other one ends as soon as ours begins to wait.
        ours.set_trace_callback(lambda statement: statement == "BEGIN IMMEDIATE" and other.execute("ROLLBACK"))
        assert sqlite._write_ahead(ours.cursor(), 60.0) == "wal"


async def test_the_file_and_its_logs_are_for_the_owner_alone(database: Database, path: Path) -> None:
    await new_member(database)
    files = sorted(path.parent.glob(f"{path.name}*"))
    assert [file.name.removeprefix(path.name) for file in files] == ["", "-shm", "-wal"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


async def test_commits_wait_for_the_disk(database: Database) -> None:
    full = 2
    async with database._connections.unit() as unit:
        assert (await unit.write(text("PRAGMA synchronous"))).scalar() == full


async def test_a_writing_transaction_inside_another_is_a_bug_that_is_named(database: Database) -> None:
    member = await new_member(database)
    async with database.transaction() as store:
        await store.usage.add(usage_of(member, "r1"))
        with pytest.raises(RuntimeError, match="inside another"):
            await write(database, usage_of(member, "r2"))


async def test_a_writer_that_keeps_its_turn_is_not_waited_for_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    member = await new_member(database)
    monkeypatch.setattr(sqlite, "_PATIENCE", 0.05)
    async with database.transaction() as store:
        await store.usage.add(usage_of(member, "r1"))
        with pytest.raises(StorageFailed, match="busy") as caught:
            await asyncio.create_task(write(database, usage_of(member, "r2")))
    assert caught.value.retry
    await write(database, usage_of(member, "r3"))


async def test_who_pings_is_told_soon_that_every_reader_is_busy(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alize.storage.database._PING", 0.05)
    async with AsyncExitStack() as stack:
        for _ in range(sqlite._READERS):
            store = await stack.enter_async_context(database.transaction())
            await store.usage.totals("ws")
        with pytest.raises(StorageFailed, match=r"did not answer within 0.05 s"):
            await database.ping()
    monkeypatch.undo()
    await database.ping()


async def test_a_file_that_another_process_keeps_locked_is_busy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_PATIENCE", 0.05)
    database = open_file(path)
    await database.migrate()
    member = await new_member(database)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageFailed, match="busy"):
            await write(database, usage_of(member, "r1"))
        async with database.transaction() as store:  # readers are not held up
            assert (await store.usage.totals(member.workspace)).requests == 0
        other.execute("ROLLBACK")
    await write(database, usage_of(member, "r1"))
    await database.close()


async def test_a_full_disk_is_said_and_what_was_written_stays(database: Database, path: Path) -> None:
    member = await new_member(database)
    await write(database, usage_of(member, "r1"))
    writer = database._connections._writer
    async with writer.connect() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar()
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        await connection.rollback()
    big = [usage_of(member, f"big {number}", model="x" * 4096) for number in range(9)]
    with pytest.raises(DiskFull, match="full"):
        await asyncio.gather(*(write(database, usage) for usage in big))
    async with writer.connect() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        await connection.rollback()
    await write(database, usage_of(member, "r2"))
    async with database.transaction() as store:
        ids = {record.id for record in (await store.usage.list(member.workspace)).items}
    assert {"r1", "r2"} <= ids


@pytest.fixture(params=["text", "half"])
def damaged(request: pytest.FixtureRequest, path: Path) -> bytes:
    content = b"no database, but long enough to be looked at " * 40 if request.param == "text" else b"SQLite format 3\0" + b"\xff" * 2000
    path.write_bytes(content)
    return content


async def test_a_damaged_file_is_said_with_the_remedy_and_left_as_it_is(path: Path, damaged: bytes) -> None:
    database = open_file(path)
    with pytest.raises(StorageFailed, match="damaged") as caught:
        await database.migrate()
    assert "alize restore" in caught.value.text
    await database.close()
    with open(path, "rb") as file:  # noqa: ASYNC230
        assert file.read() == damaged


@pytest.mark.parametrize("what", ["folder", "pipe"])
async def test_what_is_no_file_in_the_files_place_is_said(path: Path, what: str) -> None:
    os.mkdir(path) if what == "folder" else os.mkfifo(path)
    database = open_file(path)
    with pytest.raises(StorageFailed, match="cannot be opened: it is not a file"):
        await database.migrate()
    await database.close()


async def test_a_link_to_a_file_that_is_not_there_yet_makes_it_for_the_owner_alone(path: Path, tmp_path: Path) -> None:
    os.symlink(tmp_path / "elsewhere.db", path)
    database = open_file(path)
    await database.migrate()
    await database.close()
    assert (tmp_path / "elsewhere.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
async def test_a_file_that_may_not_be_written_is_said(database: Database, path: Path) -> None:
    await database.close()
    os.chmod(path, 0o400)
    with pytest.raises(StorageFailed, match="cannot be"):
        await open_file(path).migrate()
