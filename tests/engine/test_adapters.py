"""Adapters in the engine: an answer is the same whatever adapters the requests beside it have, and each keeps the generation it came with.

Exact on tiny models in float64, as in test_oracle.py, whose models and requests these are.
"""

import gc
import re
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alize.engine.base import Request, SamplingParams
from alize.engine.build import EngineConfig, build_core
from alize.engine.core import Core
from alize.engine.fit import OVERHEAD, Room, choose_fit
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from alize.errors import CheckpointInvalid, InvalidRequest, OutOfMemory, UnsupportedParameter
from alize.model.params import read_params
from tests.adapters import write_release

torch = pytest.importorskip("torch")
from alize.engine.runners.torch import TorchRunner  # noqa: E402
from alize.model.build import Model  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.model.lora import adapt, shapes_of  # noqa: E402
from alize.weights.adapters import open_adapter  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from tests.embedding import encoder, released  # noqa: E402
from tests.engine.test_oracle import SHAPES, WAYS, specified, tiny, workload  # noqa: E402
from tests.model.families import HEARING, reference, saved  # noqa: E402

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
        if request.sampling.temperature or request.sampling.presence_penalty:
            continue
        best = {name: specified(model, request, alone[request.id]) for name, model in models.items()}
        assert best[request.adapter] == alone[request.id]
        differ += sum(best[name] != best[None] for name in paths)
    assert differ  # the adapters change something


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    """Three for a FakeRunner, which compares nothing."""
    shape = {"layers.0.attention.wq": (8, 8)}
    return {name: write_release(tmp_path / name / "lora.safetensors", shape, seed) for seed, name in enumerate("abc")}


def engine(limits: Limits | None = None, blocks: int = 64, room: Room | None = None) -> tuple[Core, FakeRunner]:
    runner = FakeRunner()
    return Core(runner, limits or Limits(), {"full": blocks}, room=room), runner


def begun(id: str, adapter: str | None, max_tokens: int = 6) -> Request:
    return Request(id, tuple(range(1, 41)), max_tokens, SamplingParams(temperature=1.0, seed=3), adapter=adapter)


def finished(core: Core) -> dict[str, list[int]]:
    given: dict[str, list[int]] = {}
    while core.busy:
        for step in core.step():
            given.setdefault(step.request_id, []).extend(step.tokens)
    core.check()
    return given


def test_a_request_keeps_the_generation_it_came_with(paths: dict[str, Path]) -> None:
    core, runner = engine()
    core.set_adapter("law", str(paths["a"]))
    core.add(begun("alone", "law"))
    (old,) = finished(core).values()
    core.add(begun("running", "law"))
    (first,) = core.step()
    core.add(begun("waiting", "law"))
    core.set_adapter("law", str(paths["b"]))
    core.add(begun("new", "law"))
    assert [(info.name, info.generation) for info in core.info.adapters] == [("law", 2)]
    assert len(runner.adapters) == 2
    given = finished(core)
    assert [*first.tokens, *given["running"]] == given["waiting"] == old != given["new"]
    assert runner.adapters == {info.sha256 for info in core.info.adapters}  # the old one is gone


@pytest.mark.parametrize("end", ["finish", "abort", "preempt"])
def test_the_memory_of_a_removed_adapter_is_free_once_nobody_needs_it(end: str, paths: dict[str, Path]) -> None:
    core, runner = engine(Limits(step_tokens=64), 6 if end == "preempt" else 64)
    core.set_adapter("law", str(paths["a"]))
    for id in "xy":
        core.add(begun(id, "law", 30))
    core.step()
    core.set_adapter("law", None)
    core.set_adapter("law", None)
    assert core.info.adapters == ()
    assert len(runner.adapters) == 1
    with pytest.raises(UnsupportedParameter, match="law"):
        core.add(begun("late", "law"))
    if end == "abort":
        core.abort("x")
        core.abort("y")
    finished(core)
    assert core.stats().preemptions > 0 or end != "preempt"
    assert not runner.adapters
    assert core.adapters.memory == 0


def test_prefixes_are_shared_within_one_adapter_and_by_names_that_mean_the_same(paths: dict[str, Path]) -> None:
    core, runner = engine()
    for name, path in (("law", "a"), ("statute", "a"), ("poems", "b")):
        core.set_adapter(name, str(paths[path]))
    assert len(runner.adapters) == 2

    def cached(adapter: str | None) -> int:
        before = core.stats().cached_tokens
        core.add(begun("x", adapter))
        finished(core)
        return core.stats().cached_tokens - before

    assert [cached(name) for name in (None, "law", "poems", "statute", None, "poems")] == [0, 0, 0, 32, 32, 32]
    core.set_adapter("law", str(paths["c"]))
    assert [cached("law"), cached("statute")] == [0, 32]


def test_what_is_set_already_is_no_new_generation(paths: dict[str, Path]) -> None:
    core, _ = engine()
    for path, generation in (("a", 1), ("a", 1), ("b", 2), ("a", 3)):
        core.set_adapter("law", str(paths[path]))
        assert core.info.adapters[0].generation == generation
    core.set_adapter("law", None)
    core.set_adapter("law", str(paths["a"]))
    assert core.info.adapters[0].generation == 4


def test_limits_of_number_rank_and_memory_are_kept(paths: dict[str, Path], tmp_path: Path) -> None:
    size = open_adapter(paths["a"]).numbers
    core, runner = engine(Limits(adapters=2, adapter_rank=4, adapter_bytes=2 * size))
    core.set_adapter("one", str(paths["a"]))
    core.set_adapter("two", str(paths["b"]))
    with pytest.raises(InvalidRequest, match="2 adapters"):
        core.set_adapter("three", str(paths["c"]))
    with pytest.raises(CheckpointInvalid, match="rank 5"):
        core.set_adapter("two", str(write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (8, 8)}, rank=5)))
    core.set_adapter("two", str(paths["c"]))  # takes the place of what it replaces …
    core.add(begun("x", "two"))
    with pytest.raises(OutOfMemory, match=str(2 * size)):
        core.set_adapter("two", str(paths["b"]))  # … but not while a request needs it
    finished(core)
    core.set_adapter("two", str(paths["b"]))
    assert [info.name for info in core.info.adapters] == ["one", "two"]
    assert len(runner.adapters) == 2


def test_an_adapter_without_room_is_refused_with_the_numbers_before_it_is_loaded(paths: dict[str, Path]) -> None:
    size = open_adapter(paths["a"]).numbers
    free = [size, size, size - 1, size]  # what others leave; only what is to be loaded asks
    for room in (Room(3 * size - 1, lambda: size), Room(4 * size, lambda: free.pop(0))):
        core, runner = engine(room=room)
        core.set_adapter("one", str(paths["a"]))
        core.set_adapter("two", str(paths["b"]))
        core.set_adapter("again", str(paths["a"]))  # what is in memory takes no more
        with pytest.raises(OutOfMemory, match=rf"{re.escape(str(paths['c']))} does not fit into memory: it takes 0\.0 MiB, .* are free"):
            core.set_adapter("three", str(paths["c"]))
        assert len(runner.adapters) == 2
        core.set_adapter("two", None)
        core.set_adapter("three", str(paths["c"]))
        core.check()


def test_an_engine_with_too_little_memory_for_its_adapter_comes_up_without(tiny_checkpoint: Path, tmp_path: Path) -> None:
    path = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (32, 32)})
    config = EngineConfig(str(tiny_checkpoint), dtype="float64", weights="expanded", threads=1, cache_bytes=1 << 20)
    config = replace(config, cache_bytes=build_core(config).info.cache_bytes, adapters={"law": str(path)})
    checkpoint = open_checkpoint(tiny_checkpoint)
    fit = choose_fit(checkpoint, read_params(checkpoint.params), ["float64"], "expanded", 1 << 40, config.cache_bytes)
    least = fit.weights + OVERHEAD + config.cache_bytes + 8 * open_adapter(path).numbers
    assert build_core(replace(config, memory_bytes=least)).info.unavailable == ()
    core = build_core(replace(config, memory_bytes=least - 1))
    (lost,) = core.info.unavailable
    assert "does not fit into memory" in lost.reason
    core.add(begun("x", None))
    assert finished(core)["x"]


def test_scores_leave_adapters_alone_and_logits_may_have_one(paths: dict[str, Path]) -> None:
    core, _ = engine()
    core.set_adapter("law", str(paths["a"]))
    tokens = list(range(1, 20))
    assert core.score(tokens)
    assert not np.array_equal(core.logits(tokens), core.logits(tokens, "law"))
    with pytest.raises(UnsupportedParameter):
        core.logits(tokens, "none")
    core.check()


def test_an_adapter_of_another_model_changes_nothing(tmp_path: Path) -> None:
    runner = TorchRunner(tiny("full"))
    core = Core(runner, Limits(), {group.name: 20 for group in runner.info.groups})
    good = write_release(tmp_path / "good.safetensors", {"layers.0.attention.wq": (32, 32)})
    core.set_adapter("law", str(good))
    before = core.info.adapters
    for name, shape in (("layers.0.attention.wq", (32, 64)), ("layers.9.attention.wq", (32, 32))):
        with pytest.raises(CheckpointInvalid, match="lora_B"):
            core.set_adapter("law", str(write_release(tmp_path / "bad.safetensors", {name: shape})))
        assert core.info.adapters == before
    core.check()


def test_a_model_is_gone_when_its_runner_is(tmp_path: Path) -> None:
    """What holds adapters to layers makes no circle: memory is free at once, not when Python looks for garbage."""
    model = tiny("experts")
    layer, runner = weakref.ref(model.layers[0]), TorchRunner(model)
    core = Core(runner, Limits(), {group.name: 20 for group in runner.info.groups})
    core.set_adapter("law", str(write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (32, 32)})))
    gc.collect()
    gc.disable()
    try:
        del model
        runner.close()
        assert layer() is None
    finally:
        gc.enable()


def test_what_sees_no_rows_has_no_adapter_of_each(tmp_path: Path) -> None:
    stream = next(family for name, family in HEARING.items() if "Realtime" in name)
    model = load_model(open_checkpoint(saved(reference(stream), tmp_path / "stream")))
    layer = "layers.0.ada_rms_norm_t_cond.0"
    path = write_release(tmp_path / "lora.safetensors", {layer: tuple(model.get_submodule(layer).weight.shape)})
    core = Core(TorchRunner(model), Limits(), {"full": 8, "sliding": 8})
    with pytest.raises(CheckpointInvalid, match="no linear layer of that name"):
        core.set_adapter("told", str(path))


def test_a_model_that_only_reads_has_no_adapters(tmp_path: Path) -> None:
    """Its vectors would be those of the model alone."""
    model = load_model(open_checkpoint(released(encoder(), tmp_path / "reads")))
    path = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (32, 32)})
    with pytest.raises(UnsupportedParameter, match="no adapters"):
        Core(TorchRunner(model), Limits(), {}).set_adapter("some", str(path))
