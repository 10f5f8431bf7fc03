"""Turns of tenants: whoever waited longest is next, what nobody wants takes no turn, and tenants long gone are forgotten."""

from alize.engine.turns import Turns


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
