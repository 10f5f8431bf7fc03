"""One side of a benchmark, seen from inside. In: works as lines of JSON on standard input. Out: how long each took, on standard output.

    → {"prompts": [[1, 2, …], …], "steps": 64, "arriving": []}     ← {"tokens": 64, "seconds": 0.71, "peak": 733456789, …}
    → {"memory": true}                                             ← {"resident": 612345678, "peak": 733456789}
    → {"score": [1, 2, …], "into": "scores.npy"}                   ← {}, and the file

The first line a worker writes says who it is. With steps 0 a work is the reading of its prompts; else it is that many decode steps of
all sequences together, after their prompts have been read. With a prompt `arriving`, the sequences decode half as many steps alone; then
it comes, and what is measured is the reading of it and that many steps of the others beside it.

What a score writes is an array of float32: of each token's row the logits of the token after it, or, from an engine that does not give
them, the log-probability of each token after the first.

Peers run this file with their own Python, so it imports nothing but the standard library; they all have numpy.
"""

import importlib
import json
import math
import os
import resource
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["PROMPT", "Timing", "percentile", "quiet", "serve"]

PROMPT = 128  # tokens that each sequence of a decode work starts from


@dataclass(frozen=True)
class Timing:
    """What a work took."""

    tokens: int
    seconds: float
    alone: float | None = None  # seconds from one token of a sequence to its next, on the average, before a prompt arrives
    p99: float | None = None  # the same in 99 of 100 cases at most, from its arrival on


Measure = Callable[[list[list[int]], int, list[int]], Timing]
"""(prompts, steps, arriving) → what it took"""


Score = Callable[[list[int]], Any]
"""(tokens) → an array of numpy's"""


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many of 100 do not exceed.

    >>> percentile([3.0, 1.0, 2.0, 4.0], 50), percentile([3.0, 1.0, 2.0, 4.0], 99)
    (2.0, 4.0)
    """
    return sorted(values)[max(0, math.ceil(percent / 100 * len(values)) - 1)]


def serve(hello: dict[str, Any], measure: Measure, score: Score) -> None:
    """Say hello, then answer each line until standard input ends. Call before anything else is printed by a library: see `quiet`."""
    _answer(hello)
    most = 0
    for line in sys.stdin:
        work = json.loads(line)
        most = max(most, _peak())
        if "memory" in work:
            _answer({"resident": _resident(), "peak": most})
            continue
        if "score" in work:
            with open(work["into"], "wb") as file:
                importlib.import_module("numpy").save(file, score(work["score"]).astype("float32"))
            _answer({})
            continue
        _forget_peak()
        timing = measure(work["prompts"], work["steps"], work["arriving"])
        _answer({**asdict(timing), "peak": _peak()})


def quiet() -> None:
    """From now on what libraries print goes to standard error; only `serve` reaches standard output."""
    global _out
    _out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)


_out = sys.stdout


def _answer(value: dict[str, Any]) -> None:
    _out.write(json.dumps(value) + "\n")
    _out.flush()


def _resident() -> int:
    """Bytes of this process in memory now."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return _peak()  # macOS tells a process only its peak


def _peak() -> int:
    """Bytes of this process in memory at most, since `_forget_peak` where the system can forget."""
    with suppress(OSError), open("/proc/self/status", encoding="ascii") as file:
        return next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM")), 0)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _forget_peak() -> None:
    """So that each work has a peak of its own. Only Linux can; elsewhere a work has that of all before it."""
    with suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
