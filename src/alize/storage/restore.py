"""Restore. In: an archive and a state folder. Out: the folder as it was at the backup, its database at today's schema.

Everything is unpacked beside the state, checked and migrated first; only then are files exchanged, each by a rename. What was there
before is kept in a folder of its own. An exchange that is interrupted is noticed: no command uses such a folder until it is done.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL

from alize.errors import AlizeError, BackupFailed, HomeUnusable
from alize.storage import postgres_tools
from alize.storage.archive import DUMP, HOME, Manifest, unpack
from alize.storage.database import SqlDatabase
from alize.storage.home import NOT_STATE, UNFINISHED, HomeLock, database_file, make_home, sync_folder
from alize.storage.migrate import known_revisions

__all__ = ["Restored", "restore"]

_MODELS = "models"
_BEFORE = "before-restore-"  # and the time


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `before`: where the replaced state lies now; None where there was none."""

    manifest: Manifest
    before: Path | None


def restore(archive: Path, home: Path, *, force: bool = False, database_url: str = "") -> Restored:
    """Bring `home` back from `archive`; weights in it stay. A database on PostgreSQL is filled from the dump by `pg_restore`.

    Raises HomeUnusable where the folder holds state (unless forced) or is in use (always), and BackupFailed for an archive that is
    damaged, hostile, of a newer version or of another kind of database, with nothing changed. Not to be called from an event loop.
    """
    with _in_our_hands(home):
        if not force and any(path.name != _MODELS for path in _state(home)):
            raise HomeUnusable(
                f"The state folder {home} is not empty.", remedy="Name another one with --home, or replace its state with --force."
            )
        for left_over in home.glob("restore-*/"):  # of a restore that was killed
            shutil.rmtree(left_over)
        with tempfile.TemporaryDirectory(dir=home, prefix="restore-") as folder:
            manifest = unpack(archive, Path(folder))
            _check(manifest, Path(folder), database_url)
            if database_url:
                _load(home, database_url, Path(folder) / DUMP, replace=force)
            asyncio.run(_migrate(database_url or URL.create("sqlite", database=str(database_file(Path(folder) / HOME)))))
            return Restored(manifest, _exchange(Path(folder) / HOME, home))


@contextmanager
def _in_our_hands(home: Path) -> Generator[None, None, None]:
    """The folder, locked, and gone again if it was made for nothing."""
    made = not home.exists()
    try:
        make_home(home)
        with HomeLock(home):
            try:
                yield
            except BaseException:
                if made:
                    shutil.rmtree(home, ignore_errors=True)
                raise
    except HomeUnusable:
        if made:
            with suppress(OSError):  # it is not ours to remove where another process has begun to use it
                home.rmdir()
        raise
    except OSError as error:
        remedy = "Run the same command again, with --force." if (home / UNFINISHED).exists() else "Nothing was changed."
        raise BackupFailed(f"The restore stopped at {error.filename}: {os.strerror(error.errno or 0)}.", remedy=remedy) from error


def _state(home: Path) -> list[Path]:
    return [path for path in home.iterdir() if not any(path.match(pattern) for pattern in NOT_STATE)]


def _check(manifest: Manifest, folder: Path, database_url: str) -> None:
    on_postgres = bool(database_url) and postgres_tools.is_postgres(database_url)
    if database_url and not on_postgres:
        raise BackupFailed(
            "database_url names a SQLite file elsewhere.", remedy="Unset it: the database is restored into the state folder."
        )
    if (manifest.database == "postgresql") != on_postgres:
        raise BackupFailed(
            f"The backup is of a database on {'PostgreSQL' if manifest.database == 'postgresql' else 'SQLite'}.",
            remedy="Set database_url to an empty PostgreSQL database." if manifest.database == "postgresql" else "Unset database_url.",
        )
    if manifest.schema not in known_revisions():
        raise BackupFailed(
            f"The backup's database stands at revision '{manifest.schema[:40]}', which this version does not know.",
            remedy=f"Alizé {manifest.alize[:40]} wrote it: install that version or a later one. Nothing was changed.",
        )
    database = folder / DUMP if on_postgres else database_file(folder / HOME)
    if not database.is_file():
        raise BackupFailed("The archive holds no database: it is not a backup of Alizé.")
    if any(path.match(pattern) for path in (folder / HOME).glob("*") for pattern in NOT_STATE):
        raise BackupFailed("The archive holds files that are no state: it is not a backup of Alizé.")


def _load(home: Path, database_url: str, dump: Path, *, replace: bool) -> None:
    """Fill the database, with the folder marked first: one that was filled beside a folder of before would pass for whole."""
    marker = home / UNFINISHED
    marked = marker.exists()
    marker.touch()
    sync_folder(home)
    try:
        postgres_tools.load(database_url, dump, replace=replace)
    except AlizeError:  # nothing was changed
        if not marked:
            marker.unlink()
        raise


async def _migrate(url: str | URL) -> None:
    database = SqlDatabase(url)
    try:
        await database.migrate()
    finally:
        await database.close()


def _exchange(new: Path, home: Path) -> Path | None:
    """Move the state out of `home` and `new` into it. Return where the old one is."""
    new.mkdir(exist_ok=True)  # an archive of a PostgreSQL house may hold no file of the folder
    for folder, _, _ in os.walk(new):
        sync_folder(Path(folder))
    marker = home / UNFINISHED
    before = _set_aside(home, marker)
    for fresh in new.iterdir():
        if fresh.name != _MODELS:
            fresh.rename(home / fresh.name)
            continue
        (home / _MODELS).mkdir(mode=0o700, exist_ok=True)
        for model in fresh.iterdir():  # one by one: weights that no backup holds stay where they are
            present = home / _MODELS / model.name
            if present.exists():
                before.mkdir(mode=0o700, exist_ok=True)
                (before / _MODELS).mkdir(exist_ok=True)
                shutil.move(present, before / _MODELS / model.name)  # a copy where weights lie on a disk of their own
            shutil.move(model, present)
        sync_folder(home / _MODELS)
    sync_folder(home)
    marker.unlink()
    sync_folder(home)
    return before if before.exists() else None


def _set_aside(home: Path, marker: Path) -> Path:
    """Move the state, but for weights, into a folder of its own, and return that; there is none where there was no state.

    The folder's name stands in the marker until all is in it. A restore after one that was killed goes on with the same folder:
    in two, a database would lie apart from its log, and the rows in that would be lost.
    """
    name = marker.read_text("utf-8", "replace") if marker.exists() else ""
    if not name.startswith(_BEFORE) or "/" in name:
        name = f"{_BEFORE}{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        with open(marker, "w", encoding="utf-8") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(home)
    before = home / name
    for old in _state(home):
        if old.name != _MODELS:
            before.mkdir(mode=0o700, exist_ok=True)
            old.rename(before / old.name)
    if before.exists():
        sync_folder(before)
    sync_folder(home)
    os.truncate(marker, 0)
    return before
