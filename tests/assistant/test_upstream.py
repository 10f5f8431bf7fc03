"""Runs that an upstream answers: the page is told where the text came from and what left, and no host hears what is not meant for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from alize.assistant.elsewhere import Unrepeated
from alize.engine.base import Hearing
from alize.engine.fake import FakeEngine, saying
from alize.tokenize.bytes import ByteTokenizer
from alize.weights.catalog import Card
from tests.assistant.conftest import Page, new_id, text_of
from tests.assistant.test_sounds import uploaded
from tests.serving import TOKENIZER, Desk, listening, opened
from tests.upstream.hostile import Hostile, hostile, says, whole

THERE = Card("big", (), "Big", "Knows more.", frozenset({"completion_chat"}), 4096)


@pytest.fixture
async def upstream() -> AsyncIterator[Hostile]:
    async with hostile() as server:
        yield server


@pytest.fixture
async def page(tmp_path: Path, upstream: Hostile) -> AsyncIterator[Page]:
    async with opened(tmp_path, upstream_url=upstream.url) as desk:
        assert desk.parts.upstream is not None
        await desk.parts.upstream.refresh()
        yield Page(desk)


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Page, Desk, str]]:
    """A page, the second Alizé behind its server, and that one's host."""
    async with AsyncExitStack() as stack:
        for name in ("there", "here"):
            (tmp_path / name).mkdir()
        there = await stack.enter_async_context(opened(tmp_path / "there", FakeEngine(saying("Bonjour", TOKENIZER)), card=THERE))
        port = await stack.enter_async_context(listening(there.app))
        here = await stack.enter_async_context(
            opened(tmp_path / "here", upstream_url=f"http://127.0.0.1:{port}/v1", upstream_key=there.key)
        )
        assert here.parts.upstream is not None
        await here.parts.upstream.refresh()
        yield Page(here), there, f"127.0.0.1:{port}"


async def test_a_model_elsewhere_that_hears_is_sent_the_sounds(tmp_path: Path) -> None:
    tokenizer = ByteTokenizer(sounds=True)
    ears = FakeEngine(saying("Bonjour", tokenizer), vocab_size=tokenizer.vocab_size, hearing=Hearing(bands=8, frames=10, piece=2))
    async with AsyncExitStack() as stack:
        for name in ("there", "here"):
            (tmp_path / name).mkdir()
        there = await stack.enter_async_context(opened(tmp_path / "there", ears, tokenizer, card=THERE))
        port = await stack.enter_async_context(listening(there.app))
        url = f"http://127.0.0.1:{port}/v1"
        page = Page(await stack.enter_async_context(opened(tmp_path / "here", upstream_url=url, upstream_key=there.key)))
        assert page.desk.parts.upstream is not None
        await page.desk.parts.upstream.refresh()
        (card,) = [one for one in (await page.client.get("/v1/models")).json()["data"] if one["id"] == "big"]
        assert card["capabilities"]["audio"]
        chat = await page.begin(model="big")
        asked = await page.ask(chat, "What?", attachments=[await uploaded(page)])
        await page.follow(asked["run"]["id"])
        assert (await answer_of(page, chat))["state"] == "done"
        assert sum(one.length for one in ears.asked[0].sounds) == 10


async def answer_of(page: Page, chat: str) -> dict[str, Any]:
    return (await page.read(chat))["messages"][-1]


async def test_an_answer_of_an_upstream_says_where_it_came_from_and_is_counted(pair: tuple[Page, Desk, str]) -> None:
    page, there, host = pair
    chat = await page.begin(model="big", settings={"system": "Be brief.", "temperature": 0.25, "seed": 7}, title="mine")
    asked = await page.ask(chat, "Hello?")
    events = await page.follow(asked["run"]["id"])
    started, done = events[0][1], events[-1][1]
    assert (started["model"], started["served_by"]) == ("big", host)
    assert (done["type"], done["finish"], done["left"]) == ("conversation.response.done", "stop", [])  # loopback: nothing left the machine
    assert text_of(events) == "Bonjour"
    answer = await answer_of(page, chat)
    assert (answer["model"], answer["served_by"], answer["left"], answer["state"]) == ("big", host, [], "done")
    (request,) = there.engine.asked
    assert (request.sampling.temperature, request.sampling.seed) == (0.25, 7)
    (row,) = await page.desk.rows()
    (theirs,) = await there.rows()
    assert (row.model, row.endpoint) == ("big", "/api/conversations")
    assert (row.prompt_tokens, row.completion_tokens) == (theirs.prompt_tokens, theirs.completion_tokens)
    assert done["usage"]["completion_tokens"] == row.completion_tokens
    assert page.engine.asked == []


async def test_stopping_ends_the_upstreams_work_and_the_rest_is_asked_for_later(pair: tuple[Page, Desk, str]) -> None:
    page, there, host = pair
    there.engine.hold(after=3)
    chat = await page.begin(model="big", title="mine")
    asked = await page.ask(chat)
    await there.engine.until(lambda stats: stats.generated_tokens == 3)
    await page.call("POST", f"/api/runs/{asked['run']['id']}/stop", 202)
    events = await page.follow(asked["run"]["id"])
    assert events[-1][1]["type"] == "run.stopped"
    await there.engine.until(lambda stats: stats.aborted == 1)
    answer = await answer_of(page, chat)
    assert (answer["state"], answer["served_by"], answer["content"]) == ("stopped", host, text_of(events))
    (row,) = await page.desk.rows()
    assert row.outcome == "cancelled"
    there.engine.release()
    more = await page.call("POST", f"/api/messages/{asked['answer']['id']}/continue", 201, {"run": new_id()})
    rest = text_of(await page.follow(more["run"]["id"]))
    assert rest == "Bonjour"  # what it says to anything; the text it was to continue is not repeated
    assert (await answer_of(page, chat))["content"] == answer["content"] + rest


async def test_a_stream_that_breaks_ends_the_run_and_what_came_is_kept(page: Page, upstream: Hostile) -> None:
    upstream.streams(says("Half an "), says("answer"))
    chat = await page.begin(model="theirs", title="mine")
    asked = await page.ask(chat)
    events = await page.follow(asked["run"]["id"])
    assert events[-1][1]["type"] == "conversation.response.error"
    assert events[-1][1]["code"] == "upstream_failed"
    answer = await answer_of(page, chat)
    assert (answer["state"], answer["content"], answer["served_by"]) == ("failed", "Half an answer", upstream.host)
    assert upstream.host in answer["error"]


@pytest.mark.parametrize("reason", ["content_filter", "error"])
async def test_an_answer_that_is_withheld_is_no_finished_one(page: Page, upstream: Hostile, reason: str) -> None:
    upstream.streams(says("I "), says("", reason), "[DONE]")
    chat = await page.begin(model="theirs", title="mine")
    await page.follow((await page.ask(chat))["run"]["id"])
    answer = await answer_of(page, chat)
    assert (answer["state"], answer["content"]) == ("failed", "I ")
    assert reason in answer["error"]


async def test_a_refusal_is_the_runs_error(page: Page, upstream: Hostile) -> None:
    upstream.script = [whole({"error": "slow down"}, "429 Too Many", "Retry-After: 7")]
    chat = await page.begin(model="theirs", title="mine")
    events = await page.follow((await page.ask(chat))["run"]["id"])
    assert (events[-1][1]["code"], "slow down" in events[-1][1]["message"]) == ("1300", True)
    assert (events[-1][1]["reason"], events[-1][1]["values"]["words"]) == ("upstream_busy", "slow down")
    (row,) = await page.desk.rows()
    assert (row.outcome, row.prompt_tokens, row.completion_tokens) == ("error", 0, 0)


async def test_reasoning_is_passed_over_and_chunks_of_text_are_read(page: Page, upstream: Hostile) -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Par"}]
    upstream.streams(says(None, reasoning_content="hm"), says(thinking), says("is"), says("", "length"), "[DONE]")
    chat = await page.begin(model="theirs", title="mine")
    events = await page.follow((await page.ask(chat))["run"]["id"])
    assert (text_of(events), events[-1][1]["finish"]) == ("Paris", "length")


async def test_old_turns_are_left_out_by_estimate_and_a_question_is_theirs_to_refuse(tmp_path: Path, upstream: Hostile) -> None:
    async with opened(tmp_path, upstream_url=upstream.url, upstream_models="theirs", upstream_context=300) as desk:
        page = Page(desk)
        chat, parent = await page.begin(model="theirs", title="mine"), None
        upstream.streams(says("y" * 300), says("", "stop"), "[DONE]")
        for _ in range(3):
            asked = await page.ask(chat, "x" * 300, parent=parent)
            events = await page.follow(asked["run"]["id"])
            parent = asked["answer"]["id"]
        assert events[0][1]["dropped"] == 4
        assert [len(one.body["messages"]) for one in upstream.chats] == [1, 1, 1]
        use = await page.call("GET", f"/api/conversations/{chat}/context", 200)
        assert use["limit"] == 300
        upstream.script = [whole({"error": {"message": "too long", "code": "context_length_exceeded"}}, "400 Bad Request")]
        asked = await page.ask(chat, "x" * 3000)
        assert (await page.follow(asked["run"]["id"]))[-1][1]["code"] == "3051"


async def test_hosts_beyond_this_machine_are_named_also_those_behind_the_upstream(page: Page, upstream: Hostile) -> None:
    upstream.lists({"id": "theirs", "served_by": "api.example"})
    assert page.desk.parts.upstream is not None
    await page.desk.parts.upstream.refresh()
    upstream.streams(says("Hi", "stop"), "[DONE]")
    chat = await page.begin(model="theirs", title="mine")
    events = await page.follow((await page.ask(chat))["run"]["id"])
    assert events[-1][1]["left"] == ["api.example"]
    # Said before anything is sent, too: what the neighbour passes on does not run beside us.
    assert (await page.call("GET", "/v1/models/theirs", 200))["served_by"] == "api.example"


async def test_of_an_upstream_that_is_answered_through_others_all_of_them_are_named(page: Page, upstream: Hostile) -> None:
    behind = ["b.example", "api.example", "b.example", "127.0.0.1:9000", 7]
    upstream.lists({"id": "theirs", "served_by": "api.example", "left": behind})
    assert page.desk.parts.upstream is not None
    await page.desk.parts.upstream.refresh()
    card = await page.call("GET", "/v1/models/theirs", 200)
    assert (card["served_by"], card["left"]) == ("api.example", ["b.example", "api.example"])
    upstream.streams(says("Hi", "stop"), "[DONE]")
    chat = await page.begin(model="theirs", title="mine")
    events = await page.follow((await page.ask(chat))["run"]["id"])
    assert events[-1][1]["left"] == ["b.example", "api.example"]


async def test_a_neighbour_of_the_upstream_is_no_host_beyond_its_machine(page: Page, upstream: Hostile) -> None:
    upstream.lists({"id": "theirs", "served_by": "127.0.0.1:9000"})
    assert page.desk.parts.upstream is not None
    await page.desk.parts.upstream.refresh()
    upstream.streams(says("Hi", "stop"), "[DONE]")
    chat = await page.begin(model="theirs", title="mine")
    events = await page.follow((await page.ask(chat))["run"]["id"])
    assert events[-1][1]["left"] == []
    assert (await page.call("GET", "/v1/models/theirs", 200))["served_by"] == upstream.host


async def test_where_an_answer_went_is_known_before_it_is_sent_and_never_forgotten(page: Page, upstream: Hostile) -> None:
    """A worker that dies in the middle has said it already; and the rest of the answer, made here, does not hide where its start went."""
    upstream.lists({"id": "theirs", "served_by": "api.example"})
    assert page.desk.parts.upstream is not None
    await page.desk.parts.upstream.refresh()
    upstream.streams(asyncio.Event())
    chat = await page.begin(model="theirs", title="mine")
    asked = await page.ask(chat)
    await upstream.came.wait()
    answer = await answer_of(page, chat)
    assert (answer["state"], answer["served_by"], answer["left"]) == ("running", upstream.host, ["api.example"])
    await page.call("POST", f"/api/runs/{asked['run']['id']}/stop", 202)
    await page.follow(asked["run"]["id"])
    await page.call("PATCH", f"/api/conversations/{chat}", 200, {"model": "fake"})
    more = await page.call("POST", f"/api/messages/{asked['answer']['id']}/continue", 201, {"run": new_id()})
    assert (await page.follow(more["run"]["id"]))[-1][1]["left"] == ["api.example"]
    answer = await answer_of(page, chat)
    assert (answer["state"], answer["served_by"], answer["left"]) == ("done", "", ["api.example"])


async def test_a_title_is_asked_of_the_upstream_only_for_its_own_conversations(page: Page, upstream: Hostile) -> None:
    local = await page.begin()
    await page.follow((await page.ask(local))["run"]["id"])
    assert (await page.until(local, lambda found: found["titled_by"]))["title"] == "Hello"
    assert upstream.chats == []
    upstream.streams(says("A title", "stop"), "[DONE]")
    theirs = await page.begin(model="theirs")
    await page.follow((await page.ask(theirs))["run"]["id"])
    assert (await page.until(theirs, lambda found: found["titled_by"]))["title"] == "A title"
    assert len(upstream.chats) == 2


async def test_a_conversation_that_was_answered_here_is_not_named_elsewhere(page: Page, upstream: Hostile) -> None:
    """The model is changed while the first answer is being made: nothing was asked of the new one yet."""
    page.engine.hold(after=1)
    chat = await page.begin()
    asked = await page.ask(chat, "a private question")
    await page.engine.until(lambda stats: stats.running == 1)
    await page.call("PATCH", f"/api/conversations/{chat}", 200, {"model": "theirs"})
    page.engine.release()
    await page.follow(asked["run"]["id"])
    assert (await page.until(chat, lambda found: found["titled_by"]))["title"] == "a private question"  # the person's own words
    assert upstream.chats == []


async def test_an_upstream_that_has_just_failed_is_not_asked_again_for_a_title(page: Page, upstream: Hostile) -> None:
    upstream.script = [whole(b"", "503 Busy")]
    chat = await page.begin(model="theirs")
    await page.follow((await page.ask(chat, "Are you there?"))["run"]["id"])
    assert (await page.until(chat, lambda found: found["titled_by"]))["title"] == "Are you there?"
    assert len(upstream.chats) == 1


async def test_a_server_that_ends_cuts_off_what_an_upstream_still_says(page: Page, upstream: Hostile) -> None:
    upstream.streams(says("Hel"), asyncio.Event())
    chat = await page.begin(model="theirs", title="mine")
    asked = await page.ask(chat)
    await page.until(chat, lambda found: found["messages"][-1]["content"] == "Hel")
    assert page.desk.parts.upstream is not None
    page.desk.parts.draining.begin()
    await page.desk.parts.upstream.close()
    await page.desk.parts.draining.finished()
    async with page.desk.database.transaction() as store:
        answer = await store.runs.message_of(page.desk.owner.workspace, asked["run"]["id"])
    assert answer is not None
    assert (answer.state, answer.content) == ("cut_off", "Hel")


@pytest.mark.parametrize(("pieces", "shown"), [(["Par", "is"], "is"), (["P", "aris"], "is"), (["Page"], "Page"), (["Pa"], "Pa"), ([], "")])
def test_a_repeated_beginning_is_left_out_once(pieces: list[str], shown: str) -> None:
    answer = Unrepeated("Par")
    assert "".join([*(answer.push(piece) for piece in pieces), answer.end()]) == shown
