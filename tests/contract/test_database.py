"""What every Database promises, tried on SQLite and on a real PostgreSQL."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alize.errors import AlizeError, Conflict, InvalidRequest, SettingInvalid, StorageFailed
from alize.storage.base import Database, KeyRecord, Member, Page, UsageRecord, UsageTotals
from alize.storage.database import SqlDatabase

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
names = count()
on_one_database = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)


async def new_member(database: Database, name: str = "ada") -> Member:
    async with database.transaction() as store:
        return await store.members.bootstrap(f"house {next(names)}", "main", name)


def key_of(member: Member, number: int = 0, **given: object) -> KeyRecord:
    id = f"key_{next(names)}"
    key = KeyRecord(id, member.organization, member.workspace, member.principal, "mine", "alz_abc", f"digest of {id}", ("inference",), NOW)
    return replace(key, created=NOW + timedelta(seconds=number), **given)


def usage_of(member: Member, id: str, **given: object) -> UsageRecord:
    usage = UsageRecord(id, member.workspace, member.principal, "small", "/v1/chat/completions", 7, 3, 5, "stop", NOW, 0.25)
    return replace(usage, **given)


async def every_page(list_page: Callable[..., object], workspace: str, limit: int) -> list[Page]:
    pages: list[Page] = []
    after = None
    while True:
        pages.append(await list_page(workspace, limit=limit, after=after))
        after = pages[-1].next
        if after is None:
            return pages


# ── transactions ──


async def test_what_a_block_wrote_is_there_for_the_next(database: Database) -> None:
    member = await new_member(database)
    async with database.transaction() as store:
        await store.usage.add(usage_of(member, "r1"))
    async with database.transaction() as store:
        assert (await store.usage.list(member.workspace)).items == [usage_of(member, "r1")]


async def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    member = await new_member(database)

    async def write_and_fail() -> None:
        async with database.transaction() as store:
            await store.usage.add(usage_of(member, "r1"))
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await write_and_fail()
    async with database.transaction() as store:
        assert (await store.usage.list(member.workspace)).items == []


async def test_a_transaction_sees_what_it_wrote_itself(database: Database) -> None:
    member = await new_member(database)
    key = key_of(member)
    async with database.transaction() as store:
        assert await store.keys.get(member.workspace, key.id) is None
        await store.keys.add(key)
        assert await store.keys.get(member.workspace, key.id) == key


async def test_others_do_not_see_what_is_not_committed_nor_wait_for_it(database: Database) -> None:
    member = await new_member(database)
    async with database.transaction() as writing:
        await writing.usage.add(usage_of(member, "r1"))
        async with database.transaction() as reading:
            assert (await reading.usage.list(member.workspace)).items == []


async def test_a_block_that_does_nothing_is_a_no_op(database: Database) -> None:
    async with database.transaction():
        pass


async def test_two_hundred_tasks_write_at_once_and_none_fails(database: Database) -> None:
    member = await new_member(database)

    async def write(number: int) -> None:
        async with database.transaction() as store:
            await store.usage.add(usage_of(member, f"r{number}"))

    await asyncio.gather(*(write(number) for number in range(200)))
    async with database.transaction() as store:
        assert await store.usage.totals(member.workspace) == UsageTotals(200, 1400, 600, 1000)


async def test_readers_who_then_write_do_not_block_each_other(database: Database) -> None:
    member = await new_member(database)

    async def read_and_write(number: int) -> None:
        async with database.transaction() as store:
            await store.usage.totals(member.workspace)
            await store.usage.add(usage_of(member, f"r{number}"))

    await asyncio.gather(*(read_and_write(number) for number in range(60)))
    async with database.transaction() as store:
        assert (await store.usage.totals(member.workspace)).requests == 60


async def test_cancelled_writers_leave_nothing_behind_and_no_lock(database: Database) -> None:
    member = await new_member(database)
    committed: set[str] = set()

    async def write(id: str) -> None:
        async with database.transaction() as store:
            await store.usage.totals(member.workspace)
            await store.usage.add(usage_of(member, id))
            await store.usage.list(member.workspace, limit=1)
        committed.add(id)

    chance = random.Random(7)
    for round in range(15):
        tasks = [asyncio.create_task(write(f"{round}.{number}")) for number in range(20)]
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)  # let them get somewhere, each round somewhere else
        for task in chance.sample(tasks, 15):
            for _ in range(chance.randrange(3)):
                task.cancel()
                await asyncio.sleep(0)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(result is None or isinstance(result, asyncio.CancelledError) for result in results), results
    await write("last")
    async with database.transaction() as store:
        kept = {record.id for page in await every_page(store.usage.list, member.workspace, 100) for record in page.items}
    assert committed <= kept  # one that was cancelled during its commit may be there too


async def test_a_closed_database_says_so(database: Database) -> None:
    await database.ping()
    await database.close()
    await database.close()
    for use in (database.ping, database.migrate, database.transaction().__aenter__):
        with pytest.raises(StorageFailed, match="closed"):
            await use()


async def test_a_database_that_was_not_migrated_says_so(url: str) -> None:
    database = SqlDatabase(url)
    with pytest.raises(StorageFailed, match="not been migrated"):
        await new_member(database)
    await database.close()


# ── members ──


async def test_the_first_owner_is_made_once(database: Database) -> None:
    async with database.transaction() as store:
        first = await store.members.bootstrap("acme", "main", "ada")
        assert (first.role, first.name) == ("owner", "ada")
        assert await store.members.bootstrap("acme", "main", "grace") == first
        other = await store.members.bootstrap("acme", "lab", "grace")
    assert other.organization == first.organization
    assert other.workspace != first.workspace
    async with database.transaction() as store:
        assert (await store.members.list(first.workspace)).items == [first]
        assert (await store.members.list(other.workspace)).items == [other]


async def test_servers_that_start_at_once_make_one_owner(url: str) -> None:
    servers = [SqlDatabase(url) for _ in range(4)]
    await asyncio.gather(*(server.migrate() for server in servers))

    async def start(server: Database) -> Member:
        async with server.transaction() as store:
            return await store.members.bootstrap("acme", "main", "ada")

    owners = await asyncio.gather(*(start(server) for server in servers))
    assert len({owner.id for owner in owners}) == 1
    for server in servers:
        await server.close()


# ── keys ──


async def test_a_key_is_found_by_its_digest_in_any_workspace_and_by_its_id_in_its_own(database: Database) -> None:
    ada, bob = await new_member(database), await new_member(database)
    key = key_of(ada, scopes=("inference", "admin"), expires=NOW + timedelta(days=1))
    async with database.transaction() as store:
        await store.keys.add(key)
    async with database.transaction() as store:
        assert await store.keys.by_digest(key.digest) == key
        assert await store.keys.by_digest("another") is None
        assert await store.keys.get(ada.workspace, key.id) == key
        assert await store.keys.get(bob.workspace, key.id) is None


async def test_a_digest_is_kept_once_and_the_transaction_goes_on(database: Database) -> None:
    member = await new_member(database)
    key = key_of(member)
    async with database.transaction() as store:
        await store.keys.add(key)
        with pytest.raises(Conflict):
            await store.keys.add(replace(key, id="key_other"))
        await store.keys.add(key_of(member, 1))
    async with database.transaction() as store:
        assert len((await store.keys.list(member.workspace)).items) == 2


async def test_a_key_of_one_who_is_no_member_is_refused(database: Database) -> None:
    ada, bob = await new_member(database), await new_member(database)
    with pytest.raises(Conflict):
        async with database.transaction() as store:
            await store.keys.add(replace(key_of(ada), principal=bob.principal))


async def test_revoking_is_final_and_for_the_keys_own_workspace(database: Database) -> None:
    ada, bob = await new_member(database), await new_member(database)
    key = key_of(ada)
    later = NOW + timedelta(hours=1)
    heard: list[str] = []
    database.on_revoked(heard.append)
    async with database.transaction() as store:
        await store.keys.add(key)
        assert not await store.keys.revoke(bob.workspace, key.id, later)
        assert not await store.keys.revoke(ada.workspace, "key_none", later)
        assert await store.keys.revoke(ada.workspace, key.id, later)
        assert await store.keys.revoke(ada.workspace, key.id, later + timedelta(hours=1))
        assert heard == []
    assert heard == [key.id]
    async with database.transaction() as store:
        assert await store.keys.by_digest(key.digest) == replace(key, revoked=later)
        assert (await store.keys.list(ada.workspace)).items == [replace(key, revoked=later)]


async def test_a_use_is_noted_and_never_set_back(database: Database) -> None:
    ada, bob = await new_member(database), await new_member(database)
    key = key_of(ada)
    async with database.transaction() as store:
        await store.keys.add(key)
        await store.keys.touch(bob.workspace, key.id, NOW)
        await store.keys.touch(ada.workspace, "key_none", NOW)
        assert (await store.keys.get(ada.workspace, key.id)).last_used is None
        await store.keys.touch(ada.workspace, key.id, NOW)
        await store.keys.touch(ada.workspace, key.id, NOW - timedelta(minutes=5))
        assert (await store.keys.get(ada.workspace, key.id)).last_used == NOW


async def test_keys_are_listed_newest_first(database: Database) -> None:
    member = await new_member(database)
    keys = [key_of(member, number) for number in range(5)]
    async with database.transaction() as store:
        for key in random.Random(1).sample(keys, 5):
            await store.keys.add(key)
        assert (await store.keys.list(member.workspace)).items == keys[::-1]


# ── usage ──


async def test_a_request_is_counted_once_however_often_it_is_written(database: Database) -> None:
    ada, bob = await new_member(database), await new_member(database)
    async with database.transaction() as store:
        await store.usage.add(usage_of(ada, "r1"))
        await store.usage.add(usage_of(ada, "r1", completion_tokens=99))
        await store.usage.add(usage_of(bob, "r1", completion_tokens=1))
    async with database.transaction() as store:
        assert await store.usage.totals(ada.workspace) == UsageTotals(1, 7, 3, 5)
        assert await store.usage.totals(bob.workspace) == UsageTotals(1, 7, 3, 1)


async def test_nothing_sums_to_nothing(database: Database) -> None:
    async with database.transaction() as store:
        assert await store.usage.totals("ws_none") == UsageTotals(0, 0, 0, 0)


token_counts = st.one_of(st.integers(0, 10_000), st.integers(0, 2**62 // 40))
rows = st.lists(st.tuples(st.integers(0, 5), token_counts, token_counts, token_counts), max_size=30)


@on_one_database
@given(rows=rows, since=st.integers(0, 6))
async def test_totals_are_the_sum_of_the_rows_from_then_on(database: Database, rows: list[tuple[int, int, int, int]], since: int) -> None:
    member = await new_member(database)
    async with database.transaction() as store:
        for number, (hour, prompt, cached, completion) in enumerate(rows):
            at = NOW + timedelta(hours=hour)
            counts = {"prompt_tokens": prompt, "cached_tokens": cached, "completion_tokens": completion}
            await store.usage.add(usage_of(member, f"r{number}", created=at, **counts))
        found = await store.usage.totals(member.workspace, since=NOW + timedelta(hours=since))
    counted = [counts for hour, *counts in rows if hour >= since]
    assert found == UsageTotals(len(counted), *(sum(column) for column in zip(*counted, strict=True)) if counted else (0, 0, 0))


# ── lists ──


@on_one_database
@given(moments=st.lists(st.integers(0, 3), max_size=25), limit=st.integers(1, 30))
async def test_pages_show_each_row_once_and_in_order_under_any_limit(database: Database, moments: list[int], limit: int) -> None:
    member = await new_member(database)
    async with database.transaction() as store:
        for number, microseconds in enumerate(moments):  # many of one microsecond: the id decides
            await store.usage.add(usage_of(member, f"r{number}", created=NOW + timedelta(microseconds=microseconds)))
    async with database.transaction() as store:
        pages = await every_page(store.usage.list, member.workspace, limit)
    shown = [record for page in pages for record in page.items]
    assert sorted(record.id for record in shown) == sorted(f"r{number}" for number in range(len(moments)))
    assert [record.created for record in shown] == sorted((record.created for record in shown), reverse=True)
    assert all(len(page.items) == limit for page in pages[:-1])
    assert len(pages) == max(1, -(-len(moments) // limit))


async def test_rows_added_while_a_list_is_read_do_not_shift_it(database: Database) -> None:
    member = await new_member(database)
    async with database.transaction() as store:
        for number in range(6):
            await store.keys.add(key_of(member, number))
        first = await store.keys.list(member.workspace, limit=3)
        await store.keys.add(key_of(member, 99))
        second = await store.keys.list(member.workspace, limit=3, after=first.next)
    assert [key.created.second for key in [*first.items, *second.items]] == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("limit", [0, -1, 1001, 10**30, True, 2.0, "7", None])
async def test_a_limit_that_cannot_be_is_refused(database: Database, limit: object) -> None:
    async with database.transaction() as store:
        with pytest.raises(InvalidRequest) as caught:
            await store.keys.list("ws", limit=limit)
    assert caught.value.param == "limit"


async def test_a_cursor_of_another_list_is_refused(database: Database) -> None:
    member = await new_member(database)
    async with database.transaction() as store:
        for number in range(2):
            await store.keys.add(key_of(member, number))
        cursor = (await store.keys.list(member.workspace, limit=1)).next
        with pytest.raises(InvalidRequest) as caught:
            await store.usage.list(member.workspace, after=cursor)
    assert caught.value.param == "after"


async def test_a_cursor_shows_no_row_of_another_workspace(database: Database) -> None:
    ada, bob = await new_member(database), await new_member(database)
    async with database.transaction() as store:
        for number in range(3):
            await store.keys.add(key_of(ada, number))
            await store.keys.add(key_of(bob, number))
        of_ada = (await store.keys.list(ada.workspace, limit=1)).next
        page = await store.keys.list(bob.workspace, after=of_ada)
    assert {key.workspace for key in page.items} == {bob.workspace}


# ── values ──


async def test_moments_keep_their_microsecond_and_come_back_in_utc(database: Database) -> None:
    member = await new_member(database)
    at = datetime.fromisoformat("2026-03-29T02:30:00.123456+05:45")
    async with database.transaction() as store:
        await store.usage.add(usage_of(member, "r1", created=at))
        found = (await store.usage.list(member.workspace)).items[0].created
    assert found == at
    assert found.utcoffset() == timedelta(0)


async def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    member = await new_member(database)
    with pytest.raises(ValueError, match="time zone"):
        async with database.transaction() as store:
            await store.usage.add(usage_of(member, "r1", created=datetime(2026, 1, 1)))


@given(text=st.text(max_size=40))
@on_one_database
async def test_any_text_comes_back_as_it_was_or_is_refused(database: Database, text: str) -> None:
    member = await new_member(database)
    try:
        async with database.transaction() as store:
            await store.usage.add(usage_of(member, "r1", model=text))
    except InvalidRequest:
        assert "\0" in text or not text.isprintable()
        return
    async with database.transaction() as store:
        assert (await store.usage.list(member.workspace)).items[0].model == text


@pytest.mark.parametrize(
    "wrong", [{"prompt_tokens": -1}, {"completion_tokens": 2**63}, {"id": "r\0"}, {"model": "\ud800"}, {"principal": "x\0" * 9}]
)
async def test_a_value_that_cannot_be_stored_is_the_callers_mistake(database: Database, wrong: dict[str, object]) -> None:
    member = await new_member(database)
    with pytest.raises(InvalidRequest):
        async with database.transaction() as store:
            await store.usage.add(replace(usage_of(member, "r1"), **wrong))


async def test_usage_of_a_workspace_that_is_not_there_is_refused(database: Database) -> None:
    member = await new_member(database)
    with pytest.raises(Conflict):
        async with database.transaction() as store:
            await store.usage.add(usage_of(replace(member, workspace="ws_none"), "r1"))


async def test_quotes_in_a_text_stay_text(database: Database) -> None:
    async with database.transaction() as store:
        assert await store.keys.by_digest("' OR 1=1 --") is None
        assert (await store.usage.list("'; DROP TABLE usage; --")).items == []


# ── addresses ──


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        "mysql://u:secret@h/db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://secret/alize.db",
        "sqlite:///alize.db?mode=ro",
        "postgresql+asyncpg://h/x",
        "postgresql://u:secret@a..b/db",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_repeating_its_password(address: str) -> None:
    with pytest.raises(SettingInvalid) as caught:
        SqlDatabase(address)
    assert "secret" not in caught.value.text
    assert "postgresql://" in caught.value.text


async def test_a_server_that_does_not_answer_is_storage_failed(tmp_path: Path) -> None:
    for address in (f"postgresql://u:secret@/db?host={tmp_path}", f"sqlite:///{tmp_path}/nowhere/alize.db"):
        database = SqlDatabase(address)
        for use in (database.ping, database.migrate):
            with pytest.raises(AlizeError) as caught:
                await use()
            assert isinstance(caught.value, StorageFailed)
            assert "secret" not in caught.value.text
        await database.close()


async def test_closing_waits_for_the_transaction_that_runs(database: Database) -> None:
    member = await new_member(database)
    begun = asyncio.Event()

    async def write() -> None:
        async with database.transaction() as store:
            await store.usage.add(usage_of(member, "r1"))
            begun.set()
            await asyncio.sleep(0)
            await store.usage.add(usage_of(member, "r2"))

    writing = asyncio.create_task(write())
    await begun.wait()
    await database.close()
    assert writing.done()
    await writing
