"""A crowd in a house whose engine is killed under it. In: a house, a while, how many kills. Out: what broke a promise.

The short form is a test, the long one benchmarks/soak_engine.py.
"""

import asyncio
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from tests.adapters import write_peft
from tests.house import KEY, House
from tests.load import Crowd

__all__ = ["Soak", "adapters_in", "soak"]

LAYERS, SHAPES = 30, {"q": (576, 576), "v": (192, 576)}  # of SmolLM2-135M
WITHIN = 2.0  # seconds
GROWTH = 1.02


@dataclass
class Soak:
    house: House
    crowd: Crowd
    seconds: float
    kills: int
    began: float = 0.0  # by time.monotonic()
    memory: list[tuple[float, int, int]] = field(default_factory=list[tuple[float, int, int]])  # seconds since the start, bytes of the
    # server, and of its engine
    errors_after: list[float] = field(default_factory=list[float])  # seconds from a kill to the last error of what was open then
    kills_at: list[float] = field(default_factory=list[float])  # seconds since the start
    gave_way: int = 0  # sequences that had to, in all engines

    async def watch(self) -> None:
        """Note the memory every second; kill the engine at equal distances, never in the last third, whose memory is compared."""
        self.began = time.monotonic()
        moments = [self.seconds * (number + 1) / (1.5 * (self.kills + 1)) for number in range(self.kills)]
        while (now := time.monotonic() - self.began) < self.seconds:
            if moments and now > moments[0]:
                moments.pop(0)
                self.kills_at.append(now)
                await self._kill()
            server = psutil.Process(self.house.process.pid)
            engine = sum(process.memory_info().rss for process in server.children(recursive=True))
            self.memory.append((now, server.memory_info().rss, engine))
            await asyncio.sleep(1)

    async def _kill(self) -> None:
        crowd = self.crowd
        self.gave_way += int((await asyncio.to_thread(self.house.metrics))["num_preemptions_total"])
        open_then, crowd.killed = set(crowd.open), True
        self.house.engine().send_signal(signal.SIGKILL)
        killed = time.monotonic()
        await _ended(crowd, open_then)
        self.errors_after.append(time.monotonic() - killed)
        async with httpx.AsyncClient(base_url=self.house.url, timeout=60) as client:
            while (await client.get("/health/ready")).status_code != 200:  # noqa: ASYNC110  the server is another process
                await asyncio.sleep(0.05)
        await _ended(crowd, set(crowd.open))  # who asked a moment ago may still be told that there is none
        crowd.killed = False

    def found(self) -> list[str]:
        """What broke a promise, once all who asked are gone. How fast errors came, and memory, are figures: see `late` and `grown`."""
        found = self._wrong()
        metrics = self._idle()
        self.gave_way += int(metrics["num_preemptions_total"])
        for name, expected in (("num_requests_running", 0), ("kv_cache_usage_perc", 0), ("engine_restarts_total", self.kills)):
            if metrics[name] != expected:
                found.append(f"alize_{name} is {metrics[name]} at the end, not {expected}")
        return found

    def late(self) -> list[str]:
        return [f"open requests had their error {after:.2f} s after a kill" for after in self.errors_after if after > WITHIN]

    def most(self) -> tuple[int, int]:
        """Bytes of server and engine together at most, in the second third and in the last."""
        sizes = [(3 * moment / self.seconds, server + engine) for moment, server, engine in self.memory]
        middle, last = (max((size for third, size in sizes if number <= third < number + 1), default=0) for number in (1, 2))
        return middle, last

    def grown(self) -> list[str]:
        middle, last = self.most()
        return [f"memory grew: {middle} bytes at most in the second third, {last} in the last"] if last > GROWTH * middle else []

    def _wrong(self) -> list[str]:
        kinds = dict[str, list[float]]()
        for moment, what in self.crowd.wrong:
            kinds.setdefault(what, []).append(moment - self.began)
        return [f"{what} ({len(moments)} times, first after {moments[0]:.1f} s)" for what, moments in kinds.items()][:20]

    def _idle(self) -> dict[str, float]:
        def look() -> dict[str, float] | None:
            metrics = self.house.metrics()
            return metrics if not metrics["num_requests_running"] + metrics["num_requests_waiting"] else None

        return self.house.until(look)


def soak(house: House, adapters: tuple[str, ...], seed: int, clients: int, seconds: float, kills: int, longest: int = 3000) -> Soak:
    crowd = Crowd(house.url, KEY, seed, "smollm2-135m-instruct", adapters, longest)
    run = Soak(house, crowd, seconds, kills)
    asyncio.run(crowd.run(clients, seconds, run.watch))
    return run


def adapters_in(folder: Path) -> dict[str, Path]:
    return {name: write_peft(folder / name, LAYERS, SHAPES, seed, rank=8, size=0.05) for seed, name in enumerate(("first", "second"))}


async def _ended(crowd: Crowd, requests: set[int]) -> None:
    """Until all of these have ended; a minute at most, of which `late` tells."""
    end = time.monotonic() + 60
    while requests & crowd.open and time.monotonic() < end:  # noqa: ASYNC110  clients end in many places
        await asyncio.sleep(0.01)
