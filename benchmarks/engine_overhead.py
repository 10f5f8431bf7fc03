"""What Python costs in a step of the engine. In: numbers of streams. Out: microseconds a step outside the native core.

    python benchmarks/engine_overhead.py                     # 1, 8 and 32 streams of the default model
    python benchmarks/engine_overhead.py --streams 32 --decode-steps 4
    python benchmarks/engine_overhead.py --profile 32        # where they go, by cProfile

Each stream decodes greedily. `step` is the processor time of `Core.step`, of the thread that calls it, less what it spends in the core's
`alize_run`; `wire` is what the worker adds around it: looking for commands, and writing the steps to its socket. All are medians over
the steps; `mean` shows what comes up only now and then, such as a block of the cache that is full. `core` is the time `alize_run` takes.
"""

import argparse
import cProfile
import json
import pstats
import socket
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

import alize
from alize.engine.base import Request, SamplingParams
from alize.engine.core import Core
from alize.engine.runners.native.library import library
from alize.engine.wire import Channel, Steps

PROMPT = 128  # tokens of each stream


class Clock:
    """How long the core's C++ has run."""

    def __init__(self) -> None:
        self.inside = self.wall = 0.0  # processor time of the caller's thread, and time


@contextmanager
def watched() -> Iterator[Clock]:
    """The core's function, timed: before an engine is built, which may keep it."""
    clock, core = Clock(), library()
    run = core.alize_run

    def timed(*given: Any) -> int:
        start, wall = time.thread_time(), time.perf_counter()
        failed = run(*given)
        clock.inside += time.thread_time() - start
        clock.wall += time.perf_counter() - wall
        return failed

    core.alize_run = timed
    try:
        yield clock
    finally:
        core.alize_run = run


def begin(core: Core, streams: int, steps: int) -> None:
    """So many streams that decode, their prompts read."""
    for stream in range(streams):
        prompt = tuple((7 * stream + 13 * place) % 40_000 + 1000 for place in range(PROMPT))
        core.add(Request(f"{streams}-{stream}", prompt, steps + 64, SamplingParams()))
    begun = set[str]()
    while len(begun) < streams:
        begun |= {step.request_id for step in core.step()}


def measure(core: Core, clock: Clock, streams: int, steps: int) -> dict[str, float]:
    begin(core, streams, steps * core.limits.decode_steps)
    ours, server = socket.socketpair()
    channel, own, wire, core_s = Channel(ours), list[float](), list[float](), list[float]()
    for _ in range(steps):
        inside, wall, start = clock.inside, clock.wall, time.thread_time()
        list(channel.receive(wait=False))
        begun = time.thread_time()
        gained = core.step()
        ended = time.thread_time()
        channel.send(Steps(gained))
        wire.append(time.thread_time() - ended + begun - start)
        own.append(ended - begun - clock.inside + inside)
        core_s.append(clock.wall - wall)
        server.recv(1 << 20)
    for request in [f"{streams}-{stream}" for stream in range(streams)]:
        core.abort(request)
    ours.close()
    server.close()
    return {
        "streams": streams,
        "step_us": round(statistics.median(own) * 1e6),
        "step_mean_us": round(statistics.fmean(own) * 1e6),
        "wire_us": round(statistics.median(wire) * 1e6),
        "core_us": round(statistics.median(core_s) * 1e6),
    }


def profile(core: Core, streams: int, steps: int) -> None:
    begin(core, streams, steps)
    watch = cProfile.Profile()
    watch.enable()
    for _ in range(steps):
        core.step()
    watch.disable()
    pstats.Stats(watch, stream=sys.stderr).sort_stats("tottime").print_stats(25)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--steps", type=int, default=200, help="of each number of streams")
    parser.add_argument("--decode-steps", type=int, default=1, help="in one call of the runner")
    parser.add_argument("--threads", type=int, default=0, help="of the core; 0 takes every core")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--profile", type=int, metavar="STREAMS")
    args = parser.parse_args()
    with watched() as clock:
        core = alize.load(args.model, runner="native", decode_steps=args.decode_steps, speculation=False, threads=args.threads).core
        if args.profile:
            profile(core, args.profile, args.steps)
            return 0
        rows = [measure(core, clock, streams, args.steps) for streams in args.streams]
    for row in rows:
        print(row, file=sys.stderr)
    print(json.dumps({"runner": core.info.runner, "decode_steps": args.decode_steps, "load": psutil.getloadavg()[0], "rows": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
