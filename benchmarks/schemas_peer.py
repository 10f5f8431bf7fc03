"""llama.cpp's grammars, for schemas.py. In: a model's file, prompts as tokens, and schemas. Out: tokens a second, and answers.

Its Python binding makes a grammar of a schema (`LlamaGrammar.from_json_schema`), and tokens are drawn as llama.cpp's own programs do, which
is faster than to mask them all: one is drawn from all, and only where the grammar forbids it, another from those that it allows. An answer
has a process of its own, since a grammar that llama.cpp cannot follow ends it.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alize.cli.bench.peers import PEERS, prepare
from alize.cli.machine import describe
from alize.settings import Settings

ENDS = ("slow", "died")
"""What an answer of this peer may end by, besides what Alizé's may."""

PATIENCE = 60
"""Seconds, behind those that an answer may take, after which a process that says nothing is ended: it loads the model, too."""

SCRIPT = """
import json, sys, time
from llama_cpp import Llama, LlamaGrammar, llama_cpp as api
path, threads = sys.argv[1], int(sys.argv[2])
model = Llama(path, n_ctx=4096, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False)
vocabulary = api.llama_model_get_vocab(model.model)

def chain(temperature, seed, *first):
    made = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
    for each in (*first, api.llama_sampler_init_temp(temperature), api.llama_sampler_init_dist(seed)):
        api.llama_sampler_chain_add(made, each)
    return made

def allowed(grammar, token):
    one = (api.llama_token_data * 1)(api.llama_token_data(token, 1.0, 0.0))
    api.llama_sampler_apply(grammar, api.ctypes.byref(api.llama_token_data_array(one, 1, -1, False)))
    return one[0].logit != float("-inf")

def refused(why):
    print(json.dumps(["refused: " + why, [], 0.0]), flush=True)
    sys.exit()

def grammar_of(schema):
    try:
        text = LlamaGrammar.from_json_schema(schema, verbose=False)._grammar
    except Exception as error:
        refused(f"{type(error).__name__}: {error}")
    grammar = api.llama_sampler_init_grammar(vocabulary, text.encode(), b"root")
    return grammar or refused("llama.cpp does not read the grammar that its binding makes")

def written(job, grammar):
    began = time.perf_counter()
    plain, held = chain(job["temperature"], job["seed"]), grammar and chain(job["temperature"], job["seed"], grammar)
    tokens, first, last, end = [], 0.0, 0.0, "length"
    model.reset()
    model.eval(job["prompt"])
    while len(tokens) < job["most"]:
        if time.perf_counter() - began > job["seconds"]:
            end = "slow"
            break
        token = api.llama_sampler_sample(plain, model.ctx, -1)
        if grammar and not allowed(grammar, token):
            token = api.llama_sampler_sample(held, model.ctx, -1)  # accepted by it, too
        elif grammar:
            api.llama_sampler_accept(grammar, token)
        last = time.perf_counter()
        first = first or last
        if grammar and (token in job["stops"] or api.llama_vocab_is_eog(vocabulary, token)):
            end = "stop"
            break
        tokens.append(token)
        model.eval([token])
    for each in (plain, held):
        if each:
            api.llama_sampler_free(each)
    return end, tokens, (len(tokens) - 1) / (last - first) if last > first else 0.0

for line in sys.stdin:
    job = json.loads(line)
    print(json.dumps(written(job, grammar_of(job["schema"]) if job["schema"] else None)), flush=True)
"""


@dataclass(frozen=True)
class Peer:
    command: list[str]
    stops: list[int]
    version: str

    def answer(self, prompt: list[int], schema: Any, most: int, temperature: float, seed: int, seconds: float) -> tuple[list[int], str]:
        """Tokens, and why they ended, as `answers` of schemas.py says it."""
        job = self._job(prompt, schema, most, temperature, seed, seconds)
        try:
            done = subprocess.run(
                self.command, input=job, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=seconds + PATIENCE
            )
        except subprocess.TimeoutExpired:
            return [], "slow"
        if done.returncode:
            return [], "died"
        end, tokens, _ = json.loads(done.stdout)
        return tokens, end

    def rates(self, prompt: list[int], schema: Any, most: int, rounds: int) -> dict[str, list[float]]:
        """Tokens a second of one stream that writes freely and of one that is held, in turns, behind a round that warms up."""
        order = [(turn, name) for turn in range(rounds + 1) for name in (("free", "held") if turn % 2 else ("held", "free"))]
        jobs = [self._job(prompt, schema if name == "held" else None, most, 1.0, turn, 600.0) for turn, name in order]
        done = subprocess.run(self.command, input="".join(jobs), stdout=subprocess.PIPE, text=True, check=True)
        return _sorted(order, map(json.loads, done.stdout.splitlines()))

    def _job(self, prompt: list[int], schema: Any, most: int, temperature: float, seed: int, seconds: float) -> str:
        said = {"prompt": prompt, "schema": "" if schema is None else json.dumps(schema), "stops": self.stops}
        return json.dumps({**said, "most": most, "temperature": temperature, "seed": seed, "seconds": seconds}) + "\n"


def _sorted(order: list[tuple[int, str]], given: Iterable[Any]) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {"free": [], "held": []}
    for (turn, name), (end, _, rate) in zip(order, given, strict=True):
        assert end == "length", f"what was measured was {end}"
        rates[name] += [rate] if turn else []
    return rates


def prepared(path: Path, settings: Settings, stops: Iterable[int]) -> Peer:
    """In an environment of its own, which is made if there is none."""
    peer = PEERS["llama.cpp"]
    python = prepare(peer, settings.home, settings.offline, lambda line: print(line, file=sys.stderr))
    return Peer([str(python), "-c", SCRIPT, str(path), str(settings.threads or describe().cores)], sorted(stops), peer.version)
