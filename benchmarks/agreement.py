"""Do we compute what llama.cpp computes? In: a GGUF. Out: how often both find the same token likeliest; one JSON document on the last line.

Both read the same file and the same 512 token ids of real text (this repository's LICENSE). llama.cpp multiplies in 8 bits, so a few
disagreements are its rounding: each is printed with how far apart our two best logits were.

    python benchmarks/agreement.py [--model smollm2-135m-instruct] [--dtype float32]
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

import alize
from alize.cli.bench.peers import PEERS, prepare
from alize.settings import Settings
from alize.weights.pull import located

PEER = """
import json, sys
import numpy as np
from llama_cpp import Llama
path, tokens = json.loads(sys.stdin.read())
model = Llama(path, n_ctx=len(tokens) + 8, logits_all=True, n_threads=2, verbose=False)
model.eval(tokens)
print(json.dumps(np.array(model.scores[: len(tokens)]).argmax(-1).tolist()))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--tokens", type=int, default=512)
    args = parser.parse_args()
    settings = Settings.load()
    python = prepare(PEERS["llama.cpp"], settings.home, settings.offline, print)
    model = alize.load(args.model, dtype=args.dtype)
    _, path = located(args.model, settings.home, settings.aliases())
    text = Path(__file__).parents[1].joinpath("LICENSE").read_text()
    tokens = model.tokenizer.encode(text)[: args.tokens]
    logits = model.logits(tokens)
    ours = logits.argmax(-1)
    done = subprocess.run([str(python), "-c", PEER], input=json.dumps([str(path), tokens]), capture_output=True, text=True, check=True)
    theirs = np.array(json.loads(done.stdout.strip().splitlines()[-1]))
    spread = float(logits.std())
    for position in np.flatnonzero(ours != theirs):
        behind = float(logits[position, ours[position]] - logits[position, theirs[position]])
        print(f"token {position}: ours {ours[position]}, theirs {theirs[position]}, {behind:.3f} behind (spread {spread:.1f})")
    share = float((ours == theirs).mean())
    print(json.dumps({"model": args.model, "dtype": args.dtype, "tokens": len(tokens), "peer": "llama.cpp", "same_top_1": round(share, 4)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
