"""Servers for unmodified clients: one that says "Hello", and one that runs the real small model."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from alize.storage.base import Database, Owner
from tests.contract.test_database import new_member
from tests.new_database import new_database
from tests.serving import CARD, in_background

SERVE = "from alize.api.serve import serve; from alize.settings import Settings; serve(Settings.load())"


@dataclass(frozen=True)
class Place:
    """Where a client is pointed at, and nothing else."""

    url: str
    key: str
    model: str
    embedder: str


@contextmanager
def serving(given: Mapping[str, str]) -> Iterator[str]:
    """The address of a server in a process of its own, with these variables `ALIZE_*` and no others."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("ALIZE_")}
    process = subprocess.Popen([sys.executable, "-c", SERVE], env={**outside, **given}, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found, "the server did not start"
    yield found[0]
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stdout.close()


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A FakeEngine that says "Hello"."""
    card = replace(CARD, capabilities=CARD.capabilities | {"embeddings"})
    with in_background(tmp_path_factory.mktemp("fake"), card=card) as running:
        yield Place(running.url, running.desk.key, "fake", "fake")


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory, smollm2: Path, minilm: Path) -> Iterator[Place]:
    """SmolLM2 in a server of its own process, and all-MiniLM-L6-v2 beside it, by public models' names."""
    pytest.importorskip("torch")
    home = tmp_path_factory.mktemp("real")
    given = {
        "ALIZE_HOME": str(home),
        "ALIZE_PORT": "0",
        "ALIZE_MODEL": str(smollm2),
        "ALIZE_API_KEY": "a-key-for-this-test",
        "ALIZE_CACHE_MEMORY": "0.2",
        "ALIZE_EMBEDDING_MODEL": str(minilm),
        "ALIZE_MODEL_ALIASES": f"mistral-small-latest={smollm2.stem},mistral-embed={minilm.name}",
    }
    with serving(given) as url:
        yield Place(url, "a-key-for-this-test", "mistral-small-latest", "mistral-embed")


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest) -> Place:
    """Both, one after the other."""
    return request.getfixturevalue(request.param)


def is_answer(place: Place, text: str) -> bool:
    """Whether the answer to "What is the capital of France?" is what this server gives."""
    return text == "Hello" if place.model == "fake" else "Paris" in text


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/alize.db"
    make: Callable[..., str] = request.getfixturevalue("postgres")
    return make()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = await new_database(Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else url)
    yield database
    await database.close()


@pytest.fixture
async def owner(database: Database) -> Owner:
    member = await new_member(database)
    return Owner(member.workspace, member.principal)
