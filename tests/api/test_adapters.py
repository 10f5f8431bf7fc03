"""Adapters over the API: each is a model of its own, asked by its name, and gone when the engine has it no more."""

from dataclasses import replace
from typing import Any

from alize.api.schemas.models import FTModelCard, ModelList
from tests.serving import CARD, Desk


async def ids(desk: Desk) -> list[str]:
    return [card["id"] for card in (await desk.client.get("/v1/models")).json()["data"]]


async def test_an_adapter_is_listed_as_a_fine_tuned_model_of_its_root(desk: Desk) -> None:
    await desk.engine.set_adapter("law", "some path")
    body = (await desk.client.get("/v1/models")).json()
    ModelList.model_validate(body)
    base, card = body["data"]
    FTModelCard.model_validate(card)
    assert (card["id"], card["type"], card["root"], card["archived"]) == ("law", "fine-tuned", "fake", False)
    assert (base["type"], "root" in base) == ("base", False)
    assert card["aliases"] == []
    assert card["capabilities"] == base["capabilities"]
    assert (await desk.client.get("/v1/models/law")).json() == card


async def test_it_is_not_said_to_embed_where_vectors_would_be_made_without_it(new_desk: Any) -> None:
    desk = await new_desk(card=replace(CARD, capabilities=CARD.capabilities | {"embeddings"}))
    await desk.engine.set_adapter("law", "some path")
    base, law = (await desk.client.get("/v1/models")).json()["data"]
    assert (base["capabilities"]["embeddings"], law["capabilities"]["embeddings"]) == (True, False)
    answer = await desk.client.post("/v1/embeddings", json={"model": "law", "input": "Hello"})
    assert (answer.status_code, answer.json()["param"]) == (400, "model")


async def test_a_request_chooses_one_by_its_name(desk: Desk) -> None:
    await desk.engine.set_adapter("law", "some path")
    for model in ("law", "fake", "fake-latest"):
        answer = await desk.chat(model=model)
        assert (answer.status_code, answer.json()["model"]) == (200, model)
    assert [request.adapter for request in desk.engine.asked] == ["law", None, None]
    assert [row.model for row in reversed(await desk.rows())] == ["law", "fake", "fake"]
    text = (await desk.client.get("/metrics")).text
    assert '="law"' in text


async def test_an_alias_may_mean_an_adapter(new_desk: Any) -> None:
    desk = await new_desk(model_aliases="lawyer-latest=law")
    await desk.engine.set_adapter("law", "some path")
    assert (await desk.chat(model="lawyer-latest")).status_code == 200
    assert desk.engine.asked[0].adapter == "law"
    assert (await desk.client.get("/v1/models/law")).json()["aliases"] == ["lawyer-latest"]


async def test_one_that_is_not_there_is_an_unknown_model_with_names_that_come_near(desk: Desk) -> None:
    await desk.engine.set_adapter("law", "some path")
    answer = await desk.chat(model="laws")
    assert answer.status_code == 400
    assert "law?" in answer.json()["message"]
    assert (await desk.client.get("/v1/models/laws")).status_code == 404
    await desk.engine.set_adapter("law", None)
    assert (await desk.chat(model="law")).status_code == 400
    assert await ids(desk) == ["fake"]


async def test_health_speaks_of_the_engine_once(desk: Desk) -> None:
    before = (await desk.client.get("/health")).json()
    await desk.engine.set_adapter("law", "some path")
    assert (await desk.client.get("/health")).json().keys() == before.keys()


async def test_one_that_could_not_be_loaded_says_why_and_is_asked_for_nothing(desk: Desk) -> None:
    """Without the folders of the server's disk, which are nobody else's business."""
    desk.engine.lose("law", "/srv/secret/law", "/srv/secret/law cannot be read: No such file or directory. Check the path.")
    body = (await desk.client.get("/v1/models")).json()
    ModelList.model_validate(body)
    card = body["data"][1]
    assert (card["id"], card["root"]) == ("law", "fake")
    assert not any(card["capabilities"].values())
    assert card["description"] == "Unavailable: law cannot be read: No such file or directory. Check the path."
    answer = await desk.chat(model="law")
    assert (answer.status_code, answer.json()["param"]) == (503, "model")
    assert "law cannot be read" in answer.json()["message"]
    assert "/srv" not in answer.text
    fill = await desk.client.post("/v1/fim/completions", json={"model": "law", "prompt": "a"})
    assert fill.status_code == 503
    vectors = await desk.client.post("/v1/embeddings", json={"model": "law", "input": "a"})
    assert vectors.status_code == 400
    assert (await desk.chat()).status_code == 200
    await desk.engine.set_adapter("law", "/srv/other")
    assert (await desk.chat(model="law")).status_code == 200
