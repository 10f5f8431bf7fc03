"""`alize bench`. In: a model, works, peers. Out: tokens a second of each side, a table, and one JSON document on the last line.

All sides are loaded at once and measured in turns, one at a time, the order reversed each round: what the machine does meanwhile
(its clock, its neighbors) strikes them alike. A figure is the median of the rounds. A peer is given the model in the formats that it is
best with, and counts with the best of them.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from alize.cli.bench.work import DEFAULT
from alize.cli.options import Home, ModelName
from alize.cli.streams import is_unicode

if TYPE_CHECKING:
    from alize.cli.bench.side import Side
    from alize.cli.bench.work import Work

__all__ = ["bench"]


def bench(
    model: ModelName = None,
    against: Annotated[
        str, typer.Option("--against", help="Peers to measure in the same run: llama.cpp, openvino, ik_llama.cpp.", show_default=False)
    ] = "",
    works: Annotated[
        str,
        typer.Option(
            "--works",
            help="What to measure: prefill-N (tokens), decode-N (sequences at once), decode-N@M (with prompts of M tokens), mixed-N (a "
            "long prompt comes to N sequences).",
        ),
    ] = DEFAULT,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=1000, help="How often each work is measured; the median counts.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the JSON document.")] = False,
    home: Home = None,
) -> None:
    """Measure a model on this machine, and peers beside it. The last line is one JSON document."""
    from alize.cli.bench.measure import measure
    from alize.cli.bench.peers import parse_peers
    from alize.cli.bench.report import document, draw
    from alize.cli.bench.start import start
    from alize.cli.bench.work import parse_works
    from alize.cli.machine import busy_cores
    from alize.cli.pull import bring
    from alize.cli.terminal import remark, stderr
    from alize.engine.cores import cores
    from alize.settings import Settings

    settings = Settings.load(home=home, model=model)
    planned, peers = parse_works(works), parse_peers(against)
    card, path = bring(settings)
    load = busy_cores()  # before this run adds its own
    if load > cores() / 4:
        remark(f"The machine is busy already ({load:.1f} cores): the figures will be low, and scatter.")
    with stderr().status("Loading …") as status, ExitStack() as stack:
        sides = start(settings, path, peers, stack, status)
        _check_fits(planned, sides)
        result = document(card.id, planned, sides, measure(planned, sides, rounds, status), load)
    if not as_json:
        draw(result)
    print(json.dumps(result, ensure_ascii=not is_unicode(sys.stdout)), flush=True)


def _check_fits(works: "Sequence[Work]", sides: "Sequence[Side]") -> None:
    from alize.errors import InvalidRequest

    for work in works:
        for side in sides:
            if work.context > side.facts["context"]:
                raise InvalidRequest(f"{work.name} needs {work.context} tokens of context; {side.name} offers {side.facts['context']}.")
