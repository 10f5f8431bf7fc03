"""As many tests as there is time for: a plugin. In: how long each took before. Out: of pytest's tests the shortest, as `--within` says.

What failed last and what never ran is among them in any case, so the first run of a fresh clone has all.
"""

import os
from collections import Counter
from typing import Any

import pytest

_TOOK = "alize/seconds"  # by test, the least of all runs: another program's share of the processor is not the test's


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--within", type=float, metavar="SECONDS", help="only the shortest tests, which take so long together")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and hasattr(config, "cache"):  # pytest-xdist's workers report to the one that has started them
        config.pluginmanager.register(_Clock(config))


@pytest.hookimpl(trylast=True)  # of what is left by then
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seconds: float | None = config.getoption("within")
    if seconds is None:
        return
    assert config.cache is not None, "--within needs pytest's cache"
    took: dict[str, float] = config.cache.get(_TOOK, {})
    failed: dict[str, bool] = config.cache.get("cache/lastfailed", {})
    left, chosen = seconds * int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)), {item.nodeid for item in items if item.nodeid in failed}
    for id in sorted({item.nodeid for item in items} - chosen, key=lambda id: (took.get(id, 0.0), id)):  # each worker has the same
        left -= took.get(id, 0.0)
        if left >= 0:
            chosen.add(id)
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in chosen])
    items[:] = [item for item in items if item.nodeid in chosen]


class _Clock:
    def __init__(self, config: pytest.Config) -> None:
        self._config, self._took = config, Counter[str]()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._took[report.nodeid] += report.duration  # type: ignore[assignment]

    def pytest_sessionfinish(self) -> None:
        cache: Any = self._config.cache
        known: dict[str, float] = cache.get(_TOOK, {})
        cache.set(_TOOK, known | {id: round(min(seconds, known.get(id, seconds)), 4) for id, seconds in self._took.items()})
