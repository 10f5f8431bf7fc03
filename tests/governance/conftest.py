"""A house to make keys in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from alize.storage.base import Database
from alize.storage.database import SqlDatabase


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = SqlDatabase(f"sqlite:///{tmp_path}/alize.db")
    await database.migrate()
    yield database
    await database.close()
