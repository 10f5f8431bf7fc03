"""benchmarks/tools.py asks what it says that it asks, and counts as right what is right."""

import importlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from jsonschema import validate

BENCHMARKS = str(Path(__file__).resolve().parents[2] / "benchmarks")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield importlib.import_module("tools")
    for name in ("tools", "tool_tasks"):
        sys.modules.pop(name, None)


@pytest.fixture
def made(bench: Any) -> Any:
    return bench.made


def test_there_are_two_hundred_tasks_always_the_same_none_of_which_the_form_was_chosen_by(bench: Any, made: Any):
    tasks = made(bench.SEED)
    assert tasks == made(bench.SEED)
    assert len(tasks) == 200
    assert Counter(task.kind for task in tasks) == bench.KINDS
    chosen_by = {task.question for task in made(1)}
    assert chosen_by.isdisjoint(task.question for task in tasks)


def test_each_kind_is_asked_with_one_three_and_ten_tools(bench: Any, made: Any):
    for kind, count in bench.KINDS.items():
        numbers = Counter(len(task.tools) for task in made(bench.SEED) if task.kind == kind)
        assert set(numbers) == {1, 3, 10}
        assert min(numbers.values()) >= count // 3


def test_right_calls_match_the_schemas_of_tools_that_are_offered_and_their_words_stand_in_the_question(bench: Any, made: Any):
    for task in made(bench.SEED):
        names = [tool["function"]["name"] for tool in task.tools]
        assert len(set(names)) == len(names)
        for name, arguments in task.calls:
            validate(arguments, task.tools[names.index(name)]["function"]["parameters"])
            for value in arguments.values():
                assert not isinstance(value, str) or value in task.question, task
        assert bool(task.calls) == (task.kind != "idle")


def test_the_right_answer_is_right_and_others_are_not(bench: Any, made: Any):
    for task in made(bench.SEED):
        given = [(name, json.dumps(arguments)) for name, arguments in task.calls]
        finish = "tool_calls" if given else "stop"
        assert bench.score(task, bench.Answer(given[::-1], "" if given else "Hi.", finish, 0)).whole
        if given:
            for answer in (
                bench.Answer([], "It is 5.", "stop", 0),
                bench.Answer(given, "", "length", 0),
                bench.Answer(given[:1] * 3, "", "tool_calls", 0),
                bench.Answer([("remind", "{}")], "", "tool_calls", 0),
                bench.Answer([(given[0][0], '{"city": ')], "", "tool_calls", 0),
            ):
                assert not bench.score(task, answer).whole
        else:
            assert not bench.score(task, bench.Answer([("remind", "{}")], "", "tool_calls", 0)).whole
            assert not bench.score(task, bench.Answer([], " ", "stop", 0)).whole


def test_capital_letters_and_spaces_around_a_text_do_not_count_and_kinds_of_values_do(bench: Any):
    assert bench.alike({"a": " LIMA", "b": [1]}) == bench.alike({"b": [1], "a": "Lima"})
    assert bench.alike(1) != bench.alike("1")
    assert bench.alike(True) != bench.alike(1)


def test_intervals_are_wilson_s(bench: Any):
    assert bench.wilson(0, 10) == (0.0, 27.8)
    assert bench.wilson(10, 10) == (72.2, 100.0)
    assert bench.wilson(8, 10) == (49.0, 94.3)


def test_rows_count_each_task_once_by_kind_and_once_by_tools(bench: Any, made: Any):
    tasks = made(bench.SEED)
    scores = [bench.Score(True, True, True, True, index % 2 == 0) for index, _ in enumerate(tasks)]
    rows = list(bench.rows_of(tasks, {"held": scores}))
    assert sum(row["tasks"] for row in rows if row["of"] in bench.KINDS) == 200
    assert sum(row["tasks"] for row in rows if row["of"].endswith(("tool", "tools"))) == 200
    assert (rows[-1]["of"], rows[-1]["whole"], rows[-1]["percent"]) == ("all", 100, 50.0)
