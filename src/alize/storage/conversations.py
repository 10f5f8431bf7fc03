"""Conversations as they are kept. In: records and whose they are. Out: records; what belongs to somebody else is not there."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Delete, Label, RowMapping, and_, delete, false, null, select, true, union_all, update

from alize.storage import cursor
from alize.storage.attachments import refer, release
from alize.storage.base import ConversationRecord, Hit, MessageRecord, Owner, Page
from alize.storage.folding import fold
from alize.storage.owning import owned
from alize.storage.schema import conversations, messages, replays, run_events, runs
from alize.storage.statements import Order, insert_new, page
from alize.storage.units import Unit

__all__ = ["SqlConversations", "message_of_row"]

_PINNED_FIRST = Order("pinned", conversations.c.updated, conversations.c.id, newest_first=True)
_LAST_FIRST = Order("conversations", conversations.c.updated, conversations.c.id, newest_first=True)
_OTHERS = cursor.encode(_LAST_FIRST.kind, cursor.Place(datetime.max.replace(tzinfo=UTC), ""))  # where those that are not pinned begin
_CONVERSATION = [column for column in conversations.c if column.name != "folded"]
_MESSAGE = [column for column in messages.c if column.name != "folded"]
_CHANGEABLE = frozenset({"title", "titled_by", "model", "settings", "leaf", "pinned", "archived", "deleted"})
_SHOWN = messages.c.state != "withdrawn"
_HIT = [field.name for field in fields(Hit)]
_MOST_WORDS = 20
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # what only purged conversations referred to is swept at once


class SqlConversations:
    """`ConversationRepository` in SQL."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, conversation: ConversationRecord) -> bool:
        row = {column.name: getattr(conversation, column.name) for column in _CONVERSATION}
        return await insert_new(self._unit, conversations, ["id"], **row, folded=fold(conversation.title))

    async def get(self, owner: Owner, id: str, *, deleted: bool = False) -> ConversationRecord | None:
        query = select(*_CONVERSATION).where(owned(conversations, owner), conversations.c.id == id)
        if not deleted:
            query = query.where(conversations.c.deleted.is_(None))
        row = (await self._unit.read(query)).mappings().first()
        return None if row is None else ConversationRecord(**row)

    async def list(self, owner: Owner, *, archived: bool, limit: int = 100, after: str | None = None) -> Page[ConversationRecord]:
        kept = conversations.c.archived.is_not(None) if archived else conversations.c.archived.is_(None)
        query = select(*_CONVERSATION).where(owned(conversations, owner), conversations.c.deleted.is_(None), kept)
        if archived:
            return await page(self._unit, query, _LAST_FIRST, lambda row: ConversationRecord(**row), limit, after)
        pinned, others = query.where(conversations.c.pinned.is_not(None)), query.where(conversations.c.pinned.is_(None))
        if after is not None and not cursor.is_of(_PINNED_FIRST.kind, after):
            return await page(self._unit, others, _LAST_FIRST, lambda row: ConversationRecord(**row), limit, after)
        first = await page(self._unit, pinned, _PINNED_FIRST, lambda row: ConversationRecord(**row), limit, after)
        if first.next is not None:
            return first
        # One more than there is room for: whether anything follows, also where the pinned ones fill the page.
        room = limit - len(first.items)
        rest = await page(self._unit, others, _LAST_FIRST, lambda row: ConversationRecord(**row), max(room, 1), None)
        if room == 0:
            return Page(first.items, _OTHERS if rest.items else None)
        return Page([*first.items, *rest.items], rest.next)

    async def change(self, owner: Owner, id: str, **values: Any) -> bool:
        assert values.keys() <= _CHANGEABLE, values.keys() - _CHANGEABLE
        if "title" in values:
            values["folded"] = fold(values["title"])
        if not values:
            return await self.get(owner, id, deleted=True) is not None
        mine = (owned(conversations, owner), conversations.c.id == id)
        return (await self._unit.write(update(conversations).where(*mine).values(values))).rowcount == 1

    async def name(self, owner: Owner, id: str, title: str) -> bool:
        mine = (owned(conversations, owner), conversations.c.id == id, conversations.c.titled_by == "")
        named = update(conversations).where(*mine).values(title=title, folded=fold(title), titled_by="model")
        return (await self._unit.write(named)).rowcount == 1

    async def add_message(self, message: MessageRecord, *, updated: datetime | None = None) -> bool:
        row = {column.name: getattr(message, column.name) for column in _MESSAGE}
        if not await insert_new(self._unit, messages, ["id"], **row, folded=fold(message.content)):
            return False
        await refer(self._unit, message.workspace, message.id, [file["id"] for file in message.attachments if "id" in file])
        owner = Owner(message.workspace, message.principal)
        mine = (owned(conversations, owner), conversations.c.id == message.conversation)
        await self._unit.write(update(conversations).where(*mine).values(leaf=message.id, updated=updated or message.created))
        return True

    async def last_created(self, owner: Owner, conversation: str) -> datetime | None:
        query = select(messages.c.created).where(owned(messages, owner), messages.c.conversation == conversation)
        return (await self._unit.read(query.order_by(messages.c.created.desc()).limit(1))).scalar()

    async def message(self, owner: Owner, id: str) -> MessageRecord | None:
        query = select(*_MESSAGE).where(owned(messages, owner), messages.c.id == id, _SHOWN)
        row = (await self._unit.read(query)).mappings().first()
        return None if row is None else message_of_row(row)

    async def told(self, owner: Owner, id: str, host: str) -> bool:
        mine = (owned(messages, owner), messages.c.id == id)
        # NOTE: locked, as at the end of a run: of two that add to what they read, one would lose the other's.
        row = (await self._unit.write(select(messages.c.left).where(*mine).with_for_update())).first()
        if row is None:
            return False
        if host not in row.left:
            await self._unit.write(update(messages).where(*mine).values(left=[*row.left, host]))
        return True

    async def messages(self, owner: Owner, conversation: str) -> Sequence[MessageRecord]:
        query = select(*_MESSAGE).where(owned(messages, owner), messages.c.conversation == conversation, _SHOWN)
        rows = (await self._unit.read(query.order_by(messages.c.created, messages.c.id))).mappings()
        return [message_of_row(row) for row in rows]

    async def withdrawn(self, owner: Owner, conversation: str) -> Sequence[str]:
        query = select(messages.c.id).where(owned(messages, owner), messages.c.conversation == conversation, ~_SHOWN)
        return list((await self._unit.read(query.order_by(messages.c.created, messages.c.id))).scalars())

    async def search(self, owner: Owner, words: str, *, limit: int = 100, after: str | None = None) -> Page[Hit]:
        wanted = fold(words).split()[:_MOST_WORDS]
        # A message may have the id of a conversation: each of them is made by whoever sends it.
        place, of_message = conversations.c.id.label("id"), (messages.c.conversation + messages.c.id).label("id")
        title, archived = conversations.c.title, conversations.c.archived
        titles = select(place, *_hit(conversations.c.id, title, null(), title, conversations.c.created, archived)).where(
            owned(conversations, owner), conversations.c.deleted.is_(None), _holds(conversations.c.folded, wanted)
        )
        texts = (
            select(of_message, *_hit(messages.c.conversation, title, messages.c.id, messages.c.content, messages.c.created, archived))
            .join(conversations, messages.c.conversation == conversations.c.id)
            .where(owned(messages, owner), conversations.c.deleted.is_(None), _holds(messages.c.folded, wanted))
        )
        found = union_all(titles, texts).subquery()
        order = Order("search", found.c.created, found.c.id, newest_first=True)
        return await page(self._unit, select(found), order, _hit_of_row, limit, after)

    async def purge(self, deleted_before: datetime, *, limit: int = 100) -> int:
        gone = select(conversations.c.id).where(conversations.c.deleted < deleted_before).order_by(conversations.c.deleted).limit(limit)
        ids = (await self._unit.write(gone)).scalars().all()
        if not ids:
            return 0
        of_them = select(runs.c.id).where(runs.c.conversation.in_(ids))
        steps: list[Delete] = [
            delete(run_events).where(run_events.c.run.in_(of_them)),
            delete(replays).where(replays.c.run.in_(of_them)),
            delete(runs).where(runs.c.conversation.in_(ids)),
        ]
        for step in steps:
            await self._unit.write(step)
        await release(self._unit, select(messages.c.id).where(messages.c.conversation.in_(ids)), _LONG_AGO)
        # A message refers to its parent: without that, all of a conversation's can go at once, in any order.
        await self._unit.write(update(messages).where(messages.c.conversation.in_(ids)).values(parent=None))
        await self._unit.write(delete(messages).where(messages.c.conversation.in_(ids)))
        await self._unit.write(delete(conversations).where(conversations.c.id.in_(ids)))
        return len(ids)


def message_of_row(row: RowMapping) -> MessageRecord:
    return MessageRecord(**row)


def _holds(column: ColumnElement[str], words: Sequence[str]) -> ColumnElement[bool]:
    """Nothing holds every word of none."""
    return and_(true() if words else false(), *(column.contains(word, autoescape=True) for word in words))


def _hit_of_row(row: RowMapping) -> Hit:
    return Hit(**{name: row[name] for name in _HIT})


def _hit(*columns: ColumnElement[Any]) -> list[Label[Any]]:
    return [column.label(name) for column, name in zip(columns, _HIT, strict=True)]
