"""The models of one server within a budget: woken, shared, put to sleep, swapped; never more than the budget, and nobody is forgotten."""

import asyncio
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.api.pool import Lease, Pool, Resident
from alize.errors import CheckpointInvalid, Conflict, EngineUnavailable, QueueFull
from tests.api.pool.pools import Clock, named, settled, three


async def test_those_who_ask_together_share_one_load() -> None:
    _, (a, *_), (source, *_) = three(10)
    source.go.clear()
    asked = [asyncio.create_task(a.lend()) for _ in range(3)]
    await source.begun.wait()
    assert (a.state, a.waiting.__len__(), a.running) == ("loading", 3, 0)
    source.go.set()
    leases = await asyncio.gather(*asked)
    assert (source.asked, a.running, a.state, a.tally.loads) == (1, 3, "awake", 1)
    for lease in leases:
        lease.release()
        lease.release()
    assert a.running == 0
    assert a.lend_now() is not None


async def test_what_fits_stays_and_what_does_not_puts_the_longest_unused_to_sleep() -> None:
    pool, (a, b, c), _ = three(10)
    for one in (a, b):
        (await one.lend()).release()
    assert (a.state, b.state, pool.free) == ("awake", "awake", 2)
    (await a.lend()).release()
    (await c.lend()).release()
    assert (a.state, b.state, c.state) == ("asleep", "asleep", "awake")
    assert (a.tally.swaps, b.tally.swaps, pool.free) == (1, 1, 3)
    assert a.served is not None, "what is known of it stays known"
    assert a.served.engine.info.id == "a"


async def test_answers_that_run_end_before_their_model_sleeps_and_new_ones_wait() -> None:
    _, (a, b, _), (first, *_) = three(5)
    running = await a.lend()
    wanted = asyncio.create_task(b.lend())
    await settled()
    assert (a.state, a.lend_now(), first.engines[0].info.id) == ("awake", None, "a")
    late = asyncio.create_task(a.lend())
    await settled()
    assert not wanted.done()
    assert not late.done()
    running.release()
    lease = await wanted
    await settled()
    assert (a.state, b.state, late.done()) == ("asleep", "awake", False)
    lease.release()
    assert (await late).served.card.id == "a"


async def test_whoever_leaves_gives_up_waiting_and_not_the_model() -> None:
    _, (a, *_), (source, *_) = three(10)
    source.go.clear()
    leaving, staying = asyncio.create_task(a.lend()), asyncio.create_task(a.lend())
    await source.begun.wait()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    source.go.set()
    assert (await staying).served.card.id == "a"
    assert (source.asked, a.running) == (1, 1)


async def test_the_last_who_leaves_does_not_end_the_load_either() -> None:
    _, (a, *_), (source, *_) = three(10)
    source.go.clear()
    asked = asyncio.create_task(a.lend())
    await source.begun.wait()
    asked.cancel()
    await settled()
    source.go.set()
    await settled()
    assert (a.state, a.running, source.asked) == ("awake", 0, 1)


async def test_whoever_leaves_no_longer_stands_in_the_way_of_the_one_that_was_to_sleep_for_them() -> None:
    _, (a, b, _), _ = three(5)
    running = await a.lend()
    wanted = asyncio.create_task(b.lend())
    await settled()
    assert a.lend_now() is None
    wanted.cancel()
    await settled()
    again = a.lend_now()
    assert again is not None
    again.release()
    running.release()
    await settled()
    assert (a.state, b.state) == ("awake", "asleep")


async def test_who_waits_too_long_is_told_what_is_in_the_way() -> None:
    pool = Pool(5, seconds=0.05, clock=Clock())
    a, b = (pool.add(named(id, 4)) for id in "ab")
    running = await a.lend()
    with pytest.raises(EngineUnavailable, match=r"b was not there within 0.05 seconds: the memory is taken by a \(1 running\)") as refused:
        await b.lend()
    assert refused.value.retry_after
    assert "memory" in (refused.value.remedy or "")
    assert a.lend_now() is not None, "nobody waits for its memory any more"
    running.release()


async def test_more_than_may_wait_are_told_so() -> None:
    pool = Pool(5, most=1)
    source = named("a", 4)
    source.go.clear()
    a = pool.add(source)
    first = asyncio.create_task(a.lend())
    await settled()
    with pytest.raises(QueueFull, match="1 request waits"):
        await a.lend()
    source.go.set()
    await first


async def test_places_to_wait_that_one_has_filled_are_not_full_for_another() -> None:
    pool = Pool(5, most=2)
    source = named("a", 4)
    source.go.clear()
    a = pool.add(source)
    waiting = [asyncio.create_task(a.lend("one/ada")) for _ in range(2)]
    await settled()
    with pytest.raises(QueueFull, match="2 requests wait"):
        await a.lend("one/ada")
    waiting.append(asyncio.create_task(a.lend("two/bob")))
    await settled()
    with pytest.raises(QueueFull, match="3 requests wait"):
        await a.lend("two/bob")
    source.go.set()
    await asyncio.gather(*waiting)


async def test_one_more_than_may_wait_is_told_when_the_load_that_they_wait_for_ends() -> None:
    clock = Clock()
    pool = Pool(20, most=1, clock=clock)
    sources = {id: named(id, 4) for id in "ab"}
    a, b = (pool.add(source) for source in sources.values())

    async def told(model: Resident) -> float | None:
        with pytest.raises(QueueFull) as refused:
            await model.lend()
        assert f"Try again in {math.ceil(refused.value.retry_after or 0)} s" in (refused.value.remedy or "")
        return refused.value.retry_after

    sources["a"].go.clear()
    first = asyncio.create_task(a.lend())
    await settled()
    assert await told(b) == 5  # nothing was loaded yet
    clock.now += 3
    sources["a"].percent = 10
    assert await told(b) == await told(a) == 27
    sources["a"].percent, clock.now = 1, 10
    assert await told(b) == 300
    sources["a"].percent = 100
    assert await told(b) == 1
    clock.now = 12
    sources["a"].go.set()
    (await first).release()

    sources["b"].go.clear()
    second = asyncio.create_task(b.lend())
    await settled()
    assert await told(b) == 12  # another's took as long
    clock.now += 8
    assert await told(b) == 4
    clock.now += 1
    sources["b"].go.set()
    (await second).release()
    pool.sleep(b)
    await settled()
    sources["b"].go.clear()
    third = asyncio.create_task(b.lend())
    await settled()
    assert await told(b) == 9  # its own last load did
    sources["b"].go.set()
    (await third).release()


async def test_while_what_is_waited_for_has_not_begun_its_last_load_is_what_is_known() -> None:
    clock = Clock()
    pool = Pool(5, most=1, clock=clock)
    sources = {id: named(id, 4) for id in "ab"}
    a, b = (pool.add(source) for source in sources.values())
    sources["a"].go.clear()
    first = asyncio.create_task(a.lend())
    await settled()
    clock.now += 7
    sources["a"].go.set()
    running = await first
    waits = asyncio.create_task(b.lend())  # until nobody uses a
    await settled()
    with pytest.raises(QueueFull) as refused:
        await b.lend()
    assert refused.value.retry_after == 7
    running.release()
    (await waits).release()


async def test_what_can_never_fit_is_refused_at_once_with_numbers() -> None:
    pool = Pool(2**30, clock=Clock())
    a = pool.add(named("a", 2**29), pinned=True)
    b, c = pool.add(named("b", 2**30 - 5)), pool.add(named("c", 2**31))
    with pytest.raises(EngineUnavailable, match=r"c does not fit into memory: it needs 2.0 GiB of a budget of 1.0 GiB"):
        await c.lend()
    (await a.lend()).release()
    with pytest.raises(EngineUnavailable, match=r"of which a has 0.5 GiB and never sleeps") as refused:
        await b.lend()
    assert "unpin a" in (refused.value.remedy or "")
    pool.pin(a, pinned=False)
    (await b.lend()).release()
    assert (a.state, b.state) == ("asleep", "awake")


async def test_a_load_that_fails_is_told_to_all_who_wait_and_tried_again_later() -> None:
    clock = Clock()
    pool = Pool(9, clock=clock)
    source = named("a", 4, CheckpointInvalid("/secret/place is damaged."))
    a, b = pool.add(source), pool.add(named("b", 4))
    source.go.clear()
    asked = [asyncio.create_task(a.lend()) for _ in range(2)]
    await source.begun.wait()
    source.go.set()
    for one in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(one, EngineUnavailable)
        assert "secret" not in one.text
    assert (a.state, a.held, a.failure and a.failure.text, pool.free) == ("failed", 0, "/secret/place is damaged.", 9)
    with pytest.raises(EngineUnavailable):
        await a.lend()
    assert source.asked == 1, "not at once"
    (await b.lend()).release()
    clock.now = 11.0
    (await a.lend()).release()
    assert (a.state, source.asked) == ("awake", 2)


async def test_a_model_sleeps_when_it_was_not_used_for_a_while_unless_it_is_pinned() -> None:
    clock = Clock()
    pool = Pool(99, idle=60.0, clock=clock)
    a, b = pool.add(named("a", 4)), pool.add(named("b", 4), pinned=True)
    leases = [await one.lend() for one in (a, b)]
    clock.now = 100.0
    pool.look()
    assert a.state == "awake", "it is used"
    for lease in leases:
        lease.release()
    clock.now = 159.0
    pool.look()
    assert a.state == "awake"
    clock.now = 161.0
    pool.look()
    await settled()
    assert (a.state, a.tally.swaps, b.state) == ("asleep", 0, "awake")


async def test_one_that_is_used_answers_for_as_long_as_its_loading_took_before_it_gives_way() -> None:
    clock = Clock()
    pool = Pool(5, clock=clock)
    source = named("a", 4)
    a, b = pool.add(source), pool.add(named("b", 4))
    source.go.clear()
    asked = asyncio.create_task(a.lend())
    await source.begun.wait()
    clock.now = 30.0  # so long it takes
    source.go.set()
    running = await asked
    wanted = asyncio.create_task(b.lend())
    await settled()
    more = a.lend_now()
    assert more is not None
    clock.now = 61.0
    pool.look()
    assert a.lend_now() is None
    running.release()
    more.release()
    (await wanted).release()
    assert (a.state, b.state) == ("asleep", "awake")


async def test_an_administrator_puts_a_model_to_sleep_and_whoever_asks_wakes_it() -> None:
    pool, (a, b, _), (source, *_) = three(10)
    running = await a.lend()
    pool.pin(a, pinned=True)
    with pytest.raises(Conflict, match="pinned"):
        pool.sleep(a)
    pool.pin(a, pinned=False)
    pool.sleep(a)
    pool.sleep(b)  # it sleeps
    assert (a.shown, a.lend_now(), b.state) == ("draining", None, "asleep")
    late = asyncio.create_task(a.lend())
    await settled()
    running.release()
    assert (await late).served.card.id == "a"
    assert (source.asked, a.tally.sleeps, a.tally.swaps) == (2, 1, 0)


async def test_one_that_is_pinned_meanwhile_stays() -> None:
    pool, (a, *_), _ = three(10)
    running = await a.lend()
    pool.sleep(a)
    pool.pin(a, pinned=True)
    running.release()
    await settled()
    assert a.state == "awake"


async def test_closing_ends_loads_and_engines_and_refuses_who_waits() -> None:
    pool, (a, b, _), (first, second, _) = three(10)
    (await a.lend()).release()
    second.go.clear()
    asked = asyncio.create_task(b.lend())
    await second.begun.wait()
    await pool.close()
    with pytest.raises(EngineUnavailable, match="shutting down"):
        await asked
    with pytest.raises(EngineUnavailable, match="shutting down"):
        a.lend_now()
    with pytest.raises(EngineUnavailable, match="shutting down"):
        await first.engines[0].stats()
    await pool.close()


# ── whatever happens ──

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "end", "leave", "sleep", "pin", "unpin", "fail", "wait", "reload"]), st.integers(0, 3), st.integers(0, 9)
    ),
    max_size=60,
)
SIZES = st.lists(st.integers(1, 6), min_size=2, max_size=4)


@settings(deadline=None, max_examples=150)
@given(SIZES, STEPS, st.booleans())
def test_whatever_is_asked_the_budget_holds_pins_hold_and_everybody_is_served(sizes: list[int], steps: Any, pin: bool) -> None:
    """Every sequence of requests, ends, departures, failures and wishes of administrators: at the end each line is empty."""
    asyncio.run(_whatever(sizes, steps, pin))


async def _whatever(sizes: list[int], steps: list[tuple[str, int, int]], pin: bool) -> None:
    clock = Clock()
    pool = Pool(8, clock=clock, seconds=1e6)
    sources = [named(f"m{index}", size) for index, size in enumerate(sizes)]
    residents = [pool.add(source, pinned=pin and index == 0 and sizes[0] <= 2) for index, source in enumerate(sources)]
    asked: list[asyncio.Task[Lease]] = []
    reloads: list[asyncio.Task[None]] = []
    held: list[Lease] = []

    def check() -> None:
        assert sum(one.held for one in residents) <= pool.budget
        for one in residents:
            assert not (one.pinned and one.state == "awake" and one.told_to_sleep)
        for lease in held:  # nobody's engine is taken away
            assert not lease.served.engine._closed  # pyright: ignore

    def collect() -> None:
        for task in [task for task in asked if task.done()]:
            asked.remove(task)
            if not task.cancelled() and task.exception() is None:
                held.append(task.result())

    for what, which, number in steps:
        one, source = residents[which % len(residents)], sources[which % len(residents)]
        before = one.tally.sleeps
        match what:
            case "ask":
                asked.append(asyncio.create_task(one.lend()))
            case "end" if held:
                held.pop(number % len(held)).release()
            case "leave" if asked:
                asked[number % len(asked)].cancel()
            case "sleep" if not (one.pinned or one.reloading):
                pool.sleep(one)
            case "pin" | "unpin" if one.source.card.id != "m0":
                pool.pin(one, pinned=what == "pin" and sum(r.source.size for r in residents if r.pinned or r is one) <= 8 - max(sizes))  # type: ignore[attr-defined]
            case "fail":
                source.failures.append(CheckpointInvalid("damaged"))
            case "reload" if one.task is None and not one.reloading:
                fresh = named(one.card.id, 1 + number % 6)
                reloads.append(asyncio.create_task(pool.reload(one, fresh)))
            case _:
                clock.now += number
                pool.look()
        for _ in range(number):
            await asyncio.sleep(0)
            check()
            collect()
        if one.pinned and one.state == "awake":
            assert one.tally.sleeps == before
    # Everybody who still waits is served once those who were served give back what they have, and time goes on.
    for source in sources:
        source.failures.clear()
    for one in residents:
        pool.pin(one, pinned=False)
    for _ in range(400):
        await asyncio.sleep(0)
        check()
        collect()
        while held:
            held.pop().release()
        clock.now += 1.0
        pool.look()
        if not asked and all(task.done() for task in reloads):
            break
    collect()
    assert not asked, "somebody waits for ever"
    assert all(task.done() for task in reloads)
    assert all(not one.waiting and not one.running for one in residents)
    await asyncio.gather(*reloads, return_exceptions=True)
    await pool.close()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 2), min_size=6, max_size=40), st.integers(1, 4), st.integers(0, 6))
def test_clients_that_ask_by_turns_all_make_progress(order: list[int], clients: int, steps: int) -> None:
    """Each client asks its models one after the other; no two models fit together. All are answered."""

    async def run() -> int:
        pool = Pool(5, clock=Clock())
        residents = [pool.add(named(id, 4)) for id in "abc"]

        async def client(number: int) -> None:
            for which in order[number:] + order[:number]:
                lease = await residents[which].lend()
                for _ in range(steps):
                    await asyncio.sleep(0)
                lease.release()

        async with asyncio.timeout(60):
            await asyncio.gather(*(client(number) for number in range(clients)))
        assert pool.budget >= sum(one.held for one in residents)
        loads = sum(one.tally.loads for one in residents)
        await pool.close()
        return loads

    assert asyncio.run(run()) <= len(order) * clients


async def test_two_models_that_are_asked_all_the_time_take_turns_in_batches() -> None:
    pool = Pool(5, clock=Clock())
    a, b = (pool.add(named(id, 4)) for id in "ab")
    done: dict[str, int] = {"a": 0, "b": 0}
    stop = asyncio.Event()

    async def client(one: Resident) -> None:
        while not stop.is_set():
            lease = await one.lend()
            await asyncio.sleep(0)
            lease.release()
            done[one.card.id] += 1
            if min(done.values()) >= 200:
                stop.set()

    async with asyncio.timeout(60):
        await asyncio.gather(*(client(one) for one in (a, b) for _ in range(8)))
    assert max(done.values()) <= 2 * min(done.values()), "neither starves"
    assert a.tally.loads + b.tally.loads <= sum(done.values()) / 4, "they are not swapped for every answer"
    await pool.close()
