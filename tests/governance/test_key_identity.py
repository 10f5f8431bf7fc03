"""A key speaks for its workspace as long as it is good, and the database is not asked at every request."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alize.errors import AuthenticationFailed, StorageFailed
from alize.governance import KeyIdentity, MadeKey, first_key, first_match, make_key, owner, revoke_key
from alize.governance.key_identity import REMEMBERED
from alize.governance.secret import digest_of, new_secret
from alize.settings import Settings
from alize.storage.base import Database
from alize.storage.database import SqlDatabase


@dataclass
class Clock:
    """Time that passes when a test says so."""

    time: datetime = datetime.now(UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC))


@pytest.fixture
async def identity(database: Database, clock: Clock) -> AsyncIterator[KeyIdentity]:
    identity = KeyIdentity(database, now=clock.now, monotonic=clock.monotonic)
    yield identity
    await identity.close()


@pytest.fixture
async def key(database: Database) -> MadeKey:
    maker = await owner(database)
    async with database.transaction() as store:
        return await make_key(store, maker, "mine")


async def last_used(database: Database, key: MadeKey) -> datetime | None:
    async with database.transaction() as store:
        return (await store.keys.get(key.record.workspace, key.record.id)).last_used


async def revoke(database: Database, key: MadeKey) -> None:
    async with database.transaction() as store:
        await revoke_key(store, key.record.workspace, key.record.id)


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


@pytest.mark.parametrize("shape", ["Bearer {}", "bearer {}", "BEARER   {}  "])
async def test_a_key_is_taken_from_authorization(identity: KeyIdentity, key: MadeKey, shape: str) -> None:
    principal = await identity.identify({"authorization": shape.format(key.secret)})
    assert principal is not None
    assert (principal.id, principal.workspace, principal.kind, principal.name) == (key.record.id, key.record.workspace, "key", "mine")
    assert principal.scopes == {"inference"}


async def test_a_key_is_taken_from_x_api_key(identity: KeyIdentity, key: MadeKey) -> None:
    assert (await identity.identify({"x-api-key": key.secret})).id == key.record.id
    assert (await identity.identify({"x-api-key": key.secret, **bearer(key.secret)})).id == key.record.id


async def test_a_fixed_key_of_any_form_is_taken(identity: KeyIdentity, database: Database) -> None:
    await first_key(database, Settings(api_key="a-key-that-the-operator-chose"))
    assert (await identity.identify(bearer("a-key-that-the-operator-chose"))).scopes == {"inference", "admin"}


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}, {"authorization": "Basic dXNlcjpwYXNz"}, {"cookie": "session=1"}])
async def test_without_a_key_the_request_is_not_this_ones_to_judge(identity: KeyIdentity, headers: dict[str, str]) -> None:
    assert await identity.identify(headers) is None


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (bearer(""), "empty"),
        (bearer("anything"), "not known"),
        (bearer("clé-inconnue-de-tous"), "not an API key"),
        (bearer("x" * 100_000), "not an API key"),
        (bearer("two words"), "not known"),
        (bearer("' OR 1=1 --"), "not known"),
        (bearer("nul\0nul"), "not known"),
        (bearer(new_secret()), "not known"),
        (bearer(new_secret()[:-1]), "mistyped or cut off"),
        (bearer(new_secret() + "x"), "mistyped or cut off"),
        ({"authorization": new_secret()}, "no scheme"),
        ({"x-api-key": ""}, "empty"),
        ({"x-api-key": "x"} | bearer("y"), "different keys"),
    ],
)
async def test_a_bad_key_is_refused_with_the_reason(identity: KeyIdentity, headers: dict[str, str], reason: str) -> None:
    with pytest.raises(AuthenticationFailed, match=reason) as caught:
        await identity.identify(headers)
    for sent in headers.values():
        assert sent.removeprefix("Bearer ") in ("", "x", "y") or sent.removeprefix("Bearer ") not in caught.value.text


async def test_a_mistyped_key_is_refused_without_asking_the_database(identity: KeyIdentity, database: Database) -> None:
    await database.close()
    with pytest.raises(AuthenticationFailed, match="mistyped"):
        await identity.identify(bearer(new_secret()[:-1] + "_"))


async def test_a_known_key_is_answered_from_memory_for_a_few_seconds(
    identity: KeyIdentity, database: Database, key: MadeKey, clock: Clock
) -> None:
    await identity.identify(bearer(key.secret))
    await identity.close()
    await database.close()
    clock.pass_seconds(REMEMBERED - 0.1)
    assert (await identity.identify(bearer(key.secret))).id == key.record.id
    clock.pass_seconds(0.2)
    with pytest.raises(StorageFailed):
        await identity.identify(bearer(key.secret))


async def test_a_key_revoked_in_this_process_is_refused_at_once(identity: KeyIdentity, database: Database, key: MadeKey) -> None:
    await identity.identify(bearer(key.secret))
    await revoke(database, key)
    with pytest.raises(AuthenticationFailed, match="revoked"):
        await identity.identify(bearer(key.secret))


async def test_a_key_revoked_by_another_process_is_refused_within_seconds(
    identity: KeyIdentity, tmp_path: Path, key: MadeKey, clock: Clock
) -> None:
    await identity.identify(bearer(key.secret))
    other = SqlDatabase(f"sqlite:///{tmp_path}/alize.db")
    await revoke(other, key)
    await other.close()
    clock.pass_seconds(REMEMBERED + 0.1)
    with pytest.raises(AuthenticationFailed, match="revoked"):
        await identity.identify(bearer(key.secret))


async def test_a_key_revoked_while_it_is_looked_up_is_not_remembered(identity: KeyIdentity, database: Database, key: MadeKey) -> None:
    """Whatever the order in which a look-up and a revocation meet, the next request is refused."""
    for turns in range(30):
        maker = await owner(database)
        async with database.transaction() as store:
            each = await make_key(store, maker, f"key {turns}")
        looking = asyncio.create_task(identity.identify(bearer(each.secret)))
        for _ in range(turns):
            await asyncio.sleep(0)
        await revoke(database, each)
        await asyncio.wait([looking])
        assert looking.exception() is None or isinstance(looking.exception(), AuthenticationFailed)
        with pytest.raises(AuthenticationFailed, match="revoked"):
            await identity.identify(bearer(each.secret))


async def test_a_key_ends_at_its_end_even_while_it_is_remembered(database: Database, clock: Clock, identity: KeyIdentity) -> None:
    maker = await owner(database)
    async with database.transaction() as store:
        key = await make_key(store, maker, "short", expires=clock.now() + timedelta(seconds=3))
    await identity.identify(bearer(key.secret))
    clock.pass_seconds(3)
    with pytest.raises(AuthenticationFailed, match="expired on"):
        await identity.identify(bearer(key.secret))


async def test_uses_are_noted_at_most_once_a_minute(identity: KeyIdentity, database: Database, key: MadeKey, clock: Clock) -> None:
    assert await last_used(database, key) is None
    first = clock.now()
    for _ in range(11):  # 55 s
        await asyncio.gather(*(identity.identify(bearer(key.secret)) for _ in range(3)))
        await identity.close()
        assert await last_used(database, key) == first
        clock.pass_seconds(5)
    clock.pass_seconds(5)
    await identity.identify(bearer(key.secret))
    await identity.close()
    assert await last_used(database, key) == first + timedelta(seconds=60)


async def test_noting_a_use_does_not_hold_up_the_request(identity: KeyIdentity, database: Database, key: MadeKey) -> None:
    async with database.transaction() as store:
        await store.keys.revoke(key.record.workspace, "key_none", datetime.now(UTC))  # somebody is writing, and goes on
        assert await asyncio.create_task(identity.identify(bearer(key.secret))) is not None
    await identity.close()
    assert await last_used(database, key) is not None


async def test_a_use_that_cannot_be_noted_is_logged_and_harms_nobody(
    identity: KeyIdentity, database: Database, key: MadeKey, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await identity.identify(bearer(key.secret))
    await identity.close()
    identity._known[digest_of(key.secret)].until += 1000
    clock.pass_seconds(61)
    await database.close()
    assert (await identity.identify(bearer(key.secret))).id == key.record.id
    await identity.close()
    assert key.record.id in caplog.text
    assert key.secret not in caplog.text


async def test_what_is_remembered_has_a_bound(
    identity: KeyIdentity, database: Database, key: MadeKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alize.governance.key_identity._MOST", 3)
    maker = await owner(database)
    async with database.transaction() as store:
        secrets = [(await make_key(store, maker, f"key {number}")).secret for number in range(5)]
    for secret in secrets:
        await identity.identify(bearer(secret))
    assert list(identity._known) == [digest_of(secret) for secret in secrets[2:]]


# ── several ways as one ──


async def test_the_first_that_knows_the_credentials_decides(identity: KeyIdentity, key: MadeKey) -> None:
    class Anyone:
        async def identify(self, headers: dict[str, str]) -> object:
            return replace(anyone, name=headers.get("cookie", ""))

    anyone = await identity.identify(bearer(key.secret))
    chain = first_match([identity, Anyone()])
    assert (await chain.identify(bearer(key.secret))).name == "mine"
    assert (await chain.identify({"cookie": "me"})).name == "me"
    with pytest.raises(AuthenticationFailed):
        await chain.identify({"cookie": "me", **bearer("bad")})


async def test_a_chain_that_knows_nobody_says_none(identity: KeyIdentity) -> None:
    assert await first_match([identity]).identify({}) is None
    assert await first_match([]).identify({}) is None
