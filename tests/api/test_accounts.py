"""Accounts over the API: one's own is changed, others are invited, made owners and disabled; nobody reaches another's house."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from alize.api.schemas.invitations import InvitationList, InvitationOffer, NewInvitation
from alize.api.schemas.session import Account, AccountList, BrowserSessionList
from tests.browser import ADA, BOB, Browser, browsing
from tests.serving import Desk


@pytest.fixture
def database_urls(both: Callable[[], str]) -> Callable[[], str]:
    return both


@pytest.fixture
async def ada(desk: Desk) -> AsyncIterator[Browser]:
    """The owner, signed in."""
    async with browsing(desk) as browser:
        assert (await browser.set_up()).status_code == 201
        yield browser


@pytest.fixture
async def bob(desk: Desk, ada: Browser) -> AsyncIterator[Browser]:
    """A member, signed in."""
    async with browsing(desk) as browser:
        assert (await browser.invited()).status_code == 201
        yield browser


async def id_of(ada: Browser, email: str) -> str:
    accounts = (await ada.ask("GET", "/api/accounts")).json()["data"]
    return next(account["id"] for account in accounts if account["email"] == email)


async def test_one_changes_ones_own_account(ada: Browser, bob: Browser) -> None:
    changed = await bob.ask("PATCH", "/api/account", {"name": " Robert ", "language": "fr", "theme": "dark"})
    Account.model_validate_json(changed.content)
    assert (changed.json()["name"], changed.json()["language"], changed.json()["theme"]) == ("Robert", "fr", "dark")
    assert (await bob.ask("PATCH", "/api/account", {"language": ""})).json()["language"] == ""
    assert (await bob.session())["account"]["theme"] == "dark"
    assert (await ada.session())["account"]["name"] == "Ada"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"name": ""}, 422),
        ({"name": " "}, 400),
        ({"name": "Bob\nroot"}, 400),
        ({"name": "x" * 150}, 400),
        ({"language": "de"}, 422),
        ({"theme": "sepia"}, 422),
        ({"role": "owner"}, 422),
        ({"email": "eve@example.org"}, 422),
    ],
)
async def test_what_an_account_cannot_be_is_refused(bob: Browser, wrong: dict[str, Any], status: int) -> None:
    assert (await bob.ask("PATCH", "/api/account", wrong)).status_code == status
    assert (await bob.session())["account"]["name"] == "Bob"


async def test_another_password_ends_all_other_sessions(desk: Desk, ada: Browser) -> None:
    async with browsing(desk) as phone:
        await phone.sign_in()
        wrong = await ada.ask("POST", "/api/account/password", {"old": "guess", "new": "a better horse"})
        assert (wrong.status_code, wrong.json()["param"]) == (403, "old")
        short = await ada.ask("POST", "/api/account/password", {"old": ADA["password"], "new": "short"})
        assert (short.status_code, short.json()["param"]) == (400, "new")
        assert (await phone.session())["signed_in"]
        assert (await ada.ask("POST", "/api/account/password", {"old": ADA["password"], "new": "a better horse"})).status_code == 204
        assert (await ada.session())["signed_in"]
        assert not (await phone.session())["signed_in"]
        assert (await phone.sign_in()).status_code == 401
        assert (await phone.sign_in(password="a better horse")).status_code == 200


async def test_who_found_an_open_browser_cannot_guess_the_password_in_it(ada: Browser) -> None:
    statuses = [
        (await ada.ask("POST", "/api/account/password", {"old": f"guess {number}", "new": "a better horse"})).status_code
        for number in range(8)
    ]
    assert statuses == [403] * 5 + [429] * 3


async def test_a_key_has_no_account_of_its_own(desk: Desk) -> None:
    for method, path in (("PATCH", "/api/account"), ("GET", "/api/sessions"), ("DELETE", "/api/sessions")):
        assert (await desk.client.request(method, path, json={})).status_code == 403


async def test_a_member_talks_and_does_not_rule(ada: Browser, bob: Browser) -> None:
    assert (await bob.ask("GET", "/v1/models")).status_code == 200
    for method, path in (
        ("GET", "/api/accounts"),
        ("PATCH", f"/api/accounts/{await id_of(ada, BOB['email'])}"),
        ("GET", "/api/invitations"),
        ("POST", "/api/invitations"),
        ("GET", "/api/keys"),
        ("POST", "/api/keys"),
        ("GET", "/api/usage"),
    ):
        assert (await bob.ask(method, path, None if method == "GET" else {"role": "owner"})).status_code == 403, path


async def test_accounts_are_listed_oldest_first(ada: Browser, bob: Browser) -> None:
    listed = await ada.ask("GET", "/api/accounts")
    AccountList.model_validate_json(listed.content)
    assert [(account["email"], account["role"]) for account in listed.json()["data"]] == [
        (ADA["email"], "owner"),
        (BOB["email"], "member"),
    ]
    first = (await ada.ask("GET", "/api/accounts?limit=1")).json()
    assert len((await ada.ask("GET", f"/api/accounts?limit=1&after={first['next']}")).json()["data"]) == 1
    BrowserSessionList.model_validate_json((await ada.ask("GET", "/api/sessions")).content)


async def test_a_disabled_account_is_out_at_once_and_may_come_back(desk: Desk, ada: Browser, bob: Browser) -> None:
    account = await id_of(ada, BOB["email"])
    assert (await bob.session())["signed_in"]
    disabled = await ada.ask("PATCH", f"/api/accounts/{account}", {"disabled": True})
    assert disabled.json()["disabled"]
    assert (await bob.ask("GET", "/v1/models")).status_code == 401
    assert not (await bob.session())["signed_in"]
    assert (await bob.sign_in(BOB)).status_code == 401
    again = await ada.ask("PATCH", f"/api/accounts/{account}", {"disabled": True})
    assert again.json()["disabled"] == disabled.json()["disabled"]
    assert (await ada.ask("PATCH", f"/api/accounts/{account}", {"disabled": False})).json()["disabled"] is None
    assert (await bob.sign_in(BOB)).status_code == 200


async def test_a_role_counts_from_the_next_request_on(ada: Browser, bob: Browser) -> None:
    account = await id_of(ada, BOB["email"])
    await ada.ask("PATCH", f"/api/accounts/{account}", {"role": "owner"})
    assert (await bob.ask("GET", "/api/accounts")).status_code == 200
    await ada.ask("PATCH", f"/api/accounts/{account}", {"role": "member"})
    assert (await bob.ask("GET", "/api/accounts")).status_code == 403


async def test_the_last_owner_stays(ada: Browser, bob: Browser) -> None:
    mine = await id_of(ada, ADA["email"])
    for change in ({"role": "member"}, {"disabled": True}, {"role": "member", "disabled": True}):
        assert (await ada.ask("PATCH", f"/api/accounts/{mine}", change)).status_code == 409
    assert (await ada.ask("PATCH", f"/api/accounts/{await id_of(ada, BOB['email'])}", {"role": "owner"})).status_code == 200
    assert (await ada.ask("PATCH", f"/api/accounts/{mine}", {"role": "member"})).status_code == 200
    assert (await ada.ask("GET", "/api/accounts")).status_code == 403


@pytest.mark.parametrize("id", ["acc_nope", "0" * 32, "'", "x" * 500])
async def test_an_account_that_is_not_there_is_said(ada: Browser, id: str) -> None:
    assert (await ada.ask("PATCH", f"/api/accounts/{id}", {"disabled": True})).status_code == 404


# ── invitations ──


async def test_an_invitation_makes_one_account_of_its_role(desk: Desk, ada: Browser) -> None:
    made = await ada.ask("POST", "/api/invitations", {"role": "owner", "name": "my sister", "days": 2})
    NewInvitation.model_validate_json(made.content)
    token = made.json()["link_token"]
    async with browsing(desk, "http://house.example", "192.0.2.7") as browser:
        offer = await browser.ask("POST", "/api/invitations/look", {"token": token})
        InvitationOffer.model_validate_json(offer.content)
        assert offer.json()["role"] == "owner"
        accepted = await browser.ask("POST", "/api/invitations/accept", {"token": token, **BOB})
        assert accepted.status_code == 201
        assert accepted.json()["account"]["role"] == "owner"
        assert (await browser.session())["signed_in"]
        for path, body in (("look", {"token": token}), ("accept", {"token": token, **BOB, "email": "eve@example.org"})):
            assert (await browser.ask("POST", f"/api/invitations/{path}", body)).status_code == 404
    listed = await ada.ask("GET", "/api/invitations")
    InvitationList.model_validate_json(listed.content)
    assert token not in listed.text
    (entry,) = listed.json()["data"]
    assert entry["used"]
    assert entry["name"] == "my sister"


async def test_of_twenty_that_accept_at_once_one_has_an_account(desk: Desk, ada: Browser) -> None:
    token = (await ada.ask("POST", "/api/invitations", {})).json()["link_token"]

    async def accept(number: int) -> int:
        async with browsing(desk) as browser:
            body = {"token": token, **BOB, "email": f"{number}@example.org"}
            return (await browser.ask("POST", "/api/invitations/accept", body)).status_code

    assert sorted(await asyncio.gather(*(accept(number) for number in range(20)))) == [201] + [404] * 19
    assert len((await ada.ask("GET", "/api/accounts")).json()["data"]) == 2


async def test_an_address_that_has_an_account_uses_no_invitation_up(desk: Desk, ada: Browser) -> None:
    token = (await ada.ask("POST", "/api/invitations", {})).json()["link_token"]
    async with browsing(desk) as browser:
        taken = await browser.ask("POST", "/api/invitations/accept", {"token": token, **BOB, "email": "ADA@example.org"})
        assert (taken.status_code, taken.json()["param"], browser.cookie) == (409, "email", "")
        assert (await browser.ask("POST", "/api/invitations/accept", {"token": token, **BOB})).status_code == 201


async def test_one_that_was_withdrawn_opens_nothing(desk: Desk, ada: Browser) -> None:
    made = (await ada.ask("POST", "/api/invitations", {})).json()
    for _ in range(2):
        assert (await ada.ask("DELETE", f"/api/invitations/{made['id']}")).status_code == 200
    async with browsing(desk) as browser:
        for path, body in (("look", {}), ("accept", BOB)):
            assert (await browser.ask("POST", f"/api/invitations/{path}", {"token": made["link_token"], **body})).status_code == 404
    assert (await ada.ask("DELETE", "/api/invitations/inv_nope")).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"role": "king"}, 422),
        ({"days": 0}, 422),
        ({"days": 366}, 422),
        ({"days": "7"}, 422),
        ({"name": "x" * 101}, 422),
        ({"name": "a\u202eb"}, 400),
    ],
)
async def test_what_no_invitation_can_be_is_refused(ada: Browser, wrong: dict[str, Any], status: int) -> None:
    assert (await ada.ask("POST", "/api/invitations", wrong)).status_code == status
    assert (await ada.ask("GET", "/api/invitations")).json()["data"] == []


@pytest.mark.parametrize("token", ["x", "A" * 43, "'; DROP TABLE invitations", "\u202e"])
async def test_an_invented_token_opens_nothing(desk: Desk, ada: Browser, token: str) -> None:
    async with browsing(desk) as browser:
        assert (await browser.ask("POST", "/api/invitations/accept", {"token": token, **BOB})).status_code == 404
        assert browser.cookie == ""


async def test_accepting_ends_the_session_that_the_browser_came_with(ada: Browser) -> None:
    old = ada.cookie
    assert (await ada.invited()).status_code == 201
    assert ada.cookie != old
    assert (await ada.client.get("/v1/models", headers={"Cookie": f"alize_session={old}"})).status_code == 401
