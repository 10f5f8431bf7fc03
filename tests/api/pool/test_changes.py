"""What administrators change while a model is used: its weights, its adapters, whether it is loaded. Nothing is lost, all is counted."""

import asyncio

import pytest

from alize.api.pool import Pool
from alize.errors import CheckpointInvalid, Conflict, EngineUnavailable, OutOfMemory
from tests.api.pool.pools import Clock, named, settled, three


async def test_other_weights_are_loaded_beside_the_old_which_end_what_they_began() -> None:
    pool, (a, *_), (old, *_) = three(10)
    running = await a.lend()
    new = named("a", 5)
    reloading = asyncio.create_task(pool.reload(a, new))
    await settled()
    assert (a.held, a.state) == (9, "awake"), "both are in memory"
    late = a.lend_now()
    assert late is not None
    assert late.served.engine is new.engines[0]
    assert running.served.engine is old.engines[0]
    assert (await old.engines[0].stats()).running == 0, "it is not closed"
    await reloading  # nobody waits for them: who uses them may take long
    assert (a.held, a.tally.loads, a.source, a.reloading) == (9, 2, new, False)
    pool.sleep(a)
    late.release()
    await settled()
    assert (a.state, a.held) == ("awake", 9), "it does not sleep while they are used"
    running.release()
    await settled()
    assert (a.state, a.held) == ("asleep", 0)
    with pytest.raises(EngineUnavailable):
        await old.engines[0].stats()


async def test_weights_can_be_replaced_again_and_adapters_set_while_the_first_still_end_what_they_began() -> None:
    pool, (a, *_), (first, *_) = three(20)
    running = await a.lend()
    second, third = named("a", 5), named("a", 6)
    await pool.reload(a, second)
    await pool.set_adapter(a, "law", "/law", 1)
    between = await a.lend()
    await pool.reload(a, third)
    assert a.held == 4 + 5 + 6, "each is counted until nobody uses it"
    assert [info.name for info in third.engines[0].info.adapters] == ["law"]
    for lease, source in ((running, first), (between, second)):
        assert (await source.engines[0].stats()).generation == 1
        lease.release()
        await settled()
        with pytest.raises(EngineUnavailable):
            await source.engines[0].stats()
    assert (a.held, a.ending) == (6, [])


async def test_what_others_still_use_of_old_weights_is_not_reckoned_as_room_for_new_ones() -> None:
    pool, (a, *_), _ = three(10)
    running = await a.lend()
    await pool.reload(a, named("a", 5))
    with pytest.raises(OutOfMemory, match="are left for a"):
        await pool.reload(a, named("a", 7))
    running.release()
    await settled()
    await pool.reload(a, named("a", 7))
    assert a.held == 7


async def test_closing_ends_also_what_was_replaced() -> None:
    pool, (a, *_), (old, *_) = three(10)
    await a.lend()
    await pool.reload(a, named("a", 4))
    await pool.close()
    with pytest.raises(EngineUnavailable):
        await old.engines[0].stats()


async def test_where_there_is_no_memory_for_both_new_requests_wait_for_the_new_ones() -> None:
    pool, (a, b, _), (old, *_) = three(7)
    running = await a.lend()
    new = named("a", 6)
    reloading = asyncio.create_task(pool.reload(a, new))
    await settled()
    late = asyncio.create_task(a.lend())
    other = asyncio.create_task(b.lend())
    await settled()
    assert not late.done()
    assert not other.done()
    assert (await old.engines[0].stats()).generation == 1, "what runs ends with the old ones"
    with pytest.raises(Conflict):
        await pool.reload(a, named("a", 1))
    running.release()
    await reloading
    lease = await late
    assert (lease.served.engine, a.held) == (new.engines[0], 6)
    lease.release()
    (await other).release()


async def test_an_exchange_for_which_the_old_weights_are_used_too_long_is_called_off_and_whoever_waits_has_the_old_ones() -> None:
    pool, (a, *_), (old, *_) = three(7, seconds=0.1)
    running = await a.lend()
    reloading = asyncio.create_task(pool.reload(a, named("a", 6)))
    await settled()
    late = asyncio.create_task(a.lend())
    with pytest.raises(Conflict, match=r"still used after 0.05 seconds"):
        await reloading
    assert ((await late).served.engine, a.state, a.held, a.reloading) == (old.engines[0], "awake", 4, False)
    assert (await running.served.engine.stats()).generation == 1
    for lease in (running, late.result()):
        lease.release()
    pool.sleep(a)
    await settled()
    assert (a.state, a.held, pool.free) == ("asleep", 0, 7)


@pytest.mark.parametrize("size", [5, 9])
async def test_weights_that_cannot_be_loaded_leave_the_old_ones(size: int) -> None:
    """Once beside them, and once where they had to go first."""
    pool, (a, *_), (old, *_) = three(10)
    (await a.lend()).release()
    with pytest.raises(CheckpointInvalid):
        await pool.reload(a, named("a", size, CheckpointInvalid("damaged")))
    lease = await a.lend()
    assert (lease.served.engine, a.held, a.reloading) == (old.engines[-1], 4, False)
    with pytest.raises(OutOfMemory, match="the budget of all models"):
        await pool.reload(a, named("a", 99))
    assert a.lend_now() is not None


async def test_a_model_that_sleeps_wakes_with_the_weights_that_it_was_given() -> None:
    pool, (a, *_), _ = three(10)
    new = named("a", 3)
    await pool.reload(a, new)
    assert (a.state, new.asked) == ("asleep", 0)
    assert (await a.lend()).served.engine is new.engines[0]


async def test_an_adapter_counts_and_one_too_many_is_refused() -> None:
    pool, (a, *_), _ = three(10)
    with pytest.raises(OutOfMemory, match="law"):
        await pool.set_adapter(a, "law", "/law", 7)
    await pool.set_adapter(a, "law", "/law", 6)
    served = (await a.lend()).served
    assert [info.name for info in served.engine.info.adapters] == ["law"]
    await pool.remove_adapter(a, "law")
    assert served.engine.info.adapters == ()


async def test_two_adapters_at_once_do_not_take_the_same_bytes() -> None:
    pool, (a, b, _), (first, second, _) = three(14)
    for one in (a, b):
        (await one.lend()).release()
    for source in (first, second):
        source.go.clear()
    asked = [asyncio.create_task(pool.set_adapter(one, f"of-{one.card.id}", "/law", 6)) for one in (a, b)]
    await settled()
    assert (pool.free, asked[1].done()) == (0, True), "it is counted before it is loaded"
    for source in (first, second):
        source.go.set()
    assert [type(one) for one in await asyncio.gather(*asked, return_exceptions=True)] == [type(None), OutOfMemory]
    assert pool.free == 6, "what it really takes is what stays counted"


async def test_an_adapter_that_cannot_be_loaded_is_not_counted() -> None:
    pool, (a, *_), (source, *_) = three(10)
    (await a.lend()).release()
    await source.engines[0].close()
    with pytest.raises(EngineUnavailable):
        await pool.set_adapter(a, "law", "/law", 6)
    assert (a.held, pool.free) == (4, 6)


async def test_no_adapter_is_lost_by_a_reload() -> None:
    """One that was there is there, one that was taken away is not, and none is set meanwhile."""
    pool, (a, *_), (old, *_) = three(10)
    for name in ("law", "poems"):
        await pool.set_adapter(a, name, f"/{name}", 1)
    new = named("a", 4)
    old.go.clear()
    deleting = asyncio.create_task(pool.remove_adapter(a, "poems"))
    await settled()
    with pytest.raises(Conflict):
        await pool.reload(a, new)
    old.go.set()
    await deleting
    new.go.clear()
    reloading = asyncio.create_task(pool.reload(a, new))
    await new.begun.wait()
    for change in (pool.set_adapter(a, "law", "/more", 1), pool.remove_adapter(a, "law")):
        with pytest.raises(Conflict):
            await change
    new.go.set()
    await reloading
    assert [info.name for info in (await a.lend()).served.engine.info.adapters] == ["law"]


async def test_an_adapter_is_taken_from_a_model_that_sleeps_without_waking_it() -> None:
    pool, (a, *_), (source, *_) = three(10)
    for name in ("law", "poems"):
        await pool.set_adapter(a, name, f"/{name}", 1)
    pool.sleep(a)
    await settled()
    await pool.remove_adapter(a, "law")
    await pool.remove_adapter(a, "nothing")
    assert (a.state, source.asked) == ("asleep", 1)
    assert a.served is not None
    assert [served.adapter for served in a.served.adapted()] == ["poems"], "nobody can ask for it any more"
    assert [info.name for info in (await a.lend()).served.engine.info.adapters] == ["poems"]


async def test_an_adapter_is_taken_from_a_model_that_is_to_sleep_without_keeping_it_awake() -> None:
    """Once while its answers still run, and once while its engine ends."""
    pool, (a, *_), (source, *_) = three(10)
    for name in ("law", "poems"):
        await pool.set_adapter(a, name, f"/{name}", 1)
    running = await a.lend()
    pool.sleep(a)
    await pool.remove_adapter(a, "law")
    assert [info.name for info in running.served.engine.info.adapters] == ["poems"]
    running.release()
    assert a.state == "draining"
    await pool.remove_adapter(a, "poems")
    await settled()
    assert (a.state, source.asked, source.adapters) == ("asleep", 1, {})


async def test_an_adapter_is_taken_from_a_model_that_is_being_loaded_with_it() -> None:
    pool, (a, *_), (source, *_) = three(10)
    await pool.set_adapter(a, "law", "/law", 1)
    pool.sleep(a)
    await settled()
    source.begun.clear()
    source.go.clear()
    asked = asyncio.create_task(a.lend())
    await source.begun.wait()
    removing = asyncio.create_task(pool.remove_adapter(a, "law"))
    await settled()
    assert not removing.done()
    source.go.set()
    lease = await asked
    await removing
    assert lease.served.engine.info.adapters == ()
    lease.release()


async def test_closing_tells_whoever_waits_to_take_an_adapter_away() -> None:
    pool, (a, *_), (source, *_) = three(10)
    source.go.clear()
    asked = asyncio.create_task(a.lend())
    await source.begun.wait()
    removing = asyncio.create_task(pool.remove_adapter(a, "law"))
    await settled()
    await pool.close()
    for waiting in (asked, removing):
        with pytest.raises(EngineUnavailable, match="shutting down"):
            await waiting


async def test_a_reload_and_an_adapter_wait_while_it_is_not_known_how_much_another_model_takes() -> None:
    """It holds all that is free until then; that is no reason to refuse them."""
    pool, (a, b, c), (_, second, _) = three(20)
    for one in (a, c):
        (await one.lend()).release()
    second.known.clear()
    asked = asyncio.create_task(b.lend())
    await second.measured.wait()
    assert pool.free == 0
    reloading, adapting = (asyncio.create_task(work) for work in (pool.reload(a, named("a", 5)), pool.set_adapter(c, "law", "/law", 1)))
    await settled()
    assert not reloading.done()
    assert not adapting.done()
    second.known.set()
    await asyncio.gather(reloading, adapting)
    assert (a.held, (await asked).served.card.id) == (5, "b")


async def test_while_a_pinned_model_has_old_and_new_weights_others_wait_and_are_not_refused() -> None:
    pool = Pool(10, clock=Clock())
    a, b = pool.add(named("a", 4), pinned=True), pool.add(named("b", 6))
    running = await a.lend()
    reloading = asyncio.create_task(pool.reload(a, named("a", 4)))
    await settled()
    assert a.held == 8
    wanted = asyncio.create_task(b.lend())
    await settled()
    assert not wanted.done()
    running.release()
    await reloading
    assert (await wanted).served.card.id == "b"
    with pytest.raises(EngineUnavailable, match="does not fit"):
        await pool.add(named("huge", 11)).lend()


async def test_closing_tells_whoever_waits_for_other_weights() -> None:
    pool, (a, *_), _ = three(10)
    (await a.lend()).release()
    new = named("a", 4)
    new.go.clear()
    reloading = asyncio.create_task(pool.reload(a, new))
    await new.begun.wait()
    await pool.close()
    with pytest.raises(EngineUnavailable, match="shutting down"):
        await reloading


async def test_what_an_administrator_has_loaded_waits_in_no_request_s_place_and_for_as_long_as_it_takes() -> None:
    pool = Pool(5, seconds=0.01, most=1, clock=Clock())
    source = named("a", 4)
    a, b = pool.add(source), pool.add(named("b", 4))
    source.go.clear()
    loading = pool.begin(a)
    with pytest.raises(EngineUnavailable, match="was not there within"):  # it had the one place that there is to wait, and its time is over
        await a.lend()
    assert not loading.done()
    source.go.set()
    await loading
    assert a.state == "awake"
    a.pinned = True
    with pytest.raises(EngineUnavailable, match=r"a has .* and never sleeps"):
        await pool.begin(b)
    assert b.failure is not None, "whoever looks at the model later sees why"


async def test_one_that_was_told_to_sleep_while_its_files_were_fetched_is_awake_when_it_is_asked_the_next_time() -> None:
    pool, (a, *_), (source, *_) = three(10)
    source.found.clear()
    leaving = asyncio.create_task(a.lend())
    await settled()
    assert a.state == "loading"
    pool.sleep(a)
    leaving.cancel()
    source.found.set()
    await settled()
    assert (a.shown, a.tally.loads) == ("asleep", 0)
    (await a.lend()).release()
    await settled()
    assert (a.shown, a.tally.sleeps) == ("awake", 0)


async def test_one_that_was_told_to_sleep_and_is_then_to_be_loaded_stays() -> None:
    pool, (a, *_), _ = three(10)
    running = await a.lend()
    pool.sleep(a)
    await pool.begin(a)
    running.release()
    await settled()
    assert (a.shown, a.tally.sleeps) == ("awake", 0)
