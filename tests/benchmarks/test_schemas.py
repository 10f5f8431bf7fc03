"""benchmarks/schemas.py counts answers as what they are, its own engine's and a peer's."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from alize.tokenize.bytes import ByteTokenizer

BENCHMARKS = str(Path(__file__).resolve().parents[2] / "benchmarks")
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield importlib.import_module("schemas")
    for name in ("schemas", "schemas_peer"):
        sys.modules.pop(name, None)


def kinds(bench: Any, *answers: tuple[str, str]) -> dict[str, Any]:
    words = ByteTokenizer()
    return {str(number): bench.kind_of(SCHEMA, words, words.encode(text), end) for number, (text, end) in enumerate(answers)}


def test_an_answer_counts_as_what_it_is(bench: Any) -> None:
    given = [('{"a": 1}', "stop"), ('{"a": "1"}', "stop"), ("{", "stop"), ('{"a": 1}', "length"), ("", "refused: no such word")]
    found = bench.counted(kinds(bench, *given, ("{", "slow"), ("", "died"), ("{", "a fault")))
    assert found["schemas"] == 8
    assert found["ends"] == {"valid": 1, "wrong": 2, "cut": 1, "refused": 1, "slow": 1, "died": 1, "error: a fault": 1}
    assert found["refused"] == {"no such word": 1}
    assert set(found["wrong"]) == {"1", "2"}


def test_schemas_are_the_same_each_time_and_those_that_are_made_can_be_checked(bench: Any) -> None:
    jsonschema: Any = importlib.import_module("jsonschema")
    for number in range(50):
        assert bench.made(number) == bench.made(number)
        jsonschema.Draft202012Validator.check_schema(bench.made(number))


def peer(bench: Any, script: str) -> Any:
    return bench.schemas_peer.Peer([sys.executable, "-c", script], [2], "1.0")


def test_a_peer_s_process_that_ends_is_an_answer_that_died(bench: Any) -> None:
    answer = peer(bench, "import os; os.abort()").answer([1], SCHEMA, 10, 0.7, 0, 60.0)
    assert answer == ([], "died")


def test_a_peer_is_told_what_it_may_take_and_its_tokens_are_read(bench: Any) -> None:
    script = "import json; job = json.loads(input()); print(json.dumps(['stop', [job['most'], *job['stops'], *job['prompt']], 1.0]))"
    assert peer(bench, script).answer([1, 5], SCHEMA, 10, 0.7, 0, 60.0) == ([10, 2, 1, 5], "stop")


def test_the_first_turn_of_a_peer_warms_up_and_free_and_held_take_turns_in_being_first(bench: Any) -> None:
    script = """
import json, sys
for number, line in enumerate(sys.stdin):
    job = json.loads(line)
    print(json.dumps(["length", [], (100 if job["schema"] else 200) + number]))
"""
    assert peer(bench, script).rates([1], SCHEMA, 8, 2) == {"free": [202.0, 205.0], "held": [103.0, 104.0]}
