"""The oracle: an answer is the same alone, batched, chunked, with the prefix cache on and off, in several steps a call, and preempted.

Exact on a tiny model in float64, where no rounding can tell the difference. What the real model gives is measured in benchmarks/.
"""

from dataclasses import replace

import numpy as np
import pytest

from alize.engine.base import Request, SamplingParams
from alize.engine.core import Core
from alize.engine.schedule import Limits
from alize.model.config import Experts, LatentAttention, ModelConfig, SparseIndex

torch = pytest.importorskip("torch")
from alize.engine.runners.torch import TorchRunner  # noqa: E402
from alize.model.attend import PackedCausal  # noqa: E402
from alize.model.transformer import Transformer  # noqa: E402

LATENT = LatentAttention(kv_rank=12, q_rank=0, nope_head_dim=6, rope_head_dim=4, v_head_dim=8)
SHAPES = {
    "full": {},
    "window": {"window": 24},
    "interleaved": {"window": 24, "pattern": ("sliding", "full")},
    "experts": {"experts": Experts(count=5, active=2, hidden=24)},
    "latent": {"latent": LATENT},
    "indexed": {
        "latent": replace(LATENT, unrotated=frozenset({1}), sources=(0, 1, 0, 3)),
        "index": SparseIndex(top=20, heads=4, head_dim=8, layers=frozenset({0, 3})),
    },
}
WAYS = {
    "batched": (Limits(), 200),
    "chunked": (Limits(step_tokens=16), 200),
    "several steps a call": (Limits(decode_steps=8), 200),
    "without the prefix cache": (Limits(prefix_cache=False), 200),
    "preempted": (Limits(step_tokens=64), 18),
    "preempted, without the prefix cache": (Limits(step_tokens=64, prefix_cache=False), 18),
}


def tiny(shape: str) -> Transformer:
    config = ModelConfig(
        dim=32,
        layers=4,
        heads=4,
        kv_heads=2,
        head_dim=8,
        hidden=64,
        vocab=101,
        max_context=256,
        **SHAPES[shape],  # type: ignore[arg-type]
    )
    torch.manual_seed(0)
    model = Transformer(config).double().eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * 0.3
    return model


def workload() -> list[Request]:
    numbers = np.random.default_rng(0)
    shared = numbers.integers(0, 101, 40).tolist()
    return [
        Request(
            str(index),
            tuple(shared[: numbers.integers(0, 40)] + numbers.integers(0, 101, numbers.integers(1, 60)).tolist()),
            max_tokens=int(numbers.integers(1, 50)),
            sampling=SamplingParams(temperature=index % 2, seed=index, presence_penalty=0.5 * (index % 3)),
        )
        for index in range(16)
    ]


def answers(model: Transformer, limits: Limits, blocks: int, together: bool = True) -> tuple[dict[str, list[int]], Core]:
    runner = TorchRunner(model)
    core = Core(runner, limits, {group.name: blocks for group in runner.info.groups})
    given: dict[str, list[int]] = {}
    for request in workload():
        core.add(request)
        while core.busy and not together:
            for step in core.step():
                given.setdefault(step.request_id, []).extend(step.tokens)
    while core.busy:
        for step in core.step():
            given.setdefault(step.request_id, []).extend(step.tokens)
    core.check()
    return given, core


@pytest.fixture(scope="module", params=SHAPES)
def model_and_solo(request: pytest.FixtureRequest) -> tuple[Transformer, dict[str, list[int]]]:
    model = tiny(request.param)
    return model, answers(model, Limits(prefix_cache=False), 200, together=False)[0]


@pytest.mark.parametrize("way", WAYS)
def test_the_answer_does_not_depend_on_how_it_was_computed(model_and_solo: tuple[Transformer, dict[str, list[int]]], way: str) -> None:
    model, solo = model_and_solo
    limits, blocks = WAYS[way]
    given, core = answers(model, limits, blocks)
    assert given == solo
    if way.startswith("preempted") and "full" in core.scheduler.groups.pools:
        assert core.stats().preemptions > 0
    if limits.prefix_cache:
        assert core.stats().cached_tokens > 0


def test_greedy_tokens_are_those_of_the_specification(model_and_solo: tuple[Transformer, dict[str, list[int]]]) -> None:
    """The paged runner against model/ run over the whole sequence at once."""
    model, solo = model_and_solo
    for request in workload():
        if request.sampling.temperature == 0 and not request.sampling.presence_penalty:
            tokens = torch.tensor([*request.tokens, *solo[request.id]])
            hidden = model(tokens, torch.arange(len(tokens)), PackedCausal(model.config, [len(tokens)]))
            greedy = model.head(hidden).argmax(-1)[len(request.tokens) - 1 : -1]
            assert greedy.tolist() == solo[request.id]


def test_scores_are_those_of_the_specification(model_and_solo: tuple[Transformer, dict[str, list[int]]]) -> None:
    model, _ = model_and_solo
    runner = TorchRunner(model)
    core = Core(runner, Limits(step_tokens=16), {group.name: 20 for group in runner.info.groups})
    tokens = np.random.default_rng(1).integers(0, 101, 60).tolist()
    hidden = model(torch.tensor(tokens), torch.arange(60), PackedCausal(model.config, [60]))
    expected = torch.log_softmax(model.head(hidden), -1)[torch.arange(59), torch.tensor(tokens[1:])]
    assert np.abs(np.array(core.score(tokens)) - expected.numpy()).max() < 1e-5  # values cross the seam as float32
    assert np.linalg.norm(core.embed(tokens)) == pytest.approx(1, abs=1e-6)
