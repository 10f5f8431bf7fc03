"""What a prefix that is known already is worth. In: how often. Out: times to the first token, llama.cpp beside them; JSON on the last line.

    python benchmarks/prefix.py [--rounds 5] [--tokens 2000] [--pairs 40] [--alone]     # --alone leaves llama.cpp out

A real `alize up` with the default model, asked over HTTP for one token of a prompt: one that nobody has asked before, the same again (in
memory), and the same after a restart (from the disk, whose files the system still has in its page cache). llama.cpp, by its Python binding
and without HTTP, does the same: from nothing, with its prompt in memory, and in a new process from a state that it saved to a file.

Then two keys of one workspace: B asks for prompts that A has asked a moment ago and for prompts that nobody has, in turns, in an order
that a generator draws. Their times should not be told apart. A asks for its own again, as a control: those times must be, by the same
test. The second half of the pairs is asked after a restart: what A asked lies on the disk alone then.

Claims, each of which fails the run: in memory 1/20 of the time without, from the disk 1/8; nothing of what A asked is cached for B; the
times of B have p above 0.01, those of the control below.
"""

import argparse
import json
import math
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from soak_concurrent_chats import free_port

from alize.cli.bench.peers import PEERS, prepare
from alize.cli.database import on_database
from alize.cli.machine import busy_cores, describe
from alize.governance.keys import make_key, owner
from alize.settings import Settings
from alize.storage.base import Database
from alize.tokenize import Tokenizer, tokenizer_at
from alize.weights.pull import located

WORDS = [
    *("sea", "lamp", "stone", "river", "night", "house", "winter", "bread", "garden", "road"),
    *("letter", "window", "music", "horse", "paper", "cloud", "island", "summer", "city", "train"),
]

_SAVED = "alize_prefix_disk_saved_blocks_total{"
_TEMPLATE = 32
"""Tokens that every prompt begins with, and which are cached for whoever has asked anything."""

PEER = """
import json, sys, time
from llama_cpp import Llama, llama_cpp as api
path, threads, rounds, folder, prompts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], json.loads(sys.argv[5])
model = Llama(path, n_ctx=4096, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False)
def first(prompt):
    for token in model.generate(prompt, temp=0.0, top_k=1, repeat_penalty=1.0):
        return token
def timed(work, *given):
    began = time.perf_counter()
    work(*given)
    return time.perf_counter() - began
def another(prompt):
    return first([*prompt[:-1], prompt[0]])  # of the very same one it keeps the logits, and computes nothing
def restored(prompt, name):
    tokens, count = (api.llama_token * len(prompt))(), api.ctypes.c_size_t()
    assert api.llama_state_load_file(model.ctx, name, tokens, len(prompt), count)
    model.input_ids[:len(prompt)] = prompt
    model.n_tokens = len(prompt)
    another(prompt)
for turn, prompt in enumerate(prompts):
    name = f"{folder}/{turn}.state".encode()
    if sys.argv[6] == "save":
        model.reset()
        print(json.dumps(["uncached", timed(first, prompt)]), flush=True)
        print(json.dumps(["in memory", timed(another, prompt)]), flush=True)
        assert api.llama_state_save_file(model.ctx, name, (api.llama_token * len(prompt))(*prompt), len(prompt))
    else:
        print(json.dumps(["from the disk", timed(restored, prompt, name)]), flush=True)
"""


def text_of(tokens: int, seed: int, words: Tokenizer) -> str:
    """Words in no order, as many as make a prompt of so many tokens, nearly; no two begin alike."""
    draw = random.Random(seed)
    said = [str(draw.randrange(10**9)), *(draw.choice(WORDS) for _ in range(tokens))]
    spare = len(words.template([{"role": "user", "content": " ".join(said)}])) - tokens
    return " ".join(said[: len(said) - max(0, spare)])


@contextmanager
def house(home: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    """A server on a home, that answers."""
    port = free_port()
    command = [sys.executable, "-m", "alize", "up", "--home", str(home), "--port", str(port)]
    environment = {**os.environ, "ALIZE_OFFLINE": "true", "ALIZE_EMBEDDING_MODEL": ""}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600) as client:
            for _ in range(1200):
                try:
                    if client.get("/health/ready").status_code == 200:
                        break
                except httpx.TransportError:
                    assert process.poll() is None, "the server ended"
                time.sleep(0.1)
            else:
                raise TimeoutError("the server does not answer")
            yield client, process
    finally:
        process.send_signal(signal.SIGKILL)  # what was saved must not depend on a farewell
        process.wait()


def first_token(client: httpx.Client, key: str, text: str) -> tuple[float, int]:
    """Seconds until the first token of an answer has arrived, and how many of the prompt's were cached."""
    body = {"model": "alize-small-latest", "messages": [{"role": "user", "content": text}], "temperature": 0, "max_tokens": 1}
    began, seconds, cached = time.perf_counter(), 0.0, 0
    with client.stream("POST", "/v1/chat/completions", json={**body, "stream": True}, headers={"Authorization": f"Bearer {key}"}) as answer:
        assert answer.status_code == 200, answer.read()
        for line in answer.iter_lines():
            if not line.startswith("data: {"):
                continue
            said = json.loads(line[6:])
            if not seconds and said["choices"] and said["choices"][0]["delta"].get("content"):
                seconds = time.perf_counter() - began
            if usage := said.get("usage"):
                cached = usage["prompt_tokens_details"]["cached_tokens"]
    assert seconds, "no token came"
    return seconds, cached


def settled(client: httpx.Client) -> None:
    """Until everything that was computed is saved: the count of blocks stands still."""
    before = ""
    while (now := "".join(line for line in client.get("/metrics").text.splitlines() if line.startswith(_SAVED))) != before:
        assert now, "the server says nothing of what it saves"
        before = now
        time.sleep(0.3)


def keys(home: Path) -> tuple[str, str]:
    """Two of one workspace."""

    async def make(database: Database) -> tuple[str, str]:
        mine = await owner(database)
        async with database.transaction() as store:
            return (await make_key(store, mine, "a")).secret, (await make_key(store, mine, "b")).secret

    return on_database(home, make)


def told_apart(one: Sequence[float], other: Sequence[float]) -> dict[str, Any]:
    """Mann and Whitney's test (1947), two-sided, by its normal approximation; and the difference of medians, with its bootstrapped 95 %."""
    both = np.array([*one, *other])
    ranks = both.argsort().argsort() + 1  # times in nanoseconds: none is there twice
    n, m = len(one), len(other)
    u = ranks[:n].sum() - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    generator = np.random.default_rng(0)
    drawn = [np.median(generator.choice(side, (10_000, len(side))), axis=1) for side in (np.array(one), np.array(other))]
    low, high = np.quantile(drawn[0] - drawn[1], [0.025, 0.975])
    difference = statistics.median(one) - statistics.median(other)
    return {"p": math.erfc(abs(z) / math.sqrt(2)), "difference_ms": difference * 1e3, "interval_ms": [low * 1e3, high * 1e3]}


def spread(name: str, times: Sequence[float]) -> str:
    quantiles = np.quantile(times, [0, 0.25, 0.5, 0.75, 1]) * 1e3
    return f"{name}: " + ", ".join(f"{value:.1f}" for value in quantiles) + " ms (least, quartiles, most)"


def known(home: Path, key: str, texts: Sequence[str]) -> dict[str, list[float]]:
    """Times of each way, in rounds: a prompt and a server of its own for each."""
    times: dict[str, list[float]] = {"uncached": [], "in memory": [], "from the disk": []}
    for text in texts:
        with house(home) as (client, _):
            first_token(client, key, WORDS[0])  # what every server does once
            for way in ("uncached", "in memory"):
                seconds, cached = first_token(client, key, text)
                assert (cached > _TEMPLATE) == (way == "in memory"), f"{way}: {cached} tokens were cached"
                times[way].append(seconds)
            settled(client)
        with house(home) as (client, _):
            first_token(client, key, WORDS[0])
            seconds, cached = first_token(client, key, text)
            assert cached > _TEMPLATE, "nothing was found on the disk"
            times["from the disk"].append(seconds)
        print({way: round(of[-1], 4) for way, of in times.items()}, file=sys.stderr, flush=True)
    return times


def told(home: Path, a: str, b: str, pairs: int, tokens: int, words: Tokenizer) -> dict[str, Any]:
    """What B's times say of what A has asked; and A's own, which must say it."""
    draw, times = random.Random(0), {"asked by another": list[float](), "asked by nobody": list[float](), "asked by oneself": list[float]()}
    cached = dict.fromkeys(times, 0)

    def asked_again(client: httpx.Client, name: str, key: str, text: str) -> None:
        seconds, found = first_token(client, key, text)
        assert (found > _TEMPLATE) == (name == "asked by oneself"), f"{name}: {found} tokens were cached"
        times[name].append(seconds)
        cached[name] += found
        settled(client)

    prompts = [[text_of(tokens, 1000 + 2 * pair + which, words) for which in (0, 1)] for pair in range(pairs)]
    for part, beside in ((prompts[: pairs // 2], True), (prompts[pairs // 2 :], False)):  # in memory; on the disk alone
        if not beside:
            with house(home) as (client, _):
                for theirs, _nobodys in part:
                    first_token(client, a, theirs)
                settled(client)
        with house(home) as (client, _):
            for key in (a, b):
                first_token(client, key, WORDS[1])
            for theirs, nobodys in part:
                if beside:
                    first_token(client, a, theirs)
                    settled(client)
                for name, text in draw.sample([("asked by another", theirs), ("asked by nobody", nobodys)], 2):
                    asked_again(client, name, b, text)
                asked_again(client, "asked by oneself", a, theirs)
    for name, of in times.items():
        print(spread(name, of), file=sys.stderr)
    another, nobody, oneself = times.values()
    return {
        "pairs": pairs,
        "tokens": tokens,
        "cached_tokens": cached,
        "ms": {name: [round(each * 1e3, 2) for each in of] for name, of in times.items()},
        "tenants": told_apart(another, nobody),
        "control": told_apart(oneself, nobody),
    }


def peer(path: Path, settings: Settings, prompts: list[list[int]], threads: int) -> dict[str, list[float]]:
    """llama.cpp's times, of two processes: one that saves, and one that loads."""
    python = prepare(PEERS["llama.cpp"], settings.home, settings.offline, lambda line: print(line, file=sys.stderr))
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for what in ("save", "load"):
            command = [str(python), "-c", PEER, str(path), str(threads), str(len(prompts)), folder, json.dumps(prompts), what]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            for line in done.stdout.splitlines():
                way, seconds = json.loads(line)
                times.setdefault(way, []).append(seconds)
    return times


def medians(times: dict[str, list[float]]) -> dict[str, Any]:
    ms = {way: round(statistics.median(of) * 1e3, 1) for way, of in times.items()}
    return {"ms": ms, "of_uncached": {way: round(ms["uncached"] / each, 1) for way, each in ms.items() if way != "uncached"}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=2000, help="of a prompt")
    parser.add_argument("--pairs", type=int, default=40, help="of prompts that two keys ask for; 0 leaves that out")
    parser.add_argument("--pair-tokens", type=int, default=500)
    parser.add_argument("--alone", action="store_true", help="without llama.cpp")
    args = parser.parse_args()
    load, settings = busy_cores(), Settings.load()
    _, path = located(settings.model, settings.home, settings.aliases())
    words = tokenizer_at(path)
    texts = [text_of(args.tokens, seed, words) for seed in range(args.rounds)]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        (home / "models").mkdir(parents=True)
        (home / "models" / path.parent.name).symlink_to(path.parent, target_is_directory=True)
        a, b = keys(home)
        ours = medians(known(home, a, texts))
        tenants = told(home, a, b, args.pairs, args.pair_tokens, words) if args.pairs else None
    prompts = [words.template([{"role": "user", "content": text}]) for text in texts]
    others = {} if args.alone else medians(peer(path, settings, prompts, settings.threads or describe().cores))
    document = {"machine": describe().processor, "load": round(load, 2), "rounds": args.rounds, "tokens": len(prompts[0])}
    print(json.dumps({**document, "alize": ours, "llama.cpp": others, "tenants": tenants}))
    fast = ours["of_uncached"]["in memory"] >= 20 and ours["of_uncached"]["from the disk"] >= 8
    return 0 if fast and (tenants is None or tenants["tenants"]["p"] > 0.01 > tenants["control"]["p"]) else 1


if __name__ == "__main__":
    sys.exit(main())
