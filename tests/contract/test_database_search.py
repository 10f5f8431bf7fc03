"""What every Database promises of a search, tried on SQLite and on a real PostgreSQL."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alize.errors import InvalidRequest
from alize.storage.base import Database, Hit, Owner, Page
from alize.storage.folding import fold
from tests.contract.test_database import new_member
from tests.contract.test_database_conversations import NOW, chat_of, message_in

WORDS = st.lists(st.sampled_from(["Été", "ete", "賃貸契約", "100%", "a_b", "O'Neill", "über", "x", "ÜBER"]), min_size=1, max_size=3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.lists(st.tuples(WORDS, WORDS), max_size=4), WORDS)
async def test_a_search_finds_what_holds_every_word_whatever_its_case_and_accents(
    database: Database, chats: list[tuple[list[str], list[str]]], words: list[str]
) -> None:
    member = await new_member(database)
    owner = Owner(member.workspace, member.principal)
    expected: set[tuple[str, str | None]] = set()

    def holds(text: str) -> bool:
        return all(fold(word) in fold(text) for word in words)

    async with database.transaction() as store:
        for title, text in chats:
            chat = chat_of(owner, title=" ".join(title))
            message = message_in(chat, content="-".join(text))
            await store.conversations.add(chat)
            await store.conversations.add_message(message)
            expected |= {(chat.id, None)} if holds(chat.title) else set()
            expected |= {(chat.id, message.id)} if holds(message.content) else set()
    async with database.transaction() as store:
        found = await store.conversations.search(owner, " ".join(words))
        assert {(hit.conversation, hit.message) for hit in found.items} == expected


async def test_a_search_for_nothing_finds_nothing_and_one_for_signs_is_no_pattern(database: Database, owner: Owner) -> None:
    chat = chat_of(owner, title="anything")
    async with database.transaction() as store:
        await store.conversations.add(chat)
        for words in ("", "  ", "%", "_", "\\", "'", "any%"):
            assert await store.conversations.search(owner, words) == Page([])
        for words, page in (("x", {"limit": 0}), ("x", {"after": "there"}), ("", {"after": "there"})):
            with pytest.raises(InvalidRequest):
                await store.conversations.search(owner, words, **page)


async def test_a_search_is_read_page_by_page_and_nothing_is_found_twice_whatever_comes_meanwhile(database: Database, owner: Owner) -> None:
    chats = [chat_of(owner, title="bee", created=NOW + timedelta(seconds=number % 3)) for number in range(5)]
    async with database.transaction() as store:
        for chat in chats:
            await store.conversations.add(chat)
            await store.conversations.add_message(message_in(chat, content="a bee", created=chat.created))
            await store.conversations.add_message(message_in(chat, content="no such thing"))
    whole = await _hits(database, owner, 100)
    assert len(whole) == 10
    assert [hit.created for hit in whole] == sorted((hit.created for hit in whole), reverse=True)
    for limit in (1, 3, 10):
        assert await _hits(database, owner, limit) == whole
    async with database.transaction() as store:
        first = await store.conversations.search(owner, "bee", limit=4)
        await store.conversations.add(chat_of(owner, title="bee", created=NOW + timedelta(seconds=9)))
        rest = await store.conversations.search(owner, "bee", limit=100, after=first.next)
    assert [*first.items, *rest.items] == whole


async def _hits(database: Database, owner: Owner, limit: int) -> list[Hit]:
    found: list[Hit] = []
    after = None
    async with database.transaction() as store:
        while True:
            page = await store.conversations.search(owner, "bee", limit=limit, after=after)
            assert len(page.items) <= limit
            found += page.items
            after = page.next
            if after is None:
                return found
