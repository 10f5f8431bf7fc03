"""What every Database promises of conversations and runs, tried on SQLite and on a real PostgreSQL."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from alize.errors import InvalidRequest
from alize.storage.base import ConversationRecord, Database, MessageRecord, Owner, RunRecord, Store, StoredEvent
from tests.contract.test_database import key_of, new_member

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ids = count()


def delta(text: str) -> dict[str, Any]:
    return {"type": "message.output.delta", "content": text}


def fresh(kind: str) -> str:
    return f"{kind}{next(ids):06}"


def chat_of(owner: Owner, **given: object) -> ConversationRecord:
    chat = ConversationRecord(fresh("c"), owner.workspace, owner.principal, "", "", "", {"temperature": 0.5}, None, NOW, NOW)
    return replace(chat, **given)


def message_in(chat: ConversationRecord, parent: str | None = None, **given: object) -> MessageRecord:
    message = MessageRecord(fresh("m"), chat.workspace, chat.principal, chat.id, parent, "user", "Hello", NOW)
    return replace(message, **given)


async def ask(store: Store, chat: ConversationRecord, parent: str | None = None, text: str = "Why?", at: datetime = NOW) -> RunRecord:
    """A question, its answer, and the run that is to make it."""
    question = message_in(chat, parent, content=text, created=at)
    answer = message_in(chat, question.id, role="assistant", content="", state="waiting", run=fresh("r"), created=at)
    assert answer.run is not None
    run = RunRecord(answer.run, chat.workspace, chat.principal, chat.id, answer.id, "waiting", "", at, 0, at)
    await store.conversations.add_message(question)
    await store.conversations.add_message(answer)
    assert await store.runs.add(run)
    return run


async def test_what_was_said_is_there_in_order_with_all_that_is_known_of_it(database: Database, owner: Owner) -> None:
    chat = chat_of(owner, title="Été", pinned=NOW)
    first = message_in(chat, attachments=[{"name": "a.txt", "type": "text/plain", "text": "é\n"}])
    second = message_in(
        chat, first.id, role="assistant", created=NOW + timedelta(seconds=1), left=["example.org"], finish="stop", seconds=1.5
    )
    async with database.transaction() as store:
        assert await store.conversations.add(chat)
        assert await store.conversations.add_message(first)
        assert await store.conversations.add_message(second)
    async with database.transaction() as store:
        assert await store.conversations.messages(owner, chat.id) == [first, second]
        assert await store.conversations.message(owner, second.id) == second
        assert await store.conversations.get(owner, chat.id) == replace(chat, leaf=second.id, updated=second.created)


async def test_an_id_is_used_once(database: Database, owner: Owner) -> None:
    chat = chat_of(owner)
    message = message_in(chat)
    async with database.transaction() as store:
        assert await store.conversations.add(chat)
        assert not await store.conversations.add(replace(chat, title="again"))
        assert await store.conversations.add_message(message)
        later = message_in(chat)
        assert await store.conversations.add_message(later)
        assert not await store.conversations.add_message(replace(message, content="again"))
        found = await store.conversations.get(owner, chat.id)
        assert found is not None
        assert (found.title, found.leaf) == ("", later.id)


async def test_nothing_of_somebody_else_is_there(database: Database, owner: Owner) -> None:
    other = await new_member(database)
    strangers = [Owner(other.workspace, other.principal), Owner(owner.workspace, other.principal), Owner(other.workspace, owner.principal)]
    chat = chat_of(owner, title="secret")
    async with database.transaction() as store:
        await store.conversations.add(chat)
        run = await ask(store, chat, text="secret")
        for stranger in strangers:
            there = store.conversations
            assert await there.get(stranger, chat.id) is None
            assert (await there.list(stranger, archived=False)).items == []
            assert not await there.change(stranger, chat.id, title="mine")
            assert not await there.change(stranger, chat.id)
            assert not await there.name(stranger, chat.id, "mine")
            assert await there.message(stranger, run.message) is None
            assert await there.messages(stranger, chat.id) == []
            assert (await there.search(stranger, "secret")).items == []
            assert await store.runs.get(stranger, run.id) is None
            assert await store.runs.active(stranger, chat.id) == []
            assert await store.runs.busy(stranger) == frozenset()
            assert not await store.runs.attach(stranger, run.message, "r")
            assert await store.runs.ask_stop(stranger, run.id, NOW) is None
            assert await store.runs.events(stranger, run.id, 0) == []
        assert [one.id for one in await store.runs.active(owner, chat.id)] == [run.id]
        assert await store.runs.busy(owner) == {chat.id}


async def test_what_a_key_made_is_there_for_the_person_behind_it_and_not_the_other_way(database: Database) -> None:
    member, other = await new_member(database), await new_member(database)
    owner = Owner(member.workspace, member.principal)
    records = [key_of(member), key_of(member), key_of(other)]
    keys = [Owner(record.workspace, record.id) for record in records]
    async with database.transaction() as store:
        for record in records:
            await store.keys.add(record)
        chats = [chat_of(one, title="pump") for one in (owner, *keys)]
        made: dict[str, RunRecord] = {}
        for chat in chats:
            await store.conversations.add(chat)
            made[chat.id] = await ask(store, chat, text="Which pump?")
        seen = {chat.id for chat in chats[:3]}
        assert {chat.id for chat in (await store.conversations.list(owner, archived=False)).items} == seen
        assert {hit.conversation for hit in (await store.conversations.search(owner, "pump")).items} == seen
        assert await store.runs.busy(owner) == seen
        for chat in chats[:3]:
            assert len(await store.conversations.messages(owner, chat.id)) == 2
            assert [run.id for run in await store.runs.active(owner, chat.id)] == [made[chat.id].id]
            assert await store.conversations.change(owner, chat.id, pinned=NOW)
        for key, chat in zip(keys, chats[1:], strict=True):
            assert [one.id for one in (await store.conversations.list(key, archived=False)).items] == [chat.id]
            assert {hit.conversation for hit in (await store.conversations.search(key, "pump")).items} == {chat.id}
            assert await store.runs.busy(key) == {chat.id}
            for unseen in chats:
                assert (await store.conversations.get(key, unseen.id) is None) == (unseen != chat)
        # Whether a key still works says nothing of what it made.
        assert await store.keys.revoke(owner.workspace, keys[0].principal, NOW)
        assert await store.conversations.get(owner, chats[1].id) is not None


async def test_a_message_cannot_be_put_into_somebody_elses_conversation(database: Database, owner: Owner) -> None:
    other = await new_member(database)
    chat = chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
    with pytest.raises(Exception, match=r"(?i)foreign|storage|database"):
        async with database.transaction() as store:
            await store.conversations.add_message(message_in(replace(chat, principal=other.principal)))


async def test_the_last_updated_come_first_page_by_page_archived_apart_and_deleted_nowhere(database: Database, owner: Owner) -> None:
    chats = [chat_of(owner, updated=NOW + timedelta(seconds=number % 3)) for number in range(7)]
    async with database.transaction() as store:
        for chat in chats:
            await store.conversations.add(chat)
        assert await store.conversations.change(owner, chats[0].id, archived=NOW)
        assert await store.conversations.change(owner, chats[1].id, deleted=NOW)
        shown: list[ConversationRecord] = []
        after = None
        while True:
            page = await store.conversations.list(owner, archived=False, limit=2, after=after)
            shown += page.items
            after = page.next
            if after is None:
                break
        expected = sorted(chats[2:], key=lambda chat: (chat.updated, chat.id), reverse=True)
        assert shown == expected
        assert [chat.id for chat in (await store.conversations.list(owner, archived=True)).items] == [chats[0].id]
        assert await store.conversations.get(owner, chats[1].id) is None
        assert await store.conversations.get(owner, chats[1].id, deleted=True) is not None


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
async def test_what_is_pinned_comes_first_however_old_and_nothing_twice(database: Database, owner: Owner, limit: int) -> None:
    chats = [chat_of(owner, updated=NOW + timedelta(seconds=number), pinned=NOW if number in (0, 2) else None) for number in range(6)]
    async with database.transaction() as store:
        for chat in chats:
            await store.conversations.add(chat)
        shown: list[str] = []
        after = None
        while True:
            page = await store.conversations.list(owner, archived=False, limit=limit, after=after)
            assert 0 < len(page.items) <= limit
            shown += [chat.id for chat in page.items]
            after = page.next
            if after is None:
                break
        assert shown == [chats[number].id for number in (2, 0, 5, 4, 3, 1)]
        with pytest.raises(InvalidRequest):
            await store.conversations.list(owner, archived=False, after="nonsense")


async def test_a_person_names_over_the_model_and_the_model_over_nobody(database: Database, owner: Owner) -> None:
    chat = chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        assert await store.conversations.name(owner, chat.id, "By the model")
        assert not await store.conversations.name(owner, chat.id, "Again")
        assert await store.conversations.change(owner, chat.id, title="By me", titled_by="person")
        assert not await store.conversations.name(owner, chat.id, "Too late")
        found = await store.conversations.get(owner, chat.id)
        assert found is not None
        assert (found.title, found.titled_by) == ("By me", "person")


async def test_a_run_is_claimed_by_one_of_many_workers(database: Database, owner: Owner) -> None:
    chat = chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        run = await ask(store, chat)

    async def claim(worker: str) -> bool:
        async with database.transaction() as store:
            return await store.runs.claim(owner.workspace, run.id, worker, NOW)

    assert sum(await asyncio.gather(*(claim(f"w{number}") for number in range(10)))) == 1
    async with database.transaction() as store:
        message = await store.runs.message_of(owner.workspace, run.id)
        assert message is not None
        assert message.state == "running"


async def test_events_follow_each_other_without_gaps_from_the_worker_that_holds_the_run(database: Database, owner: Owner) -> None:
    chat = chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        run = await ask(store, chat)
        assert not await store.runs.append(owner.workspace, run.id, "w", 1, [delta("too early")], "too early", NOW)
        assert await store.runs.claim(owner.workspace, run.id, "w", NOW)
        assert await store.runs.append(owner.workspace, run.id, "w", 1, [delta("a"), delta("b")], "ab", NOW)
        for seq, worker in ((1, "w"), (2, "w"), (4, "w"), (3, "other")):
            assert not await store.runs.append(owner.workspace, run.id, worker, seq, [delta("x")], "x", NOW)
        assert await store.runs.append(owner.workspace, run.id, "w", 3, [delta("c")], "c", NOW)
        assert await store.runs.events(owner, run.id, 1) == [StoredEvent(2, delta("b")), StoredEvent(3, delta("c"))]
        message = await store.runs.message_of(owner.workspace, run.id)
        assert message is not None
        assert message.content == "abc"
        assert (await store.conversations.search(owner, "abc")).items == []
        assert await store.runs.end(owner.workspace, run.id, "w", "done", {"type": "end"}, {"finish": "stop", "completion_tokens": 3}, NOW)
        assert [hit.message for hit in (await store.conversations.search(owner, "abc")).items] == [run.message]
        ended = await store.runs.get(owner, run.id)
        assert ended is not None
        assert (ended.state, ended.seq, ended.ended) == ("done", 4, NOW)
        assert not await store.runs.append(owner.workspace, run.id, "w", 5, [delta("late")], "late", NOW)


async def test_what_is_known_with_an_event_stays_though_its_worker_dies(database: Database, owner: Owner) -> None:
    chat, origin = chat_of(owner), {"served_by": "api.example", "left": ["api.example", "other.example"]}
    async with database.transaction() as store:
        await store.conversations.add(chat)
        run = await ask(store, chat)
        await store.runs.claim(owner.workspace, run.id, "w", NOW)
        assert not await store.runs.append(owner.workspace, run.id, "other", 1, [delta("")], "", NOW, {"served_by": "nowhere"})
        assert await store.runs.append(owner.workspace, run.id, "w", 1, [delta("a")], "a", NOW, origin)
        (silent,) = await store.runs.running()
        assert await store.runs.cut_off(silent, NOW)
        message = await store.runs.message_of(owner.workspace, run.id)
        assert message is not None
        assert (message.state, message.content, message.served_by, message.left) == ("cut_off", "a", *origin.values())


async def test_a_host_that_is_told_of_while_an_answer_is_made_is_not_forgotten_at_its_end(database: Database, owner: Owner) -> None:
    chat = chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        run = await ask(store, chat)
        await store.runs.claim(owner.workspace, run.id, "w", NOW)
        assert await store.conversations.told(owner, run.message, "early.example")
        assert await store.runs.append(owner.workspace, run.id, "w", 1, [delta("a")], "a", NOW, {"left": ["api.example"]})
        for _ in range(2):
            assert await store.conversations.told(owner, run.message, "pictures.example")
        assert not await store.conversations.told(Owner(owner.workspace, "another"), run.message, "pictures.example")
        assert await store.runs.end(owner.workspace, run.id, "w", "done", {"type": "end"}, {"left": ["api.example"]}, NOW)
        message = await store.conversations.message(owner, run.message)
        assert message is not None
        assert message.left == ["api.example", "early.example", "pictures.example"]


async def test_however_many_end_a_run_it_has_one_end(database: Database, owner: Owner) -> None:
    chat = chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        run = await ask(store, chat)
        await store.runs.claim(owner.workspace, run.id, "w", NOW)
        held = await store.runs.get(owner, run.id)
        assert held is not None

    async def end(number: int) -> bool:
        async with database.transaction() as store:
            if number % 2:
                return await store.runs.cut_off(held, NOW)
            return await store.runs.end(owner.workspace, run.id, "w", "stopped", {"type": "run.stopped"}, {}, NOW)

    assert sum(await asyncio.gather(*(end(number) for number in range(10)))) == 1
    async with database.transaction() as store:
        assert len(await store.runs.events(owner, run.id, 0)) == 1


async def test_a_run_that_has_beaten_since_is_not_cut_off(database: Database, owner: Owner) -> None:
    chat = chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        run = await ask(store, chat)
        await store.runs.claim(owner.workspace, run.id, "w", NOW)
        late = NOW + timedelta(seconds=10)
        (silent,) = await store.runs.running()
        assert silent.id == run.id
        await store.runs.beat(owner.workspace, [run.id], "w", late)
        assert not await store.runs.cut_off(silent, late)
        (beaten,) = await store.runs.running()
        assert await store.runs.cut_off(beaten, late)
        assert await store.runs.running() == []


async def test_stopping_a_waiting_run_ends_it_and_a_running_one_is_told(database: Database, owner: Owner) -> None:
    chat = chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        waiting, running = await ask(store, chat), await ask(store, chat)
        await store.runs.claim(owner.workspace, running.id, "w", NOW)
        stopped = await store.runs.ask_stop(owner, waiting.id, NOW)
        assert stopped is not None
        assert (stopped.state, stopped.seq) == ("stopped", 1)
        told = await store.runs.ask_stop(owner, running.id, NOW)
        assert told is not None
        assert (told.state, told.stop_asked) == ("running", NOW)
        assert await store.runs.stops("w") == [running.id]
        again = await store.runs.ask_stop(owner, waiting.id, NOW)
        assert again is not None
        assert again.seq == 1


async def test_what_waits_is_taken_back_with_its_question_and_what_hangs_under_it_moves_up(database: Database, owner: Owner) -> None:
    chat, stranger = chat_of(owner), Owner(owner.workspace, "somebody else")
    async with database.transaction() as store:
        await store.conversations.add(chat)
        first = await ask(store, chat)
        second = await ask(store, chat, first.message, "the secret", NOW + timedelta(seconds=1))
        third = await ask(store, chat, second.message, at=NOW + timedelta(seconds=2))
        taken = await store.conversations.message(owner, second.message)
        assert taken is not None
        assert await store.runs.withdraw(stranger, second.id, NOW) == []
        gone = await store.runs.withdraw(owner, second.id, NOW)
        assert gone == [taken.parent, second.message]
        assert await store.conversations.withdrawn(owner, chat.id) == gone
        assert await store.conversations.withdrawn(stranger, chat.id) == []
        assert [await store.conversations.message(owner, id) for id in gone] == [None, None]
        left = await store.conversations.messages(owner, chat.id)
        assert [message.parent for message in left] == [None, left[0].id, first.message, left[2].id]
        assert (await store.conversations.search(owner, "secret")).items == []
        assert (await store.runs.events(owner, second.id, 0))[-1].data["type"] == "run.stopped"
        await store.runs.claim(owner.workspace, third.id, "w", NOW)
        assert await store.runs.withdraw(owner, third.id, NOW) == []  # it is being answered
        assert not await store.conversations.add_message(taken)  # a request that comes late brings nothing back


async def test_taking_back_the_newest_shows_what_it_was_asked_under(database: Database, owner: Owner) -> None:
    chat = chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        first = await ask(store, chat)
        second = await ask(store, chat, first.message)
        await store.runs.withdraw(owner, second.id, NOW)
        found = await store.conversations.get(owner, chat.id)
        assert found is not None
        assert found.leaf == first.message


async def ready(store: Store) -> Sequence[str]:
    return [run.id for run in await store.runs.ready()]


async def test_a_question_behind_an_answer_in_the_making_waits_for_it(database: Database, owner: Owner) -> None:
    chat = chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        first = await ask(store, chat)
        second = await ask(store, chat, first.message, at=NOW + timedelta(seconds=1))
        beside = await ask(store, chat, at=NOW + timedelta(seconds=2))
        assert await ready(store) == [first.id, beside.id]
        await store.runs.claim(owner.workspace, first.id, "w", NOW)
        assert await ready(store) == [beside.id]
        await store.runs.end(owner.workspace, first.id, "w", "failed", {"type": "error"}, {"error": "x"}, NOW)
        assert await ready(store) == [second.id, beside.id]


async def test_purging_leaves_nothing_of_what_was_deleted_long_ago(database: Database, owner: Owner) -> None:
    gone, kept = chat_of(owner, title="gone"), chat_of(owner, title="kept")
    async with database.transaction() as store:
        runs = []
        for chat in (gone, kept):
            await store.conversations.add(chat)
            runs.append(await ask(store, chat))
            await store.runs.claim(owner.workspace, runs[-1].id, "w", NOW)
            await store.runs.append(owner.workspace, runs[-1].id, "w", 1, [delta("a")], "a", NOW)
        await store.conversations.change(owner, gone.id, deleted=NOW)
        await store.conversations.change(owner, kept.id, deleted=NOW + timedelta(hours=2))
        assert await store.conversations.purge(NOW + timedelta(hours=1)) == 1
        assert await store.conversations.purge(NOW + timedelta(hours=1)) == 0
        assert await store.conversations.get(owner, gone.id, deleted=True) is None
        assert await store.conversations.messages(owner, gone.id) == []
        assert await store.runs.get(owner, runs[0].id) is None
        assert len(await store.runs.events(owner, runs[1].id, 0)) == 1


async def test_the_events_of_runs_that_ended_long_ago_are_pruned_and_their_texts_stay(database: Database, owner: Owner) -> None:
    chat = chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        run = await ask(store, chat)
        await store.runs.claim(owner.workspace, run.id, "w", NOW)
        await store.runs.append(owner.workspace, run.id, "w", 1, [delta("a")], "a", NOW)
        assert await store.runs.prune(NOW + timedelta(days=1)) == 0
        await store.runs.end(owner.workspace, run.id, "w", "done", {"type": "end"}, {}, NOW)
        assert await store.runs.prune(NOW) == 0
        assert await store.runs.prune(NOW + timedelta(days=1)) == 2
        assert await store.runs.events(owner, run.id, 0) == []
        message = await store.runs.message_of(owner.workspace, run.id)
        assert message is not None
        assert message.content == "a"


async def test_an_answer_is_given_to_one_further_run_once_it_has_ended(database: Database, owner: Owner) -> None:
    chat = chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        run = await ask(store, chat)
        assert not await store.runs.attach(owner, run.message, "r2")
        await store.runs.ask_stop(owner, run.id, NOW)
        assert await store.runs.attach(owner, run.message, "r2")
        assert not await store.runs.attach(owner, run.message, "r3")
        message = await store.conversations.message(owner, run.message)
        assert message is not None
        assert (message.run, message.state) == ("r2", "waiting")
