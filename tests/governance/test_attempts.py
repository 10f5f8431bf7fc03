"""Failures are counted for fifteen minutes, across restarts, and also those of guesses that come all at once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from alize.errors import RateLimited
from alize.governance.attempts import WINDOW, Attempts, address_key
from alize.storage.base import Database


class Clock:
    time = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


async def tried(attempts: Attempts, failed: bool = True, **most: int) -> bool:
    """Whether it was let in."""
    try:
        async with attempts.attempt(most or {"key": 5}) as attempt:
            await asyncio.sleep(0)
            attempt.failed = failed
    except RateLimited:
        return False
    return True


async def test_after_five_failures_the_sixth_waits_until_the_first_is_old(database: Database) -> None:
    clock = Clock()
    attempts = Attempts(database, clock)
    for _ in range(5):
        assert await tried(attempts)
        clock.time += timedelta(minutes=1)
    with pytest.raises(RateLimited) as refused:
        async with attempts.attempt({"key": 5}):
            pass
    assert refused.value.retry_after is not None
    restarted = Attempts(database, clock)
    assert not await tried(restarted)
    clock.time += timedelta(seconds=refused.value.retry_after)
    assert await tried(restarted)
    assert not await tried(restarted)


async def test_what_is_refused_counts_no_longer_than_what_failed(database: Database) -> None:
    clock = Clock()
    attempts = Attempts(database, clock)
    for _ in range(50):
        await tried(attempts)
    clock.time += WINDOW + timedelta(seconds=1)
    assert await tried(attempts)


async def test_a_clock_that_is_set_back_locks_nobody_out_for_longer_than_a_failure_counts(database: Database) -> None:
    clock = Clock()
    attempts = Attempts(database, clock)
    for _ in range(50):
        await tried(attempts)
    clock.time -= timedelta(hours=5)
    assert [await tried(attempts) for _ in range(6)] == [True] * 5 + [False]  # from now on it counts as ever
    clock.time += WINDOW + timedelta(seconds=1)
    assert await tried(attempts)


async def test_failures_on_a_server_whose_clock_is_a_little_ahead_count(database: Database) -> None:
    here, there = Clock(), Clock()
    there.time += timedelta(seconds=30)
    for _ in range(5):
        assert await tried(Attempts(database, there))
    assert not await tried(Attempts(database, here))


async def test_success_is_no_failure(database: Database) -> None:
    attempts = Attempts(database, Clock())
    assert all([await tried(attempts, failed=False) for _ in range(50)])


async def test_of_a_hundred_guesses_at_once_five_are_looked_at(database: Database) -> None:
    attempts = Attempts(database, Clock())
    assert sum(await asyncio.gather(*(tried(attempts) for _ in range(100)))) == 5
    assert not await tried(attempts)
    async with database.transaction() as store:
        assert await store.accounts.attempts("key", datetime(2026, 1, 1, tzinfo=UTC)) == 5


async def test_each_key_has_its_own_limit_and_one_that_is_full_refuses(database: Database) -> None:
    attempts = Attempts(database, Clock())
    for number in range(4):
        assert await tried(attempts, **{f"mail {number}": 2, "address": 4})
    assert not await tried(attempts, **{"another mail": 2, "address": 4})
    assert await tried(attempts, **{"another mail": 2, "another address": 4})
    for _ in range(2):
        await tried(attempts, **{"mail": 2, "third address": 4})
    assert not await tried(attempts, **{"mail": 2, "fourth address": 4})


def test_a_network_of_64_bits_is_one_address() -> None:
    assert address_key("2001:db8::1") == address_key("2001:db8::ffff:1") != address_key("2001:db8:0:1::1")
    assert address_key("::1") == "address:::1"
    assert address_key("fe80::1%eth0") == address_key("fe80::2")
    assert address_key("192.0.2.1") != address_key("192.0.2.2")
    assert len(address_key("no address " * 100)) <= 108
