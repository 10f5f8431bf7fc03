"""As many tests as there is time for: a plugin. In: how long each took before. Out: of pytest's tests the shortest, as `--within` says.

What failed last and what is not known is among them in any case, so the first run of a fresh clone has all.
"""

from typing import Any

import pytest

_TOOK = "alize/runs"  # by test: those of its last runs that ended, and did not fail
_RUNS = 3  # whose shortest counts: another program's share of the processor is not the test's


class _Within:
    """Of one process. pytest-xdist's workers are told by the one that has started them what it knew then, and report to it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config, self._now = config, dict[str, float]()
        self._ended, self._failed = set[str](), set[str]()
        told: dict[str, Any] | None = getattr(config, "workerinput", None)
        self._workers: int = told["workercount"] if told else 1
        self.told = told is not None
        cache: Any = getattr(config, "cache", None)
        if told:
            self._known: dict[str, list[float]] = told[_TOOK]
            self._last: list[str] = told["lastfailed"]
        elif cache:
            self._known, self._last = cache.get(_TOOK, {}), list(cache.get("cache/lastfailed", {}))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput |= {_TOOK: self._known, "lastfailed": self._last}

    @pytest.hookimpl(trylast=True)  # of what is left by then
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        seconds: float | None = self._config.getoption("within")
        if seconds is None:
            return
        left, chosen = seconds * self._workers, {item.nodeid for item in items} & set(self._last)
        took = {item.nodeid: min(self._known.get(item.nodeid, [0.0])) for item in items if item.nodeid not in chosen}
        for id in sorted(took, key=lambda id: (took[id], id)):
            left -= took[id]
            if left >= 0:
                chosen.add(id)
        self._config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in chosen])
        items[:] = [item for item in items if item.nodeid in chosen]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._now[report.nodeid] = self._now.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self._failed.add(report.nodeid)
        if report.when == "teardown":  # not where somebody has interrupted it
            self._ended.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        if self.told:
            return
        cache: Any = self._config.cache
        took = {id: [*self._known.get(id, []), round(self._now[id], 4)][-_RUNS:] for id in self._ended - self._failed}
        still = {id: runs for id, runs in self._known.items() if (self._config.rootpath / id.partition("::")[0]).exists()}
        cache.set(_TOOK, still | took)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--within", type=float, metavar="SECONDS", help="only the shortest tests, which take so long together, on each worker")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or getattr(config, "cache", None) is not None:
        config.pluginmanager.register(_Within(config))
    elif config.getoption("within") is not None:
        raise pytest.UsageError("--within needs pytest's cache")
