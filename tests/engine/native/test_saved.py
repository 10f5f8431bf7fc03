"""Saved blocks of runners that compute: after a restart, the same numbers to the bit in the native core, and in PyTorch the same memory."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alize.engine.base import Request, SamplingParams
from alize.engine.batch import pack
from alize.engine.build import EngineConfig, build_core
from alize.engine.core import Core
from alize.engine.runners.base import Runner
from alize.engine.runners.native import NativeRunner
from alize.engine.runners.native.runner import CacheNumbers
from alize.engine.schedule import Limits
from alize.model.params import read_params
from alize.weights.checkpoints import open_checkpoint
from tests.engine.native.files import VOCAB, write_gguf

PROMPT = tuple(np.random.default_rng(1).integers(0, VOCAB, 90).tolist())


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("saved") / "model.gguf", "Q4_0")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a busy disk takes: else what is not read by then is computed anew, and what is not written is not kept."""
    for limit in ("saved.prefixes._LONGEST", "saved.writer._LONGEST", "core._LAST"):
        monkeypatch.setattr(f"alize.engine.{limit}", 600.0)


def begun(config: EngineConfig) -> Core:
    """A core that knows what the disk has: what is not known yet is not found."""
    core = build_core(config)
    if core.prefixes is not None:
        core.prefixes._store.folder.wait()
    return core


def drain(core: Core) -> dict[str, list[int]]:
    answers: dict[str, list[int]] = {}
    while core.busy:
        for step in core.step():
            answers.setdefault(step.request_id, []).extend(step.tokens)
    return answers


def logits_behind(runner: Runner, blocks: int) -> np.ndarray:
    """Of the tokens behind so many blocks, which stand at the places 5, 6 … of every group."""
    table = {group.name: list(range(5, 5 + 8)) for group in runner.info.groups}
    batch = pack([(list(PROMPT[blocks * 16 :]), blocks * 16, table)], runner.info.groups, [False], want="logits")
    values = runner.run(batch, []).values
    assert values is not None
    return values


@pytest.mark.parametrize("cache", ["int8", "bfloat16"])
def test_a_block_that_was_read_and_written_gives_the_same_logits_to_the_bit(path: Path, cache: CacheNumbers) -> None:
    def opened() -> NativeRunner:
        with closing(open_checkpoint(path)) as checkpoint:
            runner = NativeRunner(checkpoint, read_params(checkpoint.params), 1, cache=cache)
        runner.allocate({group.name: 20 for group in runner.info.groups})
        return runner

    one, other = opened(), opened()
    expected = logits_behind(one, 0)
    for group in one.info.groups:
        for block in range(5, 10):
            data = one.read_block(group.name, block)
            assert len(data) == group.bytes_per_block
            other.write_block(group.name, block, data)
    assert one.info.layout == other.info.layout
    assert np.array_equal(logits_behind(other, 5), expected[80:])
    one.close()
    other.close()


def test_another_number_format_of_the_cache_is_another_layout(path: Path) -> None:
    with closing(open_checkpoint(path)) as checkpoint:
        params = read_params(checkpoint.params)
        runners = [NativeRunner(checkpoint, params, 1, cache=cache) for cache in ("int8", "bfloat16")]
    assert len({runner.info.layout for runner in runners}) == 2
    for runner in runners:
        runner.close()


@pytest.mark.parametrize("runner", ["native", "torch"])
def test_an_engine_that_begins_again_finds_what_was_computed(smollm2: Path, tmp_path: Path, runner: str, patient: None) -> None:
    """With the real model; drawn at a temperature, so that a bit would show."""
    if runner == "torch":
        pytest.importorskip("torch")
    prefixes = str(tmp_path / "prefixes")
    config = EngineConfig(
        str(smollm2), sha256="stated", runner=runner, threads=1, cache_bytes=1 << 26, prefixes=prefixes, prefix_bytes=1 << 28
    )
    tokens = tuple(np.random.default_rng(2).integers(0, 40000, 200).tolist())
    request = Request("a", tokens, max_tokens=20, sampling=SamplingParams(temperature=1.0, seed=3))
    answers, cached = list[list[int]](), list[int]()
    for kept in (config, config, replace(config, prefixes="")):
        core = begun(kept)
        core.add(request)
        answers.append(drain(core)["a"])
        cached.append(core.stats().cached_tokens)
        core.close()
    assert cached == [0, 192, 0]
    if runner == "native":
        assert answers[0] == answers[1] == answers[2]
    else:  # PyTorch promises no bits
        assert [len(answer) for answer in answers] == [20] * 3


def test_of_weights_whose_checksum_nobody_stated_nothing_is_saved(path: Path, tmp_path: Path) -> None:
    core = build_core(EngineConfig(str(path), threads=1, cache_bytes=1 << 22, prefixes=str(tmp_path / "none"), prefix_bytes=1 << 20))
    assert core.prefixes is None
    core.close()


def test_weights_that_changed_under_their_checksum_and_other_limits_of_the_cache_are_told_apart(
    path: Path, tmp_path: Path, patient: None
) -> None:
    """Whose file was overwritten is another model, whatever its manifest says; how much is cached is no matter."""
    own = tmp_path / "model.gguf"
    own.write_bytes(path.read_bytes())
    config = EngineConfig(
        str(own), sha256="stated", runner="native", threads=1, cache_bytes=1 << 22, prefixes=str(tmp_path / "p"), prefix_bytes=1 << 24
    )
    request = Request("a", PROMPT, max_tokens=2)

    def found(given: EngineConfig) -> int:
        core = begun(given)
        core.add(request)
        drain(core)
        core.close()
        return core.stats().prefix_disk_tokens

    assert found(config) == 0
    assert found(replace(config, cache_bytes=1 << 23, threads=2, limits=Limits(max_context=128))) == 80
    held = own.read_bytes()
    own.write_bytes(held[:-1] + bytes([held[-1] ^ 1]))
    assert found(config) == 0
    assert found(replace(config, cache_dtype="bfloat16")) == 0
