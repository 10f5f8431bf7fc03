"""200 people at once. In: minutes and streams. Out: a table, a plot, and one JSON document on the last line.

Claims, each of which fails the run: no request fails (a 429 is a failure); every answer equals the one given alone, or first differs
where the two best logits lie within 1e-3; usage equals the tokens received; the memory of server and engine together is flat.

    python benchmarks/soak_concurrent_chats.py [--minutes 5] [--streams 200] [--dtype float32] [--plot docs/figures/concurrent.png]

The number format is float32 by default, because the claim about equality is one about float32: bfloat16 has steps of 0.1 between logits.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

KEY = "soak-key-0123456789abcdef"
TOPICS = (
    *("the sea", "bread", "winter", "trains", "bees", "rivers", "chess", "music"),
    *("glass", "mountains", "salt", "clocks", "gardens", "paper", "rain", "copper"),
)
QUESTIONS = ("Tell me three facts about {}.", "Write a short story about {}.", "Why do people like {}? Answer in two sentences.")
GAP = 1e-3


@dataclass
class Solo:
    """What a question gets alone: token texts, how far the second best was behind at each, and the usage."""

    text: str
    pieces: list[str]
    gaps: list[float]
    completion: int


@dataclass
class Result:
    ttft: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    tokens: int = 0
    equal: int = 0
    near: int = 0
    wrong: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    usage: list[str] = field(default_factory=list)


def body(question: str, length: int, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": question}]
    return {"model": "alize-small-latest", "messages": messages, "temperature": 0, "max_tokens": length, **more}


async def post(port: int, payload: dict[str, Any]) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
    """Send a chat request over a connection of its own, as a browser or a client without a pool would."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    data = json.dumps(payload).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data)
    status = int((await reader.readline()).split()[1])
    while (await reader.readline()).strip():
        pass
    return status, reader, writer


async def alone(port: int, question: str, length: int) -> Solo:
    status, reader, writer = await post(port, body(question, length, logprobs=True, top_logprobs=2))
    raw = await reader.read()
    writer.close()
    assert status == 200, raw
    answer = json.loads(raw[raw.index(b"{") : raw.rindex(b"}") + 1])
    choice = answer["choices"][0]
    entries = choice["logprobs"]["content"]
    gaps = [entry["top_logprobs"][0]["logprob"] - entry["top_logprobs"][1]["logprob"] for entry in entries]
    return Solo(choice["message"]["content"], [entry["token"] for entry in entries], gaps, answer["usage"]["completion_tokens"])


async def stream(port: int, question: str, length: int, solo: Solo, result: Result) -> None:
    """One chat, checked against its solo run."""
    started = time.perf_counter()
    text, received, usage, done = "", 0, None, False
    try:
        status, reader, writer = await post(port, body(question, length, stream=True, logprobs=True))
        if status != 200:
            result.failures.append(f"status {status}: {(await reader.read())[:200]!r}")
            return
        async for line in reader:
            if line.startswith(b"data: [DONE]"):
                done = True
            elif line.startswith(b"data: "):
                chunk = json.loads(line[6:])
                for choice in chunk["choices"]:
                    if not text and choice["delta"].get("content"):
                        result.ttft.append(time.perf_counter() - started)
                    text += choice["delta"].get("content") or ""
                    received += len((choice.get("logprobs") or {}).get("content") or [])
                    received += choice["finish_reason"] == "stop"  # the token that ends an answer is counted, but has no text
                usage = chunk.get("usage") or usage
        writer.close()
    except (OSError, ValueError) as error:
        result.failures.append(repr(error))
        return
    if not done or usage is None:
        result.failures.append(f"stream ended early after {received} tokens")
        return
    result.seconds.append(time.perf_counter() - started)
    result.tokens += usage["completion_tokens"]
    if usage["completion_tokens"] != received:
        result.usage.append(f"{usage['completion_tokens']} counted, {received} received")
    compare(text, solo, result)


def compare(text: str, solo: Solo, result: Result) -> None:
    if text == solo.text:
        result.equal += 1
        return
    same = next((i for i, (a, b) in enumerate(zip(text, solo.text, strict=False)) if a != b), min(len(text), len(solo.text)))
    at = end = 0
    while at < len(solo.pieces) - 1 and end + len(solo.pieces[at]) <= same:
        end += len(solo.pieces[at])
        at += 1
    if solo.gaps[at] <= GAP:
        result.near += 1
    else:
        result.wrong.append(f"gap {solo.gaps[at]:.4f} at token {at}: …{text[max(0, same - 20) : same + 20]!r}")


@dataclass(frozen=True)
class Sample:
    """Resident MiB at a second."""

    seconds: float
    server: float
    engine: float


async def watch(server: psutil.Process, samples: list[Sample], stop: asyncio.Event) -> None:
    """Take a sample each second."""
    started = time.perf_counter()
    while not stop.is_set():
        engine = sum(process.memory_info().rss for process in server.children(recursive=True))
        samples.append(Sample(time.perf_counter() - started, server.memory_info().rss / 2**20, engine / 2**20))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def serving(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the server ended"
        try:
            (await asyncio.open_connection("127.0.0.1", port))[1].close()
            return
        except OSError:
            await asyncio.sleep(0.2)
    raise TimeoutError


async def load(port: int, args: argparse.Namespace, server: psutil.Process) -> tuple[Result, list[Sample], float]:
    questions = [template.format(topic) for topic in TOPICS for template in QUESTIONS]
    solos = {question: await alone(port, question, args.length) for question in questions}
    print(f"{len(solos)} solo answers of {statistics.mean(s.completion for s in solos.values()):.0f} tokens", flush=True)
    result, samples, stop = Result(), [], asyncio.Event()
    watcher = asyncio.create_task(watch(server, samples, stop))
    started = time.perf_counter()

    async def person(number: int) -> None:
        turn = number
        while time.perf_counter() - started < args.minutes * 60:
            question = questions[turn % len(questions)]
            await stream(port, question, args.length, solos[question], result)
            turn += 7

    await asyncio.gather(*(person(number) for number in range(args.streams)))
    elapsed = time.perf_counter() - started
    stop.set()
    await watcher
    return result, samples, elapsed


def plot(samples: list[Sample], result: Result, path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, (memory, wait) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
    memory.plot([s.seconds for s in samples], [s.engine for s in samples], label="engine")
    memory.plot([s.seconds for s in samples], [s.server for s in samples], label="server")
    memory.set(xlabel="seconds", ylabel="MiB resident", ylim=(0, None))
    memory.legend()
    wait.hist(result.ttft, bins=40)
    wait.set(xlabel="seconds to the first token", ylabel="answers")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def growth(samples: list[Sample]) -> float:
    """MiB a minute over the second half, once every stream has been busy for a while."""
    half = samples[len(samples) // 2 :]
    times, values = [s.seconds / 60 for s in half], [s.server + s.engine for s in half]
    return statistics.linear_regression(times, values).slope if len(half) > 2 else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--length", type=int, default=48, help="most tokens of an answer")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument(
        "--home", type=Path, default=Path("~/.alize").expanduser(), help="where the model is; nothing else there is touched"
    )
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        models = args.home / "models"
        if models.exists():
            (Path(home) / "models").symlink_to(models)
        environment = {
            **os.environ,
            "ALIZE_API_KEY": KEY,
            "ALIZE_DTYPE": args.dtype,
            "ALIZE_CACHE_MEMORY": "1",
            "ALIZE_LOG_LEVEL": "warning",
        }
        command = [str(Path(sys.executable).with_name("alize")), "up", "--home", home, "--port", str(port)]
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            asyncio.run(serving(port, server))
            result, samples, elapsed = asyncio.run(load(port, args, psutil.Process(server.pid)))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    if args.plot:
        plot(samples, result, args.plot)
    slope = growth(samples)
    count = len(result.seconds)
    ok = not result.failures and not result.wrong and not result.usage and count > 0 and slope < 10
    for label, lines in (("failed", result.failures), ("differs", result.wrong), ("usage", result.usage)):
        for line in lines[:5]:
            print(f"{label}: {line}")
    document = {
        "machine": {"cpu": platform.processor() or platform.machine(), "cores": len(os.sched_getaffinity(0))},
        "dtype": args.dtype,
        "streams": args.streams,
        "minutes": round(elapsed / 60, 2),
        "answers": count,
        "failures": len(result.failures),
        "equal": result.equal,
        "differ_within_1e-3": result.near,
        "differ": len(result.wrong),
        "usage_mismatches": len(result.usage),
        "tokens_per_second": round(result.tokens / elapsed, 1),
        "ttft_p50_s": round(statistics.median(result.ttft), 2) if result.ttft else None,
        "ttft_p99_s": round(statistics.quantiles(result.ttft, n=100)[98], 2) if count > 2 else None,
        "memory_mib": [(round(s.seconds), round(s.server), round(s.engine)) for s in samples[:: max(1, len(samples) // 20)]],
        "memory_mib_per_minute": round(slope, 2),
        "ok": ok,
    }
    print(json.dumps(document))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
