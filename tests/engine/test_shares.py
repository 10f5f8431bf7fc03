"""Places that several share: when whoever is refused is next."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from alize.engine.shares import Shares

TENANTS = ("a/x", "a/y", "b/x", "c/x", "c/y", "c/z")


def by_turns(taken: Counter[str], last: str) -> list[str]:
    """Whose place comes when: workspaces by turns, in each its people; those of `last` in the end of each round."""
    left, order = Counter(taken), list[str]()
    had: dict[str, int] = {}
    while left.total():
        here = [tenant for tenant in left if left[tenant]]
        turn = min(here, key=lambda t: (had.get(t.split("/")[0], 0), t.split("/")[0] == last.split("/")[0], had.get(t, 0), t == last))
        left[turn] -= 1
        order.append(turn)
        had[turn] = had[turn.split("/")[0]] = len(order)
    return order


def given_back_before(taken: Counter[str], who: str, places: int) -> int:
    """How many are, when one more of theirs is among so many that are next."""
    order = by_turns(taken + Counter([who]), who)
    return len(order) - order[::-1].index(who) - places


def filled(taken: Counter[str]) -> Shares:
    shares = Shares()
    for tenant in taken.elements():
        shares.take(tenant)
    return shares


@given(st.dictionaries(st.sampled_from(TENANTS), st.integers(1, 20)), st.integers(1, 40), st.sampled_from(TENANTS))
def test_whoever_comes_back_when_told_is_next(taken: dict[str, int], places: int, who: str) -> None:
    shares = filled(Counter(taken))
    assert max(1, given_back_before(Counter(taken), who, places)) <= shares.ends(who, places) <= max(1, shares.total - places + 1)


@given(st.integers(0, 8), st.lists(st.integers(0, 9), max_size=3), st.lists(st.integers(0, 30), max_size=3), st.integers(1, 40))
def test_and_is_told_no_more_than_a_turn_of_each_too_late(own: int, people: list[int], others: list[int], places: int) -> None:
    """Where all have more than who is refused, so that turns stay as they are."""
    beside = {f"a/{number}": own + 1 + more for number, more in enumerate(people)}
    elsewhere = {f"{number}/x": own + 1 + sum(beside.values()) + more for number, more in enumerate(others)}
    taken = Counter({"a/who": own, **beside, **elsewhere})
    right = given_back_before(taken, "a/who", places)
    assert filled(taken).ends("a/who", places) < max(1, right) + (1 + len(people)) * (1 + len(others))


@given(st.integers(1, 40), st.integers(0, 20))
def test_one_alone_waits_until_there_are_fewer_than_places(places: int, more: int) -> None:
    shares = Shares()
    for _ in range(places + more):
        shares.take("a/x")
    assert shares.ends("a/x", places) == more + 1
