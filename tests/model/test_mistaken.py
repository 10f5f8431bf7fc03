"""Configurations with one entry that is anything else: refused by name, or of a model that runs. Nothing between the two."""

import copy
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from alize.engine.base import Request, SamplingParams
from alize.engine.core import Core
from alize.engine.schedule import Limits
from alize.errors import CheckpointInvalid
from alize.model.config import ModelConfig
from alize.model.memory import parameters
from alize.model.params import read_params
from alize.weights.checkpoints.huggingface_config import params_of

torch = pytest.importorskip("torch")
from alize.engine.runners.torch import TorchRunner  # noqa: E402
from alize.model.build import build_model, packed_memory  # noqa: E402
from tests.model.families import FAMILIES, SEEING, reference  # noqa: E402

EVERY = {**FAMILIES, **SEEING}
NUMBERS = [-1, 0, 1, 3, 7, 0.5, 1e29, 1e-29, 1e300, 2**31 - 1, 2**40, 2**62, 10**400, float("nan"), float("inf")]
OTHERS = [None, True, "x", "", [], {}, [1], [1] * 5, [4] * 5, [None, 4], ["full"] * 3, [[1]], [{}], [None], [1, "x"], {"a": 1}]
LARGEST = 500_000  # parameters; a larger model is not run here


def changed(entries: dict[str, Any], values: Sequence[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """With each entry, however deep, left out, and in place of it each of the values."""
    for path in _paths(entries):
        for value in ("(left out)", *values):
            copied = copy.deepcopy(entries)
            place = copied
            for key in path[:-1]:
                place = place[key]
            del place[path[-1]]
            if value != "(left out)":
                place[path[-1]] = value
            yield f"{'.'.join(path)} = {value!r}"[:100], copied


def _paths(entries: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for key, value in entries.items():
        yield (key,)
        if isinstance(value, dict):
            yield from ((key, *rest) for rest in _paths(value))


def config_json(family: str) -> dict[str, Any]:
    model = reference(EVERY[family])
    return {**json.loads(model.config.to_json_string(use_diff=False)), "architectures": [type(model).__name__]}


def believed(params: dict[str, Any]) -> ModelConfig | None:
    try:
        return read_params(params)
    except CheckpointInvalid:
        return None


@pytest.mark.parametrize("family", EVERY)
def test_a_config_json_is_refused_or_believed(family: str) -> None:
    for what, config in changed(config_json(family), NUMBERS + OTHERS):
        try:
            with suppress(CheckpointInvalid):
                read_params(params_of(config, Path("config.json")))
        except Exception as error:
            raise AssertionError(f"{what} ended in {error!r}") from error


@pytest.mark.slow
@pytest.mark.parametrize("family", EVERY)
def test_a_model_that_is_believed_runs(family: str) -> None:
    params = {**params_of(config_json(family), Path("config.json")), "qkv_bias": False}
    params.setdefault("tied_embeddings", False)
    ran: list[ModelConfig] = []
    for what, entries in changed(params, [*NUMBERS[1:11], True, [1] * 5, [None, 4]]):
        config = believed(entries)
        if config is None or config in ran or not _small(config):
            continue
        try:
            _run(config)
        except Exception as error:
            raise AssertionError(f"{what} ended in {error!r}") from error
        ran.append(config)
    assert len(ran) > 5


def _small(config: ModelConfig) -> bool:
    parts = config.layers + (config.experts.count if config.experts else 0) + (config.vision.layers if config.vision else 0)
    return parts < 50 and parameters(config) <= LARGEST and config.max_context > 8


def _run(config: ModelConfig) -> None:
    torch.manual_seed(0)
    model = build_model(config).eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * 0.2
    tokens = torch.tensor([1, 2, 3, 4, 5]) % config.vocab
    assert model.head(model(tokens, torch.arange(5), packed_memory(config, [5]))).isfinite().all()
    runner = TorchRunner(model)
    core = Core(runner, Limits(step_tokens=16), {group.name: 8 for group in runner.info.groups})
    core.add(Request("a", tuple(tokens.tolist()), max_tokens=3, sampling=SamplingParams(temperature=0)))
    while core.busy:
        core.step()
    core.check()
