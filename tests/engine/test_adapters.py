"""Adapters in the engine: an answer is the same whatever adapters the requests beside it have, and each keeps the generation it came with.

Exact on tiny models in float64, as in test_oracle.py, whose models and requests these are.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from alize.engine.base import Request
from alize.engine.core import Core
from alize.engine.schedule import Limits
from tests.adapters import write_release

torch = pytest.importorskip("torch")
from alize.engine.runners.torch import TorchRunner  # noqa: E402
from alize.model.build import Model, packed_memory  # noqa: E402
from alize.model.lora import adapt, shapes_of  # noqa: E402
from alize.weights.adapters import open_adapter  # noqa: E402
from tests.engine.test_oracle import SHAPES, WAYS, tiny, workload  # noqa: E402

NAMES = ("first", "second", None)


def asked(model: Model) -> list[Request]:
    """Neighbours have different adapters, also where their prompts begin alike."""
    return [replace(request, adapter=NAMES[index % 3]) for index, request in enumerate(workload(model))]


def written(model: Model, folder: Path) -> dict[str, Path]:
    """Two adapters of different ranks, one of them on every other layer only."""
    shapes = shapes_of(model)
    some = dict(list(shapes.items())[::2])
    return {
        "first": write_release(folder / "first" / "lora.safetensors", shapes, seed=1, size=0.2),
        "second": write_release(folder / "second" / "lora.safetensors", some, seed=2, rank=3, size=0.2),
    }


def answers(model: Model, paths: dict[str, Path], limits: Limits, blocks: int, together: bool = True) -> tuple[dict[str, list[int]], Core]:
    runner = TorchRunner(model)
    core = Core(runner, limits, {group.name: blocks for group in runner.info.groups})
    for name, path in paths.items():
        core.set_adapter(name, str(path))
    given: dict[str, list[int]] = {}
    for request in asked(model):
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
def solo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Path], dict[str, list[int]]]:
    """The answers one by one. A model is made anew for each engine: a runner takes it over."""
    paths = written(tiny(request.param), tmp_path_factory.mktemp("adapters"))
    return request.param, paths, answers(tiny(request.param), paths, Limits(prefix_cache=False), 200, together=False)[0]


@pytest.mark.parametrize("way", WAYS)
def test_the_answer_does_not_depend_on_the_adapters_beside_it(solo: tuple[str, dict[str, Path], dict[str, list[int]]], way: str) -> None:
    shape, paths, alone = solo
    limits, blocks = WAYS[way]
    given, core = answers(tiny(shape), paths, limits, blocks)
    assert given == alone
    if limits.prefix_cache and core.scheduler.groups.shares:
        assert core.stats().cached_tokens > 0


def test_what_is_drawn_is_what_the_specification_says(solo: tuple[str, dict[str, Path], dict[str, list[int]]]) -> None:
    """Each adapter put on a model of its own (model/lora.py), run over the whole sequence at once."""
    shape, paths, alone = solo
    models = {name: tiny(shape) for name in NAMES}
    for name, path in paths.items():
        adapt(models[name], open_adapter(path))
    differ = 0
    for request in asked(models[None]):
        if request.sampling.temperature or request.sampling.presence_penalty or request.images:
            continue
        tokens = torch.tensor([*request.tokens, *alone[request.id]])
        best: dict[str | None, list[int]] = {}
        for name, model in models.items():
            memory = packed_memory(model.config, [len(tokens)])
            hidden = model(tokens, torch.arange(len(tokens)), memory)  # type: ignore[arg-type]
            best[name] = model.head(hidden[len(request.tokens) - 1 : -1]).argmax(-1).tolist()
        assert best[request.adapter] == alone[request.id]
        differ += sum(best[name] != best[None] for name in paths)
    assert differ  # the adapters change something
