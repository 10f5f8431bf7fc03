"""The engine beside its peers, written down. In: which parts. Out: docs/performance: what was measured, as JSON, tables and plots.

    python benchmarks/performance.py                 # every part, then the pages: what `make bench` runs
    python benchmarks/performance.py table           # only the table (and the pages); `pages` alone measures nothing
    python benchmarks/performance.py --rounds 3
    python benchmarks/performance.py fairness overload soak_engine      # what the engine promises to people (prefix, schemas, … too)
    python benchmarks/performance.py growth crowd window --kernels avx2     # Alizé alone, with fewer instructions than the processor has

Each part is one run of `alize bench`, all sides in it, or of the script of its name beside this one. The figures of each instruction
set have a file of their own, so a run on another processor adds to the page and replaces nothing. Runs want a machine that does nothing
else: peers wait in loops for a thread that another program holds up, and lose several times their speed.
"""

import argparse
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from performance_page import FILES, KERNELS, instruction_set, page
from performance_plots import plots

from alize.cli.machine import describe

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "performance"
PEERS = "llama.cpp,openvino,ik_llama.cpp"
PARTS: dict[str, tuple[str, str, int]] = {  # works, peers and rounds of each
    "table": ("prefill-512,decode-1,decode-2,decode-4,decode-8,decode-16,decode-32,decode-1@1024", PEERS, 5),
    "mixed": ("mixed-8", PEERS, 5),
    "growth": ("prefill-128,prefill-2048,prefill-7936,decode-1@2048,decode-1@4096,decode-1@7936", PEERS, 3),
    "crowd": ("decode-64,decode-128,decode-256", "", 3),  # ours alone: a peer takes minutes for each
}

SCRIPTS: dict[str, list[str]] = {
    "divergence": ["--against", PEERS],
    "window": [],
    "large": [],
    "cold_start": [],
    "engine_overhead": [],
    "stream_cost": [],
    "prefix": [],
    "speculation": [],
    "drafts": [],
    "schemas": ["--against", "llama.cpp"],
    "determinism": [],
    "tools": [],
    "fairness": [],
    "overload": [],
    "soak_engine": [],
}
"""Parts that are scripts of their own beside this one, and what they are given."""

IN_ROUNDS = ("window", "large", "cold_start", "prefix", "speculation", "drafts", "schemas", "determinism")  # of the scripts
WITH_PEERS = ("divergence", "large", "cold_start", "prefix", "speculation", "schemas", "fairness")  # of the scripts: nothing without them
EVERY = ("table", "divergence", *list(PARTS)[1:], *list(SCRIPTS)[1:])


def measured(works: str, peers: str, rounds: int) -> dict[str, Any]:
    """The document of one run. The native runner, unless the environment names another; its progress stays visible."""
    command = [sys.executable, "-m", "alize", "bench", "--json", "--works", works, "--against", peers, "--rounds", str(rounds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={"ALIZE_RUNNER": "native", **os.environ})
    document = json.loads(done.stdout.splitlines()[-1])
    return {**document, "when": datetime.now(UTC).date().isoformat(), "rounds": rounds}


def scripted(name: str, rounds: int) -> dict[str, Any]:
    """The document of another script."""
    again = ["--rounds", str(rounds)] if name in IN_ROUNDS and rounds else []
    command = [sys.executable, str(Path(__file__).with_name(f"{name}.py")), *SCRIPTS[name], *again]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env={"ALIZE_RUNNER": "native", **os.environ})
    lines = done.stdout.splitlines()
    if done.returncode != 1 or not lines or not lines[-1].startswith("{"):  # 1: it was measured, and a claim does not hold; or it failed
        done.check_returncode()
    return {**json.loads(lines[-1]), "when": datetime.now(UTC).date().isoformat()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*EVERY, "pages", []], default=[], metavar="PART", help=", ".join([*EVERY, "pages"]))
    parser.add_argument("--rounds", type=int, default=0, help="Of every part that has rounds, instead of its own number.")
    parser.add_argument("--kernels", choices=sorted(KERNELS), help="That Alizé computes with, and alone, since peers choose their own.")
    args = parser.parse_args()
    if args.kernels:
        if unfit := [part for part in args.parts or EVERY if part in WITH_PEERS]:
            parser.error(f"with --kernels there are no peers, and so no {', '.join(unfit)}: name other parts")
        os.environ["ALIZE_KERNELS"] = args.kernels
    FOLDER.mkdir(parents=True, exist_ok=True)
    for part in args.parts or EVERY:
        if part == "pages":
            continue
        if part in SCRIPTS:
            document = scripted(part, args.rounds)
        else:
            works, peers, rounds = PARTS[part]
            document = measured(works, "" if args.kernels else peers, args.rounds or rounds)
        name = KERNELS[args.kernels] if args.kernels else instruction_set(describe().extensions)
        file = FOLDER / f"{name}.json"
        known = json.loads(file.read_text("utf-8")) if file.exists() else {}
        file.write_text(json.dumps({**known, part: document}, indent=1) + "\n", "utf-8")
        print(f"{part}: {file}", flush=True)
    all_known = {name: json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in FILES if (FOLDER / f"{name}.json").exists()}
    for name, known in all_known.items():
        for kind, svg in plots(known).items():
            (FOLDER / f"{name}-{kind}.svg").write_text(svg, "utf-8")
    (FOLDER / "README.md").write_text(page(all_known, {path.name for path in FOLDER.glob("*.svg")}), "utf-8")


if __name__ == "__main__":
    main()
