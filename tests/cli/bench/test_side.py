"""A worker is a process that answers lines; however it ends, the benchmark says so and leaves nothing behind."""

import sys
from pathlib import Path

import psutil
import pytest

import alize.cli.bench.worker
from alize.cli.bench import document
from alize.cli.bench.side import Side
from alize.cli.bench.work import parse_works
from alize.errors import LocalError

PRELUDE = f"""
import sys
sys.path.insert(0, {str(Path(alize.cli.bench.worker.__file__).parent)!r})
import worker
worker.quiet()
print("a library talks")
"""
HELLO = {"label": "fast", "description": "a worker", "context": 4096, "vocabulary": 1000, "version": "1.0"}
COUNTING = f"worker.serve({HELLO!r}, lambda prompts, steps: (len(prompts) * (steps or len(prompts[0])), 2.0))"


def worker(code: str, name: str = "alize") -> Side:
    return Side(name, [sys.executable, "-c", PRELUDE + code])


def test_a_worker_answers_whatever_its_libraries_print() -> None:
    with worker(COUNTING) as side:
        side.greet()
        assert side.facts == HELLO
        assert side.measure([[1, 2, 3], [4, 5, 6]], 8) == 8.0
        assert side.measure([[1, 2, 3]], 0) == 1.5
        memory = side.memory()
        assert 0 < memory["resident"] <= memory["peak"] * 1.01


@pytest.mark.parametrize("code", ["sys.exit('no such model')", "print('no such model', file=sys.stderr); import os; os.abort()"])
def test_a_worker_that_ends_is_quoted(code: str) -> None:
    with worker(code) as side, pytest.raises(LocalError, match=r"alize ended with status .*: no such model"):
        side.greet()


def test_a_worker_that_ends_in_the_middle_is_quoted() -> None:
    with worker(f"worker.serve({HELLO!r}, lambda prompts, steps: sys.exit('out of memory'))") as side:
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


def test_the_document_holds_what_the_contract_says() -> None:
    works = parse_works("prefill-3,decode-2")
    with worker(COUNTING) as ours, worker(COUNTING, "peer") as peer:
        ours.greet()
        peer.greet()
        rates = {"prefill-3": {"alize": [1.0, 9.0, 3.0], "peer": [2.0, 2.0, 2.0]}, "decode-2": {"alize": [1.0], "peer": [4.0]}}
        result = document("some-model", works, [ours, peer], rates, (0.5, 0.25, 0.1))
    first, second = result["rows"]
    assert (first["work"], first["unit"], first["ours"], first["peers"], first["ratio_to_best"]) == (
        "prefill-3",
        "tok/s",
        3.0,
        {"peer/fast": 2.0},
        1.5,
    )
    assert second["ratio_to_best"] == 0.25
    assert result["model"] == "some-model"
    assert result["machine"]["cores"] >= 1
    assert result["machine"]["load"] == [0.5, 0.25, 0.1]
    assert set(result["memory"]) == {"ours", "peers"}


def test_alone_there_is_no_ratio() -> None:
    with worker(COUNTING) as ours:
        ours.greet()
        (row,) = document("some-model", parse_works("decode-1"), [ours], {"decode-1": {"alize": [5.0]}}, (0.0, 0.0, 0.0))["rows"]
    assert row["peers"] == {}
    assert row["ratio_to_best"] is None
