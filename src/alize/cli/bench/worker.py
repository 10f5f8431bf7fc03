"""One side of a benchmark, seen from inside. In: works as lines of JSON on standard input. Out: how long each took, on standard output.

    → {"prompts": [[1, 2, …], …], "steps": 64}       ← {"tokens": 64, "seconds": 0.71}
    → {"memory": true}                               ← {"resident": 612345678, "peak": 733456789}

The first line a worker writes says who it is. With steps 0 a work is the reading of its prompts; else it is that many decode steps of
all sequences together, after their prompts have been read.

Peers run this file with their own Python, so it imports nothing but the standard library.
"""

import json
import os
import resource
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["PROMPT", "serve"]

PROMPT = 128  # tokens that each sequence of a decode work starts from

Measure = Callable[[list[list[int]], int], tuple[int, float]]
"""(prompts, steps) → (tokens, seconds)"""


def serve(hello: dict[str, Any], measure: Measure) -> None:
    """Say hello, then answer each line until standard input ends. Call before anything else is printed by a library: see `quiet`."""
    _answer(hello)
    for line in sys.stdin:
        work = json.loads(line)
        if "memory" in work:
            _answer({"resident": _resident(), "peak": _peak()})
            continue
        tokens, seconds = measure(work["prompts"], work["steps"])
        _answer({"tokens": tokens, "seconds": seconds})


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
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
