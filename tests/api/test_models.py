"""Models: what is served is listed, found by any of its names, and claims nothing it cannot do."""

from dataclasses import replace
from typing import Any

import pytest

from alize.api.schemas.models import ModelCard, ModelList
from alize.engine.base import ModelInfo
from alize.engine.fake import FakeEngine, saying
from alize.weights.catalog import Card
from tests.serving import CARD, TOKENIZER, Desk


async def test_the_list_is_as_documented(desk: Desk) -> None:
    body = (await desk.client.get("/v1/models")).json()
    ModelList.model_validate(body)
    (card,) = body["data"]
    assert (card["id"], card["object"], card["type"], card["owned_by"]) == ("fake", "model", "base", "alize")
    assert card["max_context_length"] == 4096


async def test_a_model_is_found_by_its_id_and_by_every_alias(new_desk: Any) -> None:
    desk = await new_desk(model_aliases="mistral-small-latest=fake-latest,other=nothing")
    cards = [(await desk.client.get(f"/v1/models/{name}")).json() for name in ("fake", "fake-latest", "mistral-small-latest")]
    assert cards[0] == cards[1] == cards[2]
    assert cards[0]["aliases"] == ["fake-latest", "mistral-small-latest"]
    ModelCard.model_validate(cards[0])
    assert (await desk.client.get("/v1/models/other")).status_code == 404


async def test_an_id_may_have_a_slash(new_desk: Any) -> None:
    desk = await new_desk(card=Card("owner/name", capabilities=CARD.capabilities))
    assert (await desk.client.get("/v1/models/owner/name")).json()["id"] == "owner/name"
    assert (await desk.chat(model="owner/name")).status_code == 200


async def test_what_cannot_be_served_yet_is_not_claimed(desk: Desk) -> None:
    """The card says vision; nothing here can look at an image."""
    capabilities = (await desk.client.get("/v1/models/fake")).json()["capabilities"]
    assert [name for name, able in capabilities.items() if able] == ["completion_chat"]


@pytest.mark.parametrize(("able", "writes"), [("completion_chat", True), ("completion_fim", True), ("embeddings", False)])
async def test_only_one_that_writes_has_defaults_for_an_answer(new_desk: Any, able: str, writes: bool) -> None:
    desk = await new_desk(card=Card("it", capabilities=frozenset({able})))
    card = (await desk.client.get("/v1/models/it")).json()
    assert [card[name] is not None for name in ("default_model_temperature", "default_max_tokens")] == [writes, writes]


async def test_the_list_can_be_filtered(desk: Desk) -> None:
    async def ids(query: str) -> list[str]:
        return [card["id"] for card in (await desk.client.get(f"/v1/models?{query}")).json()["data"]]

    assert await ids("model=fake") == await ids("model=fake-latest") == await ids("provider=alize") == ["fake"]
    assert await ids("model=fak") == await ids("provider=mistralai") == await ids("provider=alize&model=x") == []


@pytest.mark.parametrize("same", [True, False])
async def test_a_card_says_whether_the_same_request_has_the_same_answer(new_desk: Any, same: bool) -> None:
    class Engine(FakeEngine):
        @property
        def info(self) -> ModelInfo:
            return replace(super().info, batch_invariant=same)

    desk = await new_desk(engine=Engine(saying("Hello", TOKENIZER)))
    assert (await desk.client.get("/v1/models/fake")).json()["deterministic"] is same
