"""API keys. In: who asks for a key, its name, scopes and end. Out: the record that is kept, and the secret, this once.

Every function that takes a Store runs in the caller's transaction; `first_key`, `replace_admin_key` and `owner` begin their own.
"""

from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from alize.errors import InvalidRequest, NotFound, PermissionDenied, SettingInvalid
from alize.governance.identity import SCOPES, Principal, Scope
from alize.governance.secret import digest_of, new_secret, shown_of
from alize.reasons import because
from alize.settings import Settings
from alize.storage.base import Database, KeyRecord, Member, Store
from alize.storage.ids import new_id

__all__ = ["MadeKey", "answerable", "first_key", "make_key", "owner", "principal_of", "replace_admin_key", "revoke_key"]

_HOUSE = ("default", "default", "owner")  # the first organization, workspace and member
_ADMIN = "admin"  # the name of the key made on first start, and of each that replaced it
_FIXED = "api_key setting"
_LONGEST_NAME = 100
_LONGEST_SECRET = 512


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key. The secret is nowhere else: not in the database, and not in this object's `repr`, which may reach a log."""

    record: KeyRecord
    secret: str = field(repr=False)


def principal_of(member: Member) -> Principal:
    """The member as one who acts: an owner may do everything, others call models."""
    scopes = frozenset(SCOPES if member.role == "owner" else SCOPES[:1])
    return Principal(member.principal, member.organization, member.workspace, scopes, "member", member.name)


async def owner(database: Database) -> Principal:
    """The first workspace's owner, made if not there: on whose behalf commands on this machine act."""
    async with database.transaction() as store:
        return principal_of(await store.members.bootstrap(*_HOUSE))


async def make_key(
    store: Store,
    maker: Principal,
    name: str,
    *,
    scopes: Collection[Scope] = ("inference",),
    expires: datetime | None = None,
) -> MadeKey:
    """Make a key of the maker's workspace.

    Raises InvalidRequest for a name, scopes or an end that cannot be, and PermissionDenied where the maker lacks a scope it gives.
    """
    if name.strip() in (_ADMIN, _FIXED):
        raise InvalidRequest(
            f"The name '{name.strip()}' is kept for the keys that Alizé makes itself.",
            param="name",
            reason=because("key_name_kept", name=name.strip()),
        )
    return await _add(store, maker, new_secret(), name, scopes, expires)


async def answerable(store: Store, maker: Principal) -> str:
    """The person behind the maker, a principal's id: what is made with a key answers to the same one. Raises PermissionDenied."""
    if maker.kind != "key":
        return maker.id
    key = await store.keys.get(maker.workspace, maker.id)
    if key is None or key.revoked is not None:
        raise PermissionDenied("The key that asks has been revoked.")
    return key.principal


async def revoke_key(store: Store, workspace: str, id: str) -> None:
    """End a key for good; a no-op where it has ended. This process refuses it from the commit on, others within 5 s.

    Raises NotFound.
    """
    if not await store.keys.revoke(workspace, id, datetime.now(UTC)):
        raise _no_such_key(id)


async def first_key(database: Database, settings: Settings) -> MadeKey | None:
    """On first start, make the house's owner and an admin key; None where there has been one.

    With `settings.api_key`, that becomes the admin key instead, also beside earlier ones; another value at a later start replaces it.
    Safe to call at every start, and by several servers at once. Raises SettingInvalid.
    """
    async with database.transaction() as store:
        maker = principal_of(await store.members.bootstrap(*_HOUSE))
        if settings.api_key:
            return await _take_fixed(store, maker, settings)
        async for key in _all(store, maker.workspace):
            if "admin" in key.scopes:
                return None
        return await _add(store, maker, new_secret(), _ADMIN, SCOPES)


async def replace_admin_key(database: Database, id: str | None = None) -> MadeKey:
    """Make an admin key in place of a lost one, which ends: the key `id`, or else the one from the first start.

    For commands on this machine: whoever can open the database needs no key to prove it. Raises NotFound for an unknown `id`.
    """
    async with database.transaction() as store:
        maker = principal_of(await store.members.bootstrap(*_HOUSE))
        lost = [key.id async for key in _all(store, maker.workspace) if (key.name == _ADMIN if id is None else key.id == id)]
        if id is not None and not lost:
            raise _no_such_key(id)
        for each in lost:
            await store.keys.revoke(maker.workspace, each, datetime.now(UTC))
        return await _add(store, maker, new_secret(), _ADMIN, SCOPES)


async def _take_fixed(store: Store, maker: Principal, settings: Settings) -> MadeKey | None:
    """None where the key is this house's already."""
    secret = settings.api_key
    if not secret.isascii() or not secret.isprintable() or " " in secret or len(secret) > _LONGEST_SECRET:
        raise _unfit(settings, f"not of up to {_LONGEST_SECRET} plain characters without spaces", "Choose another.")
    known = await store.keys.by_digest(digest_of(secret))
    if known is None:
        async for key in _all(store, maker.workspace):
            if key.name == _FIXED:
                await store.keys.revoke(maker.workspace, key.id, datetime.now(UTC))
        return await _add(store, maker, secret, _FIXED, SCOPES)
    if known.revoked is not None:
        raise _unfit(settings, f"a key that was revoked on {known.revoked:%Y-%m-%d}", "Choose another, or leave it out.")
    if known.expires is not None or "admin" not in known.scopes:
        raise _unfit(
            settings,
            f"the key '{known.name}' of this house, which cannot do everything, or not for ever",
            "A server takes it as its admin key. If it is meant for a client, start the server without it: env -u ALIZE_API_KEY alize up",
        )
    return None


def _unfit(settings: Settings, why: str, remedy: str) -> SettingInvalid:
    return SettingInvalid(f"api_key{settings.came('api_key')} is {why}.", param="api_key", remedy=remedy)


async def _add(
    store: Store, maker: Principal, secret: str, name: str, scopes: Collection[Scope], expires: datetime | None = None
) -> MadeKey:
    now = datetime.now(UTC)
    _check(maker, name, scopes, expires, now)
    record = KeyRecord(
        id=new_id("key"),
        organization=maker.organization,
        workspace=maker.workspace,
        principal=await answerable(store, maker),
        name=name.strip(),
        prefix=shown_of(secret),
        digest=digest_of(secret),
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
        created=now,
        expires=expires,
    )
    await store.keys.add(record)
    return MadeKey(record, secret)


def _check(maker: Principal, name: str, scopes: Collection[Scope], expires: datetime | None, now: datetime) -> None:
    if not 1 <= len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        raise InvalidRequest(
            f"A key's name is 1 to {_LONGEST_NAME} characters that can be printed.",
            param="name",
            reason=because("key_name", most=_LONGEST_NAME),
        )
    unknown = set(scopes) - set(SCOPES)
    if unknown or not scopes:
        wrong = f"There is no scope '{min(unknown)}'." if unknown else "A key without a scope can do nothing."
        reason = because("key_scope_unknown", scope=min(unknown), scopes=list(SCOPES)) if unknown else because("key_scope_none")
        raise InvalidRequest(wrong, param="scopes", remedy=f"Scopes are {', '.join(SCOPES)}.", reason=reason)
    lacking = set(scopes) - maker.scopes
    if lacking:
        raise PermissionDenied(
            f"A key cannot give the scope '{min(lacking)}', which its maker does not have.",
            param="scopes",
            reason=because("key_scope_lacking", scope=min(lacking)),
        )
    if expires is not None and (expires.tzinfo is None or expires <= now):
        raise InvalidRequest("A key's end must be later than now, and say its time zone.", param="expires", reason=because("key_end_past"))


def _no_such_key(id: str) -> NotFound:
    return NotFound(
        f"There is no API key '{id[:100]}' in this workspace.",
        remedy="`alize keys list` shows those there are.",
        reason=because("key_gone"),
    )


async def _all(store: Store, workspace: str) -> AsyncGenerator[KeyRecord, None]:
    after: str | None = None
    while True:
        page = await store.keys.list(workspace, limit=1000, after=after)
        for key in page.items:
            yield key
        after = page.next
        if after is None:
            return
