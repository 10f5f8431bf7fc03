"""A house, and a backup of it."""

import asyncio
import os
from pathlib import Path

import pytest

from alize.storage.backup import backup
from tests.storage.house import model, move_in


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
    (home / "prefixes" / "model").mkdir(parents=True)
    (home / "prefixes" / "model" / "block.full").write_bytes(b"keys and values")
    return home


@pytest.fixture
def archived(home: Path, tmp_path: Path) -> Path:
    backup(home, tmp_path / "b.tar.gz")
    return tmp_path / "b.tar.gz"
