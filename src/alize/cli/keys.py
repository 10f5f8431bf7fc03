"""`alize keys`. In: the database of the state folder, whether a server runs on it or not. Out: API keys, listed, made and ended.

No key is asked for: whoever can open the database of this machine could do anything with it.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alize.cli.database import on_database
from alize.cli.options import AsJson, Home
from alize.errors import InvalidRequest

if TYPE_CHECKING:
    from alize.governance.keys import MadeKey
    from alize.storage.base import Database, KeyRecord

__all__ = ["COMMANDS", "HELP", "lifetime"]

HELP = "List, make and revoke API keys."


def list_keys(
    everything: Annotated[bool, typer.Option("--all", help="Show revoked and expired keys, too.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show the keys, newest first; never the secrets, which are not kept."""
    from alize.cli.terminal import print_json, print_table

    now = datetime.now(UTC)
    records = [key for key in on_database(home, _all_keys) if everything or _state(key, now) == "active"]
    if as_json:
        print_json([_shown(key, now) for key in records])
        return
    rows = [
        (key.id, key.name, f"{key.prefix}…", " ".join(key.scopes), _day(key.created), _day(key.last_used), _state(key, now))
        for key in records
    ]
    print_table(("id", "name", "begins with", "scopes", "made", "last used", "state"), rows)


def create(
    name: Annotated[str, typer.Argument(help="What the key is for. Several keys may have one name; the id tells them apart.")],
    admin: Annotated[bool, typer.Option("--admin", help="May also manage keys and settings; otherwise it only calls models.")] = False,
    expires: Annotated[str, typer.Option("--expires", help="How long it works: 12h, 30d, 1y.", show_default="for ever")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once."""
    from alize.governance.keys import make_key, owner

    end = _end(expires) if expires else None

    async def make(database: "Database") -> "MadeKey":
        maker = await owner(database)
        async with database.transaction() as store:
            return await make_key(store, maker, name, scopes=("inference", "admin") if admin else ("inference",), expires=end)

    _show_made(on_database(home, make), as_json)


def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `alize keys list` shows it.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """End a key for good. A running server refuses it within 5 seconds."""
    from alize.cli.terminal import print_json
    from alize.governance.keys import owner, revoke_key

    async def end(database: "Database") -> "KeyRecord | None":
        workspace = (await owner(database)).workspace
        async with database.transaction() as store:
            await revoke_key(store, workspace, key_id)
            return await store.keys.get(workspace, key_id)

    ended = on_database(home, end)
    assert ended is not None, "what was revoked is kept"
    if as_json:
        print_json(_shown(ended, datetime.now(UTC)))
    else:
        typer.echo(f"Revoked {ended.id}, '{ended.name}'.")


def replace_admin(
    key_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="The lost key.", show_default="the one of the first start")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make an admin key in place of a lost one, which ends."""
    from alize.governance.keys import replace_admin_key

    _show_made(on_database(home, lambda database: replace_admin_key(database, key_id)), as_json)


COMMANDS: dict[str, Callable[..., None]] = {"list": list_keys, "create": create, "revoke": revoke, "replace-admin": replace_admin}


def lifetime(text: str) -> timedelta:
    """
    >>> lifetime("12h"), lifetime("30d")
    (datetime.timedelta(seconds=43200), datetime.timedelta(days=30))
    """
    match = re.fullmatch(r"([1-9][0-9]{0,4})([hdwy])", text.strip().lower())
    if match is None:
        raise InvalidRequest(f"'{text}' is no length of time.", param="expires", remedy="Write 12h, 30d, 4w or 1y.")
    return int(match[1]) * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "y": timedelta(days=365)}[match[2]]


def _end(expires: str) -> datetime:
    try:
        return datetime.now(UTC) + lifetime(expires)
    except OverflowError as error:
        raise InvalidRequest(
            f"{expires} from now is no date any more.", param="expires", remedy="Leave --expires out: for ever."
        ) from error


async def _all_keys(database: "Database") -> "list[KeyRecord]":
    from alize.governance.keys import owner

    workspace = (await owner(database)).workspace
    found: list[KeyRecord] = []
    after: str | None = None
    async with database.transaction() as store:
        while True:
            page = await store.keys.list(workspace, limit=1000, after=after)
            found += page.items
            after = page.next
            if after is None:
                return found


def _show_made(made: "MadeKey", as_json: bool) -> None:
    from alize.cli.terminal import print_json, remark

    if as_json:
        print_json({**_shown(made.record, datetime.now(UTC)), "key": made.secret})
        return
    typer.echo(made.secret)
    remark(f"{made.record.id}. This is the only time the key is shown: only its hash is kept.")


def _shown(key: "KeyRecord", now: datetime) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "state": _state(key, now),
        "created": key.created.isoformat(),
        "last_used": key.last_used and key.last_used.isoformat(),
        "expires": key.expires and key.expires.isoformat(),
        "revoked": key.revoked and key.revoked.isoformat(),
    }


def _state(key: "KeyRecord", now: datetime) -> str:
    if key.revoked is not None:
        return "revoked"
    return "expired" if key.expires is not None and key.expires <= now else "active"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "never"
