"""A whole house for end-to-end tests, begun and ended with each."""

import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests import house as houses
from tests.house import KEY, House

__all__ = ["KEY", "House", "house"]


@pytest.fixture
def house(smollm2: Path, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """A function that starts a house on a home; the same home again continues it."""
    running: list[House] = []

    def start(home: Path | None = None, wait: bool = True, port: int = 0, within: Sequence[str] = (), **settings: str) -> House:
        log = tmp_path / f"log-{len(running)}.txt"
        running.append(houses.start(home or tmp_path / "home", log, smollm2, port, within, **settings))
        if wait:
            running[-1].wait_ready()
        return running[-1]

    yield start
    for one in running:
        one.stop(signal.SIGKILL)
