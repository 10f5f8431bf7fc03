"""What a token costs behind a long text, with a window and without. In: how often. Out: tokens a second by context; JSON on the last line.

One stream of a random model of 39 million weights in 16 bits, once with a window of 4,096 tokens in every layer, as Mistral 7B has it, and
once without. What it says is noise, and what it costs is not. Few weights, so that what is read of the cache shows.

    python benchmarks/window.py [--rounds 3]
"""

import argparse
import json
import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from alize.cli.bench.ours import measure
from alize.cli.machine import busy_cores, describe
from alize.engine.build import EngineConfig, build_core
from alize.engine.core import Core
from alize.engine.runners.native.shapes import products_of
from alize.engine.schedule import Limits
from alize.model.params import read_params

DIM, HIDDEN, HEADS, KV_HEADS, HEAD, LAYERS, VOCAB = 512, 2048, 8, 2, 64, 8, 8192
WINDOW, LONGEST = 4096, 32768
CONTEXTS = (512, 1024, 2048, 4096, 8192, 16384, LONGEST - 64)
STEPS = 32
LIMITS = Limits(max_context=LONGEST, prefix_cache=False, speculation=False)


def write(folder: Path, window: int | None) -> Path:
    """A model of random weights, in Mistral's own form."""
    folder.mkdir()
    random = np.random.default_rng(0)

    def matrix(*shape: int) -> Any:
        return (random.standard_normal(shape, np.float32) * 0.05).astype(np.float16)

    sizes = {"dim": DIM, "n_layers": LAYERS, "n_heads": HEADS, "n_kv_heads": KV_HEADS, "head_dim": HEAD, "hidden_dim": HIDDEN}
    params = {
        **sizes,
        "vocab_size": VOCAB,
        "norm_eps": 1e-5,
        "rope_theta": 1e6,
        "max_position_embeddings": LONGEST,
        "sliding_window": window,
    }
    ones = np.ones(DIM, np.float16)
    tensors = {"tok_embeddings.weight": matrix(VOCAB, DIM), "output.weight": matrix(VOCAB, DIM), "norm.weight": ones}
    for layer in range(LAYERS):
        tensors |= {f"layers.{layer}.{name}.weight": matrix(*shape) for name, shape in products_of(read_params(params), layer).items()}
        tensors |= {f"layers.{layer}.{name}.weight": ones for name in ("attention_norm", "ffn_norm")}
    save_file(tensors, folder / "consolidated.safetensors")
    (folder / "params.json").write_text(json.dumps(params))
    return folder


def rate(core: Core, context: int, turn: int) -> float:
    """Tokens a second of one stream that has read so many."""
    prompt = np.random.default_rng(turn).integers(0, VOCAB, context - STEPS).tolist()
    timing = measure(core.runner, core.limits, [prompt], STEPS, [])
    return timing.tokens / timing.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    load = busy_cores()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sides = {
            name: build_core(EngineConfig(str(write(folder / name, window)), runner="native", limits=LIMITS))
            for name, window in (("window", WINDOW), ("full", None))
        }
        rates: dict[str, dict[int, list[float]]] = {name: {context: [] for context in CONTEXTS} for name in sides}
        for turn in range(args.rounds):
            for context in CONTEXTS:
                for name, core in sides.items() if turn % 2 else reversed(sides.items()):
                    rates[name][context].append(rate(core, context, turn))
    medians = {name: {str(context): round(statistics.median(of), 1) for context, of in each.items()} for name, each in rates.items()}
    machine = {**asdict(describe()), "load": round(load, 2)}
    print(json.dumps({"machine": machine, "window": WINDOW, "tokens_per_s": medians, "rounds": args.rounds}))


if __name__ == "__main__":
    main()
