"""Talk: a question is kept before it is answered, and its answer is the same whoever follows it, from wherever."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alize.engine.base import Request, Step
from alize.engine.fake import FakeEngine, saying
from alize.errors import EngineCrashed
from alize.reasons import because
from tests.assistant.conftest import Page, new_id, text_of
from tests.serving import CARD, TOKENIZER, opened


async def test_an_answer_is_made_and_kept_with_what_it_took(page: Page) -> None:
    chat = await page.begin()
    asked = await page.ask(chat, "Hello?")
    events = await page.follow(asked["run"]["id"])
    assert [seq for seq, _ in events] == list(range(1, len(events) + 1))
    assert [data["type"] for _, data in (events[0], events[-1])] == ["conversation.response.started", "conversation.response.done"]
    assert text_of(events) == "Hello"
    question, answer = (await page.read(chat))["messages"]
    assert (question["content"], question["state"], question["parent"]) == ("Hello?", "done", None)
    assert (answer["content"], answer["state"], answer["finish"], answer["parent"]) == ("Hello", "done", "stop", question["id"])
    done = events[-1][1]
    assert answer["completion_tokens"] == done["usage"]["completion_tokens"] > 0
    assert (answer["prompt_tokens"], answer["left"], answer["served_by"]) == (done["usage"]["prompt_tokens"], [], "")


async def test_every_setting_that_is_taken_makes_an_answer(page: Page) -> None:
    """Also at the ends of what is taken: the public API reads them again when the question is asked."""
    least = {"temperature": 0, "top_p": 0.01, "top_k": 0, "min_p": 0, "max_tokens": 1, "presence_penalty": -2, "frequency_penalty": -2}
    most = {"temperature": 1.5, "top_p": 1, "top_k": 1_000_000, "min_p": 1, "max_tokens": 1_000_000, "seed": 2**63 - 1}
    for settings in (least, {**most, "presence_penalty": 2, "frequency_penalty": 2, "stop": ["x" * 1000] * 16, "system": "y" * 100}):
        chat = await page.begin(settings=settings)
        asked = await page.ask(chat)
        assert (await page.follow(asked["run"]["id"]))[-1][1]["type"] == "conversation.response.done"
    await page.call("PATCH", f"/api/conversations/{chat}", 422, {"settings": {"temperature": 1.6}})


async def test_a_row_that_nobody_foresaw_holds_up_no_answers_for_ever(page: Page, tmp_path: Path) -> None:
    failed = asyncio.Event()
    log, handler = logging.getLogger("alize.assistant"), logging.Handler()
    handler.emit = lambda record: failed.set() if "begins anew" in record.getMessage() else None
    log.addHandler(handler)
    page.engine.hold(after=2)
    chat = await page.begin()
    first = await page.ask(chat)
    await page.engine.until(lambda stats: stats.running == 1)
    second = await page.ask(chat, parent=first["answer"]["id"])
    with closing(sqlite3.connect(tmp_path / "alize.db")) as database:
        (created,) = database.execute("SELECT created FROM runs WHERE id = ?", (second["run"]["id"],)).fetchone()
        with database:
            database.execute("UPDATE runs SET created = 'some day' WHERE id = ?", (second["run"]["id"],))
        page.engine.release()
        async with asyncio.timeout(30):
            await failed.wait()
        with database:
            database.execute("UPDATE runs SET created = ? WHERE id = ?", (created, second["run"]["id"]))
    log.removeHandler(handler)
    async with asyncio.timeout(30):
        assert text_of(await page.follow(second["run"]["id"])) == "Hello"


async def test_an_answer_with_characters_that_cannot_be_stored_comes_to_its_end(tmp_path: Path) -> None:
    async with opened(tmp_path, engine=FakeEngine(saying("a\0b", TOKENIZER))) as desk:
        page = Page(desk)
        asked = await page.ask(await page.begin())
        events = await page.follow(asked["run"]["id"])
        assert (text_of(events), events[-1][1]["type"]) == ("a\ufffdb", "conversation.response.done")


async def test_from_whichever_event_one_follows_the_text_is_whole(page: Page) -> None:
    chat = await page.begin()
    asked = await page.ask(chat)
    whole = await page.follow(asked["run"]["id"])
    for after in range(len(whole) + 1):
        rest = await page.follow(asked["run"]["id"], after)
        assert rest == whole[after:]


async def test_two_pages_see_the_same_answer_grow(page: Page) -> None:
    page.engine.hold(after=2)
    chat = await page.begin()
    asked = await page.ask(chat)
    pages = [asyncio.create_task(page.follow(asked["run"]["id"])) for _ in range(2)]
    await page.engine.until(lambda stats: stats.running == 1)
    page.engine.release()
    first, second = await asyncio.gather(*pages)
    assert first == second
    assert text_of(first) == "Hello"


async def test_nobody_need_watch(page: Page) -> None:
    chat = await page.begin()
    asked = await page.ask(chat)
    await page.follow(asked["run"]["id"], after=0)
    assert (await page.read(chat))["messages"][1]["content"] == "Hello"


async def test_a_number_beyond_the_log_is_a_gap(page: Page) -> None:
    chat = await page.begin()
    asked = await page.ask(chat)
    await page.follow(asked["run"]["id"])
    assert await page.follow(asked["run"]["id"], after=1000) == [(0, {"type": "run.gap"})]


async def test_stopping_keeps_what_is_there_from_whichever_page_and_however_often(page: Page) -> None:
    page.engine.hold(after=2)
    chat = await page.begin(title="mine")  # nothing else is asked of the engine
    asked = await page.ask(chat)
    run = asked["run"]["id"]
    watching = asyncio.create_task(page.follow(run))
    await page.engine.until(lambda stats: stats.generated_tokens >= 2)
    await asyncio.gather(*(page.call("POST", f"/api/runs/{run}/stop", 202) for _ in range(3)))
    events = await watching
    assert [data["type"] for _, data in events].count("run.stopped") == 1
    answer = (await page.read(chat))["messages"][1]
    assert answer["state"] == "stopped"
    assert answer["content"] == text_of(events)
    await page.engine.until(lambda stats: stats.running == 0)
    await page.call("POST", f"/api/runs/{run}/stop", 202)


async def test_a_stopped_answer_is_continued_where_it_stopped(page: Page) -> None:
    page.engine.hold(after=2)
    chat = await page.begin()
    asked = await page.ask(chat)
    await page.engine.until(lambda stats: stats.generated_tokens >= 2)
    await page.call("POST", f"/api/runs/{asked['run']['id']}/stop", 202)
    await page.follow(asked["run"]["id"])
    kept = (await page.read(chat))["messages"][1]["content"]
    before = (await page.read(chat))["messages"][1]
    page.engine.release()
    more = await page.call("POST", f"/api/messages/{asked['answer']['id']}/continue", 201, {"run": new_id()})
    events = await page.follow(more["run"]["id"])
    answer = (await page.read(chat))["messages"][1]
    assert answer["content"] == kept + text_of(events)
    # What stands under the answer is of all of it; what is counted is each part once.
    done = events[-1][1]
    assert 0 < before["completion_tokens"] < answer["completion_tokens"] == done["usage"]["completion_tokens"]
    assert before["seconds"] < min(answer["seconds"], done["seconds"])
    rows = {row.id: row.completion_tokens for row in await page.desk.rows()}
    assert rows[asked["run"]["id"]] + rows[more["run"]["id"]] == answer["completion_tokens"]
    assert (answer["state"], answer["run"]) == ("done", more["run"]["id"])
    await page.call("POST", f"/api/messages/{asked['answer']['id']}/continue", 400, {"run": new_id()})


async def test_an_answer_made_again_stands_beside_the_first(page: Page) -> None:
    chat = await page.begin()
    asked = await page.ask(chat)
    await page.follow(asked["run"]["id"])
    wish = {"answer": {"id": new_id(), "run": new_id()}}
    again = await page.call("POST", f"/api/messages/{asked['answer']['id']}/regenerate", 201, wish)
    await page.follow(again["run"]["id"])
    assert await page.call("POST", f"/api/messages/{asked['answer']['id']}/regenerate", 201, wish)  # sent twice, done once
    found = await page.read(chat)
    assert [message["parent"] for message in found["messages"]] == [None, asked["message"]["id"], asked["message"]["id"]]
    assert found["leaf"] == again["answer"]["id"]


async def test_an_edited_question_is_a_branch_and_the_answer_in_the_making_goes_on(page: Page) -> None:
    page.engine.hold(after=1)
    chat = await page.begin()
    first = await page.ask(chat, "one")
    await page.engine.until(lambda stats: stats.running == 1)
    second = await page.ask(chat, "two")
    await page.engine.until(lambda stats: stats.running == 2)
    page.engine.release()
    for asked in (first, second):
        assert text_of(await page.follow(asked["run"]["id"])) == "Hello"
    assert [message["content"] for message in (await page.read(chat))["messages"] if message["role"] == "user"] == ["one", "two"]


async def test_a_question_behind_an_answer_in_the_making_waits_its_turn(page: Page) -> None:
    page.engine.hold(after=1)
    chat = await page.begin()
    first = await page.ask(chat, "one")
    await page.engine.until(lambda stats: stats.running == 1)
    second = await page.ask(chat, "two", parent=first["answer"]["id"])
    assert {run["state"] for run in (await page.read(chat))["runs"]} == {"running", "waiting"}
    assert len(page.engine.asked) == 1
    page.engine.release()
    assert text_of(await page.follow(second["run"]["id"])) == "Hello"
    assert [message["state"] for message in (await page.read(chat))["messages"]] == ["done"] * 4


async def test_a_waiting_question_is_stopped_before_it_begins(page: Page) -> None:
    page.engine.hold(after=1)
    chat = await page.begin()
    first = await page.ask(chat)
    await page.engine.until(lambda stats: stats.running == 1)
    second = await page.ask(chat, parent=first["answer"]["id"])
    await page.call("POST", f"/api/runs/{second['run']['id']}/stop", 202)
    assert [data["type"] for _, data in await page.follow(second["run"]["id"])] == ["run.stopped"]
    page.engine.release()
    await page.follow(first["run"]["id"])
    assert [request.priority for request in page.engine.asked].count(0) == 1


async def test_a_waiting_question_that_is_taken_back_is_gone_and_what_was_asked_under_it_moves_up(page: Page) -> None:
    page.engine.hold(after=1)
    chat = await page.begin(title="mine")
    first = await page.ask(chat, "one")
    await page.engine.until(lambda stats: stats.running == 1)
    second = await page.ask(chat, "two", parent=first["answer"]["id"])
    third = await page.ask(chat, "three", parent=second["answer"]["id"])
    gone = [second["message"]["id"], second["answer"]["id"]]
    taken = await page.call("POST", f"/api/runs/{second['run']['id']}/withdraw", 200)
    assert (taken["gone"], taken["run"]["state"]) == (gone, "stopped")
    found = await page.read(chat)
    assert [message["content"] for message in found["messages"] if message["role"] == "user"] == ["one", "three"]
    assert [(message["parent"]) for message in found["messages"] if message["id"] == third["message"]["id"]] == [first["answer"]["id"]]
    assert (found["withdrawn"], found["leaf"]) == (gone, third["answer"]["id"])
    assert (await page.call("GET", "/api/search?q=two", 200))["data"] == []
    assert (await page.call("POST", f"/api/runs/{second['run']['id']}/withdraw", 200))["gone"] == []
    await page.call("POST", f"/api/messages/{gone[1]}/regenerate", 404, {"answer": {"id": new_id(), "run": new_id()}})
    page.engine.release()
    await page.follow(third["run"]["id"])
    assert [message["state"] for message in (await page.read(chat))["messages"]] == ["done"] * 4


async def test_taking_back_an_answer_made_again_leaves_the_question_and_one_that_has_begun_is_stopped(page: Page) -> None:
    page.engine.hold(after=1)
    chat = await page.begin(title="mine")
    first = await page.ask(chat)
    await page.engine.until(lambda stats: stats.running == 1)
    second = await page.ask(chat, parent=first["answer"]["id"])
    again = {"answer": {"id": new_id(), "run": new_id()}}
    await page.call("POST", f"/api/messages/{second['answer']['id']}/regenerate", 201, again)
    taken = await page.call("POST", f"/api/runs/{again['answer']['run']}/withdraw", 200)
    assert taken["gone"] == [again["answer"]["id"]]
    begun = await page.call("POST", f"/api/runs/{first['run']['id']}/withdraw", 200)
    assert begun["gone"] == []
    assert (await page.follow(first["run"]["id"]))[-1][1]["type"] == "run.stopped"
    page.engine.release()
    await page.follow(second["run"]["id"])
    assert [message["state"] for message in (await page.read(chat))["messages"]] == ["done", "stopped", "done", "done"]


async def test_a_conversation_is_called_by_its_first_words_until_it_is_named(page: Page) -> None:
    page.engine.hold(after=1)
    chat, files = await page.begin(), await page.begin()
    await page.ask(chat, "How does a **compass** find `north`?\nAnd why?")
    await page.ask(files, "", attachments=[{"name": "notes.txt", "type": "text/plain", "text": "x"}])
    for id, title in ((chat, "How does a compass find north?"), (files, "notes.txt")):
        found = await page.read(id)
        assert (found["title"], found["titled_by"]) == (title, "")


async def test_what_is_sent_twice_is_kept_once_and_another_text_is_refused(page: Page) -> None:
    chat = await page.begin()
    body = {"id": new_id(), "content": "Hi", "answer": {"id": new_id(), "run": new_id()}}
    path = f"/api/conversations/{chat}/messages"
    first = await page.call("POST", path, 201, body)
    again = await page.call("POST", path, 201, body)
    assert again["message"] == first["message"]
    await page.call("POST", path, 409, {**body, "content": "Ho"})
    assert len((await page.read(chat))["messages"]) == 2


async def test_an_engine_that_breaks_leaves_the_text_and_says_so(page: Page) -> None:
    page.engine.fail(EngineCrashed("out of memory", reason=because("media_busy", bytes=7)), after=3)
    chat = await page.begin()
    asked = await page.ask(chat)
    events = await page.follow(asked["run"]["id"])
    why = {"message": "out of memory", "code": "engine_crashed", "reason": "media_busy", "values": {"bytes": 7}}
    assert events[-1][1] == {"type": "conversation.response.error", **why}
    answer = (await page.read(chat))["messages"][1]
    told = (answer["state"], answer["error"], answer["error_code"], answer["content"])
    assert told == ("failed", "out of memory", "engine_crashed", text_of(events))
    (row,) = await page.desk.rows()  # what was made until then is counted
    assert (row.id, row.outcome, row.completion_tokens) == (asked["run"]["id"], "error", 3)
    assert row.prompt_tokens == answer["prompt_tokens"] > 0


class GivesUp(FakeEngine):
    """Ends each answer where its text ends, without having come to an end."""

    async def generate(self, request: Request) -> AsyncGenerator[Step, None]:
        async with aclosing(super().generate(request)) as steps:
            async for step in steps:
                yield msgspec.structs.replace(step, finish=None if step.finish is None else "error")


async def test_an_answer_that_its_engine_gives_up_has_failed_and_is_not_done(tmp_path: Path) -> None:
    async with opened(tmp_path, engine=GivesUp(saying("Half an", TOKENIZER))) as desk:
        page = Page(desk)
        chat = await page.begin()
        asked = await page.ask(chat)
        events = await page.follow(asked["run"]["id"])
        assert (events[-1][1]["type"], events[-1][1]["code"]) == ("conversation.response.error", "engine_error")
        answer = (await page.read(chat))["messages"][1]
        assert (answer["state"], answer["finish"], answer["content"]) == ("failed", None, "Half an")


async def test_a_question_that_is_too_long_is_kept_and_refused_with_both_numbers(page: Page) -> None:
    chat = await page.begin()
    asked = await page.ask(chat, "x" * 10_000)
    (_, error) = (await page.follow(asked["run"]["id"]))[-1]
    assert error["code"] == "3051"
    assert "4096" in error["message"]
    assert (error["reason"], error["values"]["limit"], error["values"]["tokens"] > 10_000) == ("question_too_long", 4096, True)
    question, answer = (await page.read(chat))["messages"]
    assert question["content"] == "x" * 10_000
    assert (answer["error_reason"], answer["error_values"]) == (error["reason"], error["values"])


async def test_a_conversation_is_titled_once_by_the_model_below_everybody(page: Page) -> None:
    chat = await page.begin()
    asked = await page.ask(chat)
    await page.follow(asked["run"]["id"])
    found = await page.until(chat, lambda found: found["titled_by"])
    assert (found["title"], found["titled_by"]) == ("Hello", "model")
    assert [request.priority for request in page.engine.asked] == [0, -1]


async def test_a_model_that_answers_instead_of_naming_leaves_the_persons_own_words(tmp_path: Path) -> None:
    async with opened(tmp_path, engine=FakeEngine(saying("Well, that is a long story.", TOKENIZER))) as desk:
        page = Page(desk)
        chat = await page.begin()
        await page.follow((await page.ask(chat, "Why do bees dance? I saw it."))["run"]["id"])
        found = await page.until(chat, lambda found: found["titled_by"])
        assert found["title"] == "Why do bees dance? I saw it"


@pytest.mark.parametrize(
    ("question", "named", "title"),
    [
        ("Quelle est la capitale de l'Italie ?", "Capital of Rome", "Quelle est la capitale de l'Italie ?"),
        ("Quelle est la capitale de l'Italie ?", "Capitale Italie", "Capitale Italie"),
        ("Que faire à Paris un dimanche ?", "Trips to Paris", "Que faire à Paris un dimanche ?"),
        ("賃貸契約を要約してください", "Lease summary", "賃貸契約を要約してください"),
        ("賃貸契約を要約してください", "契約要約", "契約要約"),
        ("Wie backe ich Brot ohne Hefe?", "Yeastless bread", "Wie backe ich Brot ohne Hefe?"),
        ("What is a café crème, and who drinks it?", "Milk coffee", "Milk coffee"),
    ],
)
async def test_a_title_in_another_language_than_the_question_is_no_title(tmp_path: Path, question: str, named: str, title: str) -> None:
    async with opened(tmp_path, engine=FakeEngine(saying(named, TOKENIZER))) as desk:
        page = Page(desk)
        chat = await page.begin()
        await page.follow((await page.ask(chat, question))["run"]["id"])
        assert (await page.until(chat, lambda found: found["titled_by"]))["title"] == title


async def test_settings_reach_the_engine_and_files_the_prompt(page: Page) -> None:
    settings: dict[str, Any] = {"system": "Be brief.", "temperature": 0.3, "seed": 7, "max_tokens": 3}
    chat = await page.begin(settings=settings, title="mine")
    file = {"name": "a.txt", "type": "text/plain", "text": "42"}
    asked = await page.ask(chat, "What is in it?", attachments=[file])
    await page.follow(asked["run"]["id"])
    (request,) = page.engine.asked
    assert (request.sampling.temperature, request.sampling.seed, request.max_tokens) == (0.3, 7, 3)
    prompt = page.desk.parts.models["fake"].tokenizer.decode(request.tokens)
    assert all(part in prompt for part in ("Be brief.", "a.txt", "42", "What is in it?"))


async def test_an_answer_made_again_is_drawn_anew_where_the_models_own_way_would_give_the_same(tmp_path: Path) -> None:
    greedy = replace(CARD, default_temperature=0.0)
    async with opened(tmp_path, card=greedy) as desk:
        page = Page(desk)

        async def temperatures(**settings: Any) -> list[float]:
            chat = await page.begin(settings=settings)
            asked = await page.ask(chat)
            await page.follow(asked["run"]["id"])
            wish = {"answer": {"id": new_id(), "run": new_id()}}
            made = await page.call("POST", f"/api/messages/{asked['answer']['id']}/regenerate", 201, wish)
            await page.follow(made["run"]["id"])
            first, again = [one for one in page.engine.asked if one.priority == 0][-2:]  # the title's is less urgent
            return [first.sampling.temperature, again.sampling.temperature]

        assert await temperatures() == [0, desk.settings.default_temperature]
        assert await temperatures(temperature=0) == [0, 0]  # asked for: the same again is what was wanted
