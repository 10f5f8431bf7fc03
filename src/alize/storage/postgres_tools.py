"""PostgreSQL's own programs. In: an address and a file. Out: a dump of the database's state at one moment, or the database from it.

`pg_dump` and `pg_restore` know every version's types, order and dependencies; nothing of ours could say them as well. They must be
of the server's major version or later. A password goes through the environment, since arguments can be read by every user.
"""

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from alize.errors import BackupFailed, Missing, SettingInvalid

__all__ = ["dump", "is_postgres", "load"]

_SCHEMA = "SELECT version_num FROM alize_schema"


def is_postgres(database_url: str) -> bool:
    """Raises SettingInvalid for what is no address."""
    return _parsed(database_url).get_backend_name() in ("postgresql", "postgres")


def dump(database_url: str, target: Path) -> str:
    """Write the whole database into `target` and return its revision; others may go on writing meanwhile."""
    revision = _run("psql", database_url, "--no-psqlrc", "--tuples-only", "--no-align", "--command", _SCHEMA).strip()
    _run("pg_dump", database_url, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    return revision


def load(database_url: str, source: Path, *, replace: bool) -> None:
    """Fill the database from `source`, all of it or nothing.

    Raises BackupFailed where it holds tables of Alizé, unless `replace`d.
    """
    found = _run(
        "psql", database_url, "--no-psqlrc", "--tuples-only", "--no-align", "--command", "SELECT to_regclass('alize_schema') IS NOT NULL"
    )
    if found.strip() == "t" and not replace:
        raise BackupFailed("The database that database_url names is not empty.", remedy="Name an empty one, or replace it with --force.")
    clean = ("--clean", "--if-exists") if replace else ()
    _run("pg_restore", database_url, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", *clean, str(source))


def _run(program: str, database_url: str, *arguments: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise Missing(
            f"The database is on PostgreSQL, and its program '{program}' is not installed here.",
            remedy="Install PostgreSQL's client programs (Debian: postgresql-client), or back that database up where it runs.",
        )
    url = _parsed(database_url)
    environment = {**os.environ, "PGCONNECT_TIMEOUT": "10"}
    secret = url.query.get("password", url.password)  # libpq takes it from either place
    if secret is not None:
        environment["PGPASSWORD"] = str(secret)
    address = url.set(drivername="postgresql", password=None).difference_update_query(["password"]).render_as_string()
    command = [path, f"--dbname={address}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        said = (done.stderr.strip() or f"it ended with status {done.returncode}").splitlines()[-1]
        raise BackupFailed(
            f"'{program}' failed: {said}",
            remedy="Its version must be the server's or later, and database_url must be right. Nothing was changed.",
        )
    return done.stdout


def _parsed(database_url: str) -> URL:
    try:
        return make_url(database_url)
    except (ArgumentError, ValueError):
        raise SettingInvalid("database_url is not an address.", param="database_url") from None
