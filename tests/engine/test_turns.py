"""Turns of tenants: whoever waited longest is next, what nobody wants takes no turn, and tenants long gone are forgotten."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from alize.engine.turns import Turns


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_nobody_has_a_second_turn_before_everybody_has_had_one(jobs: list[int]) -> None:
    """However many jobs each brings: of two that both still wait, neither is ever more than one ahead."""
    turns, had = Turns[int](), Counter[int]()
    for tenant, count in enumerate(jobs):
        for _ in range(count):
            turns.add(f"w{tenant}", tenant)
    while (tenant := turns.next()) is not None:
        had[tenant] += 1
        still = [had[other] for other, count in enumerate(jobs) if had[other] < count]
        assert not still or max(still) - min(still) <= 1
    assert [had[tenant] for tenant in range(len(jobs))] == jobs


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=30), st.sets(st.integers(0, 9)))
def test_what_is_dropped_has_no_turn_and_the_others_keep_their_order(jobs: list[tuple[str, int]], gone: set[int]) -> None:
    turns = Turns[tuple[str, int]]()
    for job in jobs:
        turns.add(job[0], job)
    turns.drop(lambda job: job[1] in gone)
    left = [job for job in jobs if job[1] not in gone]
    assert bool(turns) == bool(left)
    order = list(iter(turns.next, None))
    for tenant in "abc":
        assert [job for job in order if job[0] == tenant] == [job for job in left if job[0] == tenant]
    assert len(order) == len(left)
    assert not turns


def test_a_job_that_nobody_wants_takes_nobody_s_turn() -> None:
    gone = {1, 2}
    turns = Turns[int](gone.__contains__)
    for tenant, job in (("a", 1), ("a", 2), ("a", 3), ("b", 4)):
        turns.add(tenant, job)
    assert [turns.next() for _ in range(3)] == [3, 4, None]


def test_where_all_are_given_up_there_is_no_next() -> None:
    turns = Turns[int](lambda job: True)
    turns.add("a", 1)
    assert turns.next() is None
    assert not turns._waiting


def test_tenants_that_do_not_wait_are_forgotten_though_somebody_always_does() -> None:
    turns = Turns[int]()
    turns.add("always/x", 0)
    for number in range(1000):
        turns.add("always/x", number)
        turns.add(f"once{number}/y", number)
        turns.next()
        turns.next()
        assert len(turns._had) <= 2 * 64


def test_whoever_waits_is_remembered_however_many_come() -> None:
    turns = Turns[str]()
    for number in range(300):
        turns.add(f"w{number}", f"first {number}")
        turns.add(f"w{number}", f"second {number}")
    order = [turns.next() for _ in range(600)]
    assert order == [f"{which} {number}" for which in ("first", "second") for number in range(300)]
