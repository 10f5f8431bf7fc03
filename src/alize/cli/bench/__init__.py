"""`alize bench`. In: a model, works, peers. Out: tokens a second of each side, a table, and one JSON document on the last line.

All sides are loaded at once and measured in turns, one at a time, the order reversed each round: what the machine does meanwhile
(its clock, its neighbors) strikes them alike. A figure is the median of the rounds.
"""

import json
import os
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alize.cli.bench.work import DEFAULT
from alize.cli.options import Home, ModelName
from alize.cli.streams import is_unicode

if TYPE_CHECKING:
    from pathlib import Path

    from rich.status import Status

    from alize.cli.bench.peers import Peer
    from alize.cli.bench.side import Side
    from alize.cli.bench.work import Work
    from alize.settings import Settings

__all__ = ["bench", "document"]

Rates = dict[str, dict[str, list[float]]]  # work → side → tokens a second, one a round


def bench(
    model: ModelName = None,
    against: Annotated[str, typer.Option("--against", help="Peers to measure in the same run: llama.cpp.", show_default=False)] = "",
    works: Annotated[str, typer.Option("--works", help="What to measure: prefill-N (tokens), decode-N (sequences at once).")] = DEFAULT,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=1000, help="How often each work is measured; the median counts.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the JSON document.")] = False,
    home: Home = None,
) -> None:
    """Measure a model on this machine, and peers beside it. The last line is one JSON document."""
    from alize.cli.bench.peers import parse_peers
    from alize.cli.bench.work import parse_works
    from alize.cli.pull import bring
    from alize.cli.terminal import remark, stderr
    from alize.engine.cores import cores
    from alize.settings import Settings

    settings = Settings.load(home=home, model=model)
    planned, peers = parse_works(works), parse_peers(against)
    card, path = bring(settings)
    load = os.getloadavg()  # before this run adds its own
    if load[0] > cores() / 2:
        remark(f"The machine is busy already (load {load[0]:.1f}): the figures will be low, and scatter.")
    with stderr().status("Loading …") as status, ExitStack() as stack:
        sides = _start(settings, path, peers, stack, status)
        _check_fits(planned, sides)
        rates = _measure(planned, sides, rounds, status)
        result = document(card.id, planned, sides, rates, load)
    if not as_json:
        _draw(result)
    print(json.dumps(result, ensure_ascii=not is_unicode(sys.stdout)), flush=True)


def _start(settings: "Settings", path: "Path", peers: "Sequence[Peer]", stack: ExitStack, status: "Status") -> "list[Side]":
    """Ours first, then the peers, all ready."""
    from pathlib import Path

    from rich.text import Text

    from alize.cli.bench.peers import prepare
    from alize.cli.bench.side import Side
    from alize.engine.cores import cores

    for peer in peers:
        _check_format(peer, path)
    pythons = [(peer, prepare(peer, settings.home, settings.offline, lambda line: status.update(Text(line)))) for peer in peers]
    status.update("Loading the model on every side …")
    ours = [sys.executable, "-m", "alize.cli.bench.ours", str(path), str(settings.home)]
    sides = [stack.enter_context(Side("alize", ours))]
    threads = settings.threads or cores()
    for peer, python in pythons:
        script = Path(__file__).parent / peer.script
        sides.append(stack.enter_context(Side(peer.name, [str(python), str(script), str(path), str(threads)])))
    for side in sides:
        side.greet()
    return sides


def _check_format(peer: "Peer", path: "Path") -> None:
    from alize.errors import InvalidRequest

    if path.suffix not in peer.formats:
        raise InvalidRequest(
            f"{peer.name} does not read {path.name}.", param="against", remedy=f"Name a model in {' or '.join(peer.formats)} with --model."
        )


def _check_fits(works: "Sequence[Work]", sides: "Sequence[Side]") -> None:
    from alize.errors import InvalidRequest

    for work in works:
        for side in sides:
            if work.context > side.facts["context"]:
                raise InvalidRequest(f"{work.name} needs {work.context} tokens of context; {side.name} offers {side.facts['context']}.")


def _measure(works: "Sequence[Work]", sides: "Sequence[Side]", rounds: int, status: "Status") -> Rates:
    vocabulary = min(side.facts["vocabulary"] for side in sides)
    rates: Rates = {work.name: {side.name: [] for side in sides} for work in works}
    for work in works:
        for side in sides:  # the first run loads code and pages: it does not count
            status.update(f"Warming up {work.name}: {side.name}")
            side.measure(work.prompts(vocabulary, -1), work.steps)
        for round in range(rounds):
            prompts = work.prompts(vocabulary, round)
            for side in reversed(sides) if round % 2 else sides:
                status.update(f"Measuring {work.name}, round {round + 1} of {rounds}: {side.name}")
                rates[work.name][side.name].append(side.measure(prompts, work.steps))
    return rates


def document(model: str, works: "Sequence[Work]", sides: "Sequence[Side]", rates: Rates, load: Sequence[float]) -> dict[str, Any]:
    """What was measured, as the last line says it. `load` is the machine's before the run.

    Memory stands beside the speed: bytes resident, after the works and at most.
    """
    from importlib.metadata import version

    from alize.cli.machine import describe

    ours, *peers = sides
    names = {peer.name: f"{peer.name}/{peer.facts['label']}" for peer in peers}
    rows: list[dict[str, Any]] = []
    for work in works:
        medians = {name: round(statistics.median(each), 2) for name, each in rates[work.name].items()}
        theirs = {names[peer.name]: medians[peer.name] for peer in peers}
        rows.append(
            {
                "work": work.name,
                "unit": "tok/s",
                "ours": medians[ours.name],
                "peers": theirs,
                "ratio_to_best": round(medians[ours.name] / max(theirs.values()), 3) if theirs else None,
                "rounds": {names.get(name, name): [round(rate, 2) for rate in each] for name, each in rates[work.name].items()},
            }
        )
    return {
        "machine": {**asdict(describe()), "load": [round(average, 2) for average in load]},
        "model": model,
        "rows": rows,
        "memory": {"ours": ours.memory(), "peers": {names[peer.name]: peer.memory() for peer in peers}},
        "versions": {"alize": version("alize"), **{peer.name: peer.facts["version"] for peer in peers}},
        "ours": ours.facts["description"],
    }


def _draw(result: dict[str, Any]) -> None:
    from alize.cli.terminal import print_table, size

    peers = list(result["memory"]["peers"])
    rows: list[list[object]] = [
        [
            row["work"],
            f"{row['ours']:.1f}",
            *(f"{row['peers'][peer]:.1f}" for peer in peers),
            *([f"{row['ratio_to_best']:.2f}"] if peers else []),
        ]
        for row in result["rows"]
    ]
    memory = [result["memory"]["ours"], *result["memory"]["peers"].values()]
    rows.append(["memory at most", *(size(each["peak"]) for each in memory), *([""] if peers else [])])
    print_table(["tok/s", "alize", *peers, *(["alize / best"] if peers else [])], rows)
