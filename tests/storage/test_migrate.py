"""Databases come to today's schema from every released one, whole, once, and never back."""

import asyncio
import base64
import json
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, text

from alize.errors import StorageFailed
from alize.storage import migrate as migrating
from alize.storage.base import Owner
from alize.storage.database import SqlDatabase
from alize.storage.failures import driver_errors
from alize.storage.migrate import migration_config, revision_of
from alize.storage.schema import HEAD, VERSION_TABLE, metadata

RELEASED = Path(__file__).parent / "released"
REVISIONS = sorted(path.name.split(".")[0] for path in RELEASED.glob("*.sqlite.sql"))
DIALECTS = ["sqlite", "postgresql"]
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=DIALECTS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/alize.db"
    make: Callable[..., str] = request.getfixturevalue("postgres")
    return make(database=True)  # the dumps name PostgreSQL's usual schema


async def inside(url: str, look: Callable[[Connection], Any]) -> Any:
    database = SqlDatabase(url)
    async with database._connections.migrating() as connection:
        result = await connection.run_sync(look)
    await database.close()
    return result


def restore_dump(url: str, revision: str) -> None:
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    script = (RELEASED / f"{revision}.{kind}.sql").read_text("utf-8")
    if kind == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script)
    else:
        import psycopg

        with psycopg.connect(url) as connection:
            connection.execute(script)


def all_rows(connection: Connection) -> Rows:
    found = MetaData()
    found.reflect(connection)
    return {
        table.name: sorted((dict(row) for row in connection.execute(table.select()).mappings()), key=repr)
        for table in found.sorted_tables
        if table.name != VERSION_TABLE
    }


def test_every_revision_has_its_dump_on_both_databases() -> None:
    assert REVISIONS
    assert HEAD in REVISIONS, "run released/dump.py before this schema is released"
    assert [path.name.split(".")[0] for path in sorted(RELEASED.glob("*.postgresql.sql"))] == REVISIONS


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_database_of_every_released_schema_is_migrated_and_keeps_its_rows(url: str, revision: str) -> None:
    restore_dump(url, revision)
    before = await inside(url, all_rows)
    assert all(before.values()), "a dump without rows proves nothing"
    database = SqlDatabase(url)
    await database.migrate()
    after = await inside(url, all_rows)
    for table, rows in before.items():
        columns = rows[0].keys()
        assert [{name: row[name] for name in columns} for row in after[table]] == rows
    async with database.transaction() as store:
        for workspace in after["workspaces"]:
            keys = (await store.keys.list(workspace["id"])).items
            assert sum(key.workspace == workspace["id"] for key in keys) == sum(
                row["workspace"] == workspace["id"] for row in after["api_keys"]
            )
            assert all(key.created.tzinfo is not None for key in keys)
            assert (await store.usage.totals(workspace["id"])).requests > 0
    await database.close()


async def test_pictures_and_sounds_within_messages_get_rows_of_their_own(url: str) -> None:
    restore_dump(url, "0004")
    picture, sound = b"\x89PNG", b"RIFF"
    said = [
        {"name": "é.png", "type": "image/png", "text": f"data:image/png;base64,{base64.b64encode(picture).decode()}"},
        {"name": "a.txt", "type": "text/plain", "text": "data:text/plain;base64,AAAA"},
        {"name": "a.wav", "type": "audio/wav", "text": f"data:audio/wav;base64,{base64.b64encode(sound).decode()}"},
        {"name": "again.png", "type": "image/png", "text": f"data:image/png;base64,{base64.b64encode(picture).decode()}"},
        {"name": "b.png", "type": "image/png", "text": "data:image/png;base64,?"},
    ]

    def attach(connection: Connection) -> dict[str, Any]:
        row = connection.execute(text("SELECT * FROM messages WHERE role = 'user' ORDER BY id")).mappings().first()
        assert row is not None
        values = {"said": json.dumps(said, ensure_ascii=False), "id": row["id"]}
        connection.execute(text("UPDATE messages SET attachments = :said WHERE id = :id"), values)
        return dict(row)

    asked = await inside(url, attach)
    database = SqlDatabase(url)
    await database.migrate()
    owner = Owner(asked["workspace"], asked["principal"])
    async with database.transaction() as store:
        message = await store.conversations.message(owner, asked["id"])
        assert message is not None
        shown, plain, heard, again, broken = message.attachments
        assert (plain, broken) == (said[1], said[4])
        assert [one["name"] for one in (shown, heard, again)] == ["é.png", "a.wav", "again.png"]
        assert await store.attachments.data(owner, [shown["id"], heard["id"], again["id"]]) == {
            shown["id"]: picture,
            heard["id"]: sound,
            again["id"]: picture,
        }
        kept = await store.attachments.get(owner, shown["id"])
        assert kept is not None
        assert (kept.bytes, kept.sha256, kept.created) == (4, sha256(picture).hexdigest(), message.created)
        assert await store.attachments.sweep(kept.created.replace(year=9999)) == 0
    rows = await inside(url, all_rows)
    assert len(rows["objects"]) == 2
    await database.close()


async def test_migrations_arrive_at_what_the_program_describes(url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    database = SqlDatabase(url)
    await database.migrate()
    await database.close()

    def differences(connection: Connection) -> list[Any]:
        options = {"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    assert await inside(url, differences) == []


async def test_head_is_the_last_script_and_scripts_form_one_line(url: str) -> None:
    from alembic.script import ScriptDirectory

    scripts = await inside(url, lambda connection: ScriptDirectory.from_config(migration_config(connection)))
    assert scripts.get_heads() == [HEAD]
    assert all(not script.is_merge_point and not script.is_branch_point for script in scripts.walk_revisions())


async def test_migrating_again_changes_nothing(url: str) -> None:
    database = SqlDatabase(url)
    await database.migrate()
    before = await inside(url, all_rows)
    await database.migrate()
    assert await inside(url, all_rows) == before
    assert await inside(url, revision_of) == HEAD
    await database.close()


async def test_a_database_of_a_newer_program_is_refused_and_left_alone(url: str) -> None:
    database = SqlDatabase(url)
    await database.migrate()
    await inside(url, lambda connection: connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")) and None)
    with pytest.raises(StorageFailed, match="newer Alizé") as caught:
        await database.migrate()
    assert "9999" in caught.value.message
    assert "backup" in caught.value.text
    assert await inside(url, revision_of) == "9999"
    await database.close()


async def test_somebody_elses_tables_are_not_touched(url: str) -> None:
    await inside(url, lambda connection: connection.execute(text("CREATE TABLE members (nickname TEXT)")) and None)
    database = SqlDatabase(url)
    with pytest.raises(StorageFailed, match="members"):
        await database.migrate()
    await database.close()
    assert list(await inside(url, all_rows)) == ["members"]


def broken_scripts(folder: Path) -> None:
    """The migrations, and one more that fails after it has changed something."""
    scripts = folder / "migrations"
    shutil.copytree(Path(migrating.__file__).with_name("migrations"), scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "9000_broken.py").write_text(
        f"""
from alembic import op
revision = '9000'
down_revision = '{HEAD}'
def upgrade():
    op.execute('CREATE TABLE half (id INTEGER)')
    op.execute('DELETE FROM usage')
    op.execute('nonsense')
"""
    )


async def test_a_migration_that_fails_half_way_leaves_the_old_schema(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    restore_dump(url, REVISIONS[-1])
    database = SqlDatabase(url)
    await database.migrate()
    before = await inside(url, all_rows)
    broken_scripts(tmp_path)
    monkeypatch.setattr(migrating, "__file__", str(tmp_path / "migrate.py"))
    with pytest.raises(StorageFailed), driver_errors():
        await migrating.migrate(database._connections, "9000")
    await database.close()
    assert await inside(url, all_rows) == before
    assert await inside(url, revision_of) == HEAD


MIGRATE = """
import asyncio, sys
from alize.storage.database import SqlDatabase
async def main():
    database = SqlDatabase(sys.argv[1])
    sys.stdin.readline()
    await database.migrate()
    async with database.transaction() as store:
        await store.members.bootstrap("acme", "main", "ada")
    await database.close()
asyncio.run(main())
"""


@pytest.mark.slow
async def test_processes_that_start_at_once_migrate_one_after_another(url: str) -> None:
    pipe = asyncio.subprocess.PIPE
    starting = [asyncio.create_subprocess_exec(sys.executable, "-c", MIGRATE, url, stdin=pipe, stderr=pipe) for _ in range(4)]
    processes = await asyncio.gather(*starting)
    ends = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0] * 4, ends
    rows = await inside(url, all_rows)
    assert [len(rows[table]) for table in ("organizations", "workspaces", "members")] == [1, 1, 1]


def test_a_migrated_schema_names_every_constraint() -> None:
    """SQLite cannot drop what has no name, so a later migration must find one."""
    for table in metadata.tables.values():
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint!r}"
            assert re.fullmatch(r"(pk|uq|fk|ck)_\w+", str(constraint.name))
