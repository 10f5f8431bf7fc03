"""Steps in which the runner raises: they can be taken again, and leave nothing behind that was not computed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.engine.base import Request
from alize.engine.core import Core
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from tests.engine.engines import alone, core, drain
from tests.engine.test_schedule import requests


@pytest.mark.parametrize("layers", [{"states": True}, {"states": True, "full": False}])
@pytest.mark.parametrize("steps", [1, 4])
def test_a_state_that_moved_in_a_step_that_raised_is_not_moved_again(layers: dict[str, bool], steps: int) -> None:
    class Interrupted(FakeRunner):
        def run(self, batch, sampling, max_steps=1):  # type: ignore[no-untyped-def]
            output = super().run(batch, sampling, max_steps)
            if self.calls in (3, 9):
                raise KeyboardInterrupt
            return output

    runner = Interrupted(**layers)
    engine = Core(runner, Limits(step_tokens=16, decode_steps=steps), {group.name: 40 for group in runner.info.groups})
    asked = [Request(name, tuple(range(30)), max_tokens=9) for name in ("first", "second")]
    for request in asked:
        engine.add(request)
    answers: dict[str, list[int]] = {}
    raised = 0
    while engine.busy:
        try:
            for step in engine.step():
                answers.setdefault(step.request_id, []).extend(step.tokens)
        except KeyboardInterrupt:
            raised += 1
        engine.check()
    assert raised == 2
    assert answers == {request.id: alone(request, **layers) for request in asked}


@pytest.mark.parametrize("gone", ["first", "second", None])
def test_an_interrupted_step_leaves_nothing_behind_that_was_not_computed(gone: str | None) -> None:
    class Interrupted(FakeRunner):
        def run(self, batch, sampling, max_steps=1):  # type: ignore[no-untyped-def]
            if interrupt:
                raise KeyboardInterrupt
            return super().run(batch, sampling, max_steps)

    interrupt = True
    engine = Core(Interrupted(), Limits(), {"full": 64})
    asked = [Request(name, tuple(range(40)), max_tokens=5) for name in ("first", "second", "third")]
    for request in asked[:2]:
        engine.add(request)
    with pytest.raises(KeyboardInterrupt):
        engine.step()
    interrupt = False
    if gone:
        engine.abort(gone)
    engine.add(asked[2])
    given = drain(engine)
    assert given == {request.id: alone(request) for request in asked if request.id != gone}


class Spoilt(FakeRunner):
    """The first row of its second call has no numbers."""

    def run(self, batch, sampling, max_steps=1):  # type: ignore[no-untyped-def]
        output = super().run(batch, sampling, max_steps)
        return output if self.calls != 2 else replace(output, tokens=((), *output.tokens[1:]), failures=((0, "not a number"),))


def test_what_a_request_computed_whose_numbers_went_wrong_is_found_by_nobody() -> None:
    engine = Core(Spoilt(), Limits(), {"full": 64})
    asked = [Request(name, tuple(range(40)), max_tokens=5) for name in ("first", "second", "third")]
    for request in asked[:2]:
        engine.add(request)
    ends = [(step.request_id, step.finish, step.error) for _ in range(6) for step in engine.step() if step.finish]
    assert ends == [("first", "error", "not a number"), ("second", "length", None)]
    before = engine.stats().cached_tokens
    engine.add(asked[2])
    assert drain(engine) == {"third": alone(asked[2])}
    assert engine.stats().cached_tokens == before


def test_nor_is_what_it_had_given_back_because_no_later_token_sees_it() -> None:
    engine = Core(Spoilt(window=20, full=False), Limits(step_tokens=64), {"sliding": 64})
    text = tuple(token % 61 for token in range(128))
    engine.add(Request("first", text, max_tokens=5))
    assert [step.error for _ in range(2) for step in engine.step()] == ["not a number"]
    beginning = Request("second", text[:33], max_tokens=5)
    engine.add(beginning)
    assert drain(engine) == {"second": alone(beginning, window=20, full=False)}
    assert engine.stats().cached_tokens == 0


@given(requests(), st.integers(0, 12), st.data())
def test_whoever_leaves_between_two_steps_holds_no_block_when_the_next_is_planned(
    work: list[Request], steps: int, data: st.DataObject
) -> None:
    """Of those that run, wait, share what they begin with, or were preempted. The engine's process hears of it between any two steps."""
    engine = core(20, Limits(max_running=3, max_context=250))
    for request in work:
        engine.add(request)
    for _ in range(steps):
        engine.step()
    for request in data.draw(st.lists(st.sampled_from(work), unique=True)):
        engine.abort(request.id)
        assert request.id not in {sequence.request.id for sequence in (*engine.scheduler.running, *engine.scheduler.waiting)}
        engine.check()  # blocks in use are those of whoever runs
    for request in work:
        engine.abort(request.id)
    assert engine.stats().blocks_used == 0
    assert not engine.busy
