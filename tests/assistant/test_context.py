"""What a model is sent: the newest turns that fit, found without counting what cannot, and without holding anybody up."""

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from alize.assistant.context import fit
from alize.engine.fake import FakeEngine, saying
from alize.storage.base import MessageRecord
from alize.tokenize.bytes import ByteTokenizer
from tests.assistant.conftest import Page, new_id
from tests.serving import opened


def path_of(sizes: Sequence[int]) -> list[MessageRecord]:
    """A question and an answer by turns, each so many characters long."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        MessageRecord(str(at), "w", "p", "c", str(at - 1) if at else None, "user" if at % 2 == 0 else "assistant", "x" * size, now)
        for at, size in enumerate(sizes)
    ]


def length(messages: Sequence[Mapping[str, Any]]) -> int:
    return sum(len(message["content"]) for message in messages)


@given(some.lists(some.integers(1, 60), min_size=1, max_size=41).filter(lambda sizes: len(sizes) % 2 == 1), some.integers(1, 1000))
def test_the_fewest_turns_are_left_out(sizes: list[int], limit: int) -> None:
    path = path_of(sizes)
    fitted = fit(path, {"max_tokens": 1}, length, limit, exact=False)
    fitting = [start for start in range(0, len(path), 2) if sum(sizes[start:]) + 1 <= limit]
    start = fitting[0] if fitting else len(path) - 1
    assert fitted.dropped == tuple(message.id for message in path[:start])
    assert fitted.prompt_tokens == sum(sizes[start:])
    assert fitted.sent_from == (path[start].id if start < len(path) - 1 else None)


def test_of_a_long_conversation_little_more_is_counted_than_fits() -> None:
    counted: list[int] = []

    def count(messages: Sequence[Mapping[str, Any]]) -> int:
        counted.append(length(messages))
        return counted[-1]

    fitted = fit(path_of([1000] * 1001), {}, count, 8192)
    assert fitted.prompt_tokens == 7000
    assert max(counted) <= 2 * 8192
    counted.clear()
    assert fit(path_of([10] * 101), {}, count, 8192).dropped == ()
    assert len(counted) == 1  # where all may fit, all is tried first


class Watched(ByteTokenizer):
    """Notes what it is asked in which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, int]] = []

    def template(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = (), effort: str | None = None
    ) -> list[int]:
        ids = super().template(messages, tools, effort)
        self.asked.append((threading.get_ident(), len(ids)))
        return ids


async def test_nobody_waits_while_a_long_conversation_is_counted(tmp_path: Path) -> None:
    tokenizer = Watched()
    engine = FakeEngine(saying("Hello", tokenizer), max_context=100_000)
    async with opened(tmp_path, engine=engine, tokenizer=tokenizer) as desk:
        page = Page(desk)
        chat = await page.begin(title="Bees")
        asked = await page.ask(chat, "x" * 50_000)
        await page.follow(asked["run"]["id"])
        await page.call("GET", f"/api/conversations/{chat}/context", 200)
    assert len([size for _, size in tokenizer.asked if size > 50_000]) >= 3
    assert not [size for thread, size in tokenizer.asked if thread == threading.get_ident() and size > 16_384]


def said(*sizes: int) -> list[dict[str, Any]]:
    """A question and an answer by turns, as a page sends those that it keeps itself."""
    roles = ("user", "assistant")
    return [{"id": new_id(), "role": roles[at % 2], "content": f"{at} " + "x" * size} for at, size in enumerate(sizes)]


async def test_of_messages_that_are_kept_nowhere_the_same_are_left_out_as_of_a_conversation(page: Page) -> None:
    chat, parent, messages = await page.begin(settings={"system": "Be brief."}), None, list[dict[str, Any]]()
    for message in said(*([900, 0] * 5))[::2]:
        asked = await page.ask(chat, message["content"], parent=parent)
        await page.follow(asked["run"]["id"])
        parent = asked["answer"]["id"]
    for message in (await page.read(chat))["messages"]:
        messages.append({name: message[name] for name in ("id", "role", "content", "attachments")})
    kept = await page.call("GET", f"/api/conversations/{chat}/context", 200)
    question = {"settings": {"system": "Be brief."}, "messages": messages}
    assert kept["dropped"]
    assert await page.call("POST", "/api/context", 200, question) == kept


async def test_nothing_of_messages_that_are_kept_nowhere_is_kept(page: Page) -> None:
    await page.call("POST", "/api/context", 200, {"messages": said(10, 10, 10)})
    assert (await page.call("GET", "/api/conversations", 200))["data"] == []
    assert await page.desk.rows() == []


async def test_the_answer_that_is_gone_on_with_is_not_left_out_nor_its_question(page: Page) -> None:
    messages = said(900, 900, 900, 900, 1000, 900)
    use = await page.call("POST", "/api/context", 200, {"messages": messages, "continuing": True})
    assert use["dropped"] == [message["id"] for message in messages[:4]]


async def test_a_question_that_is_too_long_alone_is_refused_before_it_is_asked(page: Page) -> None:
    refusal = await page.call("POST", "/api/context", 400, {"messages": said(10, 10, 5000)})
    assert refusal["code"] == "3051"
    assert (refusal["reason"], refusal["values"].keys()) == ("question_too_long", {"tokens", "limit"})
