"""Whether `Retry-After` is true. In: for how long. Out: one JSON document: what those who were refused were told, and what came.

    python benchmarks/overload.py [--seconds 60]

As many requests of one key are always open as a server takes that computes 16 and lets 32 wait, over HTTP; twice a second one more is
sent, and is refused. What it is told is held beside what came: the seconds until all that waited at that moment had their first token.
Once with requests that are all alike, once with prompts of 16 to 1,000 tokens and answers of 4 to 200. Then twice as many clients as there
are places come back when they are told to, as the official clients do: how often each request was sent, and what of the speed is left.
How many are computed at a time is seen in `/metrics`, twice a second: a place that nobody comes back for stays empty.

The run fails where what is told and what comes differ by more than a fifth in the middle.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fairness import KEY, Prompts, ours

from alize.cli.machine import busy_cores, describe
from alize.settings import Settings
from alize.tokenize import load_tokenizer
from alize.weights.checkpoints import open_checkpoint
from alize.weights.pull import located

RUNNING, WAITING = 16, 32
PLACES = {"ALIZE_MAX_RUNNING": str(RUNNING), "ALIZE_MAX_WAITING": str(WAITING), "ALIZE_STEP_SECONDS": "0"}
CLAIMED = 0.2  # what is told and what comes differ by in the middle, at most, as a part of what comes
ALIKE = ((128, 128), (64, 64))
MIXED = ((16, 1000), (4, 200))
"""Tokens of prompts, and of answers: from and to."""


@dataclass
class Asked:
    """One that was taken: when, when its first token came, and which it is."""

    taken: float
    first: float | None = None


class Load:
    """Requests of one server."""

    def __init__(self, client: httpx.AsyncClient, prompts: Prompts, sizes: tuple[tuple[int, int], tuple[int, int]], seed: int) -> None:
        """`seed`: of the sizes. The texts are of the prompts, of which none comes twice: no cached prefix makes one fast."""
        self._client, self._prompts, self._random, self._sizes = client, prompts, random.Random(seed), sizes
        self.asked: list[Asked] = []
        self.refused: list[tuple[float, float, float]] = []  # when, what it was told, how long that took
        self.drawn = 0

    async def one(self, *, noted: bool = True) -> float:
        """Send one, and read it; the seconds after which to come back where it is refused, else 0. `noted`: it is looked at later."""
        tokens, answer = (self._random.randint(*size) for size in self._sizes)
        body = {
            "model": "smollm2-135m-instruct",
            "messages": [{"role": "user", "content": self._prompts.text(tokens)}],
            "max_tokens": answer,
            "temperature": 0,
            "ignore_eos": True,
            "stream": True,
        }
        began = time.perf_counter()
        asked = Asked(began)
        async with self._client.stream("POST", "/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {KEY}"}) as got:
            if got.status_code == 429:
                now = time.perf_counter()
                told = float(got.headers["Retry-After"])
                self.refused += [(now, told, now - began)] if noted else []
                return told
            if got.status_code != 200:
                raise RuntimeError(f"{got.status_code}: {(await got.aread())[:300]!r}")
            self.asked.append(asked)
            async for line in got.aiter_lines():
                if line.startswith("data: {"):
                    chunk = json.loads(line[6:])
                    if asked.first is None and chunk["choices"][0]["delta"].get("content"):
                        asked.first = time.perf_counter()
                    self.drawn += (chunk.get("usage") or {}).get("completion_tokens", 0)
        return 0.0

    async def computed(self) -> int:
        """How many requests are computed now."""
        text = (await self._client.get("/metrics", headers={"Authorization": f"Bearer {KEY}"})).raise_for_status().text
        (line,) = [line for line in text.splitlines() if line.startswith("alize_num_requests_running{")]
        return round(float(line.rsplit(" ", 1)[1]))

    def truth(self) -> list[tuple[float, float]]:
        """Of each refusal what was told, and what came; without those of which nobody knows, since the run ended before."""
        found: list[tuple[float, float]] = []
        for when, told, _ in self.refused:
            before = [asked for asked in self.asked if asked.taken < when and (asked.first is None or asked.first > when)]
            if before and all(asked.first is not None for asked in before):
                found.append((told, max(asked.first for asked in before if asked.first is not None) - when))
        return found


async def kept_full(load: Load, places: int, seconds: float) -> dict[str, Any]:
    """As many as there are places, and probes."""
    ended = False

    async def again() -> None:
        while not ended:
            if await load.one(noted=False):
                await asyncio.sleep(0.05)  # a probe had its place

    tasks = [asyncio.create_task(again()) for _ in range(places)]
    await asyncio.sleep(15)  # until as many have ended as are looked at
    load.refused.clear()
    drawn, began, computed = load.drawn, time.perf_counter(), list[int]()
    while time.perf_counter() - began < seconds:
        await asyncio.sleep(0.5)
        computed.append(await load.computed())
        for task in tasks:
            if task.done():
                task.result()
        tasks.append(asyncio.create_task(load.one()))
    rate = (load.drawn - drawn) / (time.perf_counter() - began)
    ended = True
    await asyncio.gather(*tasks)  # so that of every refusal it is known what came
    pairs = load.truth()
    ratios = sorted(told / came for told, came in pairs)
    took = sorted(took for _, _, took in load.refused)
    return {
        "refused": len(pairs),
        "told_s": round(statistics.median(told for told, _ in pairs), 1),
        "came_s": round(statistics.median(came for _, came in pairs), 1),
        "ratio": {name: round(ratios[int(at * (len(ratios) - 1))], 2) for name, at in (("p5", 0.05), ("p50", 0.5), ("p95", 0.95))},
        "refused_in_ms": {"p50": round(1000 * statistics.median(took), 1), "p99": round(1000 * took[int(0.99 * (len(took) - 1))], 1)},
        "tokens_per_second": round(rate),
        "computed": round(statistics.mean(computed), 1),
    }


async def coming_back(load: Load, clients: int, seconds: float) -> dict[str, Any]:
    """So many clients, each of which comes back when it is told to."""
    tries: list[int] = []
    ends = time.perf_counter() + 15 + seconds

    async def client() -> None:
        while time.perf_counter() < ends:
            count = 1
            while wait := await load.one():
                await asyncio.sleep(wait)
                count += 1
            tries.append(count)

    tasks = [asyncio.create_task(client()) for _ in range(clients)]
    await asyncio.sleep(15)
    drawn, began, computed = load.drawn, time.perf_counter(), list[int]()
    tries.clear()
    while time.perf_counter() < ends:
        await asyncio.sleep(0.5)
        computed.append(await load.computed())
    rate = (load.drawn - drawn) / (time.perf_counter() - began)
    await asyncio.gather(*tasks)  # also those who have come back for long
    found = {"tokens_per_second": round(rate), "computed": round(statistics.mean(computed), 1)}
    return {"clients": clients, "sent_mean": round(statistics.mean(tries), 2), "sent_most": max(tries), **found}


async def measured(url: str, words: Any, seconds: float) -> dict[str, Any]:
    places, prompts = RUNNING + WAITING, Prompts(words, 1)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=None, limits=limits) as client:
        rows = {
            name: await kept_full(Load(client, prompts, sizes, seed), places, seconds)
            for seed, (name, sizes) in enumerate((("alike", ALIKE), ("mixed", MIXED)), 1)
        }
        return {"rows": rows, "coming_back": await coming_back(Load(client, prompts, MIXED, 2), 2 * places, seconds)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the three")
    args = parser.parse_args()
    load, settings = busy_cores(), Settings.load()
    _, weights = located(settings.model, settings.home, settings.aliases())
    with closing(open_checkpoint(weights)) as checkpoint:
        words = load_tokenizer(checkpoint.tokenizer)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ours(settings, Path(folder) / "home", PLACES) as (url, _, _):
        found = asyncio.run(measured(url, words, args.seconds))
    said = {"machine": describe().processor, "cores": describe().cores, "load": round(load, 2)}
    print(json.dumps({**said, "running": RUNNING, "waiting": WAITING, **found}))
    return 0 if all(abs(row["ratio"]["p50"] - 1) <= CLAIMED for row in found["rows"].values()) else 1


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
