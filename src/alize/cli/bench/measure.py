"""The measuring itself. In: works and sides that are ready. Out: what each run took.

Every side first tries a work, with few steps: that loads code and pages and does not count. Of the sides of one engine, those that are
near its best go on to the rounds, where all are measured in turns, the order reversed each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from alize.cli.bench.side import Measured, Side
from alize.cli.bench.work import Work

if TYPE_CHECKING:
    from rich.status import Status

__all__ = ["Results", "measure", "near_best", "trial_steps"]

_TRIAL_STEPS = 16
_NEAR = 0.92
_MOST = 2  # of an engine: a third would be near the best, too, and costs as much time as an engine


@dataclass(slots=True)
class Results:
    """Of one work, by the sides' names."""

    rounds: dict[str, list[Measured]] = field(default_factory=dict[str, list[Measured]])
    tried: dict[str, Measured] = field(default_factory=dict[str, Measured])  # and not taken to the rounds


def measure(works: Sequence[Work], sides: Sequence[Side], rounds: int, status: "Status") -> dict[str, Results]:
    """By the works' names. Each is said as soon as it is known: a long run shows that it goes on."""
    from alize.cli.terminal import remark

    vocabulary = min(side.facts["vocabulary"] for side in sides)
    results: dict[str, Results] = {}
    for work in works:
        trials: dict[str, Measured] = {}
        for side in sides:
            status.update(f"Trying {work.name}: {side.name}")
            trials[side.name] = _once(side, work, work.prompts(vocabulary, -1), trial_steps(work))
        chosen = [side for side in sides if side.name in near_best({side: trials[side.name].rate for side in sides})]
        result = Results(tried={name: trial for name, trial in trials.items() if all(side.name != name for side in chosen)})
        for round in range(rounds):
            prompts = work.prompts(vocabulary, round)
            for side in reversed(chosen) if round % 2 else chosen:
                status.update(f"Measuring {work.name}, round {round + 1} of {rounds}: {side.name}")
                result.rounds.setdefault(side.name, []).append(_once(side, work, prompts, work.steps))
        results[work.name] = result
        medians = {name: median(each.rate for each in runs) for name, runs in result.rounds.items()}
        remark(f"{work.name}: " + ", ".join(f"{name} {rate:.0f}" for name, rate in medians.items()))
    return results


def near_best(rates: dict[Side, float]) -> set[str]:
    """Names of the sides that are not much slower than the fastest of the same engine, and are among its two fastest."""
    near: set[str] = set()
    for engine in {side.engine for side in rates}:
        fastest = sorted((side for side in rates if side.engine == engine), key=lambda side: -rates[side])[:_MOST]
        near |= {side.name for side in fastest if rates[side] >= _NEAR * rates[fastest[0]]}
    return near


def trial_steps(work: Work) -> int:
    """Few; but of a mixed work all: of a few, the arriving prompt would be most, and a side is tried at another work than is measured."""
    return work.steps if work.arriving else min(work.steps, _TRIAL_STEPS)


def _once(side: Side, work: Work, prompts: list[list[int]], steps: int) -> Measured:
    return side.measure(prompts[: work.sequences], steps, *prompts[work.sequences :])
