"""How fast the page is. In: how often. Out: a table of figures, Open WebUI's beside ours, and one JSON document on the last line.

Chromium without a window, 1280 × 800, with the page's processor slowed 4 times (server and network are not). Each round is a new browser
with an empty cache; a figure is the median of the rounds, which are kept in the JSON. The server of the page answers from a `FakeEngine`
at 200 tokens a second, and so does Open WebUI, through the same server; only `server up` and its memory are of `alize up` with the
default model. What the claims are stands in TARGETS; one that is missed fails the run.

    python benchmarks/page.py [--rounds 5] [--alone]

Needs the built page (`make web`), a Chromium, and what `make dev` installs; the first run installs Open WebUI in the state folder.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psutil
from page_measures import SLOWED, conversation, first_load, streaming
from page_sides import MB, Side, alize, alize_up, open_webui, prepare_peer, state_folder
from playwright.sync_api import Browser, sync_playwright

from alize.api.pages import BUILT
from alize.settings import Settings

Figures = dict[str, list[float]]
TARGETS = {
    "server up, s": 3,
    "server memory, MB": 200,
    "JavaScript of the first load, KB": 200,
    "navigation to usable, ms": 1500,
    "1,000 messages open, ms": 500,
    "work a frame while scrolling, ms, p95": 8,
    "key to second frame, ms, p95": 50,
    "changes in blocks that had ended, %": 0,
}
MEASURES: tuple[Callable[[Browser, Side], dict[str, float]], ...] = (first_load, conversation, streaming)


def add(figures: Figures, one: dict[str, float]) -> None:
    for name, value in one.items():
        figures.setdefault(name, []).append(value)


def measured(browser: Browser, sides: list[Side], rounds: int) -> dict[str, Figures]:
    """All sides in turns, round by round: what else the machine does disturbs them alike."""
    found: dict[str, Figures] = {side.name: {} for side in sides}
    for turn in range(rounds):
        for measure in MEASURES:
            for side in sides:
                say(f"round {turn + 1} of {rounds}: {measure.__name__} of {side.name}")
                try:
                    add(found[side.name], measure(browser, side))
                except Exception as failure:  # a peer that breaks must not end our run; ours must
                    if side.name == "alize":
                        raise
                    say(f"{measure.__name__} of {side.name} failed: {str(failure).splitlines()[0]}")
    return found


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def table(medians: dict[str, dict[str, float]]) -> str:
    names = list(dict.fromkeys(name for figures in medians.values() for name in figures))
    lines = [f"{'':44}{''.join(f'{side:>14}' for side in medians)}{'target':>10}"]
    for name in names:
        values = "".join(f"{figures.get(name, '–'):>14}" for figures in medians.values())
        lines.append(f"{name:44}{values}{TARGETS.get(name, ''):>10}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--alone", action="store_true", help="measure this page only")
    args = parser.parse_args()
    if not (BUILT / "index.html").is_file():
        raise SystemExit("The page is not built: make web")
    root = Path(__file__).parent.parent
    chromium = subprocess.run(["sh", "scripts/chromium.sh"], cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    settings = Settings.load()
    subprocess.run([Path(sys.executable).with_name("alize"), "pull", settings.model], stdout=sys.stderr, check=True)
    with state_folder() as folder, sync_playwright() as playwright, ExitStack() as stack:
        up: Figures = {}
        for turn in range(args.rounds):
            add(up, alize_up(folder / f"up-{turn}", settings.home / "models"))
        ours, key = stack.enter_context(alize(folder / "alize"))
        sides, others = [ours], {}
        if not args.alone:
            try:
                program = prepare_peer(settings.home, say)
                theirs, started = stack.enter_context(open_webui(program, folder / "open-webui", ours.url, key))
                sides.append(theirs)
                memory = sum(one.memory_info().rss for one in (started.process, *started.process.children(recursive=True)))
                others[theirs.name] = {"server up, s": [round(started.seconds, 2)], "server memory, MB": [round(memory / MB)]}
            except RuntimeError as failure:
                say(f"Open WebUI is not measured: {failure}")
        browser = playwright.chromium.launch(executable_path=chromium.stdout.strip(), args=["--no-sandbox", "--disable-gpu"])
        found = measured(browser, sides, args.rounds)
        version = browser.version
        browser.close()
    figures = {name: {**(up if name == "alize" else others.get(name, {})), **values} for name, values in found.items()}
    medians = {name: {what: statistics.median(values) for what, values in each.items()} for name, each in figures.items()}
    missed = [name for name, most in TARGETS.items() if medians["alize"][name] > most]
    print(table(medians))
    machine = {"system": platform.platform(), "cores": os.cpu_count(), "memory_gb": round(psutil.virtual_memory().total / 2**30)}
    conditions = {"machine": machine, "load": round(os.getloadavg()[0], 1), "chromium": version, "slowed": SLOWED}
    print(json.dumps({**conditions, "medians": medians, "rounds": figures, "missed": missed}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
