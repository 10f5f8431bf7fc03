"""An engine's process that looks at a large image: it is answered meanwhile, obeyed meanwhile, and may die meanwhile."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from alize.engine.base import Image, Request, SamplingParams
from alize.engine.build import EngineConfig, build_core
from alize.engine.local import LocalEngine
from alize.engine.schedule import Limits
from alize.errors import EngineCrashed
from tests.engine.test_local import begun, collect, idle, kill, until, untimed
from tests.pixtral import MOST, SIDE, write_tiny_pixtral

pytest.importorskip("torch")
pytestmark = pytest.mark.asyncio(loop_scope="module")

GREEDY = SamplingParams(temperature=0)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> EngineConfig:
    """Each piece takes a step of its own, however small the encoder."""
    folder = tmp_path_factory.mktemp("seeing")
    write_tiny_pixtral(folder)
    limits = Limits(max_context=4096, encode_tokens=1)
    return EngineConfig(str(folder), model="tiny", dtype="float32", threads=1, cache_bytes=64 << 20, limits=limits)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(config: EngineConfig) -> AsyncIterator[LocalEngine]:
    engine = await LocalEngine.start(config)
    yield engine
    await engine.close()


def looks(side: int = MOST, colour: float = 1.0) -> Request:
    image = Image.of(np.full((3, side - side // 4, side), colour, np.float32), SIDE, 1)
    return Request("looks", (1, *[10] * image.length, 3), max_tokens=4, sampling=GREEDY, images=(image,))


async def test_an_image_is_seen_as_the_core_sees_it(engine: LocalEngine, config: EngineConfig) -> None:
    core = build_core(config)
    core.add(looks(256))
    steps = [step for _ in range(1000) if core.busy for step in core.step()]
    core.runner.close()
    assert untimed(await collect(engine, looks(256))) == untimed(steps)


async def test_whoever_no_longer_waits_for_an_image_leaves_the_others_their_answers(engine: LocalEngine) -> None:
    await idle(engine)
    before = await engine.stats()
    writes = await begun(engine, Request("writes", (1, 2, 3), max_tokens=300, sampling=GREEDY))
    waits = asyncio.create_task(collect(engine, looks(colour=2.0)))
    await until(engine, lambda stats: stats.running == 2)
    waits.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waits
    assert (await writes)[-1].finish == "length"
    stats = await idle(engine)
    assert (stats.aborted, stats.blocks_used) == (before.aborted + 1, 0)


async def test_an_engine_killed_while_it_looks_says_so_and_looks_again(engine: LocalEngine) -> None:
    await idle(engine)
    generation = (await engine.stats()).generation
    waits = asyncio.create_task(collect(engine, looks(colour=3.0)))
    await until(engine, lambda stats: stats.running == 1)
    kill(engine)
    with pytest.raises(EngineCrashed):
        await waits
    await until(engine, lambda stats: stats.generation == generation + 1)
    assert (await collect(engine, looks(colour=3.0)))[-1].finish == "length"
