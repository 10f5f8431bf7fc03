"""What is large is worked on in a thread, and what that took is not kept."""

import asyncio
import subprocess
import sys
import threading

import pytest

from alize.api.aside import aside

SIX = """
import asyncio, os, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from alize.api.aside import aside

together = threading.Barrier(6, timeout=30)

def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

def work():
    begun = time.thread_time()
    while time.thread_time() < begun + 0.03:  # it is large, as much as it takes
        pass
    pieces = [bytes(5000) for _ in range(8000)]
    together.wait()
    if sys.argv[1] == "made":
        return pieces[-1]  # it stays behind all the others, so a heap does not shrink by itself
    try:
        raise KeyError(pieces)
    except KeyError:
        raise ValueError(pieces.pop()) from None

async def all():
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(6))
    await asyncio.to_thread(int)
    before = used()
    kept = await asyncio.gather(*(aside(work) for _ in range(6)), return_exceptions=True)
    print(used() - before)

asyncio.run(all())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="its heaps are those of glibc")
@pytest.mark.parametrize("end", ["made", "failed"])
def test_what_six_threads_took_for_a_moment_is_given_back(end: str) -> None:
    """Also where it ends with an error, which came of another that held all of it."""
    taken = subprocess.run([sys.executable, "-c", SIX, end], check=True, capture_output=True, text=True).stdout
    assert int(taken) < 60, "of 240 MiB"


async def test_others_go_on_while_it_works_and_what_it_raises_is_raised() -> None:
    loop, begun, others = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def work(word: str, *, times: int) -> str:
        loop.call_soon_threadsafe(begun.set)
        assert others.wait(30)
        return word * times

    def wrong() -> None:
        raise ValueError("of its own")

    working = asyncio.create_task(aside(work, "a", times=2))
    await begun.wait()
    others.set()
    assert await working == "aa"
    with pytest.raises(ValueError, match="of its own"):
        await aside(wrong)
