"""Alizé's own side of a benchmark. In: a model and a state folder. Out: a worker that measures the engine of `alize run`.

Run as a process of its own, like every peer: `python -m alize.cli.bench.ours MODEL HOME`. The prefix cache is off: it would remember the
prompts of the round before, which the peers compute anew. The cache is made for each work, as large as a context of llama.cpp would be:
the engine's own is as large as there is memory for, and what it fills says nothing of what the work needs.
"""

import itertools
import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from alize.cli.bench import worker
from alize.cli.bench.worker import Timing, percentile
from alize.engine.base import Request, SamplingParams
from alize.engine.core import Core
from alize.engine.runners.base import BLOCK, Runner
from alize.engine.schedule import Limits
from alize.errors import AlizeError

__all__ = ["fitting", "main", "measure"]

_ROUNDED = 256
"""Tokens of a sequence to a multiple of which llama.cpp rounds its context."""

_numbers = itertools.count()


def fitting(runner: Runner, limits: Limits, lengths: list[int]) -> Core:
    """An engine whose cache holds sequences of these lengths and little more. The one that the runner had before is gone."""
    blocks = sum(-(-length // _ROUNDED) * _ROUNDED // BLOCK + 2 for length in lengths)  # two: the scheduler keeps one back for each
    return Core(runner, limits, {group.name: len(lengths) + 1 if group.kind == "recurrent" else blocks for group in runner.info.groups})


def measure(runner: Runner, limits: Limits, prompts: list[list[int]], steps: int, arriving: list[int]) -> Timing:
    """What `worker.py` says, in a cache made for it.

    With steps 0: the prompts' tokens, until each has its first answer token. Else: the tokens drawn while all sequences decode together,
    greedily, from the moment when the last one has begun until the first one ends.
    """
    # What the first one draws while the others' prompts are read.
    early = -(-sum(map(len, prompts)) // max(1, limits.step_tokens - len(prompts)))
    ahead = early + steps + (steps // 2 if arriving else 0)
    longest = ahead + 1 + limits.decode_steps if steps else 1
    lengths = [len(prompt) + ahead + 1 for prompt in prompts] + [len(arriving) + 1] * bool(arriving)
    # No pauses are kept short but where that is measured: answers would go on while later prompts are read, and the first end before the
    # last begins.
    core = fitting(runner, limits if arriving else replace(limits, step_seconds=math.inf), lengths)
    start = time.perf_counter()
    drawn = {_add(core, prompt, longest): 0 for prompt in prompts}
    _step_until(core, drawn, lambda: all(drawn.values()))
    read = time.perf_counter()
    if not steps:
        timing = Timing(sum(map(len, prompts)), read - start)
    elif arriving:
        timing = _mixed(core, drawn, steps, longest, arriving)
    else:
        left = longest - max(drawn.values())
        if left < 1:
            raise AlizeError(
                f"The first of {len(prompts)} answers was at its end before the last had begun.", remedy="Measure fewer streams."
            )
        timing = Timing(*_decode(core, drawn, min(steps, left)))
    for id in drawn:
        core.abort(id)
    return timing


def _add(core: Core, prompt: list[int], most: int) -> str:
    id = f"bench-{next(_numbers)}"
    core.add(Request(id, tuple(prompt), most, SamplingParams(temperature=0.0)))
    return id


def _decode(core: Core, drawn: dict[str, int], steps: int) -> tuple[int, float]:
    """Tokens and seconds until one has drawn so many more."""
    before, start = dict(drawn), time.perf_counter()
    _step_until(core, drawn, lambda: any(drawn[id] >= before[id] + steps for id in drawn))
    return sum(drawn.values()) - sum(before.values()), time.perf_counter() - start


def _mixed(core: Core, drawn: dict[str, int], steps: int, longest: int, arriving: list[int]) -> Timing:
    """A prompt comes after half the steps. Tokens that come out of one step have no time between them; the next waits for the step."""
    ready = list(drawn)
    tokens, seconds = _decode(core, drawn, steps // 2)
    alone = seconds * len(ready) / tokens
    start = time.perf_counter()
    came, before = dict.fromkeys(ready, start), sum(drawn.values())
    goal = {id: min(longest, drawn[id] + steps) for id in ready}
    long = _add(core, arriving, 1)
    drawn[long] = 0
    gaps: list[float] = []
    while not drawn[long] or any(drawn[id] < goal[id] for id in ready):
        for step in core.step():
            if step.request_id in came and step.tokens:
                now = time.perf_counter()
                gaps += [now - came[step.request_id], *([0.0] * (len(step.tokens) - 1))]
                came[step.request_id] = now
            drawn[step.request_id] += len(step.tokens)
    total = len(arriving) + sum(drawn.values()) - before
    return Timing(total, time.perf_counter() - start, alone, percentile(gaps, 99))


def _step_until(core: Core, drawn: dict[str, int], done: Callable[[], bool]) -> None:
    while not done():
        for step in core.step():
            drawn[step.request_id] += len(step.tokens)


def main() -> None:
    worker.quiet()
    from alize.library import load

    model, home = sys.argv[1], Path(sys.argv[2])
    try:
        loaded = load(model, home=home, prefix_cache=False, speculation=False)
    except AlizeError as error:
        sys.exit(error.text)
    info, runner, limits = loaded.info, loaded.core.runner, loaded.core.limits
    hello = {
        "description": f"{info.id}, {info.runner}, {info.dtype} ({info.dtype_reason})",
        "context": info.max_context,
        "vocabulary": info.vocab_size,
        "weights": info.weights_bytes,
        "dtype": info.dtype,
    }

    def score(tokens: list[int]) -> npt.NDArray[np.float32]:
        return fitting(runner, limits, [len(tokens) + 1]).logits(tokens)

    worker.serve(hello, lambda prompts, steps, arriving: measure(runner, limits, prompts, steps, arriving), score)


if __name__ == "__main__":
    main()
