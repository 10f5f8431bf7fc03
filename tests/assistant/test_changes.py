"""A page that listens hears what its other tabs do, from the moment that it is told so."""

import asyncio
import gc
import weakref
from contextlib import aclosing

from alize.assistant.changes import Changes, ConversationChanged, ConversationDeleted, Ready
from alize.assistant.wakes import Wakes
from alize.assistant.watching import changes_of
from alize.storage.base import Owner
from tests.assistant.conftest import events_of

ADA, EVE = Owner("ws", "ada"), Owner("ws", "eve")


async def test_what_changes_after_the_first_word_is_told_and_only_to_its_owner() -> None:
    changes = Changes(asyncio.Event())
    async with aclosing(changes_of(changes, ADA)) as frames:
        first = await anext(frames)
        changes.tell([EVE], ConversationChanged("hers"))
        changes.tell([EVE, ADA], ConversationDeleted("mine"))
        second = await anext(frames)
    assert [data for _, data in events_of((first + second).decode())] == [{"type": "ready"}, {"type": "conversation.deleted", "id": "mine"}]


async def test_a_page_that_hears_too_late_is_let_go_so_that_it_reads_everything_anew() -> None:
    changes = Changes(asyncio.Event())
    async with aclosing(changes.listen(ADA)) as heard:
        assert await anext(heard) == Ready()
        for number in range(2000):
            changes.tell([ADA], ConversationChanged(str(number)))
        late = [change async for change in heard]  # ends: the page connects again, and knows that it was away
    assert late == [ConversationChanged(str(number)) for number in range(len(late))]
    assert 0 < len(late) < 2000


async def test_nothing_is_kept_of_a_run_that_nobody_waits_for() -> None:
    wakes = Wakes()
    news = wakes.news("run")
    wakes.tell("run")
    assert news.is_set()
    waiting = weakref.ref(wakes.news("run"))  # whoever was woken looks once more before it finds the end
    gc.collect()
    assert waiting() is None


async def test_listening_ends_when_the_server_stops() -> None:
    told = asyncio.Event()
    heard = [change async for change in _stopping(Changes(told), told)]
    assert heard == [Ready()]


async def _stopping(changes: Changes, told: asyncio.Event):
    async for change in changes.listen(ADA):
        yield change
        told.set()
