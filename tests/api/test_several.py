"""Several real models in one server: SmolLM2 and two tiny ones, each in a process of its own, within one budget."""

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from alize.api.pool import Pool
from alize.api.pool.offered import offers
from alize.api.pool.source import LocalSource
from alize.engine.build import EngineConfig
from alize.engine.fit import OVERHEAD
from alize.engine.local import LocalEngine
from alize.engine.need import Need, least_need, need_of
from alize.engine.schedule import Limits
from alize.errors import CheckpointInvalid, InvalidModel, OutOfMemory, SettingInvalid
from alize.settings import Settings
from tests.adapters import write_peft
from tests.serving import CARD, Desk
from tests.tiny_model import DIM, LAYERS, write_tiny_gguf

MIB = 2**20
BENCHMARKS = str(Path(__file__).resolve().parents[2] / "benchmarks")


@dataclass
class House:
    """A server with three models beside the fake one that every desk has."""

    desk: Desk
    pool: Pool
    folder: Path

    async def said(self, model: str, **more: Any) -> str:
        answer = await self.desk.chat(model=model, max_tokens=6, temperature=0, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()["choices"][0]["message"]["content"]

    def engine(self, id: str) -> LocalEngine:
        life = self.pool.residents[id].life
        assert life is not None
        return cast("LocalEngine", life.served.engine)

    async def entry(self, id: str) -> dict[str, Any]:
        listed = (await self.desk.client.get("/api/models")).json()
        assert sum(one["bytes"] for one in listed["data"]) <= listed["budget_bytes"]
        return next(one for one in listed["data"] if one["id"] == id)


@pytest.fixture
async def house(new_desk: Callable[..., Awaitable[Desk]], smollm2: Path, tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[House]]]:
    pools: list[Pool] = []

    async def new(budget: int, *, small: bool = False, **given: Any) -> House:
        folder = tmp_path / "weights"
        folder.mkdir()
        paths = [
            *([] if small else [smollm2]),
            *(write_tiny_gguf(folder / f"{name}.gguf", seed=seed) for seed, name in enumerate(("one", "two"))),
        ]
        settings = Settings.load(
            {}, home=tmp_path / "house", models=[*map(str, paths)], threads=1, embedding_model="", cache_memory=0.01, offline=True, **given
        )
        pool = Pool(budget)
        pools.append(pool)
        for offer in (await offers(settings, LocalSource(settings, "fake", CARD), budget))[1:]:
            pool.add(offer.source, pinned=offer.pinned)
        return House(await new_desk(pool=pool, weight_folders=str(folder)), pool, folder)

    yield new
    for pool in pools:
        await pool.close()


@pytest.fixture
def fewer(smollm2: Path, tmp_path: Path) -> Path:
    """The first two layers of the real small model: it knows the same words."""
    sys.path.insert(0, BENCHMARKS)
    try:
        fewer_layers = importlib.import_module("fewer_layers").fewer_layers
    finally:
        sys.path.remove(BENCHMARKS)
    return fewer_layers(smollm2, tmp_path / "fewer.gguf", 2, list)


async def test_three_models_answer_by_turns_the_same_as_before_they_slept(house: Callable[..., Awaitable[House]]) -> None:
    """Room for two: whoever was not used for longest sleeps; what is lent is computed by a process that is there."""
    there = await house(700 * MIB)
    smol, *tiny = there.pool.residents
    first = {id: await there.said(id) for id in there.pool.residents}
    assert (await there.entry(smol))["state"] == "asleep"
    again = await asyncio.gather(*(there.said(id) for id in [smol, *tiny] * 3))
    assert again == [first[id] for id in [smol, *tiny] * 3]
    assert first[tiny[0]] != first[tiny[1]], "they are two models"
    assert (await there.entry(smol))["generation"] >= 2
    awake = [id for id, one in there.pool.residents.items() if one.state == "awake"]
    assert all(psutil.pid_exists(cast("int", there.engine(id).pid)) for id in awake)
    assert len(awake) == 2


async def test_an_engine_that_is_killed_takes_no_other_with_it(house: Callable[..., Awaitable[House]]) -> None:
    there = await house(2000 * MIB)
    before = await there.said("one"), await there.said("two")
    os.kill(cast("int", there.engine("one").pid), signal.SIGKILL)
    assert await there.said("two") == before[1]
    while (answer := await there.desk.chat(model="one", max_tokens=6, temperature=0)).status_code != 200:
        assert answer.status_code == 503
        assert await there.said("two") == before[1]
    assert answer.json()["choices"][0]["message"]["content"] == before[0]
    assert (await there.engine("one").stats()).generation == 2


@pytest.mark.parametrize("budget", [2000 * MIB, 300 * MIB], ids=["beside the old", "after the old"])
async def test_other_weights_come_without_losing_a_request(house: Callable[..., Awaitable[House]], budget: int) -> None:
    """What runs ends with the old ones, what comes while they are loaded gets old or new ones, and what comes after the new."""
    there = await house(budget, small=True)
    old, new = await there.said("one"), None
    running = asyncio.create_task(there.desk.chat(model="one", max_tokens=200, temperature=0))
    meanwhile = [asyncio.create_task(there.said("one")) for _ in range(4)]
    while not (there.pool.residents["one"].running or running.done()):  # noqa: ASYNC110  nobody is told that a model was lent
        await asyncio.sleep(0)
    answer = await there.desk.client.post("/api/models/one/reload", json={"path": str(there.folder / "two.gguf")})
    assert (answer.status_code, answer.json()["generation"], answer.json()["id"]) == (200, 2, "one"), answer.text
    new = await there.said("one")
    assert new != old
    assert (await running).json()["choices"][0]["message"]["content"].startswith(old)
    assert set(await asyncio.gather(*meanwhile)) <= {old, new}
    (there.folder / "broken.gguf").write_bytes(b"GGUF")
    refused = await there.desk.client.post("/api/models/one/reload", json={"path": str(there.folder / "broken.gguf")})
    assert (refused.status_code, refused.json()["reason"]) == (400, "model_refused"), refused.text
    assert await there.said("one") == new
    assert (await there.desk.client.post("/api/models/one/reload", json={"model": "nothing"})).status_code == 400


async def test_adapters_are_set_exchanged_and_taken_away_while_it_answers(house: Callable[..., Awaitable[House]]) -> None:
    there = await house(2000 * MIB)
    plain, put = await there.said("one"), there.desk.client.put
    for seed, name in enumerate(("law", "poems")):
        write_peft(there.folder / name, LAYERS, {"q": (DIM, DIM), "v": (DIM, DIM)}, seed=seed, size=1.0)
    answer = await put("/api/models/one/adapters/mine", json={"path": str(there.folder / "law")})
    assert answer.status_code == 200, answer.text
    assert [(one["name"], one["generation"]) for one in answer.json()["adapters"]] == [("mine", 1)]
    law = await there.said("mine")
    await put("/api/models/one/adapters/mine", json={"path": str(there.folder / "poems")})
    poems = await there.said("mine")
    assert len({plain, law, poems}) == 3
    assert await there.said("one") == plain
    await there.desk.client.post("/api/models/one/sleep")
    assert await there.said("mine") == poems, "it wakes with its adapters, asked by the adapter's name"
    await there.desk.client.post("/api/models/one/sleep")
    gone = (await there.desk.client.delete("/api/models/one/adapters/mine")).json()
    assert (gone["adapters"], gone["generation"]) == ([], 2), "it is not woken for it"
    assert (await there.desk.chat(model="mine")).status_code == 400
    assert await there.said("one") == plain
    assert (await there.entry("one"))["adapters"] == []
    bad = await put("/api/models/two/adapters/bad", json={"path": str(there.folder / "one.gguf")})
    assert (bad.status_code, bad.json()["reason"]) == (400, "model_refused"), bad.text


@pytest.mark.parametrize("left", [400 * MIB, 2**30, 2**35])
async def test_what_is_reckoned_is_what_the_engine_takes(smollm2: Path, tmp_path: Path, left: int) -> None:
    for path in (smollm2, write_tiny_gguf(tmp_path / "tiny.gguf")):
        config = EngineConfig(str(path), "it", threads=1, memory_bytes=left)
        need, least = need_of(config, left), least_need(config)
        assert least.fixed <= need.fixed
        assert least.total <= need.total <= left
        engine = await LocalEngine.start(config)
        try:
            assert engine.info.weights_bytes <= need.fixed
            assert engine.info.cache_bytes <= need.cache
        finally:
            await engine.close()
        with pytest.raises(OutOfMemory):
            need_of(config, least.total - 1)
        assert need_of(config, least.total) == Need(least.fixed, least.cache)


async def test_a_model_s_adapters_count_for_what_it_needs_so_that_it_wakes_with_them(tmp_path: Path) -> None:
    """Where exactly that is left, all of them are there. Where the budget never has room for them, it is loaded without."""
    path = write_tiny_gguf(tmp_path / "tiny.gguf")
    write_peft(tmp_path / "law", LAYERS, {"q": (DIM, DIM), "v": (DIM, DIM)})
    plain = EngineConfig(str(path), "it", threads=1)
    adapted = plain.having("law", str(tmp_path / "law"))
    bare, least = least_need(plain), least_need(adapted)
    assert least.total > bare.total
    assert least_need(adapted, least.total) == least == need_of(adapted, least.total)
    assert least_need(adapted, least.total - 1) == bare
    engine = await LocalEngine.start(replace(adapted, memory_bytes=least.total))
    try:
        (info,) = engine.info.adapters
        assert info.bytes <= least.total - bare.total
    finally:
        await engine.close()


async def test_a_draft_model_counts_for_what_its_model_needs(smollm2: Path, fewer: Path) -> None:
    for cache in (0, 64 * MIB):
        plain = EngineConfig(str(smollm2), "it", threads=1, cache_bytes=cache, limits=Limits(max_context=1024))
        drafted = replace(plain, draft="small", draft_path=str(fewer))
        least = least_need(drafted)
        assert least.total > least_need(plain).total
        with pytest.raises(OutOfMemory, match="The draft model small has"):
            need_of(drafted, least.total - 1)
        for left in (least.total, 2**30):
            need, engine = need_of(drafted, left), await LocalEngine.start(replace(drafted, memory_bytes=left))
            try:
                info = engine.info
                assert info.draft is not None
                assert info.weights_bytes + info.draft.weights_bytes + OVERHEAD <= need.fixed
                assert info.cache_bytes + info.draft.cache_bytes <= need.cache
                assert need.total <= left
            finally:
                await engine.close()
        with pytest.raises(OutOfMemory):
            await LocalEngine.start(replace(drafted, memory_bytes=least.total - 1))


async def test_what_the_settings_offer(tmp_path: Path) -> None:
    paths = [write_tiny_gguf(tmp_path / f"{name}.gguf") for name in ("one", "two")]

    async def offered(budget: int = 2**40, **given: Any) -> dict[str, bool]:
        more = {"embedding_model": "", "offline": True, **given}
        settings = Settings.load({}, home=tmp_path / "house", **more)
        return {one.source.card.id: one.pinned for one in await offers(settings, LocalSource(settings, "fake", CARD), budget)}

    both = ",".join(map(str, paths))
    assert await offered() == {"fake": True}
    assert await offered(models=both) == {"fake": True, "one": False, "two": False}
    assert await offered(models=both, pinned="two") == {"fake": False, "one": False, "two": True}
    assert await offered(models=both, pinned="") == {"fake": False, "one": False, "two": False}
    assert await offered(models="installed") == {"fake": True}
    assert await offered(models=f"{paths[0]},{paths[0]}") == {"fake": True, "one": False}
    with pytest.raises(SettingInvalid, match=r"'three' \(command line\) is none of this server's models"):
        await offered(models=both, pinned="three")
    with pytest.raises(SettingInvalid, match="models: The model 'owner/name' is not here yet"):
        await offered(models="owner/name")
    with pytest.raises(InvalidModel, match="nonsense"):
        await offered(models="nonsense")
    with pytest.raises(OutOfMemory, match=r"one needs 0.3 GiB at least, and the budget of all models is 100.0 MiB"):
        await offered(100 * MIB, models=both)
    other = tmp_path / "again"
    other.mkdir()
    with pytest.raises(SettingInvalid, match="is called one, as another one is"):
        await offered(models=f"{paths[0]},{write_tiny_gguf(other / 'one.gguf')}")


async def test_a_model_that_is_installed_and_could_never_be_loaded_is_left_out(tmp_path: Path, smollm2: Path) -> None:
    from alize.weights.pull import installed, pull

    home = tmp_path / "house"
    pull(str(smollm2), home)
    (manifest,) = installed(home)
    settings = Settings.load({}, home=home, models="installed", embedding_model="", offline=True)
    default = LocalSource(settings, "fake", CARD)
    assert [one.source.card.id for one in await offers(settings, default, 2**40)] == ["fake", manifest.card.id]
    assert [one.source.card.id for one in await offers(settings, default, 100 * MIB)] == ["fake"]


async def test_one_that_is_installed_or_embeds_and_is_damaged_is_left_out_and_one_that_is_named_stops_the_start(tmp_path: Path) -> None:
    from alize.weights.pull import installed, pull

    home, own = tmp_path / "house", write_tiny_gguf(tmp_path / "own.gguf")
    pull(str(own), home)  # it stays where it is: of this test alone, so that it may be damaged
    (manifest,) = installed(home)

    async def offered(**given: Any) -> list[str]:
        settings = Settings.load({}, home=home, offline=True, **given)
        return [one.source.card.id for one in await offers(settings, LocalSource(settings, "fake", CARD), 2**40)]

    assert await offered(models="installed", embedding_model="") == ["fake", manifest.card.id]
    own.write_bytes(own.read_bytes().replace(b"llama", b"other"))
    assert await offered(models="installed", embedding_model="") == ["fake"]
    assert await offered(embedding_model=str(own)) == ["fake"]
    with pytest.raises(CheckpointInvalid):
        await offered(models=str(own), embedding_model="")


async def test_a_server_ends_all_its_engines(tmp_path: Path) -> None:
    """SIGTERM lets answers of every model finish; then no process is left."""
    pytest.importorskip("torch")
    from tests.api.test_serve import serving

    model, other = (write_tiny_gguf(tmp_path / f"{name}.gguf", seed=seed) for seed, name in enumerate(("tiny", "other")))
    async with serving(tmp_path / "home", model, ALIZE_MODELS=str(other), ALIZE_MEMORY="2", ALIZE_EMBEDDING_MODEL="") as server:
        assert "Further models, each loaded when it is first asked: other" in server.said
        async with AsyncExitStack() as streams:
            answers: list[AsyncIterator[str]] = []
            for name in ("tiny", "other"):
                body = {"model": name, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 100, "stream": True}
                answer = await streams.enter_async_context(server.client.stream("POST", "/v1/chat/completions", json=body))
                answers.append(answer.aiter_lines())
                assert (await anext(answers[-1])).startswith("data: ")
            engines = psutil.Process(server.process.pid).children()
            assert len(engines) == 2
            server.process.send_signal(signal.SIGTERM)
            for lines in answers:
                assert "data: [DONE]" in [line async for line in lines]
        assert await server.ended() == 0
        _, alive = psutil.wait_procs(engines, timeout=30)
        assert not alive
