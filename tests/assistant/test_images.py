"""Images in a conversation: kept with their question, shown to models that see, and no trouble to the others."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alize.engine.base import Sight
from alize.engine.fake import FakeEngine, saying
from alize.tokenize.bytes import ByteTokenizer
from tests.assistant.conftest import Page
from tests.pictures import plain, written
from tests.serving import CARD, opened
from tests.sources import FakeSource, pool_of


async def picture(page: Page, name: str = "a.png", width: int = 8, height: int = 4) -> dict[str, Any]:
    return await page.upload(plain(width, height), "image/png", name)


@pytest.fixture
async def seeing(tmp_path: Path) -> AsyncIterator[Page]:
    tokenizer = ByteTokenizer(images=True)
    engine = FakeEngine(saying("Red.", tokenizer), vocab_size=tokenizer.vocab_size, sight=Sight(side=4, most=40))
    async with opened(tmp_path, engine=engine, tokenizer=tokenizer, max_images=2) as desk:
        yield Page(desk)


async def test_a_question_s_images_are_seen_and_kept_and_seen_again_in_later_turns(seeing: Page) -> None:
    chat = await seeing.begin()
    asked = await seeing.ask(
        chat, "What?", attachments=[file := await picture(seeing), {"name": "a.txt", "type": "text/plain", "text": "1"}]
    )
    await seeing.follow(asked["run"]["id"])
    again = await seeing.ask(chat, "Sure?", parent=asked["answer"]["id"])
    await seeing.follow(again["run"]["id"])
    (question, *_) = (await seeing.read(chat))["messages"]
    assert question["attachments"][0] == {"name": "a.png", "type": "image/png", "text": "", **file}
    chats = [request for request in seeing.engine.asked if request.images]
    tokenizer = ByteTokenizer()
    assert [len(request.images) for request in chats[:2]] == [1, 1]
    assert "File a.txt:\n1\n\nWhat?" in tokenizer.decode([token for token in chats[0].tokens if token < 262])
    assert chats[0].images[0].key == chats[1].images[0].key
    assert chats[0].images[0].start == 2
    exported = await seeing.client.get(f"/api/conversations/{chat}/export", params={"format": "markdown"})
    assert f"![]({written(plain(8, 4))})" in exported.text


async def test_the_images_that_came_last_are_shown_where_there_are_more_than_may_be(seeing: Page) -> None:
    chat = await seeing.begin()
    first = await seeing.ask(chat, "One", attachments=[await picture(seeing, "old.png", 4), await picture(seeing, "mine.png", 8)])
    await seeing.follow(first["run"]["id"])
    second = await seeing.ask(chat, "Two", parent=first["answer"]["id"], attachments=[await picture(seeing, "new.png", 12)])
    await seeing.follow(second["run"]["id"])
    request = next(one for one in seeing.engine.asked if [image.columns for image in one.images] == [2, 3])
    assert "Image old.png: not shown." in ByteTokenizer().decode([token for token in request.tokens if token < 262])


async def test_too_many_images_in_one_question_are_refused_with_the_number(seeing: Page) -> None:
    chat = await seeing.begin()
    asked = await seeing.ask(chat, "Many", attachments=[await picture(seeing)] * 3)
    await seeing.follow(asked["run"]["id"])
    answer = (await seeing.read(chat))["messages"][-1]
    assert answer["state"] == "failed"
    assert "3 images are attached; 2 can be seen at once." in answer["error"]


async def test_a_model_that_cannot_see_says_so_and_goes_on_with_words(page: Page) -> None:
    chat = await page.begin()
    asked = await page.ask(chat, "What?", attachments=[await picture(page)])
    await page.follow(asked["run"]["id"])
    answer = (await page.read(chat))["messages"][-1]
    assert (answer["state"], "cannot see images" in answer["error"]) == ("failed", True)
    asked = await page.ask(chat, "Then without.", parent=asked["answer"]["id"])
    await page.follow(asked["run"]["id"])
    assert (await page.read(chat))["messages"][-1]["content"] == "Hello"
    said = [ByteTokenizer().decode(request.tokens) for request in page.engine.asked]
    assert any("Image a.png: not shown." in prompt for prompt in said)


async def test_a_model_that_sleeps_and_cannot_see_is_not_woken_to_say_so(tmp_path: Path) -> None:
    blind = FakeSource(replace(CARD, id="blind", aliases=(), capabilities=frozenset({"completion_chat"})))
    async with opened(tmp_path, pool=pool_of(blind)) as desk:
        page = Page(desk)
        chat = await page.begin(model="blind")
        asked = await page.ask(chat, "What?", attachments=[await picture(page)])
        await page.follow(asked["run"]["id"])
        answer = (await page.read(chat))["messages"][-1]
        assert (answer["state"], "blind cannot see images" in answer["error"], blind.asked) == ("failed", True, 0)


@pytest.mark.parametrize(
    ("data", "kind", "status", "place"),
    [
        (b"\0", "image/png", 400, "body: this is no image"),
        (plain(200, 200)[:-40], "image/png", 400, "damaged"),  # a head, and no end
        (plain(8, 4), "", 422, "there is none"),
        (plain(8, 4), "image/svg+xml", 422, "Content-Type of a picture or a sound"),
        (plain(8, 4), "text/html", 422, "text/html"),
        (plain(8, 4) + bytes(800_000), "image/png", 413, "more than 716800 bytes"),
    ],
)
async def test_what_is_no_image_is_not_kept(seeing: Page, data: bytes, kind: str, status: int, place: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = await seeing.client.post("/api/attachments", params={"name": "a.png"}, content=data, headers=headers)
    assert answer.status_code == status, answer.text
    assert place in answer.text


@pytest.mark.parametrize(
    ("attachment", "status", "place"),
    [
        ({"name": "a.png", "type": "image/png", "text": written(plain(8, 4))}, 422, "POST /api/attachments"),
        ({"name": "a.txt", "type": "text/plain", "text": "x" * 300_000}, 422, "attachments.0.text"),
        ({"name": "a.txt", "type": "text/plain"}, 422, "a text has name, type and text"),
        ({"id": "att_" + "0" * 24, "name": "a.png"}, 422, "has its id alone"),
        ({"id": "att_" + "0" * 24}, 400, "attachments.0: there is no upload"),
        ({"id": "0" * 24}, 422, "attachments.0.id"),
        ({}, 422, "a text has name, type and text"),
    ],
)
async def test_a_question_with_what_is_no_attachment_is_not_kept(seeing: Page, attachment: Any, status: int, place: str) -> None:
    chat = await seeing.begin()
    body = {"id": "0" * 32, "parent": None, "content": "?", "attachments": [attachment], "answer": {"id": "1" * 32, "run": "2" * 32}}
    answer = await seeing.client.post(f"/api/conversations/{chat}/messages", json=body)
    assert answer.status_code == status, answer.text
    assert place in answer.text
    assert (await seeing.read(chat))["messages"] == []
