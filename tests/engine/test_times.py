"""Where a request's time went: waiting for its turn, reading its prompt; told with its first tokens and with its last."""

from typing import Any

from alize.engine.base import Request, Step, Times
from alize.engine.core import Core
from alize.engine.runners.base import Output
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits


class Slow(FakeRunner):
    """Takes a second for each call."""

    now = 0.0

    def run(self, *given: Any, **more: Any) -> Output:
        self.now += 1
        return super().run(*given, **more)


def engine(blocks: int = 64, **limits: Any) -> tuple[Core, Slow]:
    runner = Slow()
    made = Core(runner, Limits(prefix_cache=False, speculation=False, **limits), {"full": blocks}, clock=lambda: runner.now)
    return made, runner


def told(core: Core) -> dict[str, list[Step]]:
    steps: dict[str, list[Step]] = {}
    while core.busy:
        for step in core.step():
            steps.setdefault(step.request_id, []).append(step)
    return steps


def test_waiting_and_reading_are_told_apart() -> None:
    core, runner = engine(max_running=1, step_tokens=16)
    core.add(Request("first", (1,) * 40, max_tokens=3))  # three steps for its prompt, and two more
    runner.now += 0.5
    core.add(Request("second", (1,), max_tokens=1))
    steps = told(core)
    assert [step.times for step in steps["first"]] == [Times(0.5, 3.0), None, Times(0.5, 3.0)]
    assert [step.times for step in steps["second"]] == [Times(5.0, 1.0)]


def test_nothing_is_told_with_the_tokens_between() -> None:
    core, _ = engine()
    core.add(Request("a", (1,), max_tokens=50))
    times = [step.times for step in told(core)["a"]]
    assert times[0] == times[-1] == Times(0.0, 1.0)
    assert not any(times[1:-1])


def test_who_gave_way_is_told_how_often_and_began_but_once() -> None:
    core, _ = engine(blocks=9)
    for name in "ab":
        core.add(Request(name, (1,) * 40, max_tokens=60))
    last = {name: steps[-1].times for name, steps in told(core).items()}
    assert core.stats().preemptions > 0
    assert last["a"] == Times(0.0, 1.0, 0)
    assert last["b"] == Times(0.0, 1.0, core.stats().preemptions)


def test_who_waits_while_weights_are_exchanged_has_waited_since_it_came() -> None:
    before, runner = engine()
    before.paused = True
    before.add(Request("a", (1,), max_tokens=1))
    runner.now += 7
    after = Core(runner, before.limits, {"full": 64}, clock=lambda: runner.now)
    after.count_from(before)
    for request in before.waiting():
        after.add(request, again=True)
    assert [step.times for step in told(after)["a"]] == [Times(7.0, 1.0)]


def test_what_fails_is_told_its_times_too() -> None:
    class Spoilt(Slow):
        def run(self, *given: Any, **more: Any) -> Output:
            return Output(((),), failures=((0, "It is spoilt."),)) if super().run(*given, **more) else Output(())

    runner = Spoilt()
    core = Core(runner, Limits(), {"full": 8}, clock=lambda: runner.now)
    core.add(Request("a", (1,), max_tokens=1))
    assert [(step.finish, step.times) for step in told(core)["a"]] == [("error", Times(0.0, 1.0))]
