"""What a benchmark says. In: works, sides and what was measured. Out: one JSON document, and tables for people."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from alize.cli.bench.measure import Results, trial_steps
from alize.cli.bench.side import Measured, Side

if TYPE_CHECKING:
    from alize.cli.bench.work import Work

__all__ = ["document", "draw"]


def document(model: str, works: "Sequence[Work]", sides: Sequence[Side], results: Mapping[str, Results], load: float) -> dict[str, Any]:
    """What was measured, as the last line says it. `load`: how many cores were busy before the run.

    Memory stands beside the speed: bytes resident, of each work at most, and of all.
    """
    from importlib.metadata import version

    from alize.cli.machine import describe

    ours, *peers = sides
    return {
        "machine": {**asdict(describe()), "load": round(load, 2)},
        "model": model,
        "rows": [_row(work, results[work.name], ours.name) for work in works],
        "memory": {"ours": ours.memory(), "peers": {peer.name: peer.memory() for peer in peers}},
        "weights": {side.name: {key: side.weights.get(key) for key in ("format", "head", "bits", "read")} for side in sides},
        "settings": {side.name: side.facts["description"] for side in sides},
        "versions": {"alize": version("alize"), **{peer.engine: peer.version for peer in peers}},
        "ours": ours.facts["description"],
    }


def _row(work: "Work", result: Results, ours: str) -> dict[str, Any]:
    def median(name: str, of: Callable[[Measured], float]) -> float:
        return statistics.median(map(of, result.rounds[name]))

    rates = {name: round(median(name, lambda each: each.rate), 2) for name in result.rounds}
    theirs = {name: rate for name, rate in rates.items() if name != ours}
    peaks = {name: max(each.peak for each in runs) for name, runs in result.rounds.items()}
    row: dict[str, Any] = {
        "work": work.name,
        "unit": "tok/s",
        "ours": rates[ours],
        "peers": theirs,
        "ratio_to_best": round(rates[ours] / max(theirs.values()), 3) if theirs else None,
        "rounds": {name: [round(each.rate, 2) for each in runs] for name, runs in result.rounds.items()},
        "tried": {name: round(trial.rate, 2) for name, trial in result.tried.items()},
        "tried_steps": trial_steps(work),
        "memory": {"ours": peaks[ours], "peers": {name: peak for name, peak in peaks.items() if name != ours}},
    }
    if result.rounds[ours][0].alone is not None:
        row["gaps_ms"] = {
            name: {
                "alone": round(1000 * median(name, lambda each: each.alone or 0.0), 2),
                "p99": round(1000 * median(name, lambda each: each.p99 or 0.0), 2),
            }
            for name in rates
        }
    return row


def draw(result: dict[str, Any]) -> None:
    """For each engine its best of what it was given; which one that was stands behind the figure."""
    from alize.cli.terminal import print_table, size

    engines = list(dict.fromkeys(name.partition("/")[0] for name in result["memory"]["peers"]))
    rows: list[list[object]] = []
    for row in result["rows"]:
        best = [_best(row["peers"], engine) for engine in engines]
        ratio, none = ([f"{row['ratio_to_best']:.2f}"], [""]) if engines else ([], [])
        rows.append([row["work"], f"{row['ours']:.1f}", *(f"{row['peers'][name]:.1f} {name.partition('/')[2]}" for name in best), *ratio])
        rows.append(["  memory", size(row["memory"]["ours"]), *(size(row["memory"]["peers"][name]) for name in best), *none])
        if "gaps_ms" in row:
            gaps = [row["gaps_ms"][name] for name in ("alize", *best)]
            rows.append(["  ms a token, p99 (alone)", *(f"{gap['p99']:.0f} ({gap['alone']:.1f})" for gap in gaps), *none])
    print_table(["tok/s", "alize", *engines, *(["alize / best"] if engines else [])], rows)
    weights = [
        [name, each["bits"], size(each["read"]) if each["read"] else "", each["format"], each["head"], result["settings"][name]]
        for name, each in result["weights"].items()
    ]
    print_table(["side", "bits a weight", "read for a token", "format", "head", "settings"], weights)


def _best(rates: Mapping[str, float], engine: str) -> str:
    """The fastest side of an engine."""
    return max((name for name in rates if name.partition("/")[0] == engine), key=lambda name: rates[name])
