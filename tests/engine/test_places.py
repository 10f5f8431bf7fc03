"""Places for vectors and scores: so many may wait, and the next is told when those before it will have ended."""

import asyncio
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.engine.places import Places
from alize.errors import QueueFull
from alize.reasons import because


class Clock:
    """Time that its test moves on."""

    now = 1e6

    def __call__(self) -> float:
        return self.now


def wait(places: Places, tenant: str = "one") -> float | None:
    with pytest.raises(QueueFull) as refused, places.one(tenant):
        pass
    return refused.value.retry_after


@given(st.integers(0, 20), st.integers(1, 100), st.floats(1, 10))
def test_the_next_is_told_when_all_before_it_will_have_ended(waiting: int, ended: int, each: float) -> None:
    clock = Clock()
    places = Places(waiting, clock)
    for _ in range(ended):
        with places.one("one"):
            clock.now += each
        clock.now += 3600  # an hour without any is no work
    with ExitStack() as held:
        for _ in range(1 + waiting):
            held.enter_context(places.one("one"))
        assert wait(places) == pytest.approx(min(300, (1 + waiting) * each))
    with places.one("one"):
        pass  # all have ended: there is room again


def test_it_is_said_as_of_answers() -> None:
    places = Places(1)
    with (
        places.one("one"),
        places.one("one"),
        pytest.raises(QueueFull, match="queue: 2 requests came before") as refused,
        places.one("one"),
    ):
        pass
    assert refused.value.remedy == "Try again in 1 s."
    assert refused.value.reason == because("queue_full", requests=2)


def test_who_leaves_gives_the_place_back_and_does_not_make_it_look_fast() -> None:
    clock = Clock()
    places = Places(0, clock)
    with places.one("one"):
        clock.now += 8
    for _ in range(20):
        with pytest.raises(asyncio.CancelledError), places.one("one"):
            raise asyncio.CancelledError
    with places.one("one"):
        assert wait(places) == 8


def test_places_that_one_workspace_has_filled_are_not_full_for_another_nor_for_its_own_other_people() -> None:
    places = Places(3)
    with ExitStack() as others:
        for tenant in ("one/ada", "one/ada", "one/ada", "one/ada", "two/bob", "two/bob", "one/cyd"):
            others.enter_context(places.one(tenant))
        for tenant in ("one/ada", "two/bob", "one/cyd"):
            with pytest.raises(QueueFull, match="7 requests came before"), places.one(tenant):
                pass
    with ExitStack() as held:  # all were given back
        for _ in range(4):
            held.enter_context(places.one("one/ada"))
        with pytest.raises(QueueFull, match="4 requests came before"), places.one("one/ada"):
            pass
        with places.one("two/bob"), places.one("two/bob"):
            pass


def test_who_takes_turns_with_one_who_has_more_comes_back_when_their_own_are_done() -> None:
    clock = Clock()
    places = Places(7, clock)
    with places.one("one"):
        clock.now += 3
    with ExitStack() as held:
        for tenant in ["one/ada"] * 8 + ["two/bob"] * 4:
            held.enter_context(places.one(tenant))
        assert [wait(places, tenant) for tenant in ("one/ada", "two/bob")] == [12 * 3, (4 + 1) * 2 * 3]
