"""Images in a chat request: read where they may be, placed where they stand, counted, and refused by their place."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alize.engine.base import Sight
from alize.engine.fake import FakeEngine, saying
from alize.prompt.images import pixels_of
from alize.tokenize.bytes import ByteTokenizer
from tests.elsewhere import elsewhere, picture
from tests.pictures import plain, written
from tests.serving import CARD, Desk

SIGHT = Sight(side=4, most=40)
MARKS = 264, 265, 266
CARD_THAT_SEES = replace(CARD, capabilities=CARD.capabilities | {"vision"})


def image(url: str, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **more} if more else url}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


@pytest.fixture
async def seeing(new_desk: Callable[..., Any]) -> Callable[..., Any]:
    """Opens an application whose model sees."""

    async def new(**settings: Any) -> Desk:
        tokenizer = ByteTokenizer(images=True)
        engine = FakeEngine(saying("Red.", tokenizer), vocab_size=267, sight=SIGHT)
        return await new_desk(engine=engine, tokenizer=tokenizer, card=CARD_THAT_SEES, **settings)

    return new


async def ask(desk: Desk, *content: Any, **more: Any) -> Any:
    body = {"model": "fake", "messages": [{"role": "user", "content": list(content)}], **more}
    return await desk.client.post("/v1/chat/completions", json=body)


@pytest.mark.parametrize("detail", [{}, {"detail": "low"}, {"detail": None}])
async def test_an_image_reaches_the_engine_where_it_stands_in_the_conversation(seeing: Callable[..., Any], detail: dict[str, Any]) -> None:
    desk = await seeing()
    url = written(plain())
    shown = {"type": "image_url", "image_url": {"url": url, **detail}} if detail else image(url)
    answer = await ask(desk, text("ab"), shown, text("c"))
    assert answer.status_code == 200
    assert answer.json()["choices"][0]["message"]["content"] == "Red."
    (asked,) = desk.engine.asked
    square, _, end = MARKS
    assert asked.tokens == (256, 259, *b"ab", square, square, end, *b"c", 257, 260)
    (seen,) = asked.images
    assert (seen.start, seen.rows, seen.columns) == (4, 1, 2)
    assert np.array_equal(seen.array(4), pixels_of(plain(), 4, 40, ""))
    assert answer.json()["usage"]["prompt_tokens"] == len(asked.tokens)
    assert (await desk.rows())[0].prompt_tokens == len(asked.tokens)


async def test_several_images_of_several_turns_stand_in_their_order(seeing: Callable[..., Any]) -> None:
    desk = await seeing()
    messages = [
        {"role": "user", "content": [image(written(plain(4, 8))), image(written(plain(4, 4, "blue")))]},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": [text("and"), image(written(plain(41, 1, "green")))]},
    ]
    answer = await desk.client.post("/v1/chat/completions", json={"model": "fake", "messages": messages})
    assert answer.status_code == 200
    (asked,) = desk.engine.asked
    assert [(one.rows, one.columns) for one in asked.images] == [(2, 1), (1, 1), (1, 10)]
    for one in asked.images:
        assert set(asked.tokens[one.start : one.start + one.length]) <= set(MARKS)
        assert asked.tokens[one.start] == MARKS[0]
        assert asked.tokens[one.start + one.length - 1] == MARKS[2]
    assert len({one.key for one in asked.images}) == 3


@pytest.mark.parametrize(("role", "status"), [("system", 422), ("assistant", 400)])
async def test_only_who_asks_may_show_images(seeing: Callable[..., Any], role: str, status: int) -> None:
    desk = await seeing()
    shows, hi = {"role": role, "content": [image(written(plain()))]}, {"role": "user", "content": "Hi"}
    answer = await desk.client.post("/v1/chat/completions", json={"model": "fake", "messages": [hi, shows, hi]})
    assert answer.status_code == status
    assert desk.engine.asked == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "neither"),
        ("file:///etc/passwd", "neither"),
        ("ftp://pictures.example/a.png", "neither"),
        (base64.b64encode(plain()).decode(), "neither"),
        ("data:image/png;base64,AA==", "no image"),
        (written(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"), "no image"),
        (written(plain(200, 200)[:-40]), "damaged"),
        ("https://pictures.example/a.png", "outside_hosts"),
        ("http://127.0.0.1/a.png", "cannot be fetched"),
    ],
)
async def test_an_image_that_cannot_be_had_is_refused_by_its_place(seeing: Callable[..., Any], url: str, why: str) -> None:
    desk = await seeing()
    answer = await ask(desk, text("See"), image(url))
    assert answer.status_code == 400
    body = answer.json()
    assert (body["code"], body["param"]) == ("3310", "messages.0.content.1")
    assert why in body["message"]
    assert desk.engine.asked == []


@pytest.mark.parametrize(("most", "said"), [(1, "at most 1 image."), (2, "at most 2 images.")])
async def test_one_image_too_many_is_refused_by_its_place(seeing: Callable[..., Any], most: int, said: str) -> None:
    desk = await seeing(max_images=most)
    answer = await ask(desk, *[image(written(plain()))] * (most + 1))
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (400, "3310", f"messages.0.content.{most}")
    assert said in answer.json()["message"]


async def test_an_address_is_followed_only_where_a_setting_allows_it(seeing: Callable[..., Any]) -> None:
    async with elsewhere(answers={"/a.png": picture(plain()), "/b.png": picture(b"<html>")}) as there:
        desk = await seeing(outside_hosts=("pictures.example",))
        desk.app.state.house = replace(desk.app.state.house, parts=replace(desk.parts, wire=there.wire))
        answer = await ask(desk, image("http://pictures.example/a.png"))
        assert answer.status_code == 200
        assert np.array_equal(desk.engine.asked[0].images[0].array(4), pixels_of(plain(), 4, 40, ""))
        for url, why in (("http://pictures.example/b.png", "no picture"), ("http://other.example/a.png", "outside_hosts")):
            refused = await ask(desk, image(url))
            assert (refused.status_code, refused.json()["code"], refused.json()["param"]) == (400, "3310", "messages.0.content.0")
            assert why in refused.json()["message"]
        assert there.asked == ["pictures.example"] * 2


async def test_a_model_that_cannot_see_says_so_by_its_name(new_desk: Callable[..., Any]) -> None:
    desk = await new_desk()
    answer = await ask(desk, image(written(plain())))
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (400, "unsupported_parameter", "messages.0.content.0")
    assert "the model fake reads text, not images" in answer.json()["message"]


async def test_a_card_says_whether_the_model_sees(new_desk: Callable[..., Any], seeing: Callable[..., Any]) -> None:
    for desk, sees in (
        (await new_desk(card=CARD_THAT_SEES), False),  # made to, but these weights have no eyes
        (await seeing(), True),
    ):
        (card,) = (await desk.client.get("/v1/models")).json()["data"]
        assert card["capabilities"]["vision"] is sees


async def test_a_prompt_that_its_images_make_too_long_is_refused_with_the_numbers(seeing: Callable[..., Any]) -> None:
    desk = await seeing()
    answer = await ask(desk, text("x" * 5000), image(written(plain(40, 40))))
    refused = answer.json()
    assert (answer.status_code, refused["code"], refused["param"]) == (400, "3051", "messages")
    assert "5114 tokens" in refused["message"]
    assert "4096" in refused["message"]
