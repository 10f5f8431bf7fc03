"""Accounts are listed, invited, disabled and given another password from the command line."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alize.governance import Accounts
from alize.governance.passwords import Passwords
from alize.governance.sessions import Visit
from alize.storage.database import SqlDatabase
from tests.browser import ADA, BOB
from tests.cli.conftest import Alize
from tests.serving import CHEAP

VISIT = Visit("Firefox", "127.0.0.1")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, home: Path, alize: Alize, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the database that commands and servers of this house share."""
    if request.param == "sqlite":
        return f"sqlite:///{home}/alize.db"
    address: str = request.getfixturevalue("postgres")()
    monkeypatch.setenv("ALIZE_DATABASE_URL", address)
    return address


def with_accounts(url: str, work: Any) -> Any:
    """Do something with the accounts of the database, as a server would."""

    async def run() -> Any:
        database = SqlDatabase(url)
        try:
            await database.migrate()
            return await work(Accounts(database, Passwords(CHEAP)))
        finally:
            await database.close()

    return asyncio.run(run())


@pytest.fixture
def people(url: str, alize: Alize) -> None:
    """Ada, an owner, and Bob, who came by an invitation."""
    alize("accounts", "list")  # makes the home
    with_accounts(url, lambda accounts: accounts.set_up(**ADA, visit=VISIT, token=None, expected=None))
    token = alize("accounts", "invite").stdout.strip().partition("#")[2]
    with_accounts(url, lambda accounts: accounts.accept(token, **BOB, visit=VISIT))


@pytest.mark.usefixtures("people")
def test_accounts_are_listed_without_what_verifies_them(alize: Alize) -> None:
    listed = json.loads(alize("accounts", "list", "--json").stdout)
    assert [(account["email"], account["role"], account["disabled"]) for account in listed] == [
        (ADA["email"], "owner", None),
        (BOB["email"], "member", None),
    ]
    shown = alize("accounts", "list").stdout
    assert BOB["name"] in shown
    assert "argon2" not in shown


@pytest.mark.usefixtures("url")
def test_only_the_link_is_on_standard_output(alize: Alize) -> None:
    assert alize("accounts", "invite").stdout.startswith("http://localhost:8600/invitation#")
    link = alize("accounts", "invite", "--address", "https://house.example/", "--name", "my sister").stdout
    assert link.startswith("https://house.example/invitation#")
    assert len(link.split()) == 1
    made = json.loads(alize("accounts", "invite", "--owner", "--days", "1", "--json").stdout)
    assert made["role"] == "owner"
    assert datetime.fromisoformat(made["expires"]) > datetime.now(UTC)


@pytest.mark.usefixtures("people")
def test_a_lost_password_is_replaced_and_its_sessions_end(url: str, alize: Alize) -> None:
    opened = with_accounts(url, lambda accounts: accounts.sign_in(BOB["email"], BOB["password"], VISIT))
    for _ in range(5):
        with pytest.raises(Exception, match="wrong"):
            with_accounts(url, lambda accounts: accounts.sign_in(BOB["email"], "guess", VISIT))
    said = alize("accounts", "password", " BOB@example.org ", input="a better horse\n")
    assert said.exit_code == 0
    assert "a better horse" not in said.stdout
    assert with_accounts(url, lambda accounts: accounts.found(opened.secret)) is None
    assert with_accounts(url, lambda accounts: accounts.sign_in(BOB["email"], "a better horse", VISIT))  # the failures are forgotten


@pytest.mark.usefixtures("people")
def test_a_disabled_account_is_out_until_it_is_enabled(url: str, alize: Alize) -> None:
    opened = with_accounts(url, lambda accounts: accounts.sign_in(BOB["email"], BOB["password"], VISIT))
    assert alize("accounts", "disable", BOB["email"]).stdout == "bob@example.org is disabled.\n"
    assert with_accounts(url, lambda accounts: accounts.found(opened.secret)) is None
    assert json.loads(alize("accounts", "enable", BOB["email"], "--json").stdout)["disabled"] is None
    assert with_accounts(url, lambda accounts: accounts.sign_in(BOB["email"], BOB["password"], VISIT))


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("arguments", "input", "said"),
    [
        (("disable", ADA["email"]), "", "last owner"),
        (("disable", "nobody@example.org"), "", "no account"),
        (("password", "nobody@example.org"), "a better horse\n", "no account"),
        (("password", BOB["email"]), "", "standard input"),
        (("password", BOB["email"]), "short\n", "8 is the least"),
        (("password", BOB["email"]), "x" * 300 + "\n", "256 is the most"),
        (("invite", "--name", "a\u202eb"), "", "cannot be seen"),
    ],
)
def test_what_cannot_be_done_is_said(alize: Alize, arguments: tuple[str, ...], input: str, said: str) -> None:
    result = alize("accounts", *arguments, input=input)
    assert result.exit_code == 1
    assert said in result.stderr
