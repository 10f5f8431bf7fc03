"""Is an answer the same however it was computed? In: a model. Out: for each way, the share of identical answers; JSON on the last line.

Each request is answered alone first, with nothing cached; then all of them together, in pieces, with cached prefixes, several steps a
call, and preempted. PyTorch rounds a product by the number of its rows, so answers part where two tokens are about equally likely: the
widest gap between the two best logits at such a place is shown. tests/engine/test_oracle.py proves equality in float64 on a tiny model.

    python benchmarks/same_answers.py [--model smollm2-135m-instruct] [--tokens 48]
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import alize
from alize.engine.base import Request, Step
from alize.engine.core import Core

WAYS: dict[str, dict[str, Any]] = {
    "together": {"prefix_cache": False},
    "in pieces": {"prefix_cache": False, "step_tokens": 100},
    "prefixes cached": {},
    "eight steps a call": {"decode_steps": 8},
    "preempted": {"step_tokens": 100, "prefix_cache": False, "cache_memory": 0.03},
}
TOPICS = ("bees", "salt", "rivers", "chess", "winter", "copper", "rain", "trains")
QUESTIONS = ("Tell me three facts about {}.", "Write a short story about {}.", "Why do people like {}?", "Explain {} to a child.")
KINDS = {"greedy": 0.0, "seeded": 0.7}  # temperatures


def requests(model: alize.Model, tokens: int) -> list[Request]:
    """Questions behind system prompts of 0 to 300 tokens; those of one length are the same text."""
    text = Path(__file__).parents[1].joinpath("LICENSE").read_text()
    asked: list[Request] = []
    for kind, temperature in KINDS.items():
        for index, topic in enumerate(TOPICS):
            for number, question in enumerate(QUESTIONS):
                system = [{"role": "system", "content": text[: 400 * number]}] if number else []
                prompt = model.tokenizer.template([*system, {"role": "user", "content": question.format(topic)}])
                sampling = alize.SamplingParams(temperature=temperature, seed=index, logprobs=2)
                asked.append(Request(f"{kind}-{len(asked)}", tuple(prompt), tokens, sampling, model.tokenizer.stop_ids))
    return asked


def answer(core: Core, asked: list[Request]) -> dict[str, list[Step]]:
    given: dict[str, list[Step]] = {request.id: [] for request in asked}
    for request in asked:
        core.add(request)
    while core.busy:
        for step in core.step():
            given[step.request_id].append(step)
    return given


def tokens_of(steps: list[Step]) -> list[int]:
    return [token for step in steps for token in step.tokens]


def gap(alone: list[Step], other: list[Step]) -> float:
    """How far apart the two likeliest tokens were, in log-probability, where two answers part."""
    first = next(i for i, (a, b) in enumerate(zip(tokens_of(alone), tokens_of(other), strict=False)) if a != b)
    best, second = [logprob for step in alone for logprob in step.logprobs][first].top[:2]
    return best[1] - second[1]


def measured(name: str, dtype: str, tokens: int) -> list[dict[str, Any]]:
    with_nothing = alize.load(name, dtype=dtype, prefix_cache=False, cache_memory=1)
    asked = requests(with_nothing, tokens)
    alone = {id: steps for request in asked for id, steps in answer(with_nothing.core, [request]).items()}
    with_nothing.close()
    rows: list[dict[str, Any]] = []
    for way, settings in WAYS.items():
        model = alize.load(name, dtype=dtype, **{"cache_memory": 1, **settings})
        given = answer(model.core, asked)
        stats = model.core.stats()
        model.close()
        assert (way == "preempted") == (stats.preemptions > 0), f"{way}: {stats.preemptions} preemptions"
        assert settings.get("prefix_cache", True) == (stats.cached_tokens > 0), f"{way}: {stats.cached_tokens} cached tokens"
        differ = [id for id in alone if tokens_of(given[id]) != tokens_of(alone[id])]
        row = {"dtype": dtype, "way": way, "answers": len(asked)}
        for kind in KINDS:
            count = sum(id.startswith(kind) for id in alone)
            row[f"same_{kind}"] = round(1 - sum(id.startswith(kind) for id in differ) / count, 3)
        row["widest_gap_greedy"] = round(max((gap(alone[id], given[id]) for id in differ if id.startswith("greedy")), default=0.0), 4)
        rows.append(row)
        print(row, flush=True)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--tokens", type=int, default=48, help="most tokens of an answer")
    args = parser.parse_args()
    rows = [row for dtype in ("float32", "bfloat16") for row in measured(args.model, dtype, args.tokens)]
    print(json.dumps({"model": args.model, "tokens": args.tokens, "ways": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
