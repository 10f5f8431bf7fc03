"""A model that remembers in a state, from its release to its answers: what a sequence costs, and that it says what it should."""

import json
from pathlib import Path
from typing import Any

import pytest

from alize.engine.base import Request, SamplingParams
from alize.engine.build import EngineConfig, _blocks
from alize.engine.core import Core
from alize.engine.runners.base import CacheGroup, RunnerInfo
from alize.engine.schedule import Limits
from alize.model.config import ModelConfig
from alize.model.params import read_params
from tests.house import start

torch = pytest.importorskip("torch")
import alize  # noqa: E402
from alize.engine.runners.torch import TorchRunner, cache_groups  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from tests.model.families import FAMILIES, reference, saved  # noqa: E402
from tests.model.test_mamba import RELEASE, as_consolidated  # noqa: E402

MIB = 2**20


def codestral_mamba() -> ModelConfig:
    return read_params(RELEASE)


def test_codestral_mamba_keeps_260_mib_of_a_sequence_however_long_it_is() -> None:
    (group,) = cache_groups(codestral_mamba(), bytes_per_value=2)
    states, tails = 64 * (128 * 64 * 128) * 4, 64 * (3 * 10_240) * 2
    assert (group.kind, group.bytes_per_block) == ("recurrent", states + tails)
    assert states + tails == 259.75 * MIB
    for context in (1, 1000, 262_144):
        engine = Core(_Sized(group), Limits(max_context=2**20), {"recurrent": 3})
        tables = engine.scheduler.groups.empty()
        assert engine.scheduler.groups.grow(tables, context)
        assert tables == {"recurrent": [0]}


def test_a_dense_7b_keeps_as_much_after_2078_tokens() -> None:
    dense = ModelConfig(dim=4096, layers=32, heads=32, kv_heads=8, head_dim=128, hidden=14336, vocab=32768, max_context=32768)
    (full,) = cache_groups(dense, bytes_per_value=2)
    (state,) = cache_groups(codestral_mamba(), bytes_per_value=2)
    assert state.bytes_per_block / (full.bytes_per_block / 16) == 2078


def test_memory_taken_by_an_answer_does_not_grow_with_it(tmp_path: Path) -> None:
    core = Core(_runner(tmp_path), Limits(step_tokens=32), {"recurrent": 2})
    core.add(Request("a", tuple(range(90)), max_tokens=100))
    used: set[tuple[int, int]] = set()
    while core.busy:
        core.step()
        states = core.runner._states  # type: ignore[attr-defined]
        held = [*states.tails.values(), *states.states.values()]
        used.add((core.stats().blocks_used, sum(memory.nbytes for memory in held)))
    group = core.runner.info.groups[0]
    assert used == {(1, 2 * group.bytes_per_block), (0, 2 * group.bytes_per_block)}


@pytest.mark.parametrize(("gibibytes", "slots"), [(0.1, 1), (1, 3), (8, 31), (100, 257)])
def test_as_many_slots_as_memory_allows_and_sequences_can_use(gibibytes: float, slots: int) -> None:
    groups = cache_groups(codestral_mamba(), bytes_per_value=2)
    info = RunnerInfo("torch", "bfloat16", "", 32768, 4096, 262_144, groups, 0, False)
    assert _blocks(info, EngineConfig(""), int(gibibytes * 2**30)) == {"recurrent": slots}


@pytest.mark.parametrize("steps", [1, 8])
def test_200_greedy_tokens_are_those_of_transformers(steps: int, tmp_path: Path) -> None:
    theirs = reference(FAMILIES["state space"])
    core = Core(_runner(tmp_path), Limits(step_tokens=48, decode_steps=steps), {"recurrent": 2})
    prompt = [(7 * number) % 97 for number in range(100)]
    core.add(Request("a", tuple(prompt), 200, sampling=SamplingParams(temperature=0)))
    given: list[int] = []
    while core.busy:
        given += [token for step in core.step() for token in step.tokens]
    ids = torch.tensor([prompt])
    all_of_it = torch.ones_like(ids)  # otherwise a token that it takes for padding is left out
    expected = theirs.generate(ids, attention_mask=all_of_it, max_new_tokens=200, do_sample=False, eos_token_id=None, pad_token_id=0)
    assert given == expected[0, 100:].tolist()
    assert len(set(given)) > 10


def release(folder: Path) -> Path:
    """A tiny one in the form of Codestral Mamba's, with that model's own tokenizer."""
    import mistral_common

    as_consolidated(reference(FAMILIES["state space"], vocab_size=32768), folder)
    tokenizer = Path(mistral_common.__file__).parent / "data" / "mistral_instruct_tokenizer_240323.model.v3"
    (folder / "tokenizer.model.v3").write_bytes(tokenizer.read_bytes())
    return folder


def test_a_release_answers_in_this_process(tmp_path: Path) -> None:
    model = alize.load(release(tmp_path), home=tmp_path, dtype="float32", cache_memory=0.01, threads=1)
    try:
        answer = model.stream([{"role": "user", "content": "def fibonacci(n):"}], max_tokens=20, temperature=0)
        assert "".join(answer) == answer.text != ""
        assert (len(answer.tokens), model.core.info.max_context) == (20, 262_144)
    finally:
        model.close()


@pytest.mark.slow
def test_a_release_answers_through_the_server(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    weights = release(tmp_path / "model")
    house = start(tmp_path / "home", tmp_path / "log", weights, model=str(weights), cache_memory="0.01")
    try:
        house.wait_ready()
        with house.client() as client:
            (card,) = client.get("/v1/models").json()["data"]
            body = {"model": card["id"], "messages": [{"role": "user", "content": "def fibonacci(n):"}], "max_tokens": 20, "temperature": 0}
            whole = client.post("/v1/chat/completions", json=body).json()
            streamed = client.post("/v1/chat/completions", json={**body, "stream": True}).text
    finally:
        house.stop()
    assert (card["max_context_length"], card["capabilities"]["completion_fim"]) == (262_144, False)
    assert whole["usage"]["completion_tokens"] == 20
    pieces = [json.loads(line[6:]) for line in streamed.splitlines() if line.startswith("data: {")]
    text = "".join(piece["choices"][0]["delta"].get("content") or "" for piece in pieces)
    assert text == whole["choices"][0]["message"]["content"]


def _runner(folder: Path) -> TorchRunner:
    checkpoint = open_checkpoint(saved(reference(FAMILIES["state space"]), folder))
    return TorchRunner(load_model(checkpoint))


class _Sized:
    """A runner of one group that is never run: Codestral Mamba's weights do not fit beside a test."""

    def __init__(self, group: CacheGroup) -> None:
        self.info = RunnerInfo("sized", "bfloat16", "", 32768, 4096, 2**20, (group,), 0, True)

    def allocate(self, blocks: Any) -> None:
        pass

    def run(self, batch: Any, sampling: Any, max_steps: int = 1) -> Any:
        raise AssertionError

    def encoded(self, medium: Any) -> bool:
        raise AssertionError

    def close(self) -> None:
        pass
