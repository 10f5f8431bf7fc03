"""A password fits its own hash alone, however it was typed; one that nobody has takes the same work."""

import asyncio
import threading
import unicodedata

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.errors import InvalidRequest, RateLimited
from alize.governance.passwords import LONGEST, SHORTEST, Passwords, checked_password
from tests.serving import CHEAP

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(password=TEXTS, other=TEXTS)
@settings(max_examples=60)
async def test_a_password_fits_its_own_hash_alone(password: str, other: str) -> None:
    passwords = Passwords(CHEAP)
    encoded = await passwords.hashed(password)
    assert encoded.startswith("$argon2id$")
    assert await passwords.fits(encoded, unicodedata.normalize("NFD", password))
    same = unicodedata.normalize("NFKC", other) == unicodedata.normalize("NFKC", password)
    assert await passwords.fits(encoded, other) is same


async def test_two_hashes_of_one_password_differ() -> None:
    passwords = Passwords(CHEAP)
    assert await passwords.hashed("correct horse") != await passwords.hashed("correct horse")


async def test_an_account_that_is_not_there_takes_the_same_work_and_never_fits() -> None:
    """What is computed for nobody has the parameters, the salt's and the digest's length of what is computed for somebody."""
    worked: list[str] = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            worked.append(str(hash))
            return super().verify(hash, password)

    passwords = Passwords(Watched(time_cost=1, memory_cost=8, parallelism=1))
    encoded = await passwords.hashed("correct horse")
    assert not await passwords.fits(None, "correct horse")
    assert await passwords.fits(encoded, "correct horse")
    nobody, somebody = worked
    assert extract_parameters(nobody) == extract_parameters(somebody)
    assert len(nobody) == len(somebody)


@pytest.mark.parametrize("damaged", ["", "x", "$argon2id$v=19$m=8,t=1,p=1$$", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_a_damaged_hash_fits_nothing(damaged: str) -> None:
    assert not await Passwords(CHEAP).fits(damaged, "correct horse")


async def test_weaker_parameters_are_noticed() -> None:
    encoded = await Passwords(CHEAP).hashed("correct horse")
    assert not Passwords(CHEAP).outdated(encoded)
    assert Passwords().outdated(encoded)


@pytest.mark.parametrize("wrong", ["", "seven..", "x" * (LONGEST + 1), "\ufdfa" * 15])  # the last one is 18 characters as NFKC writes it
def test_a_password_has_a_shortest_and_a_longest_form(wrong: str) -> None:
    with pytest.raises(InvalidRequest, match="characters"):
        checked_password(wrong)
    assert checked_password("x" * SHORTEST)
    assert checked_password("x" * LONGEST)


@pytest.mark.parametrize(("short", "said"), [("", "has 0 characters;"), ("x", "has 1 character;"), ("xx", "has 2 characters;")])
def test_a_count_of_one_is_said_in_the_singular(short: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        checked_password(short)


async def test_at_most_four_are_hashed_at_once_also_when_callers_leave_and_a_crowd_is_sent_away() -> None:
    running, most, release, full = [0], [0], threading.Event(), asyncio.Event()
    lock, loop = threading.Lock(), asyncio.get_running_loop()

    class Slow(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
                if running[0] == 4:
                    loop.call_soon_threadsafe(full.set)
            release.wait(30)
            with lock:
                running[0] -= 1
            return "hash"

    passwords = Passwords(Slow())
    leaving = [asyncio.create_task(passwords.hashed("correct horse")) for _ in range(8)]
    await full.wait()
    for task in leaving:
        task.cancel()
    await asyncio.gather(*leaving, return_exceptions=True)
    staying = [asyncio.create_task(passwords.hashed("correct horse")) for _ in range(300)]
    await asyncio.wait(staying, return_when=asyncio.FIRST_COMPLETED)  # those that are one too many
    release.set()
    results = await asyncio.gather(*staying, return_exceptions=True)
    assert most[0] == 4
    assert results.count("hash") == 200
    assert all(isinstance(result, RateLimited) for result in results if result != "hash")
