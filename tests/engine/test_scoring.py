"""Scores, computed in scratch blocks beside answers: neither changes the other."""

import pytest

from alize.engine.base import Request
from alize.engine.core import Core
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from tests.engine.engines import alone, core, drain


def test_scoring_gives_back_what_lies_behind_the_window() -> None:
    engine = Core(FakeRunner(window=20), Limits(step_tokens=16), {"full": 32, "sliding": 4})
    assert len(engine.score([1] * 200)) == 199
    assert engine.stats().blocks_used == 0


def test_scoring_takes_a_slot_and_running_work_gives_way() -> None:
    engine = core(full=False, states=True, slots=2, limits=Limits(step_tokens=16))
    asked = [Request(str(index), (index,) * 40, max_tokens=30) for index in range(2)]
    for request in asked:
        engine.add(request)
    answers: dict[str, list[int]] = {}
    for _ in range(8):
        for step in engine.step():
            answers.setdefault(step.request_id, []).extend(step.tokens)
    tokens = [index % 7 for index in range(100)]
    assert engine.score(tokens) == core(full=False, states=True).score(tokens)
    engine.check()
    assert drain(engine, answers) == {request.id: alone(request, full=False, states=True) for request in asked}
    assert engine.stats().preemptions == 1


def test_scoring_uses_scratch_blocks_and_running_work_gives_way() -> None:
    engine = core(blocks=8)
    for index in range(2):
        engine.add(Request(str(index), (index,) * 40, max_tokens=30))
    engine.step()
    assert len(engine.score([1] * 100)) == 99
    engine.check()
    assert {name: len(tokens) for name, tokens in drain(engine).items()} == {"0": 29, "1": 29}
    assert engine.stats().preemptions > 0


@pytest.mark.parametrize("window", [None, 20])
def test_scoring_in_pieces_beside_answers_changes_neither(window: int | None) -> None:
    engine = core(16, Limits(step_tokens=16), window)
    asked = [Request(str(index), (index,) * 40, max_tokens=90) for index in range(3)]
    for request in asked:
        engine.add(request)
    tokens = [index % 7 for index in range(200)]
    job, answers, scores = engine.scoring(tokens), dict[str, list[int]](), list[float]()
    while not scores:
        for step in engine.step():
            answers.setdefault(step.request_id, []).extend(step.tokens)
        try:
            next(job)
        except StopIteration as end:
            scores = end.value
    assert scores == core(64, window=window).score(tokens)
    assert drain(engine, answers) == {request.id: alone(request, window) for request in asked}
    assert engine.stats().preemptions > 0


def test_scoring_that_is_given_up_frees_its_blocks() -> None:
    engine = core(limits=Limits(step_tokens=16))
    job = engine.scoring([1] * 100)
    next(job)
    assert engine.stats().blocks_used == 1
    job.close()
    assert engine.stats().blocks_used == 0
