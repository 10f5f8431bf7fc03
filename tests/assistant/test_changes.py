"""A page that listens hears what its other tabs do, from the moment that it is told so."""

import asyncio
from contextlib import aclosing

from alize.assistant.changes import Changes, ConversationChanged, ConversationDeleted, Ready
from alize.assistant.watching import changes_of
from alize.storage.base import Owner
from tests.assistant.conftest import events_of

ADA, EVE = Owner("ws", "ada"), Owner("ws", "eve")


async def test_what_changes_after_the_first_word_is_told_and_only_to_its_owner() -> None:
    changes = Changes(asyncio.Event())
    async with aclosing(changes_of(changes, ADA)) as frames:
        first = await anext(frames)
        changes.tell(EVE, ConversationChanged("hers"))
        changes.tell(ADA, ConversationDeleted("mine"))
        second = await anext(frames)
    assert [data for _, data in events_of((first + second).decode())] == [{"type": "ready"}, {"type": "conversation.deleted", "id": "mine"}]


async def test_listening_ends_when_the_server_stops() -> None:
    told = asyncio.Event()
    heard = [change async for change in _stopping(Changes(told), told)]
    assert heard == [Ready()]


async def _stopping(changes: Changes, told: asyncio.Event):
    async for change in changes.listen(ADA):
        yield change
        told.set()
