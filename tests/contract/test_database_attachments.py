"""What every Database promises of uploads, tried on SQLite and on a real PostgreSQL."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from alize.errors import Conflict
from alize.storage.base import AttachmentRecord, Database, Owner
from alize.storage.database import SqlDatabase
from alize.storage.ids import new_id
from tests.contract.test_database import key_of, new_member
from tests.contract.test_database_conversations import NOW, ask, chat_of, message_in

LATER = NOW + timedelta(days=2)


def upload(owner: Owner, data: bytes = b"GIF", **given: object) -> AttachmentRecord:
    digest = sha256(data).hexdigest()
    made = AttachmentRecord(new_id("att"), owner.workspace, owner.principal, "é.gif", "image/gif", len(data), digest, NOW)
    return replace(made, **given)


def names(*uploads: AttachmentRecord) -> list[dict[str, str]]:
    return [{"name": one.name, "type": one.type, "id": one.id} for one in uploads]


async def objects_in(database: Database) -> int:
    assert isinstance(database, SqlDatabase)
    from sqlalchemy import func, select

    from alize.storage.schema import objects

    async with database._connections.unit() as unit:
        return (await unit.read(select(func.count()).select_from(objects))).scalar_one()


async def test_an_upload_is_its_owners_with_its_bytes(database: Database, owner: Owner) -> None:
    mine = upload(owner, b"\0\xff" * 100_000)
    async with database.transaction() as store:
        await store.attachments.add(mine, b"\0\xff" * 100_000)
        await store.attachments.add(same := upload(owner, b"\0\xff" * 100_000, name="same"), b"\0\xff" * 100_000)
    other = await new_member(database)
    async with database.transaction() as store:
        assert await store.attachments.get(owner, mine.id) == mine
        assert await store.attachments.data(owner, [mine.id, same.id, "att_none"]) == dict.fromkeys((mine.id, same.id), b"\0\xff" * 100_000)
        for stranger in (Owner(other.workspace, other.principal), Owner(owner.workspace, "prn_other"), Owner("ws_other", owner.principal)):
            assert await store.attachments.get(stranger, mine.id) is None
            assert await store.attachments.data(stranger, [mine.id]) == {}
            assert await store.attachments.hold(stranger, [mine.id], NOW) == {}
    assert await objects_in(database) == 1


async def test_what_a_person_has_kept_is_summed_with_what_their_keys_uploaded(database: Database) -> None:
    member = await new_member(database)
    owner, other = Owner(member.workspace, member.principal), Owner(member.workspace, "prn_other")
    async with database.transaction() as store:
        await store.keys.add(key := key_of(member))
        program = Owner(owner.workspace, key.id)
        for whose, data in ((owner, b"GIF"), (owner, b"GIF"), (program, b"GIF89a"), (other, b"other")):
            await store.attachments.add(upload(whose, data), data)
        assert [await store.attachments.taken(one) for one in (owner, program, other, Owner("ws_none", "prn_none"))] == [12, 6, 5, 0]


async def test_of_uploads_at_once_each_counts_those_before_it(database: Database) -> None:
    member = await new_member(database)
    owner = Owner(member.workspace, member.principal)

    async def add(number: int) -> int:
        async with database.transaction() as store:
            taken = await store.attachments.taken(owner)
            await store.attachments.add(upload(owner, b"%d" % number), b"%d" % number)
            return taken

    assert sorted(await asyncio.gather(*(add(number) for number in range(8)))) == list(range(8))


async def test_an_id_is_used_once_and_what_came_second_leaves_nothing(database: Database, owner: Owner) -> None:
    async with database.transaction() as store:
        await store.attachments.add(mine := upload(owner), b"GIF")
    with pytest.raises(Conflict):
        async with database.transaction() as store:
            await store.attachments.add(replace(upload(owner, b"other"), id=mine.id), b"other")
    async with database.transaction() as store:
        assert await store.attachments.data(owner, [mine.id]) == {mine.id: b"GIF"}
    assert await objects_in(database) == 1


async def test_whoever_sees_a_message_sees_what_it_names(database: Database) -> None:
    """A person goes on in what a key of theirs began: the key sees that."""
    member = await new_member(database)
    owner = Owner(member.workspace, member.principal)
    async with database.transaction() as store:
        key = key_of(member)
        await store.keys.add(key)
        program = Owner(owner.workspace, key.id)
        await store.attachments.add(mine := upload(owner), b"GIF")
        await store.conversations.add(chat := chat_of(program))
        assert await store.attachments.get(program, mine.id) is None
        await store.conversations.add_message(message_in(chat, attachments=names(mine)))
    async with database.transaction() as store:
        assert await store.attachments.data(program, [mine.id]) == {mine.id: b"GIF"}


async def test_what_no_message_refers_to_is_swept_with_its_bytes_and_nothing_else(database: Database, owner: Owner) -> None:
    async with database.transaction() as store:
        kept, twin, old, fresh = upload(owner), upload(owner), upload(owner, b"old"), upload(owner, b"new", created=LATER)
        for one, data in ((kept, b"GIF"), (twin, b"GIF"), (old, b"old"), (fresh, b"new")):
            await store.attachments.add(one, data)
        await store.conversations.add(chat := chat_of(owner))
        await store.conversations.add_message(message_in(chat, attachments=names(kept, kept)))
    async with database.transaction() as store:
        assert await store.attachments.sweep(LATER) == 2
        assert await store.attachments.sweep(LATER) == 0
    async with database.transaction() as store:
        assert await store.attachments.data(owner, [kept.id, twin.id, old.id, fresh.id]) == {kept.id: b"GIF", fresh.id: b"new"}
    assert await objects_in(database) == 2


async def test_what_is_held_is_not_swept(database: Database, owner: Owner) -> None:
    async with database.transaction() as store:
        await store.attachments.add(mine := upload(owner), b"GIF")
    async with database.transaction() as store:
        assert await store.attachments.hold(owner, [mine.id, "att_none"], LATER) == {mine.id: mine}
        assert await store.attachments.sweep(LATER) == 0


async def test_a_purge_lets_go_what_only_its_conversations_referred_to(database: Database, owner: Owner) -> None:
    async with database.transaction() as store:
        both, alone = upload(owner, b"both", created=LATER), upload(owner, b"alone", created=LATER)
        await store.attachments.add(both, b"both")
        await store.attachments.add(alone, b"alone")
        for chat, files in ((chat_of(owner), names(both)), (gone := chat_of(owner), names(both, alone))):
            await store.conversations.add(chat)
            await store.conversations.add_message(message_in(chat, attachments=files))
        await store.conversations.change(owner, gone.id, deleted=NOW)
    async with database.transaction() as store:
        assert await store.attachments.sweep(LATER) == 0  # it can still be restored
        assert await store.conversations.purge(LATER) == 1
        assert await store.attachments.sweep(NOW) == 1
        assert list(await store.attachments.data(owner, [both.id, alone.id])) == [both.id]


async def test_a_question_that_is_withdrawn_leaves_its_uploads_for_the_next_one(database: Database, owner: Owner) -> None:
    async with database.transaction() as store:
        await store.attachments.add(mine := upload(owner), b"GIF")
        await store.conversations.add(chat := chat_of(owner))
        question = message_in(chat, attachments=names(mine))
        await store.conversations.add_message(question)
        run = await ask(store, chat)
        assert run
    async with database.transaction() as store:
        answer = message_in(chat, question.id, role="assistant", content="", state="waiting", run="withdrawn")
        await store.conversations.add_message(answer)
        await store.runs.add(replace(run, id="withdrawn", message=answer.id))
        assert await store.runs.withdraw(owner, "withdrawn", LATER) == [question.id, answer.id]
    async with database.transaction() as store:
        assert await store.attachments.sweep(LATER) == 0
        assert await store.attachments.sweep(LATER + timedelta(seconds=1)) == 1


async def test_a_message_cannot_name_what_is_not_there(database: Database, owner: Owner) -> None:
    async with database.transaction() as store:
        await store.conversations.add(chat := chat_of(owner))
    with pytest.raises(Conflict):
        async with database.transaction() as store:
            await store.conversations.add_message(message_in(chat, attachments=names(upload(owner))))
    async with database.transaction() as store:
        assert await store.conversations.messages(owner, chat.id) == []


async def test_an_upload_of_bytes_that_are_being_swept_has_them(database: Database, owner: Owner, url: str) -> None:
    """Of a sweep and an upload of the same bytes at once, each order ends with the bytes there."""
    assert isinstance(database, SqlDatabase)
    for number in range(10):
        data = b"%d" % number
        async with database.transaction() as store:
            await store.attachments.add(upload(owner, data), data)
        again = upload(owner, data, created=LATER)

        async def sweep() -> None:
            async with database.transaction() as store:
                await store.attachments.sweep(LATER)

        async def add(again: AttachmentRecord = again, data: bytes = data) -> None:
            async with database.transaction() as store:
                await store.attachments.add(again, data)

        works: list[Callable[[], object]] = [sweep, add] if number % 2 else [add, sweep]
        await asyncio.gather(*(work() for work in works))
        async with database.transaction() as store:
            assert await store.attachments.data(owner, [again.id]) == {again.id: data}
