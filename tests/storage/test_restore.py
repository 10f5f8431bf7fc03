"""A restore brings the moment of its backup back, or changes nothing."""

import asyncio
import errno
import os
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

from alize.errors import BackupFailed, HomeUnusable
from alize.storage.backup import backup, restore
from alize.storage.home import UNFINISHED, HomeLock, prepare_home
from alize.storage.schema import HEAD
from tests.storage.house import admitted, contents, model, rows


def test_a_folder_with_state_is_replaced_only_by_force_and_kept_aside(home: Path, archived: Path) -> None:
    (home / "settings.toml").write_text("changed = true")
    (home / "later").write_text("made after the backup")
    before = contents(home)
    with pytest.raises(HomeUnusable, match="not empty"):
        restore(archived, home)
    assert contents(home) == before | {"lock": contents(home)["lock"]}
    restored = restore(archived, home, force=True)
    assert restored.before is not None
    kept = contents(restored.before)
    assert {name: kept[name] for name in ("settings.toml", "later", "alize.db")} == {
        name: before[name] for name in ("settings.toml", "later", "alize.db")
    }
    assert (home / "settings.toml").read_text() == 'model = "x"  # é\n'
    assert not (home / "later").exists()
    assert not (home / UNFINISHED).exists()
    for stays in ("models/small/weights.gguf", "peers/llama.cpp/big", "prefixes/model/block.full"):
        assert contents(home)[stays] == before[stays]


def test_restoring_twice_is_the_same_as_once(home: Path, archived: Path, tmp_path: Path) -> None:
    for _ in range(2):
        restore(archived, home, force=True)
    assert asyncio.run(admitted(home, (tmp_path / "secret").read_text()))
    assert len(list(home.glob("before-restore-*"))) == 2


def test_a_folder_with_nothing_but_pulled_weights_counts_as_empty(archived: Path, tmp_path: Path) -> None:
    model(tmp_path / "new", "small", "package:x")
    assert restore(archived, tmp_path / "new").before is None
    assert (tmp_path / "new" / "models" / "small" / "weights.gguf").is_file()
    assert (tmp_path / "new" / "models" / "own" / "weights.gguf").is_file()


def test_a_folder_in_use_is_never_replaced(home: Path, archived: Path) -> None:
    before = contents(home)
    with HomeLock(home), pytest.raises(HomeUnusable, match="in use by process"):
        restore(archived, home, force=True)
    assert contents(home) == before | {"lock": contents(home)["lock"]}


def test_an_exchange_that_the_system_refuses_says_how_to_go_on(home: Path, archived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError(errno.EBUSY, "Device or resource busy", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(BackupFailed, match="Device or resource busy") as caught:
            restore(archived, home, force=True)
    assert "--force" in caught.value.text
    restore(archived, home, force=True)
    prepare_home(home)


def test_a_folder_that_another_process_just_began_to_use_is_left_to_it(
    archived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "new"

    def overtaken(self: HomeLock) -> None:
        (home / "alize.db").write_text("theirs")
        raise HomeUnusable("in use by process 1")

    monkeypatch.setattr(HomeLock, "acquire", overtaken)
    with pytest.raises(HomeUnusable, match="in use"):
        restore(archived, home)
    assert (home / "alize.db").read_text() == "theirs"


def test_an_interrupted_exchange_is_noticed_and_mended_by_restoring_again(
    home: Path, archived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves = 0
    rename = Path.rename

    def cut_short(self: Path, target: Path) -> Path:
        nonlocal moves
        moves += 1
        if moves == 4:
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", cut_short)
        with pytest.raises(KeyboardInterrupt):
            restore(archived, home, force=True)
    with pytest.raises(HomeUnusable, match="interrupted"):
        prepare_home(home)
    restore(archived, home, force=True)
    assert asyncio.run(admitted(prepare_home(home), (tmp_path / "secret").read_text()))


@pytest.mark.parametrize("moves", range(1, 7))
def test_what_was_there_stays_together_however_often_an_exchange_is_interrupted(
    archived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    """A database apart from its log has lost the rows in that."""
    old = prepare_home(tmp_path / "old")
    was = {"alize.db": b"a database", "alize.db-wal": b"rows that are not in it yet", "settings.toml": b"port = 1"}
    for name, data in was.items():
        (old / name).write_bytes(data)
    rename = Path.rename
    left = 0

    def cut_short(self: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", cut_short)
    for _ in range(2):
        left = moves
        with suppress(KeyboardInterrupt):  # the second time there may be less left to move
            restore(archived, old, force=True)
    left = 0
    restore(archived, old, force=True)
    kept = [{path.name: path.read_bytes() for path in folder.iterdir() if path.name in was} for folder in old.glob("before-restore-*")]
    assert was in kept
    assert asyncio.run(admitted(prepare_home(old), (tmp_path / "secret").read_text()))


def test_every_folder_is_on_the_disk_before_the_exchange_counts_as_done(
    home: Path, archived: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut keeps a name only if the folder it stands in was brought to the disk."""
    safe: set[int] = set()
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        safe.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    before = restore(archived, home, force=True).before
    assert before is not None
    for folder in (home, home / "objects", home / "objects" / "ab", home / "models" / "own", before):
        assert folder.stat().st_ino in safe, folder


KILLED = """
import sys
from pathlib import Path
from alize.storage import restore
restore._check = lambda *_: (print("unpacked", flush=True), sys.stdin.read())
restore.restore(Path(sys.argv[1]), Path(sys.argv[2]), force=True)
"""


def test_a_restore_that_is_killed_before_the_exchange_changes_nothing(home: Path, archived: Path) -> None:
    before = contents(home)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", KILLED, archived, home], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "unpacked\n"
        process.kill()
    after = contents(prepare_home(home))
    assert {name: value for name, value in after.items() if not name.startswith(("restore-", "lock"))} == before
    restore(archived, home, force=True)
    assert list(home.glob("restore-*")) == []


@pytest.mark.parametrize("revision", sorted(path.name.split(".")[0] for path in (Path(__file__).parent / "released").glob("*.sqlite.sql")))
def test_a_backup_of_every_released_schema_is_restored_and_migrated(tmp_path: Path, revision: str) -> None:
    old = prepare_home(tmp_path / "old-home")
    with closing(sqlite3.connect(old / "alize.db")) as connection:
        connection.executescript((Path(__file__).parent / "released" / f"{revision}.sqlite.sql").read_text("utf-8"))
    assert backup(old, tmp_path / "b.tar.gz").schema == revision
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert len(rows(tmp_path / "new" / "alize.db")) == 6
    with closing(sqlite3.connect(tmp_path / "new" / "alize.db")) as connection:
        assert connection.execute("SELECT version_num FROM alize_schema").fetchall() == [(HEAD,)]
