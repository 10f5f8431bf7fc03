"""A worker is a process that answers lines; however it ends, the benchmark says so and leaves nothing behind."""

import sys
from pathlib import Path

import psutil
import pytest

import alize.cli.bench.worker
from alize.cli.bench.measure import Results, near_best
from alize.cli.bench.report import document
from alize.cli.bench.side import Measured, Side
from alize.cli.bench.work import parse_works
from alize.errors import LocalError

PRELUDE = f"""
import sys
sys.path.insert(0, {str(Path(alize.cli.bench.worker.__file__).parent)!r})
import worker
worker.quiet()
print("a library talks")
"""
HELLO = {"description": "a worker", "context": 4096, "vocabulary": 1000}
COUNTING = f"worker.serve({HELLO!r}, lambda prompts, steps, arriving: worker.Timing(len(prompts) * (steps or len(prompts[0])), 2.0), None)"


def worker(code: str, name: str = "alize") -> Side:
    return Side(name, [sys.executable, "-c", PRELUDE + code])


def test_a_worker_answers_whatever_its_libraries_print() -> None:
    with worker(COUNTING) as side:
        side.greet()
        assert side.facts == HELLO
        assert side.measure([[1, 2, 3], [4, 5, 6]], 8).rate == 8.0
        assert side.measure([[1, 2, 3]], 0).rate == 1.5
        memory = side.memory()
        assert 0 < memory["resident"] <= memory["peak"] * 1.01


def test_scores_come_back_as_they_were() -> None:
    scoring = "lambda tokens: __import__('numpy').outer(tokens, [0.5, 1.0])"
    with worker(f"worker.serve({HELLO!r}, None, {scoring})") as side:
        side.greet()
        assert side.score([1, 2, 3]).tolist() == [[0.5, 1.0], [1.0, 2.0], [1.5, 3.0]]


@pytest.mark.parametrize("code", ["sys.exit('no such model')", "print('no such model', file=sys.stderr); import os; os.abort()"])
def test_a_worker_that_ends_is_quoted(code: str) -> None:
    with worker(code) as side, pytest.raises(LocalError, match=r"alize ended with status .*: no such model"):
        side.greet()


def test_a_worker_that_ends_in_the_middle_is_quoted() -> None:
    with worker(f"worker.serve({HELLO!r}, lambda prompts, steps, arriving: sys.exit('out of memory'), None)") as side:
        side.greet()
        with pytest.raises(LocalError, match="out of memory"):
            side.measure([[1]], 1)
        with pytest.raises(LocalError, match="out of memory"):
            side.measure([[1]], 1)


def test_no_worker_outlives_the_benchmark() -> None:
    me = psutil.Process()
    before = set(me.children())
    with pytest.raises(KeyboardInterrupt), worker("import time; time.sleep(1000)"):
        raise KeyboardInterrupt
    assert set(me.children()) == before


def test_each_work_has_a_peak_of_its_own() -> None:
    holding = "lambda prompts, steps, arriving: worker.Timing(len(b'x' * (steps * 2**20)), 1.0)"
    with worker(f"worker.serve({HELLO!r}, {holding}, None)") as side:
        side.greet()
        large, small = side.measure([[1]], 64).peak, side.measure([[1]], 1).peak
        assert side.memory()["peak"] >= large
    if sys.platform == "linux":
        assert large - small > 32 * 2**20


def test_the_document_holds_what_the_contract_says() -> None:
    works = parse_works("prefill-3,decode-2,mixed-1")
    results = {
        "prefill-3": ran(alize=[1.0, 9.0, 3.0], peer=[2.0, 2.0, 2.0]),
        "decode-2": ran(alize=[1.0], peer=[4.0]),
        "mixed-1": Results({"alize": [Measured(6.0, 10, 0.001, 0.004)], "peer/fast": [Measured(3.0, 20, 0.002, 0.1)]}),
    }
    results["decode-2"].tried["peer/slow"] = Measured(0.5, 10)
    with worker(COUNTING) as ours, worker(COUNTING, "peer/fast") as peer:
        ours.greet()
        peer.greet()
        result = document("some-model", works, [ours, peer], results, 0.5)
    first, second, third = result["rows"]
    assert (first["work"], first["unit"], first["ours"], first["peers"], first["ratio_to_best"]) == (
        "prefill-3",
        "tok/s",
        3.0,
        {"peer/fast": 2.0},
        1.5,
    )
    assert second["ratio_to_best"] == 0.25
    assert second["tried"] == {"peer/slow": 0.5}
    assert third["gaps_ms"] == {"alize": {"alone": 1.0, "p99": 4.0}, "peer/fast": {"alone": 2.0, "p99": 100.0}}
    assert third["memory"] == {"ours": 10, "peers": {"peer/fast": 20}}
    assert result["model"] == "some-model"
    assert result["machine"]["cores"] >= 1
    assert result["machine"]["load"] == 0.5
    assert set(result["memory"]) == {"ours", "peers"}


def test_alone_there_is_no_ratio() -> None:
    with worker(COUNTING) as ours:
        ours.greet()
        (row,) = document("some-model", parse_works("decode-1"), [ours], {"decode-1": ran(alize=[5.0])}, 0.0)["rows"]
    assert row["peers"] == {}
    assert row["ratio_to_best"] is None


def test_an_engine_goes_on_with_its_best_and_a_second_that_is_near() -> None:
    with worker("") as ours, worker("", "a/1") as one, worker("", "a/2") as two, worker("", "a/3") as three, worker("", "b/1") as other:
        assert near_best({ours: 1.0, one: 100.0, two: 95.0, three: 50.0, other: 7.0}) == {"alize", "a/1", "a/2", "b/1"}
        assert near_best({one: 95.0, two: 98.0, three: 100.0}) == {"a/2", "a/3"}
        assert near_best({one: 10.0, two: 100.0}) == {"a/2"}


def ran(alize: list[float], peer: list[float] | None = None) -> Results:
    rates = {"alize": alize, **({} if peer is None else {"peer/fast": peer})}
    return Results({name: [Measured(rate, 10) for rate in each] for name, each in rates.items()})
