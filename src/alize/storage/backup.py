"""Backup. In: a state folder, with a server at work on it or not. Out: one archive, complete or not there at all.

Databases are copied through SQLite's own backup, which sees one moment while others go on writing; a copy of the file would not.
A database on PostgreSQL is dumped by PostgreSQL's own `pg_dump`, which does the same. Weights that can be pulled again are left
out and named; everything else in the folder is taken, whatever a later version keeps there.
"""

import json
import os
import sqlite3
import tempfile
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, cast

from alize.errors import BackupFailed, HomeUnusable
from alize.storage import postgres_tools
from alize.storage.archive import DUMP, HOME, ArchiveWriter, Manifest
from alize.storage.home import NOT_STATE, database_file, sync_folder
from alize.storage.restore import restore

__all__ = ["backup", "restore"]

_SQLITE = b"SQLite format 3\0"
_COMPANIONS = ("-wal", "-shm", "-journal")
_VERSION_TABLE = "alize_schema"


def backup(home: Path, target: Path, *, database_url: str = "", models: bool = False) -> Manifest:
    """Write the state of `home`, and the database of `database_url` where that is PostgreSQL, into the archive `target`.

    With `models`, weights that could be pulled again are taken too, for a machine that cannot pull. Not to be called in a process that
    has the database open: its files are looked into here, which would drop the locks that SQLite holds for that process.
    Raises BackupFailed where `target` exists or cannot be written, or the database is damaged or kept elsewhere; HomeUnusable where
    there is no state; Missing without `pg_dump`. On every error there is no `target`, nor part of one.
    """
    _check(home, target, database_url)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as beside:
            partial = Path(beside) / "archive"
            with open(partial, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                manifest = _write(home, file, Path(beside), database_url, set() if models else _fetchable(home))
                file.flush()
                os.fsync(file.fileno())
            _check_free_place(target)
            partial.rename(target)
            sync_folder(target.parent)
    except OSError as error:
        where = error.filename or target
        reason = os.strerror(error.errno or 0)
        raise BackupFailed(f"The backup stopped at {where}: {reason}.", remedy="No archive was left behind.") from error
    return manifest


def _check(home: Path, target: Path, database_url: str) -> None:
    if not database_url and not database_file(home).is_file():
        raise HomeUnusable(f"There is nothing to back up: {database_file(home)} is not there.", remedy="Name the folder with --home.")
    if database_url and not postgres_tools.is_postgres(database_url):
        raise BackupFailed(
            "database_url names a SQLite file: a backup takes the one in the state folder only.",
            remedy=f"Move the file to {database_file(home)} and unset database_url.",
        )
    _check_free_place(target)
    if not target.parent.is_dir():
        raise BackupFailed(f"{target.parent} is not a folder.", remedy="Make it, or name another one.")
    if target.resolve().is_relative_to(home.resolve()):
        raise BackupFailed(f"{target} lies in the state folder.", remedy="Write it elsewhere, best on another disk.")


def _check_free_place(target: Path) -> None:
    if target.exists():
        raise BackupFailed(f"{target} exists already.", remedy="Name a new file: a backup never replaces one.")


def _write(home: Path, file: BinaryIO, scratch: Path, database_url: str, fetchable: Collection[Path]) -> Manifest:
    writer = ArchiveWriter(file)
    left_out: list[str] = []
    schema = ""
    if database_url:
        dump = scratch / DUMP
        schema = postgres_tools.dump(database_url, dump)
        with open(dump, "rb") as source:
            writer.add(DUMP, source)
    for path in _walk(home, home):
        name = f"{HOME}/{path.relative_to(home).as_posix()}"
        if any(folder in fetchable for folder in path.parents):
            continue
        if path.is_symlink() or not path.is_file():
            left_out.append(name)
        elif _is_database(path):
            copy = scratch / "copy.db"
            revision = _copy_database(path, copy)
            _add(writer, name, copy)
            copy.unlink()
            if path == database_file(home) and not database_url:
                schema = revision
        else:
            _add(writer, name, path)
    if not schema:
        raise BackupFailed(f"{database_file(home)} is a link, or no database of Alizé.", remedy="Put the database itself there.")
    manifest = Manifest(
        alize=version("alize"),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        database="postgresql" if database_url else "sqlite",
        schema=schema,
        files=tuple(writer.files),
        models=tuple(_said_of(folder, home) for folder in sorted(fetchable)),
        left_out=tuple(left_out),
    )
    writer.finish(manifest)
    return manifest


def _walk(folder: Path, home: Path) -> Iterator[Path]:
    """Every file below, in order. Folders that are links are not entered."""
    for path in sorted(folder.iterdir()):
        if folder == home and any(path.match(pattern) for pattern in NOT_STATE):
            continue
        if path == home / "models" / ".incoming":
            continue  # pulls that have not ended
        if any(path.name.endswith(end) and _is_database(path.with_name(path.name.removesuffix(end))) for end in _COMPANIONS):
            continue  # part of a database that is copied as a whole
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path, home)
        else:
            yield path


def _add(writer: ArchiveWriter, name: str, path: Path) -> None:
    try:
        source = open(path, "rb")  # noqa: SIM115
    except FileNotFoundError:
        return  # somebody's temporary file, gone since the folder was read
    with source:
        writer.add(name, source)


def _is_database(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def _copy_database(path: Path, copy: Path) -> str:
    """Copy one moment of the database and return its revision. Raises BackupFailed where it is damaged: such a copy helps nobody."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as source, closing(sqlite3.connect(copy)) as target:
            # All pages in one step: it reads one snapshot and holds nobody up (WAL). In several steps, it would begin anew after
            # every write of somebody else, and never end beside a busy server.
            source.backup(target, pages=-1)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, without logs beside it
            found = target.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise BackupFailed(f"The database {path} is damaged: {found}.", remedy="Restore the last good backup.")
            if target.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (_VERSION_TABLE,)).fetchone() is None:
                return ""
            return str(target.execute(f"SELECT version_num FROM {_VERSION_TABLE}").fetchone()[0])
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise BackupFailed(
                f"The disk is full: {path.name} could not be copied to it.", remedy="Write the backup to another disk."
            ) from error
        raise BackupFailed(f"The database {path} cannot be copied: {error}.", remedy="Restore the last good backup.") from error


def _fetchable(home: Path) -> set[Path]:
    """The folders below home/models whose own manifest says where the weights can be pulled from again."""
    folders = {manifest.parent for manifest in (home / "models").rglob("manifest.json")}
    return {folder for folder in folders if str(_said_of(folder, home).get("source", "")).startswith(("package:", "hub:"))}


def _said_of(folder: Path, home: Path) -> dict[str, Any]:
    """A model's own manifest, with the `id` to pull it by; empty where it has none that can be read."""
    try:
        said: Any = json.loads((folder / "manifest.json").read_bytes())
        id = str(said["card"]["id"]) if "card" in said else folder.relative_to(home / "models").as_posix()
        return {**cast("dict[str, Any]", said), "id": id}
    except (OSError, ValueError, TypeError, KeyError):
        return {}
