"""TorchRunner with the kernels answers as it does without them: prompts in pieces, decodes as padded batches, and both in one step."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alize.engine.base import Request, SamplingParams
from alize.engine.batch import pack
from alize.engine.core import Core
from alize.engine.schedule import Limits
from alize.model.config import Experts, ModelConfig, Rope

torch = pytest.importorskip("torch")
pytest.importorskip("triton", reason="the kernels need Triton, which is there for Linux alone")
from alize.engine.runners.torch import TorchRunner, cache_groups  # noqa: E402
from alize.engine.runners.torch_cache import PagedAttention, PagedCache  # noqa: E402
from alize.engine.runners.torch_triton.decode import DecodeSteps, padded, rows_recorded  # noqa: E402
from alize.engine.runners.torch_triton.grouping import GroupedExperts, group_experts  # noqa: E402
from alize.engine.runners.torch_triton.rule import why_no_graphs, why_no_kernels, why_not_here  # noqa: E402
from alize.model.build import build_model  # noqa: E402
from alize.model.lora import shapes_of  # noqa: E402
from alize.model.memory import cache_row  # noqa: E402
from tests.adapters import write_release  # noqa: E402
from tests.engine.test_oracle import DENSE, SHAPES  # noqa: E402

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
MODELS: dict[str, dict[str, Any]] = {
    "Llama": {},
    "sliding window, every other layer": {"window": 24, "pattern": ("sliding", "full")},
    "Mixtral": {"experts": Experts(count=5, active=2, hidden=24)},
    "latent": SHAPES["latent"],
    "norms everywhere, scaled embeddings": {"qk_norm": True, "post_norms": True, "embedding_scale": 5.5, "qkv_bias": True},
}


def tiny(**shape: Any) -> Any:
    torch.manual_seed(0)
    model = build_model(ModelConfig(**{**DENSE, "layers": 2, **shape})).eval().requires_grad_(False)  # type: ignore[arg-type]
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * 0.3
    return model.to(DEVICE)


def answers(model: Any, kernels: bool, adapters: dict[str, Path] | None = None) -> tuple[dict[str, list[int]], TorchRunner]:
    """Of three prompts that begin alike; the third comes when the others are being answered."""
    runner = TorchRunner(model, kernels=kernels)
    core = Core(runner, Limits(step_tokens=24, decode_steps=2), {group.name: 20 for group in runner.info.groups})
    for name, path in (adapters or {}).items():
        core.set_adapter(name, str(path))
    numbers = np.random.default_rng(0)
    shared = numbers.integers(0, 101, 18).tolist()
    given: dict[str, list[int]] = {}
    for index, length in enumerate((1, 20, 3)):
        tokens = (*shared, *numbers.integers(0, 101, length).tolist())
        name = None if adapters is None or index == 1 else "first"
        core.add(Request(str(index), tokens, max_tokens=6, sampling=SamplingParams(temperature=0), adapter=name))
        while core.busy and (index == 2 or index not in {int(name) for name in given}):
            for step in core.step():
                given.setdefault(step.request_id, []).extend(step.tokens)
    core.check()
    return given, runner


@pytest.mark.slow
@pytest.mark.parametrize("shape", MODELS.values(), ids=MODELS)
def test_greedy_answers_are_the_same_with_the_kernels_and_without(shape: dict[str, Any]) -> None:
    given, runner = answers(tiny(**shape), kernels=True)
    assert runner._kernels is not None
    assert all(len(tokens) == 6 for tokens in given.values())
    assert given == answers(tiny(**shape), kernels=False)[0]
    assert any(isinstance(module, GroupedExperts) for module in runner.model.modules()) == ("experts" in shape)


def test_an_adapter_on_experts_is_computed_where_the_kernels_are_not(tmp_path: Path) -> None:
    shape = MODELS["Mixtral"]
    paths = {"first": write_release(tmp_path / "lora.safetensors", shapes_of(tiny(**shape)), size=0.2)}
    given = answers(tiny(**shape), True, paths)[0]
    assert given == answers(tiny(**shape), False, paths)[0]
    assert given != answers(tiny(**shape), False)[0]


@pytest.mark.parametrize("name", ["sliding window, every other layer", "Mixtral"])
def test_a_padded_step_gives_the_logits_of_one_that_is_not_and_writes_nothing_but_its_own(name: str) -> None:
    model = tiny(**MODELS[name])
    group_experts(model)
    groups, blocks = cache_groups(model.config, 4), 6
    rows = {layer: cache_row(model.config, layer) for layer in range(model.config.layers)}
    caches = {group.name: PagedCache(group, blocks + 1, rows, torch.float32, DEVICE) for group in groups}
    for cache in caches.values():
        for memory in (*cache.keys.values(), *cache.values.values()):
            memory.normal_(generator=torch.Generator(DEVICE).manual_seed(1))
    before = {name: {layer: keys.clone() for layer, keys in cache.keys.items()} for name, cache in caches.items()}
    tables = [[4, 2], [0, -1], [5, 1]]
    batch = pack([([7 + at], at, {group.name: tables[row] for group in groups}) for row, at in enumerate((20, 3, 31))], groups, [True] * 3)

    steps = DecodeSteps(model, caches, dict.fromkeys(caches, blocks), 8, DEVICE)
    steps.fill(padded(batch, 256, dict.fromkeys(caches, 0)))  # what was there before is not seen
    steps.fill(padded(batch, rows_recorded(3), dict.fromkeys(caches, blocks)))
    with torch.inference_mode():
        logits = steps.compute(rows_recorded(3))[:3].clone()
    for name, cache in caches.items():
        for layer, keys in cache.keys.items():
            changed = (keys != before[name][layer]).flatten(2).any(-1)
            written = {(block, at) for block, at in changed.nonzero().tolist() if block != blocks}
            assert written == {(2, 4), (0, 3), (1, 15)}
            assert int(changed[blocks].sum()) == 1
    tokens, positions = (torch.as_tensor(numbers, dtype=torch.int64, device=DEVICE) for numbers in (batch.tokens, batch.positions))
    with torch.inference_mode():
        hidden = model(tokens, positions, PagedAttention(batch, caches, torch.float32, DEVICE))
        assert (model.head(hidden) - logits).abs().max() < 1e-4


def test_steps_are_padded_only_where_nothing_stands_beside_the_model() -> None:
    model, group = tiny(), cache_groups(ModelConfig(**DENSE), 4)  # type: ignore[arg-type]
    steps = DecodeSteps(model, {}, {}, 8, "cpu")
    decode = pack([([1], 4, {"full": [0]}), ([2], 9, {"full": [1]})], group, [True, True])
    assert steps.takes(decode)
    assert not steps.takes(replace(decode, want="logits"))
    assert not steps.takes(replace(decode, adapters=(None, "some")))
    assert not steps.takes(pack([([1, 2], 4, {"full": [0]})], group, [True]))
    assert not steps.takes(pack([([1], 4, {"full": [0]})] * 257, group, [True] * 257))


@pytest.mark.parametrize(
    ("shape", "dtype", "reason"),
    [
        ({}, torch.float32, None),
        (SHAPES["indexed"] | {"layers": 4}, torch.float32, "an indexer chooses which keys are seen"),
        (SHAPES["states"], torch.float32, "its layers keep no keys"),
        ({}, torch.float64, "they do not compute in float64"),
        ({"head_dim": 320}, torch.bfloat16, "its keys have 640 bytes, more than 512"),
        ({"head_dim": 256}, torch.float32, "its keys have 1024 bytes, more than 512"),
        ({"head_dim": 256}, torch.bfloat16, None),
    ],
)
def test_what_the_kernels_cannot_do_has_a_reason(shape: dict[str, Any], dtype: Any, reason: str | None) -> None:
    config = ModelConfig(**{**DENSE, **shape})  # type: ignore[arg-type]
    assert why_no_kernels(config, cache_groups(config, 4), dtype) == reason


def test_what_cannot_be_recorded_has_a_reason() -> None:
    assert why_no_graphs(tiny()) is None
    mixtral = tiny(**MODELS["Mixtral"])
    assert why_no_graphs(mixtral) == "its experts are computed one after the other"
    group_experts(mixtral)
    assert why_no_graphs(mixtral) is None
    assert "rotation" in (why_no_graphs(tiny(rope=Rope(divisors=(1.0, 2.0, 4.0, 8.0)))) or "")


def test_serving_on_a_processor_does_not_load_triton(tiny_checkpoint: Path) -> None:
    assert why_not_here("cpu") == "there is no GPU"
    code = f"""
import sys
from alize.engine.base import Request
from alize.engine.build import EngineConfig, build_core
core = build_core(EngineConfig({str(tiny_checkpoint)!r}, runner="torch", device="cpu", dtype="float32"))
core.add(Request("a", (1, 2, 3), max_tokens=3))
while core.busy:
    core.step()
sys.exit("triton" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
