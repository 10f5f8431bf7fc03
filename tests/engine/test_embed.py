"""Vectors of texts: batches, long texts in pieces, what goes in between; and what makes them smaller."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from alize.engine.base import Request
from alize.engine.build import EngineConfig, build_core
from alize.engine.local import LocalEngine
from alize.engine.schedule import Limits
from alize.engine.vectors import shaped
from alize.errors import EngineCrashed, EngineUnavailable, InvalidRequest, PromptTooLong, QueueFull, UnsupportedParameter
from tests.embedding import decoder, encoder, released, rows_of

torch = pytest.importorskip("torch")

BATCH = [[2, 5, 6, 7, 3], [2, 9, 3], [2, *range(5, 60), 3], [2], [2, 8, 3], [2, *range(20, 60), 3]]


def theirs(model: Any, mode: str) -> Any:
    picked = [{"mean": rows.mean(0), "cls": rows[0], "last": rows[-1]}[mode] for rows in rows_of(model.double(), BATCH)]
    return torch.stack([row / row.norm() for row in picked]).numpy()


def config(folder: Path, dtype: str = "float64", step_tokens: int = 16) -> EngineConfig:
    return EngineConfig(str(folder), "tiny", dtype=dtype, threads=1, cache_bytes=1 << 20, limits=Limits(step_tokens=step_tokens))


@pytest.mark.parametrize("mode", ["mean", "cls", "last"])
@pytest.mark.parametrize("made", [encoder, decoder])
def test_the_engine_gives_what_transformers_gives(made: Any, mode: str, tmp_path: Path) -> None:
    """A decoder's longer texts take several steps of 16 tokens; an encoder's are never cut."""
    model = made()
    core = build_core(config(released(model, tmp_path / "m", mode)))
    assert np.abs(core.embed(BATCH) - theirs(model, mode)).max() < 1e-6
    core.check()


@pytest.mark.parametrize("dtype", ["float32", "auto"])
def test_packed_weights_give_the_same_vectors(dtype: str, tmp_path: Path) -> None:
    model = encoder()
    core = build_core(config(released(model, tmp_path / "m"), dtype))
    assert core.info.dtype == "float32"  # an encoder's by default, too: machines must agree about an index
    assert np.abs(core.embed(BATCH) - theirs(model, "mean")).max() < 1e-5


def test_short_texts_go_together_and_none_waits_for_all(tmp_path: Path) -> None:
    """58 + 42 tokens take a step each; the other 12, shortest first, take one."""
    core = build_core(config(released(encoder(), tmp_path / "m")))
    job, steps = core.embedding(BATCH), 0
    for _ in job:
        steps += 1
    assert steps == 3


def test_no_text_gives_no_vector(tmp_path: Path) -> None:
    assert build_core(config(released(encoder(), tmp_path / "m"))).embed([]).shape == (0, 32)


def test_an_encoder_neither_writes_nor_scores(tmp_path: Path) -> None:
    core = build_core(config(released(encoder(), tmp_path / "m")))
    with pytest.raises(UnsupportedParameter, match="writes none"):
        core.add(Request("a", (2, 3), 1))
    for ask in (core.score, core.logits):
        with pytest.raises(UnsupportedParameter, match="writes none"):
            ask([2, 3])
    with pytest.raises(PromptTooLong):
        core.embed([[2], [5] * 67])
    for tokens in ([], [97], [-1]):
        with pytest.raises(InvalidRequest):
            core.embed([tokens])
    core.check()


def test_vectors_are_made_smaller_as_the_documentation_says() -> None:
    vectors = np.float32([[0.6, -0.8, 0.0, 0.0], [0.5, 0.5, -0.5, 0.5]])
    assert shaped(vectors).tolist() == vectors.tolist()
    assert np.allclose(shaped(vectors, dimension=2), [[0.6, -0.8], [0.5**0.5, 0.5**0.5]])
    assert shaped(vectors, "int8").tolist() == [[76, -102, 0, 0], [64, 64, -64, 64]]
    assert shaped(vectors, "uint8").tolist() == [[204, 26, 128, 128], [192, 192, 64, 192]]
    assert shaped(vectors, "ubinary").tolist() == [[0b10000000], [0b11010000]]
    assert shaped(vectors, "binary").tolist() == [[0], [0b11010000 - 128]]
    for kind, dimension in (("float16", None), ("float", 5), ("float", 0)):
        with pytest.raises(InvalidRequest):
            shaped(vectors, kind, dimension)


def test_a_text_whose_first_numbers_are_nothing_has_no_direction_left() -> None:
    assert shaped(np.float32([[0.0, 1.0]]), dimension=1).tolist() == [[0.0]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalEngine]:
    started = await LocalEngine.start(config(released(encoder(), tmp_path_factory.mktemp("m"))))
    yield started
    await started.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_process_of_its_own_gives_the_same_and_comes_back_when_it_dies(engine: LocalEngine) -> None:
    assert not engine.info.writes
    first = await engine.embed(BATCH)
    assert np.abs(first - theirs(encoder(), "mean")).max() < 1e-6
    with pytest.raises(UnsupportedParameter, match="writes none"):
        await anext(engine.generate(Request("a", (2, 3), 1)))
    with pytest.raises(UnsupportedParameter):
        await engine.score([2, 3])
    long = asyncio.create_task(engine.embed([[2, *range(5, 60), 3]] * 20_000))
    await engine.stats()  # answered although twenty thousand texts are being computed
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    with pytest.raises((EngineCrashed, EngineUnavailable)):
        await long
    while True:
        try:
            assert (await engine.embed(BATCH) == first).all()
            break
        except (EngineCrashed, EngineUnavailable):
            await asyncio.sleep(0)


@pytest.mark.asyncio(loop_scope="module")
async def test_giving_up_ends_the_work(engine: LocalEngine) -> None:
    given_up = asyncio.create_task(engine.embed([[2, *range(5, 60), 3]] * 20_000))
    await engine.stats()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert len(await engine.embed(BATCH)) == len(BATCH)


async def test_tenants_take_turns_and_one_more_than_may_wait_is_told_when_to_come_back(tmp_path: Path) -> None:
    few = replace(config(released(encoder(), tmp_path / "m")), limits=Limits(step_tokens=16, max_waiting=4))
    engine, ended = await LocalEngine.start(few), list[str]()

    async def noted(name: str) -> None:
        await engine.embed([[2, 9, 3]], name)
        ended.append(name)

    try:
        await engine.pause()  # so that all wait
        asked = [asyncio.create_task(noted(name)) for name in ("a/x", "a/x", "a/y", "a/x", "b/z")]
        await engine.stats()
        with pytest.raises(QueueFull, match="5 requests came before") as refused:
            await engine.embed([[2, 9, 3]], "a/x")
        assert (refused.value.retry_after or 0) >= 1
        left = asked.pop(1)
        left.cancel()
        await asyncio.wait([left])  # its place is another's
        asked.append(asyncio.create_task(noted("c/z")))
        await engine.stats()
        await engine.resume()
        await asyncio.gather(*asked)
    finally:
        await engine.close()
    assert ended == ["a/x", "b/z", "c/z", "a/y", "a/x"]


@pytest.mark.asyncio(loop_scope="module")
async def test_no_batch_has_vectors_of_two_models(engine: LocalEngine, tmp_path: Path) -> None:
    """Calls are of 8192 tokens: of this batch, the second would be answered by the new weights."""
    texts = [[2, *range(5, 60), 3]] * 200
    before = await engine.embed(texts)
    answered, reloaded = await asyncio.gather(
        engine.embed(texts), engine.reload(str(released(encoder(seed=2), tmp_path / "other"))), return_exceptions=True
    )
    assert isinstance(answered, EngineUnavailable)
    assert reloaded is None
    after = await engine.embed(texts)
    assert np.abs(after - before).max() > 0.01
    assert np.ptp(after, axis=0).max() < 1e-5
