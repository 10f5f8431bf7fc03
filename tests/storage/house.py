"""A house to back up. In: a folder. Out: state in it, and ways to see what is there."""

import json
import os
import sqlite3
import tarfile
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from alize.errors import AuthenticationFailed
from alize.governance import KeyIdentity, first_key
from alize.settings import Settings
from alize.storage import open_database
from alize.storage.home import database_file, prepare_home
from tests.new_database import new_database


async def move_in(home: Path, url: str = "") -> str:
    """Make the database and its first key, and return that."""
    if url:
        database = open_database(Settings(home=home, database_url=url))
        await database.migrate()
    else:
        database = await new_database(database_file(prepare_home(home)))
    key = await first_key(database, Settings(home=home))
    await database.close()
    assert key is not None
    return key.secret


def model(home: Path, id: str, source: str) -> None:
    """Weights as `alize pull` leaves them."""
    folder = home / "models" / id
    folder.mkdir(parents=True)
    (folder / "weights.gguf").write_bytes(id.encode() * 1000)
    (folder / "manifest.json").write_text(
        json.dumps({"card": {"id": f"house/{id}"}, "source": source, "files": [{"path": "weights.gguf", "sha256": "…"}]})
    )


async def admitted(home: Path, secret: str, url: str = "") -> bool:
    """Whether the key opens the house."""
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
