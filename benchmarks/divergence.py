"""How far each engine is from the model's file. In: a GGUF. Out: what each side's rounding costs; one JSON document on the last line.

    python benchmarks/divergence.py [--model smollm2-135m-instruct] [--against llama.cpp,openvino,ik_llama.cpp] [--tokens 4096]

The reference is the specification (PyTorch, float32) with the weights that the file's blocks stand for. Everything that a side does
otherwise is counted: weights rounded to another format, activations to whole numbers, keys and values to fewer bits. All read the same
windows of 512 tokens of a text (chapters of Alice's Adventures in Wonderland) that no side was tuned on:

    perplexity      by how much it is more than the reference's, in percent
    same token      how often both find the same one likeliest, in percent
    KL              of the reference's probabilities from the side's, the mean over all places, in nats

OpenVINO GenAI gives the probability of what stands in the text and no others: it has a perplexity and nothing else.
"""

import argparse
import json
import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import alize
from alize.cli.bench.peers import parse_peers
from alize.cli.bench.side import Side
from alize.cli.bench.start import start
from alize.cli.terminal import stderr
from alize.evaluate.quantization import WINDOW
from alize.evaluate.texts import MEASURE, text_at
from alize.settings import Settings
from alize.weights.pull import located

Floats = npt.NDArray[np.float64]


@dataclass
class Sums:
    """Over all places so far."""

    places: int = 0
    surprise: float = 0.0
    same: int = 0
    lost: float | None = 0.0  # None: there is nothing to tell it from

    def add(self, scores: npt.NDArray[np.float32], tokens: list[int], reference: Floats) -> None:
        self.places += len(reference)
        if scores.ndim == 1:
            self.surprise -= float(scores.sum(dtype=np.float64))
            self.lost = None
            return
        own = log_probabilities(scores[:-1])
        self.surprise -= float(own[np.arange(len(own)), tokens[1:]].sum())
        self.same += int((own.argmax(1) == reference.argmax(1)).sum())
        self.lost = (self.lost or 0.0) + float((np.exp(reference) * (reference - own)).sum())

    def document(self, reference: float) -> dict[str, float | None]:
        """`reference`: its perplexity."""
        known = self.lost is not None
        return {
            "perplexity_percent": round(100 * (math.exp(self.surprise / self.places) / reference - 1), 3),
            "same_percent": round(100 * self.same / self.places, 2) if known else None,
            "kl": round(self.lost / self.places, 6) if self.lost is not None else None,
        }


def log_probabilities(logits: npt.NDArray[np.float32]) -> Floats:
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    return wide - np.log(np.exp(wide).sum(axis=1, keepdims=True))


def windows(tokens: list[int]) -> Iterator[list[int]]:
    """Of a whole length, so that every side is asked for the same shape."""
    for at in range(0, len(tokens) - WINDOW + 1, WINDOW):
        yield tokens[at : at + WINDOW]


def measured(model: alize.Model, sides: list[Side], tokens: list[int]) -> dict[str, Any]:
    found, own = {side.name: Sums() for side in sides}, Sums()
    for window in windows(tokens):
        logits = model.logits(window)
        reference = log_probabilities(logits[:-1])
        own.add(logits, window, reference)
        for side in sides:
            found[side.name].add(side.score(window), window, reference)
    perplexity = math.exp(own.surprise / own.places)
    return {
        "text": "alice",
        "places": own.places,
        "perplexity": round(perplexity, 4),
        "sides": {name: sums.document(perplexity) for name, sums in found.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--against", default="llama.cpp,openvino,ik_llama.cpp")
    parser.add_argument("--tokens", type=int, default=4096)
    args = parser.parse_args()
    if args.tokens < WINDOW:
        parser.error(f"--tokens: at least one window of {WINDOW}")
    settings = Settings.load(model=args.model)
    card, path = located(settings.model, settings.home, settings.aliases())
    reference = alize.load(args.model, runner="torch", dtype="float32")
    tokens = reference.tokenizer.encode(text_at(MEASURE))[: args.tokens]
    with stderr().status("Loading …") as status, ExitStack() as stack:
        sides = start(settings, path, parse_peers(args.against), stack, status)
        status.update("Reading the text on every side …")
        document = {"model": card.id, **measured(reference, sides, tokens)}
    for name, side in document["sides"].items():
        told = "" if side["kl"] is None else f", same token {side['same_percent']:.2f} %, KL {side['kl']:.5f}"
        print(f"{name}: perplexity {side['perplexity_percent']:+.2f} %{told}")
    print(json.dumps(document))


if __name__ == "__main__":
    main()
