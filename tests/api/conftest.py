"""Applications of this loop, with a client that needs no socket."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from alize.engine.fake import FakeEngine
from tests.serving import Desk, listening, opened
from tests.talking import CARD_THAT_HEARS, TOKENIZER, Hall, writing


@pytest.fixture
def database_urls() -> Callable[[], str]:
    """The database of each application: SQLite's in its own folder. A module whose promises another one must keep gives `both`."""
    return lambda: ""


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest) -> Callable[[], str]:
    """For `database_urls`: every test once on SQLite, and once on a real PostgreSQL."""
    return request.getfixturevalue("postgres") if request.param == "postgresql" else lambda: ""


@pytest.fixture
async def new_desk(tmp_path: Path, database_urls: Callable[[], str]) -> AsyncIterator[Callable[..., Any]]:
    """Open an application: `await new_desk(engine=…, strict=False, …)`, the rest being settings."""
    async with AsyncExitStack() as stack:
        numbers = iter(range(1000))

        async def new(**given: Any) -> Desk:
            folder = tmp_path / str(next(numbers))
            folder.mkdir()
            return await stack.enter_async_context(opened(folder, database_url=database_urls(), **given))

        yield new


@pytest.fixture
async def desk(new_desk: Callable[..., Any]) -> Desk:
    """An application with default settings, whose model says "Hello"."""
    return await new_desk()


@pytest.fixture
async def hall(new_desk: Callable[..., Any]) -> AsyncIterator[Callable[..., Any]]:
    """Opens an application whose model writes while it hears."""
    async with AsyncExitStack() as stack:

        async def new(engine: FakeEngine | None = None, tokenizer: Any = TOKENIZER, card: Any = CARD_THAT_HEARS, **settings: Any) -> Hall:
            engine = engine or writing()
            desk = await new_desk(engine=engine, tokenizer=tokenizer, card=card, **settings)
            return Hall(desk, await stack.enter_async_context(listening(desk.app)))

        yield new
