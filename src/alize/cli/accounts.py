"""`alize accounts`. In: the database of the state folder, whether a server runs on it or not. Out: accounts of people, as changed.

No password is asked for but a new one: whoever can open the database of this machine could do anything with it.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alize.cli.database import on_database
from alize.cli.options import AsJson, Home
from alize.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from alize.governance.invitations import MadeInvitation
    from alize.storage.base import AccountRecord, Database, Store

__all__ = ["COMMANDS", "HELP"]

HELP = "List, invite and disable people's accounts; replace a lost password."

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The account's address.")]


def list_accounts(home: Home = None, as_json: AsJson = False) -> None:
    """Show the accounts, oldest first."""
    from alize.cli.terminal import print_json, print_table

    records = on_database(home, _all_accounts)
    if as_json:
        print_json([_shown(account) for account in records])
        return
    rows = [
        (account.email, account.name, account.role, f"{account.created:%Y-%m-%d}", "disabled" if account.disabled else "active")
        for account in records
    ]
    print_table(("e-mail", "name", "role", "made", "state"), rows)


def invite(
    owner: Annotated[bool, typer.Option("--owner", help="The account may do everything; otherwise it talks to models.")] = False,
    name: Annotated[str, typer.Option("--name", help="A note: whom it is for.", show_default=False)] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="How long the link works.")] = 7,
    address: Annotated[
        str, typer.Option("--address", help="Where people open the server.", show_default="this machine's, from the settings")
    ] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a link with which one person may make an account, once."""
    from alize.cli.terminal import print_json, remark
    from alize.governance import owner as owner_of
    from alize.governance.invitations import invite as make
    from alize.settings import Settings

    async def work(database: "Database") -> "MadeInvitation":
        maker = await owner_of(database)
        async with database.transaction() as store:
            return await make(store, maker, "owner" if owner else "member", name, days)

    made = on_database(home, work)
    settings = Settings.load(home=home)
    here = f"{'https' if settings.tls_certificate else 'http'}://localhost:{settings.port}{settings.root_path}"
    link = f"{(address or here).rstrip('/')}/invitation#{made.token}"
    if as_json:
        print_json({"id": made.record.id, "role": made.record.role, "expires": made.record.expires.isoformat(), "link": link})
        return
    typer.echo(link)
    remark(f"For one {made.record.role}, until {made.record.expires:%Y-%m-%d %H:%M} UTC. This is the only time the link is shown.")
    if not address:
        remark("It leads to this machine, by the settings. Where people open the server by another address, name it with --address.")


def password(email: Email, home: Home = None) -> None:
    """Set another password for somebody who lost theirs: typed twice, or a line of standard input. Their sessions end."""
    from alize.governance import Accounts

    async def find(database: "Database") -> "AccountRecord":
        async with database.transaction() as store:
            return await _account(store, email)

    account = on_database(home, find)  # before a password is typed for nobody
    new = _typed()
    ended = on_database(home, lambda database: Accounts(database).reset_password(account, new))
    typer.echo(f"The password of {account.email} is set. Sessions ended: {ended}.")


def disable(email: Email, home: Home = None, as_json: AsJson = False) -> None:
    """End an account's sessions and let it in no more. Its conversations and keys stay."""
    account = _let_in(email, home, datetime.now(UTC))
    _said(account, f"{account.email} is disabled.", as_json)


def enable(email: Email, home: Home = None, as_json: AsJson = False) -> None:
    """Let a disabled account in again."""
    account = _let_in(email, home, None)
    _said(account, f"{account.email} may sign in.", as_json)


COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_accounts,
    "invite": invite,
    "password": password,
    "disable": disable,
    "enable": enable,
}


def _let_in(email: str, home: "Path | None", disabled: datetime | None) -> "AccountRecord":
    async def work(database: "Database") -> "AccountRecord":
        async with database.transaction() as store:
            account = await _account(store, email)
            await store.accounts.set_role(account.workspace, account.id, account.role, disabled)
            return await _account(store, email)

    return on_database(home, work)


def _said(account: "AccountRecord", sentence: str, as_json: bool) -> None:
    from alize.cli.terminal import print_json

    if as_json:
        print_json(_shown(account))
    else:
        typer.echo(sentence)


def _typed() -> str:
    from alize.cli.terminal import legible

    if sys.stdin.isatty():
        return legible(typer.prompt("New password", hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline(4096)
    if not line.strip():
        raise InvalidRequest("There is no password on standard input.", param="password", remedy="Write it as one line.")
    return legible(line.rstrip("\r\n"))


async def _account(store: "Store", email: str) -> "AccountRecord":
    from alize.governance.people import folded

    account = await store.accounts.by_email(folded(email))
    if account is None:
        raise NotFound(f"There is no account '{email[:100]}'.", remedy="`alize accounts list` shows those there are.")
    return account


async def _all_accounts(database: "Database") -> "list[AccountRecord]":
    from alize.governance import owner as owner_of

    workspace = (await owner_of(database)).workspace
    found: list[AccountRecord] = []
    after: str | None = None
    async with database.transaction() as store:
        while True:
            page = await store.accounts.list(workspace, limit=1000, after=after)
            found += page.items
            after = page.next
            if after is None:
                return found


def _shown(account: "AccountRecord") -> dict[str, Any]:
    return {
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "created": account.created.isoformat(),
        "disabled": account.disabled and account.disabled.isoformat(),
    }
