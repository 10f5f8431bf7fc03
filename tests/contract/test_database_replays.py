"""What reproduces answers, on both databases: kept once for each run, given in the order of the parts to whose it is, and purged."""

from dataclasses import replace
from datetime import timedelta

from alize.storage.base import Database, Owner
from alize.storage.ids import new_id
from tests.contract.test_database import new_member
from tests.contract.test_database_conversations import NOW, ask, chat_of


async def test_the_parts_of_an_answer_are_kept_once_each_and_come_in_their_order(database: Database, owner: Owner) -> None:
    chat, other = chat_of(owner), chat_of(owner)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        await store.conversations.add(other)
        first, beside, elsewhere = await ask(store, chat), await ask(store, chat), await ask(store, other)
        second = replace(first, id=new_id("run"), created=NOW + timedelta(seconds=1))
        assert await store.runs.add(second)
        for run, data in ((second, b"\x00\xff two"), (first, b"one"), (beside, b"beside"), (elsewhere, b"elsewhere")):
            assert await store.runs.keep_replay(owner.workspace, run.id, data)
        assert not await store.runs.keep_replay(owner.workspace, first.id, b"another")
    async with database.transaction() as store:
        parts = [b"one", b"\x00\xff two"]
        assert await store.runs.replays(owner, chat.id) == {first.message: parts, beside.message: [b"beside"]}
        assert await store.runs.replays(owner, chat.id, first.message) == {first.message: parts}
        assert await store.runs.replays(owner, chat.id, elsewhere.message) == {}


async def test_nobody_else_has_them(database: Database, owner: Owner) -> None:
    chat, stranger = chat_of(owner), await new_member(database)
    async with database.transaction() as store:
        await store.conversations.add(chat)
        run = await ask(store, chat)
        await store.runs.keep_replay(owner.workspace, run.id, b"mine")
        for other in (Owner(stranger.workspace, stranger.principal), Owner(owner.workspace, stranger.principal)):
            assert await store.runs.replays(other, chat.id) == {}


async def test_they_go_with_their_conversation(database: Database, owner: Owner) -> None:
    gone, kept = chat_of(owner), chat_of(owner)
    async with database.transaction() as store:
        for chat in (gone, kept):
            await store.conversations.add(chat)
            await store.runs.keep_replay(owner.workspace, (await ask(store, chat)).id, b"x")
        await store.conversations.change(owner, gone.id, deleted=NOW)
        assert await store.conversations.purge(NOW + timedelta(hours=1)) == 1
        assert await store.runs.replays(owner, gone.id) == {}
        assert len(await store.runs.replays(owner, kept.id)) == 1
