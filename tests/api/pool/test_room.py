"""Who gives way to whom: enough, nobody who is pinned, nobody for nothing, and those that nobody uses first."""

from hypothesis import given
from hypothesis import strategies as st

from alize.api.pool.room import Standing, room_for

STANDING = st.builds(
    Standing,
    id=st.uuids().map(str),
    held=st.integers(0, 100),
    used=st.floats(0, 1000),
    pinned=st.booleans(),
    busy=st.booleans(),
    yielding=st.booleans(),
)
OTHERS = st.lists(STANDING, max_size=8, unique_by=lambda one: one.id)


@given(st.integers(0, 400), st.integers(-50, 200), OTHERS)
def test_it_is_enough_and_never_one_that_is_pinned(least: int, free: int, others: list[Standing]) -> None:
    chosen = room_for(least, free, others)
    held = {one.id: one.held for one in others if not one.pinned}
    if chosen is None:
        assert free + sum(held.values()) < least
    else:
        assert set(chosen) <= held.keys()
        assert free + sum(held[id] for id in chosen) >= least


@given(st.integers(0, 400), st.integers(0, 200), OTHERS)
def test_nobody_gives_way_for_nothing(least: int, free: int, others: list[Standing]) -> None:
    chosen = room_for(least, free, others) or ()
    held = {one.id: one.held for one in others}
    for spared in chosen:
        assert free + sum(held[id] for id in chosen if id != spared) < least


@given(st.integers(0, 400), OTHERS)
def test_nobody_who_is_used_gives_way_where_the_unused_suffice(least: int, others: list[Standing]) -> None:
    idle = sum(one.held for one in others if not (one.busy or one.pinned))
    chosen = room_for(least, 0, others)
    if chosen is not None and idle >= least:
        assert not any(one.busy for one in others if one.id in chosen)


def test_the_longest_unused_gives_way_first() -> None:
    old, new = Standing("old", 5, used=1.0), Standing("new", 5, used=2.0)
    assert room_for(5, 0, [new, old]) == ("old",)
    assert room_for(6, 0, [new, old]) == ("old", "new")


def test_who_has_begun_to_give_way_goes_on_with_it() -> None:
    begun, other = Standing("begun", 5, used=9.0, busy=True, yielding=True), Standing("other", 5, used=1.0, busy=True)
    assert room_for(5, 0, [other, begun]) == ("begun",)
