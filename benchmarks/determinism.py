"""What a fixed order of additions costs. In: how often. Out: tokens a second of the core as it is, and of one left free; JSON last.

    python benchmarks/determinism.py [--rounds 5] [--streams 1 8 32]

The core is built twice from csrc/, as CMakeLists.txt says: once as it is, once with the two options that hold the order of floats
(`-ffp-contract=off -fno-fast-math`) replaced by those that let the compiler choose it (`-ffp-contract=fast -ffast-math`). Each runs the
default model in a process of its own; they are asked in turns, who is first alternates, and medians are compared.

This measures what the order of float additions and their separate rounding cost, and nothing else. That activations become integers is in
both: it is what makes the order of most additions free, and it is faster than floats, not slower. Where the order is written down in
intrinsics (the products), a compiler that is left free changes little; a core designed for no order at all might gain more.

Answers of both are compared: of the free core with the other's, and with its own in other company. What is equal there is equal by chance.
"""

import argparse
import hashlib
import importlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alize.cli.bench.ours import fitting, measure
from alize.cli.machine import busy_cores, describe
from alize.engine.base import Request, SamplingParams
from alize.engine.core import Core

ROOT = Path(__file__).resolve().parent.parent
HELD, FREE = "-ffp-contract=off -fno-fast-math", "-ffp-contract=fast -ffast-math"
PROMPT, STEPS = 512, 64  # tokens


def built(folder: Path, options: str) -> Path:
    """A folder with the core in it. Raises CalledProcessError where it does not compile."""
    source, out = folder / "source", folder / "out"
    source.mkdir(parents=True)
    text = (ROOT / "CMakeLists.txt").read_text("utf-8")
    assert text.count(HELD) == 1, "CMakeLists.txt says it otherwise now"
    (source / "CMakeLists.txt").write_text(text.replace(HELD, options), "utf-8")
    (source / "csrc").symlink_to(ROOT / "csrc")
    configured = ["cmake", "-S", source, "-B", out, "-DSKBUILD_PROJECT_VERSION=0.0.0", "-DCMAKE_BUILD_TYPE=Release"]
    for command in (configured, ["cmake", "--build", out, "--target", "native", "--parallel", "2"]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return out


# ── one side, in a process of its own ──


def side(folder: str) -> None:
    """Answer what is asked on standard input, a line of JSON each, with the core of that folder."""
    importlib.import_module("alize.engine.runners.native").__path__.insert(0, folder)  # where library.py looks first
    from alize.library import load

    model = load(prefix_cache=False, speculation=False)
    runner, limits = model.core.runner, model.core.limits
    print(json.dumps({"runner": model.info.runner, "model": model.info.id}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if asked == "answers":
            cores = [fitting(runner, limits, [200] * 8) for _ in range(2)]
            found: dict[str, Any] = {"alone": answers(cores[0], together=False), "together": answers(cores[1], together=True)}
            tokens = prompts(1, 300)[0]
            whole = fitting(runner, limits, [400]).logits(tokens)
            found["logits"] = hashlib.sha256(whole.tobytes()).hexdigest()
            print(json.dumps(found), flush=True)
            continue
        timing = measure(runner, limits, prompts(asked["streams"], asked["prompt"]), asked["steps"], [])
        print(json.dumps(timing.tokens / timing.seconds), flush=True)


def prompts(count: int, length: int) -> list[list[int]]:
    return np.random.default_rng(0).integers(1000, 40_000, (count, length)).tolist()


def answers(core: Core, *, together: bool) -> dict[str, list[int]]:
    """Of eight prompts, half of them drawn: alone, or all in one batch."""
    given: dict[str, list[int]] = {}
    for number, tokens in enumerate(prompts(8, 40)):
        core.add(Request(str(number), tuple(tokens), 100, SamplingParams(temperature=0.8 * (number % 2), seed=number)))
        while core.busy and not together:
            _take(core, given)
    while core.busy:
        _take(core, given)
    return given


def _take(core: Core, given: dict[str, list[int]]) -> None:
    for step in core.step():
        given.setdefault(step.request_id, []).extend(step.tokens)


# ── both, in turns ──


@dataclass(frozen=True)
class Side:
    process: "subprocess.Popen[str]"
    hello: dict[str, Any]

    def ask(self, what: object) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(what), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


@contextmanager
def running(folder: Path) -> Iterator[Side]:
    process = subprocess.Popen([sys.executable, __file__, "--side", str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield Side(process, json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


def compared(rounds: int, streams: list[int], sides: dict[str, Side]) -> list[dict[str, Any]]:
    works = [{"work": f"prefill-{PROMPT}", "streams": 1, "prompt": PROMPT, "steps": 0}]
    works += [{"work": f"decode-{count}", "streams": count, "prompt": 32, "steps": STEPS} for count in streams]
    rows: list[dict[str, Any]] = []
    for work in works:
        found: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(rounds + 1):  # the first one warms up
            for name in list(sides)[:: 1 if number % 2 else -1]:
                speed = sides[name].ask(work)
                if number:
                    found[name].append(speed)
        held, free = (statistics.median(found[name]) for name in ("held", "free"))
        rows.append({"work": work["work"], "unit": "tok/s", "held": round(held, 1), "free": round(free, 1), "ratio": round(held / free, 3)})
        print(f"{work['work']:<12} held {held:8.1f} tok/s   free {free:8.1f} tok/s   ratio {held / free:.3f}", flush=True)
    return rows


def same(sides: dict[str, Side]) -> dict[str, Any]:
    """How many of eight answers are one."""
    held, free = (sides[name].ask("answers") for name in ("held", "free"))

    def equal(one: dict[str, list[int]], other: dict[str, list[int]]) -> int:
        return sum(one[id] == other[id] for id in one)

    found = {
        "answers": len(held["alone"]),
        "held_in_company": equal(held["alone"], held["together"]),
        "free_in_company": equal(free["alone"], free["together"]),
        "free_as_held": equal(held["alone"], free["alone"]),
        "logits_as_held": held["logits"] == free["logits"],
    }
    assert found["held_in_company"] == found["answers"], "the core broke its promise"
    print(f"of {found['answers']} answers, in company as alone: held {found['held_in_company']}, free {found['free_in_company']}; ", end="")
    print(f"the free core's as the other's: {found['free_as_held']}, its logits {'too' if found['logits_as_held'] else 'not'}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--side", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        side(given.side)
        return
    if shutil.which("cmake") is None:
        sys.exit("cmake is needed to build the core twice: pip install cmake")
    with tempfile.TemporaryDirectory(prefix="alize-determinism-") as folder:
        held, free = built(Path(folder) / "held", HELD), built(Path(folder) / "free", FREE)
        load = busy_cores()
        with running(held) as one, running(free) as other:
            sides = {"held": one, "free": other}
            print(f"{one.hello['model']}, {one.hello['runner']}, {given.rounds} rounds, {load:.1f} cores busy with others")
            equal = same(sides)
            rows = compared(given.rounds, given.streams, sides)
    machine = {"machine": describe().processor, "cores": describe().cores, "load": round(load, 2), "rounds": given.rounds}
    print(json.dumps({**machine, "model": one.hello["model"], "runner": one.hello["runner"], "rows": rows, "same": equal}))


if __name__ == "__main__":
    main()
