"""What a draft model is worth. In: how often. Out: tokens a second with one and without; one JSON document on the last line.

    python benchmarks/drafts.py [--rounds 5]

No small public model comes with a larger one of its family here, so the default model drafts for itself, in two ways. One that is nearly
always right and takes part of the time: its own file, of four bits, for the same weights written in bfloat16. And one that is no good: its
first 12 layers of 30, which were never trained to end there, for the whole. Neither says how good a real draft model's guesses are; the
first shows what right ones are worth, the second that wrong ones cost nothing. The tasks are those of speculation.py of which the text
itself says little; llama.cpp's binding has no draft models but its prompt lookup, which is measured there.

The run fails where a draft model makes anything slower than 0.97 times what it is without guesses.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fewer_layers import fewer_layers

from alize.cli.machine import busy_cores, describe
from alize.settings import Settings
from alize.weights.pull import located

TASKS = ("4", "5", "6")  # a text summed up, a list of records, a story
LAYERS = 12
LEAST = 0.97


def measured(model: Path, draft: Path, rounds: int) -> list[dict[str, Any]]:
    """Rows of speculation.py, with the draft model's."""
    script = [sys.executable, str(Path(__file__).with_name("speculation.py")), "--alone"]
    asked = ["--model", str(model), "--draft", str(draft), "--rounds", str(rounds), "--tasks", *TASKS]
    done = subprocess.run([*script, *asked], stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    if done.returncode != 1 or not lines or not lines[-1].startswith("{"):  # 1: guesses of the text miss a claim of their own; or it failed
        done.check_returncode()
    return json.loads(lines[-1])["rows"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    load, settings = busy_cores(), Settings.load()
    _, path = located(settings.model, settings.home, settings.aliases())
    with tempfile.TemporaryDirectory(prefix="alize-drafts-") as folder:
        whole, less = Path(folder) / "bfloat16.gguf", Path(folder) / "fewer-layers.gguf"
        convert = [sys.executable, "-m", "alize", "convert", str(path), "-o", str(whole), "--to", "gguf", "--dtype", "bfloat16"]
        subprocess.run(convert, check=True, stdout=subprocess.DEVNULL)
        fewer_layers(path, less, LAYERS)
        pairs = {"its own file, for bfloat16": (whole, path), f"its first {LAYERS} layers, for the whole": (path, less)}
        rows = [{"draft": name, **row} for name, (model, draft) in pairs.items() for row in measured(model, draft, args.rounds)]
    machine = {"machine": describe().processor, "cores": describe().cores, "load": round(load, 2), "rounds": args.rounds}
    print(json.dumps({**machine, "least": LEAST, "rows": rows}))
    return 0 if all(row["drafting"]["ratio"] >= LEAST for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
