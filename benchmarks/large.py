"""Models as large as Mistral 7B and, of fewer layers, Mixtral 8x7B. In: how often. Out: tokens a second; JSON on the last line.

    python benchmarks/large.py [--rounds 3] [--folder DIR]     # the files, 7.5 GB, are made once (load.py says how) and kept in DIR

Weights are random, in GGUF's Q4_0: what they say is noise, and what they cost is not. llama.cpp is given the same file. One stream reads
every weight of a token once, so memory is its limit: `memory_gb_s` is what as many threads read that compare two long arrays, which no
cache holds.
"""

import argparse
import ctypes
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from alize.engine.cores import cores
from alize.settings import Settings
from alize.weights.pull import located

SHAPES = {"seven-billion": (), "8-times-seven-billion-4-layers": ("--experts", "8", "--layers", "4")}
WORKS = "prefill-128,decode-1"
LENGTH = 2**28  # bytes of an array: several times what a cache holds
READINGS = 5


def made(folder: Path, name: str, options: tuple[str, ...], words: Path) -> Path:
    """The model's file, written unless it is there."""
    script = Path(__file__).with_name("load.py")
    subprocess.run(
        [sys.executable, str(script), "Q4_0", "--folder", str(folder), "--words", str(words), "--make", *options],
        stdout=sys.stderr,
        check=True,
    )
    return folder / f"{name}.Q4_0.gguf"


def memory_rate(threads: int) -> float:
    """Bytes a second that so many threads read at most."""
    pairs = [(np.ones(LENGTH, np.uint8), np.ones(LENGTH, np.uint8)) for _ in range(threads)]
    compare = ctypes.CDLL(None).memcmp

    def read(pair: tuple[Any, Any]) -> int:
        return compare(*(ctypes.c_void_p(array.ctypes.data) for array in pair), ctypes.c_size_t(LENGTH))

    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(READINGS):
            started = time.perf_counter()
            assert not any(pool.map(read, pairs)), "arrays that are alike"
            best = max(best, 2 * LENGTH * threads / (time.perf_counter() - started))
    return best


def measured(path: Path, rounds: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "alize", "bench", "--json", "--model", str(path), "--works", WORKS]
    done = subprocess.run([*command, "--against", "llama.cpp", "--rounds", str(rounds)], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are kept; peers/files in Alizé's home by default")
    args = parser.parse_args()
    os.environ.setdefault("ALIZE_RUNNER", "native")
    settings = Settings.load()
    folder = args.folder or settings.home / "peers" / "files"
    _, words = located(settings.model, settings.home, settings.aliases())
    paths = {name: made(folder, name, options, words) for name, options in SHAPES.items()}
    rate = memory_rate(settings.threads or cores())
    documents = {name: measured(path, args.rounds) for name, path in paths.items()}
    print(json.dumps({"memory_gb_s": round(rate / 1e9, 1), "rounds": args.rounds, "shapes": documents}))


if __name__ == "__main__":
    main()
