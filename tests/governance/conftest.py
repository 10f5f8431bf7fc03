"""A house to make keys in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from alize.storage.base import Database
from tests.new_database import new_database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await new_database(tmp_path / "alize.db")
    yield database
    await database.close()
