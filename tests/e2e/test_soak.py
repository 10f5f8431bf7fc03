"""A seeded sample of benchmarks/soak_engine.py: everything at once, an engine killed under it, and nothing that nobody asked for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import House
from tests.soak import adapters_in, soak

pytestmark = pytest.mark.slow


def test_a_crowd_gets_what_it_asked_for_though_the_engine_is_killed_under_it(house: Callable[..., House], tmp_path: Path) -> None:
    made = adapters_in(tmp_path / "adapters")
    running = house(cache_memory="0.1", max_context="1024", adapters=",".join(f"{name}={path}" for name, path in made.items()))
    run = soak(running, tuple(made), seed=1, clients=8, seconds=20, kills=1, longest=300)
    assert not (found := run.found()), "\n".join(found)
    assert run.crowd.done["compared"] + run.crowd.done["formed"] > 0
    assert len(run.errors_after) == 1
    assert run.errors_after[0] < 30  # how soon they come is the long form's figure; here, that they come
    assert running.stop() == 0
