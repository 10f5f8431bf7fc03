"""Sounds in a conversation: kept with their question, heard by models that hear, and no trouble to the others."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from alize.engine.base import Hearing
from alize.engine.fake import FakeEngine, saying
from alize.tokenize.bytes import ByteTokenizer
from tests.assistant.conftest import Page
from tests.serving import opened
from tests.voxtral import sound, written


def attached(name: str = "a.wav", seconds: float = 1.0, kind: str = "audio/wav") -> dict[str, Any]:
    return {"name": name, "type": kind, "text": f"data:{kind};base64,{written(sound(seconds))}"}


async def uploaded(page: Page, name: str = "a.wav", seconds: float = 1.0) -> dict[str, Any]:
    return await page.upload(sound(seconds), "audio/wav", name)


@pytest.fixture
async def hearing(tmp_path: Path) -> AsyncIterator[Page]:
    tokenizer = ByteTokenizer(sounds=True)
    engine = FakeEngine(saying("Hello.", tokenizer), vocab_size=tokenizer.vocab_size, hearing=Hearing(bands=8, frames=10, piece=2))
    async with opened(tmp_path, engine=engine, tokenizer=tokenizer, max_audio_seconds=4.0) as desk:
        yield Page(desk)


async def test_a_question_s_sounds_are_heard_and_kept_and_heard_again_in_later_turns(hearing: Page) -> None:
    chat = await hearing.begin()
    asked = await hearing.ask(
        chat, "What?", attachments=[file := await uploaded(hearing), {"name": "a.txt", "type": "text/plain", "text": "1"}]
    )
    await hearing.follow(asked["run"]["id"])
    again = await hearing.ask(chat, "Sure?", parent=asked["answer"]["id"])
    await hearing.follow(again["run"]["id"])
    (question, answer, *_) = (await hearing.read(chat))["messages"]
    assert question["attachments"][0] == {"name": "a.wav", "type": "audio/wav", "text": "", **file}
    first, second = [request for request in hearing.engine.asked if request.sounds][:2]
    assert [one.key for one in first.sounds] == [one.key for one in second.sounds]
    assert sum(one.length for one in first.sounds) == 10
    assert "File a.txt:\n1\n\nWhat?" in ByteTokenizer().decode([token for token in first.tokens if token < 262])
    assert answer["prompt_tokens"] == len(first.tokens)  # as it was counted from the head of the file
    exported = await hearing.client.get(f"/api/conversations/{chat}/export", params={"format": "markdown"})
    assert attached()["text"] in exported.text


async def test_the_sounds_that_came_last_are_heard_where_all_are_longer_than_may_be(hearing: Page) -> None:
    chat = await hearing.begin()
    first = await hearing.ask(chat, "One", attachments=[await uploaded(hearing, "old.wav", 2.0), await uploaded(hearing, "mine.wav", 1.5)])
    await hearing.follow(first["run"]["id"])
    second = await hearing.ask(chat, "Two", parent=first["answer"]["id"], attachments=[await uploaded(hearing, "new.wav", 2.5)])
    await hearing.follow(second["run"]["id"])
    assert (await hearing.read(chat))["messages"][-1]["state"] == "done"
    said = [ByteTokenizer().decode([token for token in request.tokens if token < 262]) for request in hearing.engine.asked]
    assert any("Sound old.wav: not heard." in prompt and "mine.wav" not in prompt and "Two" in prompt for prompt in said)


async def test_a_page_that_keeps_a_chat_for_itself_learns_how_many_sounds_are_heard(hearing: Page) -> None:
    files = [attached("a.wav", 3.0), attached("b.wav", 2.0)]
    question = {"id": "a" * 32, "role": "user", "content": "What?", "attachments": files}
    use = (await hearing.client.post("/api/context", json={"messages": [question]})).json()
    assert (use["images"], use["sounds"]) == (0, 1)


async def test_sounds_of_one_question_that_are_too_long_together_are_refused(hearing: Page) -> None:
    chat = await hearing.begin()
    asked = await hearing.ask(chat, "Many", attachments=[await uploaded(hearing, "a.wav", 2.5), await uploaded(hearing, "b.wav", 2.5)])
    await hearing.follow(asked["run"]["id"])
    answer = (await hearing.read(chat))["messages"][-1]
    assert (answer["state"], "longer, all together, than can be heard" in answer["error"]) == ("failed", True)


async def test_a_head_that_says_a_sound_lasts_for_years_is_not_believed(hearing: Page) -> None:
    """As many tokens as it said would not fit into any memory."""
    chat = await hearing.begin()
    lying = await hearing.upload(as_mp3(seconds=1.0, frames=0xFFFFFFF0), "audio/mpeg")
    asked = await hearing.ask(chat, "What?", attachments=[lying])
    await hearing.follow(asked["run"]["id"])
    answer = (await hearing.read(chat))["messages"][-1]
    assert (answer["state"], answer["prompt_tokens"]) == ("done", len(hearing.engine.asked[0].tokens))


def as_mp3(seconds: float, frames: int) -> bytes:
    """With a head that says how many frames follow."""
    file = io.BytesIO()
    soundfile.write(file, np.zeros(int(seconds * 16000), np.float32), 16000, format="MP3")
    data = bytearray(file.getvalue())
    at = max(data.find(b"Xing"), data.find(b"Info")) + 8
    assert at > 8
    data[at : at + 4] = frames.to_bytes(4, "big")
    return bytes(data)


async def test_a_model_that_cannot_hear_says_so_and_goes_on_with_words(page: Page) -> None:
    chat = await page.begin()
    asked = await page.ask(chat, "What?", attachments=[await uploaded(page)])
    await page.follow(asked["run"]["id"])
    answer = (await page.read(chat))["messages"][-1]
    assert (answer["state"], "cannot hear" in answer["error"]) == ("failed", True)
    asked = await page.ask(chat, "Then without.", parent=asked["answer"]["id"])
    await page.follow(asked["run"]["id"])
    said = [ByteTokenizer().decode(request.tokens) for request in page.engine.asked]
    assert any("Sound a.wav: not heard." in prompt for prompt in said)


@pytest.mark.parametrize(
    ("data", "status", "place"),
    [
        (b"\0\0\0", 400, "body: this is no sound"),
        (sound(1.0)[:20], 400, "body: the sound is damaged"),
        (sound(4.5), 400, "longer than 4 seconds"),
        (sound(1.0) + bytes(5 * 2**20), 413, "more than 5242880 bytes"),
        (b"", 400, "empty"),
    ],
)
async def test_what_is_no_sound_is_not_kept(hearing: Page, data: bytes, status: int, place: str) -> None:
    answer = await hearing.client.post("/api/attachments", params={"name": "a.wav"}, content=data, headers={"Content-Type": "audio/wav"})
    assert answer.status_code == status
    assert place in answer.text
