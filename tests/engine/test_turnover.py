"""How long the refused are told to wait: by how fast requests ended lately, and how many stand before."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.engine.absence import Outage
from alize.engine.base import Request, Sight
from alize.engine.core import Core
from alize.engine.runners.base import Output
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from alize.engine.turnover import LEAST, MOST, Turnover
from alize.errors import QueueFull
from tests.engine.engines import picture

SECONDS = st.floats(0, 1e6)


@given(st.lists(SECONDS, max_size=200).map(sorted), st.integers(1, 10**6), st.integers(0, 10**6), SECONDS)
def test_the_wait_is_bounded_and_grows_with_the_queue(ends: list[float], ahead: int, more: int, since: float) -> None:
    turnover, now = Turnover(), (ends[-1] if ends else 0.0) + since
    for end in ends:
        turnover.ended(end)
    assert LEAST <= turnover.wait(ahead, now) <= turnover.wait(ahead + more, now) <= MOST


@given(st.floats(0.001, 10), st.integers(1, 300), st.integers(1, 1000))
def test_at_a_steady_pace_it_is_true(each: float, ended: int, ahead: int) -> None:
    turnover = Turnover()
    for number in range(1, ended + 1):
        turnover.ended(number * each)
    assert turnover.wait(ahead, ended * each) == pytest.approx(min(MOST, max(LEAST, ahead * each)))


class Clocked:
    """A clock that its test moves on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Slow(FakeRunner):
    """Takes a second for each call."""

    def __init__(self, clock: Clocked, **more: Any) -> None:
        super().__init__(**more)
        self.clock = clock

    def run(self, *given: Any, **more: Any) -> Output:
        self.clock.now += 1
        return super().run(*given, **more)


def test_a_full_engine_says_when_those_that_wait_will_have_begun() -> None:
    clock = Clocked()
    limits = Limits(max_running=1, max_waiting=3, prefix_cache=False, speculation=False)
    engine = Core(Slow(clock), limits, {"full": 64}, clock=clock)
    for number in range(10):  # one after the other, two seconds each; then a night without any
        engine.add(Request(f"before-{number}", (1,), max_tokens=2))
        while engine.busy:
            engine.step()
    clock.now += 8 * 3600
    waits: list[float | None] = []
    for most in (0, 1, 2, 3):
        engine.limits = replace(engine.limits, max_waiting=most)
        engine.add(Request(f"held-{most}", (1,), max_tokens=2))
        with pytest.raises(QueueFull) as refused:
            engine.add(Request("refused", (1,), max_tokens=2))
        waits.append(refused.value.retry_after)
        assert refused.value.remedy == f"Try again in {2 * len(waits)} s."
    assert waits == [2, 4, 6, 8]


def test_what_never_began_says_nothing_of_how_long_requests_take() -> None:
    """Clients that lose their patience in the queue do not make it look fast."""
    clock = Clocked()
    engine = Core(Slow(clock), Limits(max_running=1, max_waiting=3, prefix_cache=False), {"full": 64}, clock=clock)
    for number in range(4):
        engine.add(Request(str(number), (1,), max_tokens=100))
    for _ in range(20):
        engine.step()
    for number in (1, 2, 3):
        engine.abort(str(number))
        engine.add(Request(f"{number}-again", (1,), max_tokens=100))
    with pytest.raises(QueueFull) as refused:
        engine.add(Request("refused", (1,), max_tokens=1))
    assert refused.value.retry_after == 4 * 20
    engine.abort("0")  # a stop string ended it, say: a place is free after 20 s
    engine.add(Request("next", (1,), max_tokens=1))
    with pytest.raises(QueueFull) as refused:
        engine.add(Request("refused", (1,), max_tokens=1))
    assert refused.value.retry_after == 4 * 20


def test_images_are_told_to_wait_until_so_many_have_ended_that_they_fit() -> None:
    clock = Clocked()
    engine = Core(Slow(clock, sight=Sight(side=1, most=4)), Limits(media_bytes=200, max_running=8), {"full": 64}, clock=clock)
    engine.add(Request("before", (1,), max_tokens=1))
    engine.step()  # one has ended, within a second
    for name in "ab":
        engine.add(Request(name, tuple(range(20)), max_tokens=1, images=(picture(0, 2, 2, 0),)))  # 48 bytes each
    engine.add(Request("text", (1,), max_tokens=1))
    engine.add(Request("c", tuple(range(20)), max_tokens=1, images=(picture(0, 2, 2, 0),)))
    for rows, columns, ahead in ((3, 2, 1), (3, 3, 2), (4, 4, 4)):
        with pytest.raises(QueueFull) as refused:
            engine.add(Request("d", tuple(range(20)), max_tokens=1, images=(picture(0, rows, columns, 0),)))
        assert refused.value.retry_after == ahead


def test_an_engine_that_is_loading_says_when_it_will_be_there() -> None:
    clock = Clocked()
    outage = Outage(clock)
    assert outage.left == 2  # nothing is known
    clock.now += 3
    outage.loaded(0.1)
    assert outage.left == pytest.approx(27)
    clock.now += 1
    outage.loaded(0.999)
    assert outage.left == 1
    outage.over()
    outage.begins(after=8)
    assert outage.left == 12
    clock.now += 9
    assert outage.left == 3
    clock.now += 100
    assert outage.left == 1
    outage.loaded(1e-9)
    assert outage.left == 300
