"""Applications of this loop, with a client that needs no socket."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Desk, opened


@pytest.fixture
async def new_desk(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Open an application: `await new_desk(engine=…, strict=False, …)`, the rest being settings."""
    async with AsyncExitStack() as stack:
        numbers = iter(range(1000))

        async def new(**given: Any) -> Desk:
            folder = tmp_path / str(next(numbers))
            folder.mkdir()
            return await stack.enter_async_context(opened(folder, **given))

        yield new


@pytest.fixture
async def desk(new_desk: Callable[..., Any]) -> Desk:
    """An application with default settings, whose model says "Hello"."""
    return await new_desk()
