"""Half an hour of everything at once. In: minutes, clients, a seed. Out: what was done, and one JSON document on the last line.

The clients of tests/load.py ask for all that the engine does, in a cache that is too small for them. Claims, each of which fails the run:

- no error that was not asked for, and whoever asks a question whose answer is known gets it, to the letter;
- after `kill -9` of the engine in the midst of it, every open request has its error within two seconds, and all goes on;
- the memory of server and engine is flat: in the last third no more than a fiftieth above the most of the third before;
- some had to give way to others, and went on;
- at the end nothing runs or waits, every block is free, and the engine was started once and once more for each kill.

    python benchmarks/soak_engine.py [--minutes 30] [--clients 24] [--kills 3] [--seed 0]
"""

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alize.cli.machine import busy_cores, describe
from alize.settings import Settings
from alize.weights.pull import located
from tests.house import start
from tests.soak import Soak, adapters_in, soak

EVERY = 10  # seconds of which the most memory is told


def document(run: Soak, load: float, clients: int, found: list[str]) -> dict[str, Any]:
    metrics, most = run.house.metrics(), dict[int, tuple[int, int]]()
    for moment, *sizes in run.memory:
        place, (server, engine) = int(moment) // EVERY, sizes
        most[place] = max(most.get(place, (0, 0)), (server, engine), key=sum)
    return {
        "machine": describe().processor,
        "cores": describe().cores,
        "load": round(load, 2),
        "seconds": run.seconds,
        "clients": clients,
        "done": dict(run.crowd.done),
        "kills_at_s": [round(moment) for moment in run.kills_at],
        "errors_within_s": [round(after, 2) for after in run.errors_after],
        "memory_mib": [[EVERY * place, *(round(size / 2**20, 1) for size in sizes)] for place, sizes in sorted(most.items())],
        "generated_tokens_of_the_last_engine": int(metrics["generation_tokens_total"]),
        "most_mib": [round(size / 2**20, 1) for size in run.most()],
        "preemptions": run.gave_way,
        "wrong": found,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=24)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    load, settings = busy_cores(), Settings.load()
    _, weights = located(settings.model, settings.home, settings.aliases())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = adapters_in(folder)
        given = {"threads": "0", "cache_memory": "0.04", "adapters": ",".join(f"{each}={path}" for each, path in made.items())}
        house = start(folder / "home", folder / "log.txt", weights, **given)
        try:
            house.wait_ready()
            run = soak(house, tuple(made), args.seed, args.clients, 60 * args.minutes, args.kills)
            found = run.found() + run.late() + run.grown() + ([] if run.gave_way else ["nobody had to give way: the cache is too large"])
            said = json.dumps(document(run, load, args.clients, found))
            if found:
                print(
                    "\n".join([*found, *(line for line in house.log.read_text().splitlines() if '"level": "info"' not in line)]),
                    file=sys.stderr,
                )
            stopped = house.stop()
            print(said)
            return 1 if found or stopped else 0
        finally:
            house.stop(signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
