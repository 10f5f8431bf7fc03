"""From nothing to the first word. In: how often. Out: seconds until a fresh `alize run` prints, llama.cpp beside it; JSON on the last line.

Each side is a new process every time, in turns; files are in the page cache after the first round, which is left out.

    python benchmarks/cold_start.py [--rounds 5]
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from alize.cli.bench.peers import PEERS, prepare
from alize.settings import Settings
from alize.weights.pull import located

QUESTION = "What is the capital of France?"
PEER = """
import sys
from llama_cpp import Llama
model = Llama(sys.argv[1], n_ctx=2048, n_threads=2, verbose=False)
for piece in model.create_chat_completion([{"role": "user", "content": sys.argv[2]}], stream=True, temperature=0, max_tokens=8):
    print(piece["choices"][0]["delta"].get("content") or "", end="", flush=True)
"""


def first_word(command: list[str]) -> tuple[float, str]:
    """Seconds until the first byte of output, and all of it."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0) as process:
        assert process.stdout is not None
        begin = process.stdout.read(1)
        seconds = time.perf_counter() - started
        return seconds, (begin + process.stdout.read()).decode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    settings = Settings.load()
    python = prepare(PEERS["llama.cpp"], settings.home, settings.offline, print)
    _, path = located(settings.model, settings.home, settings.aliases())
    sides = {
        "alize": [str(Path(sys.executable).with_name("alize")), "run", "--temperature", "0", QUESTION],
        "llama.cpp": [str(python), "-c", PEER, str(path), QUESTION],
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    paris = True
    for turn in range(args.rounds + 1):
        for name, command in sides.items():
            taken, text = first_word(command)
            paris = paris and (name != "alize" or "Paris" in text)
            if turn:
                seconds[name].append(round(taken, 2))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ok = paris and medians["alize"] < 4
    print(json.dumps({"first_word_s": medians, "rounds": seconds, "says_paris": paris, "limit_s": 4, "ok": ok}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
