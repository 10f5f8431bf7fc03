"""Does a model call the right tools? In: nothing, or a model. Out: how often, by kind and by number of tools; JSON on the last line.

    python benchmarks/tools.py                     # 200 tasks, the default model; some minutes
    python benchmarks/tools.py --seed 1 --show     # those that the form was chosen by, with each answer that is wrong

tool_tasks.py has the tasks. Each is asked twice in the same run, of the same model, greedily:

held   through the HTTP API of a server of its own, so with answers held to the schemas of the tools
free   the same prompt, id by id (checked by its length), in this process, with no grammar; what it wrote is read by the same reader

valid      every call is whole, of a tool that was offered, and its arguments match the schema
tool       the tools that are called are those that should be
arguments  each call that should be made is made, with the right arguments; capital letters and spaces around a text do not count
whole      those calls are all there is, and valid; where no tool is needed: there is text, and no call
"""

import argparse
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import httpx
from tool_tasks import COUNTS, KINDS, Task, made

import alize
from alize.cli.machine import busy_cores, describe
from alize.engine.base import Request, SamplingParams
from alize.prompt.marks import call_marks_of
from alize.prompt.parts import Call, Part
from alize.prompt.reading import AnswerReader
from alize.prompt.told import for_template
from alize.prompt.tools import offered, plain_tools
from alize.settings import Settings
from alize.weights.pull import located, pull

SEED = 20261201
TOGETHER = 8
MOST = 160  # tokens of an answer; the longest right one has under 100
SERVE = "from alize.api.serve import serve; from alize.settings import Settings; serve(Settings.load())"
KEY = "a-key-of-this-benchmark"
SCORES = ("valid", "tool", "arguments", "whole")


@dataclass(frozen=True)
class Answer:
    calls: list[tuple[str, str]]
    text: str
    finish: str
    prompt_tokens: int


@dataclass(frozen=True)
class Score:
    called: bool
    valid: bool
    tool: bool
    arguments: bool
    whole: bool


@contextmanager
def served(home: Path, model: str, threads: int) -> Iterator[str]:
    """The address of a server whose state is thrown away afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "models").symlink_to(home / "models")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ALIZE_") or name == "ALIZE_KERNELS"}
        environment |= {"ALIZE_HOME": folder, "ALIZE_PORT": "0", "ALIZE_MODEL": model, "ALIZE_API_KEY": KEY, "ALIZE_CACHE_MEMORY": "1"}
        environment |= {"ALIZE_THREADS": str(threads), "ALIZE_LOG_LEVEL": "warning"}
        process = subprocess.Popen([sys.executable, "-c", SERVE], env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found, "the server did not start"
            yield found[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def ask(client: httpx.Client, model: str, task: Task) -> Answer:
    """Through the API."""
    choice: Any = task.choice if task.choice in ("auto", "any") else {"type": "function", "function": {"name": task.choice}}
    body = {"model": model, "messages": [{"role": "user", "content": task.question}], "tools": list(task.tools), "tool_choice": choice}
    answer = client.post("/v1/chat/completions", json={**body, "temperature": 0, "max_tokens": MOST})
    answer.raise_for_status()
    given: Any = answer.json()
    message, finish = given["choices"][0]["message"], given["choices"][0]["finish_reason"]
    calls = [(call["function"]["name"], call["function"]["arguments"]) for call in message["tool_calls"] or []]
    return Answer(calls, message["content"] or "", finish, given["usage"]["prompt_tokens"])


def held(tasks: Sequence[Task], home: Path, model: str, threads: int) -> list[Answer]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        served(home, model, threads) as url,
        httpx.Client(base_url=url, headers=headers, timeout=600, trust_env=False) as client,
        ThreadPoolExecutor(TOGETHER) as pool,
    ):
        return list(pool.map(lambda task: ask(client, model, task), tasks))


def free(tasks: Sequence[Task], home: Path, name: str, threads: int) -> list[Answer]:
    """With no grammar."""
    model = alize.load(name, home=home, cache_memory=1, speculation=False, threads=threads)
    core, words = model.core, model.tokenizer
    marks = call_marks_of(words, located(name, home, Settings.load(home=home).aliases())[0])
    readers: dict[str, AnswerReader] = {}
    todo: list[Request] = []
    for number, task in enumerate(tasks):
        offer = offered(marks, plain_tools(task.tools), task.choice)
        turns, tools = for_template([{"role": "user", "content": task.question}], offer, marks)
        prompt = (*words.template(turns, tools), *offer.behind(words.encode))
        todo.append(Request(str(number), prompt, MOST, SamplingParams(temperature=0, seed=0), words.stop_ids))
        readers[str(number)] = AnswerReader(words, marks=words.thought_marks, offer=offer)
    prompts = [len(request.tokens) for request in todo]
    parts: dict[str, list[Part | Call]] = {id: [] for id in readers}
    ends: dict[str, str] = {}
    todo.reverse()
    running = 0
    while todo or running:
        while todo and running < TOGETHER:
            core.add(todo.pop())
            running += 1
        for step in core.step():
            id, reader = step.request_id, readers[step.request_id]
            for token in step.tokens:
                parts[id] += [] if reader.stopped else reader.push(token)
            if id not in ends and (step.finish or reader.stopped):
                parts[id] += reader.flush()
                ends[id] = "tool_calls" if (reader.stopped or step.finish == "stop") and reader.called else step.finish or "stop"
                running -= 1
                core.abort(id)
    model.close()
    return [answer_of(parts[str(number)], ends[str(number)], prompts[number]) for number in range(len(tasks))]


def answer_of(parts: Sequence[Part | Call], finish: str, prompt: int) -> Answer:
    calls: dict[int, tuple[str, str]] = {}
    for part in parts:
        if isinstance(part, Call):
            calls[part.number] = (part.name, calls.get(part.number, ("", ""))[1] + part.arguments)
    return Answer([*calls.values()], "".join(part.text for part in parts if isinstance(part, Part)), finish, prompt)


def score(task: Task, answer: Answer) -> Score:
    jsonschema: Any = importlib.import_module("jsonschema")
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in task.tools}
    valid, given = bool(answer.calls) and answer.finish == "tool_calls", list[str]()
    for name, written in answer.calls:
        try:
            arguments = json.loads(written)
            jsonschema.validate(arguments, schemas[name])
        except (ValueError, KeyError, jsonschema.ValidationError):
            valid = False
            continue
        given.append(alike([name, arguments]))
    wanted = [alike([name, arguments]) for name, arguments in task.calls]
    if not wanted:
        quiet = not answer.calls
        return Score(not quiet, quiet, quiet, quiet, quiet and bool(answer.text.strip()))
    tool = {name for name, _ in answer.calls} == {name for name, _ in task.calls}
    return Score(bool(answer.calls), valid, tool, all(call in given for call in wanted), valid and sorted(given) == sorted(wanted))


def alike(value: Any) -> str:
    """Equal texts for what counts as equal."""

    def plain(value: Any) -> Any:
        match value:
            case str():
                return value.strip().casefold()
            case list():
                return [plain(inner) for inner in value]
            case dict():
                return {name: plain(inner) for name, inner in value.items()}
            case _:
                return value

    return json.dumps(plain(value), sort_keys=True)


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a rate (Wilson 1927), in percent.

    >>> wilson(8, 10)
    (49.0, 94.3)
    """
    z = 1.959964
    middle, width = right + z * z / 2, z * sqrt(right * (of - right) / of + z * z / 4)
    return round(100 * (middle - width) / (of + z * z), 1), round(100 * (middle + width) / (of + z * z), 1)


def row(name: str, side: str, scores: Sequence[Score]) -> dict[str, Any]:
    low, high = wilson(sum(each.whole for each in scores), len(scores))
    counted = {what: sum(getattr(each, what) for each in scores) for what in ("called", *SCORES)}
    return {"of": name, "side": side, "tasks": len(scores), **counted, "percent": round(100 * counted["whole"] / len(scores), 1)} | {
        "low": low,
        "high": high,
    }


def rows_of(tasks: Sequence[Task], sides: dict[str, list[Score]]) -> Iterator[dict[str, Any]]:
    groups = {kind: [task.kind == kind for task in tasks] for kind in KINDS}
    groups |= {f"{count} tool{'s' if count > 1 else ''}": [len(task.tools) == count for task in tasks] for count in COUNTS}
    groups |= {"a call": [bool(task.calls) for task in tasks], "all": [True for _ in tasks]}
    for name, members in groups.items():
        for side, scores in sides.items() if any(members) else ():
            yield row(name, side, [each for each, member in zip(scores, members, strict=True) if member])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="one of the catalog; the default model where it is left out")
    parser.add_argument("--seed", type=int, default=SEED, help="of the tasks")
    parser.add_argument("--every", type=int, default=1, help="ask each so-many-th task alone")
    parser.add_argument("--threads", type=int, default=0, help="that compute; 0: one a core. Answers are the same")
    parser.add_argument("--show", action="store_true", help="print what is not right")
    args = parser.parse_args()
    load, settings = busy_cores(), Settings.load()
    name = args.model or settings.model
    pull(name, settings.home)
    tasks = made(args.seed)[:: args.every]
    answers = {"held": held(tasks, settings.home, name, args.threads), "free": free(tasks, settings.home, name, args.threads)}
    for one, other in zip(*answers.values(), strict=True):
        assert one.prompt_tokens == other.prompt_tokens, "the two sides were not asked the same"
    sides = {side: [score(*pair) for pair in zip(tasks, given, strict=True)] for side, given in answers.items()}
    if args.show:
        for side, given in answers.items():
            for task, answer, found in zip(tasks, given, sides[side], strict=True):
                if not found.whole:
                    print(side, task.kind, len(task.tools), "|", task.question, "|", answer.calls or answer.text[:100], answer.finish)
    rows = list(rows_of(tasks, sides))
    print(f"{'':10} {'':5} {'tasks':>5} {'called':>6} {'valid':>5} {'tool':>5} {'args':>5} {'whole':>5}   95 %")
    for each in rows:
        numbers = " ".join(f"{each[what]:>5}" for what in SCORES)
        print(f"{each['of']:10} {each['side']:5} {each['tasks']:>5} {each['called']:>6} {numbers}   {each['low']}-{each['high']} %")
    machine = {"machine": describe().processor, "cores": describe().cores, "load": round(load, 2)}
    print(json.dumps({**machine, "model": name, "seed": args.seed, "rows": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
