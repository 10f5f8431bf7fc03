"""A model that thinks: what it thought comes as chunks of its own, whole and streamed alike, is counted, and goes back in the next turn."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from mistralai.client.models import CompletionChunk, TextChunk, ThinkChunk

from alize.engine.fake import FakeEngine, Reply
from alize.tokenize.bytes import ByteTokenizer
from tests.serving import CARD, Desk

TOKENIZER = ByteTokenizer(thoughts=True)
OPENS, CLOSES = 264, 265
ASKED = [{"role": "user", "content": "4 + 4?"}]


def writing(words: str) -> Reply:
    """Says a text in which the marks are control tokens."""
    ids = [id for part in re.split(r"(\[/?THINK\])", words) for id in _ids(part)]
    return lambda request: ids


def _ids(part: str) -> list[int]:
    return [OPENS] if part == "[THINK]" else [CLOSES] if part == "[/THINK]" else TOKENIZER.encode(part)


def thinking(text: str, *, closed: bool = True) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}] if text else [], "closed": closed}


@pytest.fixture
async def opened(new_desk: Callable[..., Any]) -> Callable[..., Any]:
    """Opens an application whose model writes what is given."""

    async def new(words: str, tokenizer: ByteTokenizer = TOKENIZER, **more: Any) -> Desk:
        return await new_desk(engine=FakeEngine(writing(words), vocab_size=266), tokenizer=tokenizer, **more)

    return new


async def ask(desk: Desk, **more: Any) -> Any:
    return await desk.client.post("/v1/chat/completions", json={"model": "fake", "messages": ASKED, **more})


def deltas(answer: Any) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line and "[DONE]" not in line]
    return [json.loads(line) for line in lines]


async def test_thoughts_are_a_chunk_before_the_text(opened: Callable[..., Any]) -> None:
    desk = await opened("[THINK]So.[/THINK]8")
    answer = (await ask(desk)).json()
    assert answer["choices"][0]["message"]["content"] == [thinking("So."), {"type": "text", "text": "8"}]
    assert answer["usage"]["completion_tokens"] == len("So.8") + 2 + 1  # both marks and the end are tokens, too


async def test_a_stream_gives_lists_then_one_of_both_kinds_then_texts(opened: Callable[..., Any]) -> None:
    desk = await opened("[THINK]So[/THINK]It is 8")
    chunks = deltas(await ask(desk, stream=True))
    content = [chunk["choices"][0]["delta"]["content"] for chunk in chunks]
    assert content[:4] == [
        "",
        [thinking("S", closed=False)],
        [thinking("o", closed=False)],
        [thinking(""), {"type": "text", "text": "I"}],
    ]
    assert "".join(content[4:]) == "t is 8"
    parsed = [CompletionChunk.model_validate(chunk).choices[0].delta.content for chunk in chunks]  # as the official client reads it
    first = parsed[3]
    assert isinstance(first, list)
    assert [type(chunk) for chunk in first] == [ThinkChunk, TextChunk]


async def test_a_thought_that_was_cut_off_is_open(opened: Callable[..., Any]) -> None:
    desk = await opened("[THINK]So many words")
    answer = (await ask(desk, max_tokens=6)).json()["choices"][0]
    assert (answer["message"]["content"], answer["finish_reason"]) == ([thinking("So ma", closed=False)], "length")


async def test_a_thought_without_a_word_leaves_a_text(opened: Callable[..., Any]) -> None:
    desk = await opened("[THINK][/THINK]8")
    assert (await ask(desk)).json()["choices"][0]["message"]["content"] == "8"
    assert all(isinstance(chunk["choices"][0]["delta"]["content"], str) for chunk in deltas(await ask(desk, stream=True)))


async def test_a_thought_is_sent_back_as_it_was_and_may_be_continued(opened: Callable[..., Any]) -> None:
    desk = await opened(" 8.[/THINK]8")
    earlier = {"role": "assistant", "content": [thinking("So."), {"type": "text", "text": "8"}]}
    begun = {"role": "assistant", "content": [thinking("So", closed=False)], "prefix": True}
    answer = (await ask(desk, messages=[*ASKED, earlier, *ASKED, begun])).json()
    (asked,) = desk.engine.asked
    assert asked.tokens[-(len("So") + 2) :] == (260, OPENS, *b"So")
    assert (OPENS, *b"So.", CLOSES, *b"8") == asked.tokens[len("4 + 4?") + 4 :][:6]
    assert answer["choices"][0]["message"]["content"] == [thinking("So 8."), {"type": "text", "text": "8"}]


async def test_marks_that_are_text_are_read_of_a_model_whose_card_says_that_it_thinks(opened: Callable[..., Any]) -> None:
    from dataclasses import replace

    card = replace(CARD, capabilities=CARD.capabilities | {"reasoning"})
    desk = await opened("<think>\nSo.\n</think>\n\n8", tokenizer=ByteTokenizer(), card=card)
    assert (await ask(desk)).json()["choices"][0]["message"]["content"] == [thinking("So."), {"type": "text", "text": "8"}]
    model = (await desk.client.get("/v1/models/fake")).json()
    assert model["capabilities"]["reasoning"]


async def test_a_model_that_does_not_think_is_left_alone(opened: Callable[..., Any]) -> None:
    desk = await opened("<think>\nSo.\n</think>\n\n8", tokenizer=ByteTokenizer())
    assert (await ask(desk)).json()["choices"][0]["message"]["content"] == "<think>\nSo.\n</think>\n\n8"


async def test_how_much_to_think_is_refused_where_nothing_takes_it(opened: Callable[..., Any]) -> None:
    desk = await opened("[THINK]So.[/THINK]8")
    refused = await ask(desk, reasoning_effort="high")
    assert (refused.status_code, refused.json()["param"]) == (400, "reasoning_effort")
    assert (await ask(desk, prompt_mode="reasoning")).status_code == 200  # it does so anyway
