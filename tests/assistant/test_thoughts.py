"""What a model thinks is kept beside its answer: as events of its own, read again, sent back in the next turn, and exported folded."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from alize.engine.base import Request
from alize.engine.fake import FakeEngine
from alize.tokenize.bytes import ByteTokenizer
from tests.assistant.conftest import Page
from tests.serving import opened

TOKENIZER = ByteTokenizer(thoughts=True)
OPENS, CLOSES = 264, 265


def _reply(request: Request) -> list[int]:
    return [OPENS, *TOKENIZER.encode("So </details>."), CLOSES, *TOKENIZER.encode("8")]


@pytest.fixture
async def thinking(tmp_path: Path) -> AsyncIterator[Page]:
    async with opened(tmp_path, engine=FakeEngine(_reply, vocab_size=266), tokenizer=TOKENIZER) as desk:
        yield Page(desk)


def told(events: list[tuple[int, dict[str, Any]]], kind: str) -> str:
    return "".join(event["content"] for _, event in events if event["type"] == kind)


async def test_thoughts_are_events_and_a_field_of_their_own(thinking: Page) -> None:
    chat = await thinking.begin()
    asked = await thinking.ask(chat)
    events = await thinking.follow(asked["run"]["id"])
    assert told(events, "message.thought.delta") == "So </details>."
    assert told(events, "message.output.delta") == "8"
    assert [number for number, _ in events] == list(range(1, len(events) + 1))
    answer = (await thinking.read(chat))["messages"][-1]
    assert (answer["thought"], answer["content"], answer["state"]) == ("So </details>.", "8", "done")
    assert answer["thought_seconds"] == [event["seconds"] for _, event in events if event["type"] == "message.thought.delta"][-1]


async def test_the_next_turn_brings_them_back_to_the_model(thinking: Page) -> None:
    chat = await thinking.begin()
    first = await thinking.ask(chat)
    await thinking.follow(first["run"]["id"])
    second = await thinking.ask(chat, "And?", parent=first["answer"]["id"])
    await thinking.follow(second["run"]["id"])
    tokens = next(asked.tokens for asked in thinking.engine.asked if bytes(id for id in asked.tokens if id < 256).endswith(b"8And?"))
    thought = tokens[tokens.index(OPENS) : tokens.index(CLOSES) + 1]
    assert thought == (OPENS, *b"So </details>.", CLOSES)


async def test_a_page_that_keeps_a_chat_for_itself_learns_whether_to_bring_them_back(thinking: Page, tmp_path: Path) -> None:
    """And they are counted as they are in a conversation that is kept here."""
    chat = await thinking.begin()
    asked = await thinking.ask(chat)
    await thinking.follow(asked["run"]["id"])
    second = await thinking.ask(chat, "And?", parent=asked["answer"]["id"])
    started = (await thinking.follow(second["run"]["id"]))[0][1]
    names = ("id", "role", "content", "thought")
    messages = [{name: message[name] for name in names} for message in (await thinking.read(chat))["messages"][:3]]
    use = await thinking.call("POST", "/api/context", 200, {"messages": messages})
    assert (use["thoughts"], use["used"]) == (True, started["prompt_tokens"])
    (tmp_path / "other").mkdir()
    async with opened(tmp_path / "other") as desk:
        assert not (await Page(desk).call("POST", "/api/context", 200, {"messages": messages}))["thoughts"]


async def test_an_answer_that_was_stopped_in_its_thoughts_keeps_them(thinking: Page) -> None:
    thinking.engine.hold(after=4)
    chat = await thinking.begin()
    asked = await thinking.ask(chat)
    await thinking.until(chat, lambda found: found["messages"][-1]["thought"] == "So ")
    await thinking.call("POST", f"/api/runs/{asked['run']['id']}/stop", 202)
    answer = (await thinking.until(chat, lambda found: found["messages"][-1]["state"] == "stopped"))["messages"][-1]
    assert (answer["thought"], answer["content"]) == ("So ", "")


async def test_no_search_finds_them_and_an_export_folds_them(thinking: Page) -> None:
    chat = await thinking.begin()
    await thinking.follow((await thinking.ask(chat))["run"]["id"])
    found = await thinking.client.get("/api/search", params={"q": "So details"})
    assert found.json()["data"] == []
    export = await thinking.client.get(f"/api/conversations/{chat}/export", params={"format": "markdown"})
    assert re.search(r"<details><summary>Thought for 0 s</summary>\n\nSo &lt;/details>\.\n\n</details>\n\n8\n", export.text), export.text
