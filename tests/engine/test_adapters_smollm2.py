"""Adapters on the real small model, in float32 with its weights packed: an answer in a batch of all of them is the answer alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alize.engine.base import Request
from alize.engine.build import EngineConfig, build_core
from alize.engine.core import Core
from alize.engine.schedule import Limits
from alize.tokenize import load_tokenizer
from alize.weights.checkpoints import open_checkpoint
from tests.adapters import write_peft

pytest.importorskip("torch")
pytestmark = pytest.mark.slow

SHAPES = {"q": (576, 576), "v": (192, 576), "down": (576, 1536)}
SECOND = {"q": (576, 576), "v": (192, 576)}
QUESTIONS = ("What is the capital of France?", "Name three colours.", "Write one sentence about the sea, and one about the mountains.")
NAMES = ("first", "second", None)


@pytest.fixture(scope="module")
def config(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> EngineConfig:
    folder = tmp_path_factory.mktemp("adapters")
    adapters = {
        "first": str(write_peft(folder / "first", 30, SHAPES, seed=1, rank=8, size=0.1)),
        "second": str(write_peft(folder / "second", 30, SECOND, seed=2, rank=16, size=0.1)),
    }
    limits = Limits(max_context=512, prefix_cache=False)
    return EngineConfig(str(smollm2), dtype="float32", threads=1, cache_bytes=1 << 28, limits=limits, adapters=adapters)


@pytest.fixture(scope="module")
def core(config: EngineConfig) -> Iterator[Core]:
    core = build_core(config)
    yield core
    core.runner.close()


def asked(smollm2: Path) -> list[Request]:
    checkpoint = open_checkpoint(smollm2)
    tokenizer = load_tokenizer(checkpoint.tokenizer)
    checkpoint.close()
    prompts = [tuple(tokenizer.template([{"role": "user", "content": question}])) for question in QUESTIONS]
    return [Request(f"{name}-{number}", prompt, 10, adapter=name) for number, prompt in enumerate(prompts) for name in NAMES]


def finished(core: Core) -> dict[str, list[int]]:
    given: dict[str, list[int]] = {}
    while core.busy:
        for step in core.step():
            given.setdefault(step.request_id, []).extend(step.tokens)
    return given


def test_an_answer_among_others_is_the_answer_alone(core: Core, smollm2: Path) -> None:
    alone: dict[str, list[int]] = {}
    for request in asked(smollm2):
        core.add(request)
        alone |= finished(core)
    for request in asked(smollm2):
        core.add(request)
    assert finished(core) == alone
    assert len({tuple(alone[f"{name}-0"]) for name in NAMES}) == 3  # each adapter does something


def test_logits_are_those_of_the_weights_with_the_adapter_in_them(core: Core, smollm2: Path, tmp_path: Path) -> None:
    """Against the same numbers added to the weights, by a few lines of their own."""
    import torch
    from safetensors.numpy import load_file

    from alize.model.build import packed_memory
    from alize.model.load import load_model

    model = load_model(open_checkpoint(smollm2), torch.float64)
    write_peft(tmp_path / "again", 30, SECOND, seed=2, rank=16, size=0.1)
    tensors = load_file(tmp_path / "again" / "adapter_model.safetensors")

    def added(number: int, part: str) -> np.ndarray:
        stem = f"base_model.model.model.layers.{number}.self_attn.{part}"
        return tensors[f"{stem}.lora_B.weight"].astype(np.float64) @ tensors[f"{stem}.lora_A.weight"].astype(np.float64)

    for number, layer in enumerate(model.layers):
        pairs = added(number, "q_proj").reshape(9, 2, 32, 576).transpose(0, 2, 1, 3).reshape(576, 576)  # 9 heads, halves to neighbours
        layer.attention.wq.weight += torch.as_tensor(pairs)  # type: ignore[union-attr]
        layer.attention.wv.weight += torch.as_tensor(added(number, "v_proj"))  # type: ignore[union-attr]
    tokens = asked(smollm2)[0].tokens
    hidden = model(torch.tensor(tokens), torch.arange(len(tokens)), packed_memory(model.config, [len(tokens)]))  # type: ignore[arg-type]
    wanted = model.head(hidden).numpy()
    assert np.abs(core.logits(tokens, "second") - wanted).max() < 1e-3
    assert np.abs(core.logits(tokens) - wanted).max() > 1e-1


def test_weights_that_stay_as_their_file_has_them_take_adapters_too(core: Core, config: EngineConfig, smollm2: Path) -> None:
    stored = build_core(replace(config, weights="stored"))
    tokens = asked(smollm2)[0].tokens
    for name in NAMES:
        assert np.abs(stored.logits(tokens, name) - core.logits(tokens, name)).max() < 1e-2
    stored.runner.close()
