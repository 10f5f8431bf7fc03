"""Runs whose worker died: found by standing still, whatever any clock says, ended once, and counted with what was written down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alize.api.draining import Draining
from alize.assistant.choosing import ByModel
from alize.assistant.conversations import say
from alize.assistant.runs import Runs
from alize.assistant.silence import LOOKS, Silence
from alize.storage.base import MessageRecord, Owner, RunRecord
from tests.assistant.conftest import Page, new_id

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
RUN = RunRecord("r", "ws", "prn", "c", "m", "running", "w", NOW, 3, NOW, NOW)


def looks(silence: Silence, *runs: RunRecord) -> list[list[str]]:
    """What each of as many looks as it takes finds."""
    return [[run.id for run in silence.listen(runs)] for _ in range(LOOKS + 1)]


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(hours=5), timedelta(days=-20_000)])
def test_what_stands_still_is_dead_whatever_its_clock_said(ahead: timedelta) -> None:
    assert looks(Silence(), replace(RUN, beat=NOW + ahead)) == [[]] * LOOKS + [["r"]]


@pytest.mark.parametrize("step", [timedelta(seconds=2), timedelta(hours=-5), timedelta(hours=5)])
def test_a_worker_that_signs_lives_though_its_clock_jumps(step: timedelta) -> None:
    silence, run = Silence(), RUN
    for _ in range(10 * LOOKS):
        assert silence.listen([run]) == []
        run = replace(run, beat=run.beat + step)


def test_each_sign_of_life_begins_the_count_anew() -> None:
    silence = Silence()
    assert looks(silence, RUN)[-1] == ["r"]
    assert looks(silence, replace(RUN, seq=4))[:-1] == [[]] * LOOKS
    assert silence.listen([]) == []
    assert looks(silence, replace(RUN, seq=4))[:-1] == [[]] * LOOKS  # gone for a look: whoever comes back is new


def test_ones_own_runs_are_not_listened_for() -> None:
    silence = Silence()
    assert [silence.listen([RUN], {"r"}) for _ in range(3 * LOOKS)] == [[]] * (3 * LOOKS)


@asynccontextmanager
async def second_life(page: Page) -> AsyncIterator[None]:
    """A server that is begun on the page's database after another one died."""
    house, assistant = page.desk.app.state.house, page.desk.app.state.assistant
    runs = Runs(page.desk.database, ByModel(house), assistant.wakes, assistant.changes, Draining())
    work = asyncio.create_task(runs.serve(alone=True))
    try:
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def died(page: Page, chat: str, at: datetime, *, begun: bool) -> str:
    """A run of a worker that is no more, with a text that it had written where it had `begun`."""
    who, answer, run = await owner_of(page), new_id(), new_id()
    async with page.desk.database.transaction() as store:
        await say(store, who, chat, new_id(), None, "Hi", [], answer, run)
        assert await store.runs.claim(who.workspace, run, "dead", at)
        if begun:
            started = {"type": "conversation.response.started", "conversation_id": chat, "message_id": answer, "model": "fake"}
            known = {"model": "fake", "prompt_tokens": 7, "completion_tokens": 0}
            assert await store.runs.append(who.workspace, run, "dead", 1, [started], "", at, known)
            text = {"type": "message.output.delta", "content": "Hel"}
            later = at + timedelta(seconds=3)
            assert await store.runs.append(who.workspace, run, "dead", 2, [text], "Hel", later, {"completion_tokens": 3})
    return run


async def owner_of(page: Page) -> Owner:
    """Whose its conversations are: they are made with a key."""
    principal = await page.desk.identity.identify({"authorization": f"Bearer {page.desk.key}"})
    assert principal is not None
    return Owner(principal.workspace, principal.id)


@pytest.mark.parametrize("years", [-50, 0, 50])
async def test_a_dead_servers_runs_end_with_the_next_start_whatever_the_clock_is_by_then(page: Page, years: int) -> None:
    chat = await page.begin()
    run = await died(page, chat, datetime.now(UTC) + years * timedelta(days=365), begun=True)
    async with second_life(page):
        events = await page.follow(run)
    assert [data["type"] for _, data in events][1:] == ["message.output.delta", "run.cut_off"]
    answer = (await page.read(chat))["messages"][-1]
    assert (answer["state"], answer["content"], answer["prompt_tokens"], answer["completion_tokens"]) == ("cut_off", "Hel", 7, 3)


async def test_what_it_had_written_is_counted_once(page: Page) -> None:
    chat = await page.begin()
    run = await died(page, chat, datetime.now(UTC), begun=True)
    for _ in range(2):
        async with second_life(page):
            await page.follow(run)
    (row,) = await page.desk.rows()
    assert (row.id, row.model, row.endpoint, row.outcome) == (run, "fake", "/api/conversations", "cancelled")
    assert (row.prompt_tokens, row.completion_tokens, row.seconds) == (7, 3, 3.0)


async def test_one_that_asked_no_model_yet_costs_nothing(page: Page) -> None:
    chat = await page.begin()
    run = await died(page, chat, datetime.now(UTC), begun=False)
    async with second_life(page):
        assert [data["type"] for _, data in await page.follow(run)] == ["run.cut_off"]
    assert await page.desk.rows() == []


async def test_while_it_is_being_made_an_answer_says_what_it_took_until_then(page: Page) -> None:
    page.engine.hold(after=3)
    chat = await page.begin()
    asked = await page.ask(chat)
    found = await page.until(chat, lambda found: found["messages"][-1]["content"] == "Hel")
    assert (found["messages"][-1]["state"], found["messages"][-1]["completion_tokens"]) == ("running", 3)
    page.engine.release()
    await page.follow(asked["run"]["id"])


async def test_what_is_said_after_the_clock_was_set_back_comes_after_what_was_said_before(page: Page) -> None:
    chat = await page.begin()
    asked = await page.ask(chat, "first")
    await page.follow(asked["run"]["id"])
    who = await owner_of(page)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    async with page.desk.database.transaction() as store:
        ahead = MessageRecord(new_id(), who.workspace, who.principal, chat, asked["answer"]["id"], "user", "second", tomorrow)
        assert await store.conversations.add_message(ahead)
        answered = replace(ahead, id=new_id(), parent=ahead.id, role="assistant", content="yes", created=tomorrow + timedelta(seconds=1))
        assert await store.conversations.add_message(answered)
    assert datetime.fromisoformat((await page.read(chat))["updated"]) > tomorrow
    third = await page.ask(chat, "third", parent=answered.id)
    await page.follow(third["run"]["id"])
    fourth = await page.call(
        "POST", f"/api/messages/{third['answer']['id']}/regenerate", 201, {"answer": {"id": new_id(), "run": new_id()}}
    )
    await page.follow(fourth["run"]["id"])
    read = await page.read(chat)
    assert [message["content"] for message in read["messages"]] == ["first", "Hello", "second", "yes", "third", "Hello", "Hello"]
    assert [message["id"] for message in read["messages"]][-2:] == [third["answer"]["id"], fourth["answer"]["id"]]
    assert datetime.fromisoformat(read["updated"]) < tomorrow  # the list has it where it was last used
