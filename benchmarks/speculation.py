"""What computing several tokens of an answer at once is worth. In: how often. Out: tokens a second with and without; JSON on the last line.

    python benchmarks/speculation.py [--rounds 5] [--streams 1 8] [--alone]     # --alone leaves llama.cpp out
    python benchmarks/speculation.py --alone --model LARGE --draft SMALL        # and with a draft model

Each task is answered greedily by two engines of the default model in turns, one that guesses and one that does not; with `--draft`, by a
third one, too, which has a draft model as well. All give the same tokens, or the script fails. Tokens a second count from when every prompt
is read. Beside them, for one stream, llama.cpp's Python binding with its own prompt lookup (ten tokens at a time) and without: it has no
predictions, so it is given the edited text in the prompt alone.

Claims, each of which fails the run: with guesses, and no draft model, one stream is 1.5 times as fast where code is edited with a
prediction; nothing is below 0.97 times.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import alize
from alize.cli.bench.peers import PEERS, prepare
from alize.cli.machine import busy_cores, describe
from alize.engine.base import Request
from alize.engine.core import Core
from alize.settings import Settings
from alize.weights.pull import located

CODE = '''def average_of_values(values):
    """The mean of some numbers."""
    total = 0.0
    count = 0
    for value in values:
        total = total + value
        count = count + 1
    if count == 0:
        return 0.0
    return total / count


def spread_of_values(values):
    """The largest number less the smallest."""
    largest = values[0]
    smallest = values[0]
    for value in values:
        if value > largest:
            largest = value
        if value < smallest:
            smallest = value
    return largest - smallest
'''
TEXT = (
    "The lighthouse stood at the end of the pier, white and red, and every evening at six the keeper climbed its ninety steps to light the "
    "lamp. He had done so for thirty years. In winter the wind shook the windows, and in summer the gulls slept on the railing, but the "
    "lamp was never late. Ships that came from the north saw it first, then those from the west, and each of them answered with its horn."
)


@dataclass(frozen=True)
class Task:
    name: str
    question: str
    prediction: str = ""
    tokens: int = 256
    least: float = 0.97  # the ratio that is claimed of one stream


EDIT = f"Here is a Python file:\n\n```python\n{CODE}```\n\nWrite the file again, with the word values replaced by numbers."
TASKS = (
    Task("code edited, with a prediction", EDIT, CODE, 160, 1.5),
    Task("code edited", EDIT, tokens=160),
    Task("code changed beyond the prediction", f"Write this code again, with the name total changed to amount:\n\n{CODE}", CODE),
    Task("a text quoted", f"Repeat this text word for word:\n\n{TEXT}"),
    Task("a text summed up", f"Summarize this text in two sentences:\n\n{TEXT}"),
    Task("a list of records", "Write a JSON list of ten cities with the keys name, country and population."),
    Task("a story", "Write a story about a robot who learns to paint."),
    Task("a wrong prediction", "Explain how a rainbow is made.", TEXT),
)

PEER = """
import json, sys, time
from llama_cpp import Llama
from llama_cpp.llama_speculative import LlamaPromptLookupDecoding
path, threads, rounds, tasks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
for guesses in (False, True):
    draft = LlamaPromptLookupDecoding(num_pred_tokens=10) if guesses else None
    model = Llama(path, n_ctx=4096, n_threads=threads, draft_model=draft, logits_all=guesses, verbose=False)
    for name, prompt, most in tasks * rounds:
        model.reset()
        count, first = 0, 0.0
        for token in model.generate(prompt, temp=0.0, top_k=1, repeat_penalty=1.0):
            first = first or time.perf_counter()
            count += 1
            if token == model.token_eos() or count >= most:
                break
        print(json.dumps([name, guesses, (count - 1) / (time.perf_counter() - first)]), flush=True)
"""


def answered(core: Core, prompt: list[int], predicted: list[int], task: Task, streams: int, stops: frozenset[int]) -> Any:
    """Tokens a second of all streams, the tokens of the first, and how many were guessed and right."""
    for number in range(streams):
        core.add(Request(str(number), tuple(prompt), task.tokens, stop_ids=stops, predicted=tuple(predicted)))
    begun, first, drawn, count = set[str](), 0.0, list[int](), 0
    guessed = accepted = 0
    while core.busy:
        for step in core.step():
            begun.add(step.request_id)
            drawn += step.tokens if step.request_id == "0" else ()
            count += len(step.tokens) if first else 0
            if step.finish:
                guessed, accepted = guessed + step.guessed, accepted + step.accepted
        if len(begun) == streams and not first:
            first = time.perf_counter()
    return count / (time.perf_counter() - first), drawn, guessed, accepted


def peer(path: Any, settings: Settings, prompts: dict[Task, list[int]], threads: int, rounds: int) -> dict[str, dict[str, float]]:
    """llama.cpp's tokens a second, with its prompt lookup and without, by task."""
    python = prepare(PEERS["llama.cpp"], settings.home, settings.offline, lambda line: print(line, file=sys.stderr))
    tasks = [[task.name, prompt, task.tokens] for task, prompt in prompts.items() if not task.prediction]
    command = [str(python), "-c", PEER, str(path), str(threads), str(rounds), json.dumps(tasks)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    rates: dict[str, dict[str, list[float]]] = {}
    for line in done.stdout.splitlines():
        name, guesses, rate = json.loads(line)
        rates.setdefault(name, {"plain": [], "guessing": []})["guessing" if guesses else "plain"].append(rate)
    return {name: {side: round(statistics.median(each), 1) for side, each in of.items()} for name, of in rates.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--alone", action="store_true", help="without llama.cpp")
    parser.add_argument("--model", help="in place of the setting `model`")
    parser.add_argument("--draft", default="", help="the path of a draft model")
    parser.add_argument("--tasks", type=int, nargs="+", default=range(len(TASKS)), help="which, by their places")
    args = parser.parse_args()
    load, settings = busy_cores(), Settings.load(model=args.model)
    given = {"runner": "native", "prefix_cache": False, "max_context": 4096}
    sides = {name: alize.load(settings.model, speculation=name != "plain", **given) for name in ("plain", "guessing")}
    if args.draft:
        sides["drafting"] = alize.load(settings.model, draft_model=args.draft, **given)
    words = sides["plain"].tokenizer
    tasks = [TASKS[place] for place in args.tasks]
    prompts = {task: words.template([{"role": "user", "content": task.question}]) for task in tasks}
    rows: list[dict[str, Any]] = []
    for streams in args.streams:
        for task, prompt in prompts.items():
            rates: dict[str, list[float]] = {name: [] for name in sides}
            texts, counts = list[list[int]](), dict[str, tuple[int, int]]()
            predicted = words.encode(task.prediction) if task.prediction else []
            for turn in range(args.rounds):
                for name in list(sides) if turn % 2 else reversed(sides):
                    rate, drawn, *of = answered(sides[name].core, prompt, predicted, task, streams, words.stop_ids)
                    rates[name].append(rate)
                    texts.append(drawn)
                    counts[name] = (of[0], of[1])
            assert all(text == texts[0] for text in texts), f"{task.name}: not the same tokens"
            medians = {name: statistics.median(of) for name, of in rates.items()}
            row: dict[str, Any] = {"task": task.name, "streams": streams, "tokens": len(texts[0]), "plain": round(medians["plain"], 1)}
            row["least"] = task.least if streams == 1 else Task.least
            for name in list(sides)[1:]:
                guessed, accepted = counts[name]
                row[name] = {"rate": round(medians[name], 1), "ratio": round(medians[name] / medians["plain"], 2)}
                row[name] |= {"guessed": guessed, "accepted": accepted}
            rows.append(row)
            print(json.dumps(row), file=sys.stderr, flush=True)
    _, path = located(settings.model, settings.home, settings.aliases())
    others = {} if args.alone else peer(path, settings, prompts, settings.threads or describe().cores, args.rounds)
    machine = {"machine": describe().processor, "cores": describe().cores, "load": round(load, 2), "rounds": args.rounds}
    print(json.dumps({**machine, "rows": rows, "llama.cpp": others}))
    return 0 if all(row["guessing"]["ratio"] >= row["least"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
