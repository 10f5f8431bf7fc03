"""What reproduces an answer is kept with it, given to whoever may read it, taken away with it, and gone with it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from alize.engine.fake import saying
from alize.engine.record import ReplayRecord, read_record, record_of
from alize.errors import EngineCrashed
from tests.assistant.conftest import Page, new_id
from tests.serving import TOKENIZER


async def replay_of(page: Page, message: str) -> dict[str, Any]:
    return await page.call("GET", f"/api/messages/{message}/replay", 200)


def records(told: dict[str, Any]) -> list[ReplayRecord]:
    return [read_record(msgspec.json.encode(one)) for one in told["data"]]


async def test_an_answer_is_kept_with_what_the_engine_was_asked_and_gave(page: Page) -> None:
    chat = await page.begin(title="mine", settings={"temperature": 0.7, "seed": 2**63 - 1, "top_k": 40, "stop": ["zzz"]})
    asked = await page.ask(chat)
    await page.follow(asked["run"]["id"])
    told = await replay_of(page, asked["answer"]["id"])
    (record,) = records(told)
    request = page.engine.asked[-1]
    stop = min(TOKENIZER.stop_ids)
    assert told["whole"] is True
    assert record == record_of(request, page.engine.info, [*TOKENIZER.encode("Hello"), stop], "stop")
    assert record.request.sampling == request.sampling
    assert record.sampling.seed == str(2**63 - 1)


async def test_a_question_has_nothing_that_reproduces_it(page: Page) -> None:
    asked = await page.ask(await page.begin(title="mine"))
    await page.follow(asked["run"]["id"])
    assert await replay_of(page, asked["message"]["id"]) == {"object": "list", "data": [], "whole": False}


async def test_one_that_is_stopped_and_continued_has_a_record_of_each_part(page: Page) -> None:
    chat = await page.begin(title="mine")
    page.engine.hold(after=2)
    asked = await page.ask(chat)
    await page.engine.until(lambda stats: stats.generated_tokens >= 2)
    await page.call("POST", f"/api/runs/{asked['run']['id']}/stop", 202)
    await page.follow(asked["run"]["id"])
    page.engine.release()
    page.engine.reply = saying("llo", TOKENIZER)
    run = new_id()
    await page.call("POST", f"/api/messages/{asked['answer']['id']}/continue", 201, {"run": run})
    await page.follow(run)
    told = await replay_of(page, asked["answer"]["id"])
    first, rest = records(told)
    assert (first.answer, first.finish) == (tuple(TOKENIZER.encode("He")), None)
    assert (rest.answer[:-1], rest.finish) == (tuple(TOKENIZER.encode("llo")), "stop")
    assert rest.prompt == (*first.prompt, *first.answer) == page.engine.asked[-1].tokens
    assert told["whole"] is True


async def test_an_answer_that_fails_half_way_is_kept_as_far_as_it_came(page: Page) -> None:
    chat = await page.begin(title="mine")
    page.engine.fail(EngineCrashed("gone"), after=3)
    asked = await page.ask(chat)
    assert (await page.follow(asked["run"]["id"]))[-1][1]["type"] == "conversation.response.error"
    (record,) = records(await replay_of(page, asked["answer"]["id"]))
    assert (record.answer, record.finish) == (tuple(TOKENIZER.encode("Hel")), None)


async def test_nobody_else_gets_it_and_it_is_gone_with_its_conversation(page: Page) -> None:
    chat = await page.begin(title="mine")
    asked = await page.ask(chat)
    await page.follow(asked["run"]["id"])
    path = f"/api/messages/{asked['answer']['id']}/replay"
    async with page.desk.without_key() as stranger:
        assert (await stranger.get(path)).status_code == 401
        stranger.headers["Authorization"] = f"Bearer {await page.desk.make_key('inference')}"
        assert (await stranger.get(path)).status_code == 404
    await page.call("GET", f"/api/messages/{new_id()}/replay", 404)
    await page.call("DELETE", f"/api/conversations/{chat}", 200)
    await page.call("GET", path, 404)


async def test_whoever_takes_a_conversation_away_has_the_records_too(page: Page) -> None:
    chat = await page.begin(title="mine")
    asked = await page.ask(chat)
    await page.follow(asked["run"]["id"])
    taken = await page.call("GET", f"/api/conversations/{chat}/export?format=json", 200)
    assert taken["replays"] == {asked["answer"]["id"]: (await replay_of(page, asked["answer"]["id"]))["data"]}


async def test_parts_without_a_record_are_told_to_be_missing(page: Page, tmp_path: Path) -> None:
    """Such as one whose server died over it: it is as if its row were not there."""
    chat = await page.begin(title="mine", settings={"max_tokens": 3})
    asked = await page.ask(chat)
    await page.follow(asked["run"]["id"])
    with closing(sqlite3.connect(tmp_path / "alize.db")) as database, database:
        database.execute("DELETE FROM replays WHERE run = ?", (asked["run"]["id"],))
    assert await replay_of(page, asked["answer"]["id"]) == {"object": "list", "data": [], "whole": False}
    run = new_id()
    await page.call("POST", f"/api/messages/{asked['answer']['id']}/continue", 201, {"run": run})
    await page.follow(run)
    told = await replay_of(page, asked["answer"]["id"])
    assert (len(told["data"]), told["whole"]) == (1, False)
