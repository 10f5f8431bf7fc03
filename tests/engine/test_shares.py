"""Places that several share: when there is one more for somebody who is refused."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from alize.engine.shares import Shares

TENANTS = ("a/x", "a/y", "b/x", "c/x", "c/y", "c/z")


def given_back_by_turns(taken: Counter[str], last: str) -> list[str]:
    """Whose place is given back, one after the other: workspaces by turns, in each its people; those of `last` in the end of each round."""
    left, order = Counter(taken), list[str]()
    had: dict[str, int] = {}
    while left.total():
        here = [tenant for tenant in left if left[tenant]]
        turn = min(here, key=lambda t: (had.get(t.split("/")[0], 0), t.split("/")[0] == last.split("/")[0], had.get(t, 0), t == last))
        left[turn] -= 1
        order.append(turn)
        had[turn] = had[turn.split("/")[0]] = len(order)
    return order


@given(st.dictionaries(st.sampled_from(TENANTS), st.integers(1, 20)), st.integers(1, 40), st.sampled_from(TENANTS))
def test_whoever_is_refused_is_told_after_how_many_that_are_given_back_there_is_room(taken: dict[str, int], places: int, who: str) -> None:
    shares = Shares()
    for tenant, count in taken.items():
        for _ in range(count):
            shares.take(tenant)
    if shares.room(who, places):
        return
    told = shares.ends(who, places)
    assert 1 <= told <= shares.total - places + 1
    for tenant in given_back_by_turns(Counter(taken), who)[:told]:
        shares.give_back(tenant)
    assert shares.room(who, places)


@given(st.integers(1, 40), st.integers(0, 20))
def test_one_alone_waits_until_there_are_fewer_than_places(places: int, more: int) -> None:
    shares = Shares()
    for _ in range(places + more):
        shares.take("a/x")
    assert shares.ends("a/x", places) == more + 1
