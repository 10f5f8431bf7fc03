"""Keys are made once, for what their maker may do, and end when somebody says so."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alize.errors import InvalidRequest, NotFound, PermissionDenied, SettingInvalid
from alize.governance import MadeKey, Principal, first_key, make_key, owner, principal_of, replace_admin_key, revoke_key
from alize.governance.secret import digest_of, new_secret, whole
from alize.settings import Settings
from alize.storage.base import Database, KeyRecord, Member
from alize.storage.database import SqlDatabase

FIXED = "a-key-that-the-operator-chose"


async def made(database: Database, maker: Principal, name: str = "mine", **given: object) -> MadeKey:
    async with database.transaction() as store:
        return await make_key(store, maker, name, **given)


async def all_keys(database: Database) -> Sequence[KeyRecord]:
    workspace = (await owner(database)).workspace
    async with database.transaction() as store:
        return (await store.keys.list(workspace)).items


async def found(database: Database, secret: str) -> KeyRecord | None:
    async with database.transaction() as store:
        return await store.keys.by_digest(digest_of(secret))


async def first_secret(database: Database) -> str:
    key = await first_key(database, Settings())
    assert key is not None
    return key.secret


# ── making one ──


async def test_a_new_keys_secret_is_told_once_and_only_its_digest_is_kept(database: Database, tmp_path: Path) -> None:
    key = await made(database, await owner(database))
    assert whole(key.secret)
    assert key.secret.startswith(key.record.prefix)
    assert await found(database, key.secret) == key.record
    assert key.secret not in repr(key)
    await database.close()
    with closing(sqlite3.connect(tmp_path / "alize.db")) as connection:
        dump = "\n".join(connection.iterdump())
    assert key.record.digest in dump
    assert key.secret not in dump
    assert key.secret[10:20] not in dump


async def test_a_key_calls_models_unless_more_is_asked_for(database: Database) -> None:
    maker = await owner(database)
    assert (await made(database, maker)).record.scopes == ("inference",)
    assert (await made(database, maker, scopes=["admin", "inference", "admin"])).record.scopes == ("inference", "admin")


async def test_a_key_gives_no_more_than_its_maker_has(database: Database) -> None:
    maker = replace(await owner(database), scopes=frozenset({"inference"}))
    with pytest.raises(PermissionDenied, match="admin"):
        await made(database, maker, scopes=("admin",))


async def test_a_key_made_with_a_key_answers_to_the_same_person(database: Database) -> None:
    person = await owner(database)
    first = (await made(database, person, scopes=("inference", "admin"))).record
    acting = Principal(first.id, first.organization, first.workspace, frozenset({"inference", "admin"}), "key", first.name)
    second = (await made(database, acting, "second")).record
    assert second.principal == first.principal == person.id
    async with database.transaction() as store:
        await revoke_key(store, first.workspace, first.id)
    with pytest.raises(PermissionDenied, match="revoked"):
        await made(database, acting, "third")


@pytest.mark.parametrize(
    ("param", "given"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "   "}),
        ("name", {"name": "n" * 101}),
        ("name", {"name": "two\nlines"}),
        ("name", {"name": "nul\0"}),
        ("name", {"name": "admin"}),
        ("name", {"name": " api_key setting "}),
        ("scopes", {"scopes": ()}),
        ("scopes", {"scopes": ("root",)}),
        ("scopes", {"scopes": ("inference", "")}),
        ("expires", {"expires": datetime(2020, 1, 1, tzinfo=UTC)}),
        ("expires", {"expires": datetime(2999, 1, 1)}),
    ],
)
async def test_a_key_that_cannot_be_is_refused_by_field(database: Database, param: str, given: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await made(database, await owner(database), **given)
    assert caught.value.param == param
    assert await all_keys(database) == []


async def test_a_key_may_have_an_end(database: Database) -> None:
    end = datetime.now(UTC) + timedelta(days=30)
    key = await made(database, await owner(database), expires=end)
    assert (await found(database, key.secret)).expires == end


def test_a_member_who_is_not_an_owner_only_calls_models() -> None:
    member = Member("mem", "org", "ws", "prn", "ada", "member", datetime.now(UTC))
    assert principal_of(member).scopes == {"inference"}
    assert principal_of(replace(member, role="owner")).scopes == {"inference", "admin"}


# ── ending one ──


async def test_a_key_ends_once_and_for_good(database: Database) -> None:
    key = (await made(database, await owner(database))).record
    for _ in range(2):
        async with database.transaction() as store:
            await revoke_key(store, key.workspace, key.id)
    assert (await all_keys(database))[0].revoked is not None
    for workspace, id in ((key.workspace, "key_none"), ("ws_other", key.id)):
        async with database.transaction() as store:
            with pytest.raises(NotFound):
                await revoke_key(store, workspace, id)


# ── the first one ──


async def test_the_first_start_makes_an_admin_key_and_later_ones_do_not(database: Database) -> None:
    secret = await first_secret(database)
    assert (await found(database, secret)).scopes == ("inference", "admin")
    assert await first_key(database, Settings()) is None
    async with database.transaction() as store:
        await revoke_key(store, (await found(database, secret)).workspace, (await found(database, secret)).id)
    assert await first_key(database, Settings()) is None, "a revoked key is replaced by hand, not by restarting"
    assert len(await all_keys(database)) == 1


async def test_keys_that_only_call_models_do_not_stand_in_for_the_first_admin_key(database: Database) -> None:
    await made(database, await owner(database))
    assert await first_key(database, Settings()) is not None


async def test_servers_that_start_at_once_make_one_first_key(database: Database, tmp_path: Path) -> None:
    servers = [SqlDatabase(f"sqlite:///{tmp_path}/alize.db") for _ in range(4)]
    secrets = await asyncio.gather(*(first_key(server, Settings()) for server in servers))
    assert sum(secret is not None for secret in secrets) == 1
    for server in servers:
        await server.close()


async def test_a_fixed_key_is_the_first_key_and_is_made_once(database: Database) -> None:
    """Whoever starts the server is told when a key has been made, for the variable may have been meant for another server."""
    made = [await first_key(database, Settings(api_key=FIXED)) for _ in range(2)]
    assert [key and key.secret for key in made] == [FIXED, None]
    assert [key.scopes for key in await all_keys(database)] == [("inference", "admin")]
    assert (await found(database, FIXED)).prefix == "a-k"


async def test_a_fixed_key_works_beside_an_earlier_first_key(database: Database) -> None:
    secret = await first_secret(database)
    await first_key(database, Settings(api_key=FIXED))
    for each in (secret, FIXED):
        assert (await found(database, each)).revoked is None


async def test_another_fixed_key_replaces_the_one_before(database: Database) -> None:
    await first_key(database, Settings(api_key=FIXED))
    await first_key(database, Settings(api_key=FIXED + "-2"))
    assert (await found(database, FIXED)).revoked is not None
    assert (await found(database, FIXED + "-2")).revoked is None
    with pytest.raises(SettingInvalid, match="revoked"):
        await first_key(database, Settings(api_key=FIXED))


@pytest.mark.parametrize("wrong", ["sixteen letters!", "schlüssel-schlüssel", "tab\tand-more-of-it", "x" * 513])
async def test_a_fixed_key_that_no_header_can_carry_is_refused(database: Database, wrong: str) -> None:
    with pytest.raises(SettingInvalid) as caught:
        await first_key(database, Settings(api_key=wrong))
    assert caught.value.param == "api_key"
    assert wrong not in caught.value.text


async def test_a_fixed_key_may_not_be_one_that_can_do_less(database: Database, tmp_path: Path) -> None:
    """A client's key that is still in the environment: the variable is named, since nobody who set it wrote `api_key`."""
    key = await made(database, await owner(database), "laptop")
    with pytest.raises(SettingInvalid, match=r"ALIZE_API_KEY\) is the key 'laptop'.*everything") as caught:
        await first_key(database, Settings.load({"ALIZE_API_KEY": key.secret}, home=str(tmp_path)))
    assert "env -u ALIZE_API_KEY" in caught.value.text
    assert key.secret not in caught.value.text


# ── in place of a lost one ──


async def test_a_lost_admin_key_is_replaced_and_ends(database: Database) -> None:
    lost = await first_secret(database)
    other = await made(database, await owner(database), "for the backup", scopes=("admin",))
    new = await replace_admin_key(database)
    assert (await found(database, lost)).revoked is not None
    assert (await found(database, other.secret)).revoked is None
    assert (await found(database, new.secret)).scopes == ("inference", "admin")
    newer = await replace_admin_key(database)
    assert (await found(database, new.secret)).revoked is not None
    assert (await found(database, newer.secret)).revoked is None


async def test_the_key_to_replace_may_be_named(database: Database) -> None:
    first = await first_secret(database)
    other = await made(database, await owner(database), "for the backup", scopes=("admin",))
    await replace_admin_key(database, other.record.id)
    assert (await found(database, first)).revoked is None
    assert (await found(database, other.secret)).revoked is not None
    before = await all_keys(database)
    with pytest.raises(NotFound):
        await replace_admin_key(database, "key_none")
    assert await all_keys(database) == before


async def test_a_house_without_any_key_gets_one_by_the_same_command(database: Database) -> None:
    assert await found(database, (await replace_admin_key(database)).secret) is not None
    assert await first_key(database, Settings()) is None


def test_two_keys_of_one_text_do_not_exist() -> None:
    assert new_secret() != new_secret()
