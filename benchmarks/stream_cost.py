"""What a streamed token costs the server. In: how many streams. Out: microseconds of processor time a token; JSON on the last line.

A real `alize up` with the default model; so many clients stream an answer each over HTTP, from this process, which is not counted. What is
counted is user and system time, of the server's process and of the engine's apart, from when every stream has begun until the first ends.

    python benchmarks/stream_cost.py                        # 32 streams
    python benchmarks/stream_cost.py --streams 8 --profile FILE     # by cProfile, which costs several times as much itself
    ALIZE_DECODE_STEPS=4 python benchmarks/stream_cost.py   # with another setting
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from soak_concurrent_chats import KEY, free_port, post, serving

QUESTION = "Write a very long story about {}, with many chapters, and never stop."
PLACES = ("the sea", "a forest", "the moon", "an old city", "a train", "the desert", "a school", "an island")


@dataclass
class Window:
    """The time in which every stream is being written."""

    server: psutil.Process
    streams: int
    begun: int = 0
    tokens: int = 0
    ended: bool = False
    idle: float = 0.0  # seconds of the server's processor time in a second in which nobody asks for anything
    first: dict[str, float] = field(default_factory=dict[str, float])
    last: dict[str, float] = field(default_factory=dict[str, float])

    def cost(self) -> dict[str, float]:
        """Seconds: of time, of the server's processor time, and of that of the processes that it started."""
        engine = [sum(child.cpu_times()[:2]) for child in self.server.children(recursive=True)]
        return {"time": time.perf_counter(), "server": sum(self.server.cpu_times()[:2]), "engine": sum(engine)}

    def chunk(self, number: int) -> None:
        if number == 0:
            self.begun += 1
            if self.begun == self.streams:
                self.first = self.cost()
        elif self.first and not self.ended:
            self.tokens += 1

    def end(self) -> None:
        if not self.ended:
            self.ended, self.last = True, self.cost()


async def stream(port: int, number: int, length: int, window: Window) -> None:
    question = QUESTION.format(PLACES[number % len(PLACES)])
    asked = {"model": "alize-small-latest", "messages": [{"role": "user", "content": question}], "temperature": 0.8, "random_seed": number}
    status, reader, writer = await post(port, {**asked, "max_tokens": length, "stream": True})
    assert status == 200, await reader.read()
    chunks = 0
    async for line in reader:
        if line.startswith(b"data: {") and b'"content":""' not in line:
            window.chunk(chunks)
            chunks += 1
    window.end()
    writer.close()


async def loaded(port: int) -> None:
    """Wait until the model is there."""
    async with httpx.AsyncClient() as client:
        for _ in range(600):
            if (await client.get(f"http://127.0.0.1:{port}/health")).status_code == 200:
                return
            await asyncio.sleep(0.2)
    raise TimeoutError


async def load(port: int, args: argparse.Namespace, server: psutil.Process) -> Window:
    await loaded(port)
    await stream(port, 0, 8, Window(server, 1))  # what is imported with the first request
    window = Window(server, args.streams)
    await asyncio.gather(*(stream(port, number, args.length, window) for number in range(args.streams)))
    quiet = window.cost()
    await asyncio.sleep(args.idle)
    window.idle = (window.cost()["server"] - quiet["server"]) / args.idle
    return window


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=32)
    parser.add_argument("--length", type=int, default=400, help="most tokens of an answer")
    parser.add_argument("--idle", type=float, default=5, help="seconds of silence behind it, to tell what the server does anyway")
    parser.add_argument("--home", type=Path, default=Path("~/.alize").expanduser(), help="where the model is; nothing else is touched")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="keep a profile of the server's process there")
    args = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        if (args.home / "models").exists():
            (Path(home) / "models").symlink_to(args.home / "models")
        watched = ["-m", "cProfile", "-o", str(args.profile)] if args.profile else []
        command = [sys.executable, *watched, "-m", "alize", "up", "--home", home, "--port", str(port)]
        environment = {**os.environ, "ALIZE_API_KEY": KEY, "ALIZE_LOG_LEVEL": "warning"}
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            asyncio.run(serving(port, server))
            window = asyncio.run(load(port, args, psutil.Process(server.pid)))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    spent = {name: window.last[name] - window.first[name] for name in window.first}
    a_token = {f"{name}_us": round(spent[name] / window.tokens * 1e6, 1) for name in ("server", "engine")}
    speed = {"tokens": window.tokens, "tokens_per_second": round(window.tokens / spent["time"])}
    without = round((spent["server"] - window.idle * spent["time"]) / window.tokens * 1e6, 1)
    a_token |= {"server_without_idle_us": without, "idle_ms_a_second": round(window.idle * 1e3, 1)}
    print(json.dumps({"streams": args.streams, **speed, **a_token, "load": psutil.getloadavg()[0]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
