"""Alizé's own side of a benchmark. In: a model and a state folder. Out: a worker that measures the engine of `alize run`.

Run as a process of its own, like every peer: `python -m alize.cli.bench.ours MODEL HOME`. The prefix cache is off: it would remember the
prompts of the round before, which the peers compute anew.
"""

import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path

from alize.cli.bench import worker
from alize.engine.base import Request, SamplingParams
from alize.engine.core import Core
from alize.errors import AlizeError

__all__ = ["main", "measure"]

_numbers = itertools.count()


def measure(core: Core, prompts: list[list[int]], steps: int) -> tuple[int, float]:
    """Tokens and seconds. With steps 0: the prompts' tokens, until each has its first answer token. Else: the tokens drawn while all
    sequences decode together, greedily, from the moment when the last one has begun until the first one ends.
    """
    longest = steps + 1 + core.limits.decode_steps
    requests = [
        Request(f"bench-{next(_numbers)}", tuple(prompt), longest if steps else 1, SamplingParams(temperature=0.0)) for prompt in prompts
    ]
    start = time.perf_counter()
    for request in requests:
        core.add(request)
    drawn = dict.fromkeys((request.id for request in requests), 0)
    _step_until(core, drawn, lambda: all(drawn.values()))
    read = time.perf_counter()
    if not steps:
        return sum(map(len, prompts)), read - start
    before = sum(drawn.values())
    goal = {id: min(longest, count + steps) for id, count in drawn.items()}
    _step_until(core, drawn, lambda: any(drawn[id] >= goal[id] for id in drawn))
    seconds = time.perf_counter() - read
    for id in drawn:
        core.abort(id)
    return sum(drawn.values()) - before, seconds


def _step_until(core: Core, drawn: dict[str, int], done: Callable[[], bool]) -> None:
    while not done():
        for step in core.step():
            drawn[step.request_id] += len(step.tokens)


def main() -> None:
    worker.quiet()
    from alize.library import load

    model, home = sys.argv[1], Path(sys.argv[2])
    try:
        loaded = load(model, home=home, prefix_cache=False)
    except AlizeError as error:
        sys.exit(error.text)
    info = loaded.info
    hello = {
        "label": f"{info.runner}/{info.dtype}",
        "description": f"{info.id}, {info.dtype} ({info.dtype_reason})",
        "context": info.max_context,
        "vocabulary": info.vocab_size,
    }
    worker.serve(hello, lambda prompts, steps: measure(loaded.core, prompts, steps))


if __name__ == "__main__":
    main()
