"""The first account: one visitor makes it, from this machine, or with the token that the server printed."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from alize.api.schemas.session import SessionState
from tests.browser import ADA, BOB, browsing
from tests.serving import Desk


@pytest.fixture
def database_urls(both: Callable[[], str]) -> Callable[[], str]:
    return both


async def test_the_first_visitor_becomes_the_owner_and_is_signed_in(desk: Desk) -> None:
    async with browsing(desk) as browser:
        before = await browser.session()
        assert (before["signed_in"], before["setup"], before["setup_token_needed"], before["account"]) == (False, True, False, None)
        made = await browser.set_up()
        assert made.status_code == 201
        SessionState.model_validate_json(made.content)
        assert made.json()["account"]["role"] == "owner"
        after = await browser.session()
        assert (after["signed_in"], after["setup"], after["account"]) == (True, False, made.json()["account"])
        assert (await browser.ask("GET", "/api/keys")).status_code == 200
        assert (await browser.ask("GET", "/v1/models")).status_code == 200
        async with browsing(desk) as second:
            refused = await second.set_up(**BOB)
            assert refused.status_code == 409
            assert "set-cookie" not in refused.headers


async def test_of_fifty_first_visitors_at_once_one_becomes_the_owner(desk: Desk) -> None:
    async def visit(number: int) -> int:
        async with browsing(desk) as browser:
            made = await browser.set_up(email=f"{number}@example.org")
            assert browser.cookie != "" if made.status_code == 201 else browser.cookie == ""
            return made.status_code

    statuses = await asyncio.gather(*(visit(number) for number in range(50)))
    assert sorted(statuses) == [201] + [409] * 49
    accounts = (await desk.client.get("/api/accounts")).json()["data"]
    assert [account["role"] for account in accounts] == ["owner"]
    async with desk.database.transaction() as store:
        assert len((await store.members.list(desk.owner.workspace)).items) == 1


async def test_where_a_token_is_asked_for_no_other_is_taken(new_desk: Callable[..., Any]) -> None:
    desk = await new_desk(setup_token="the printed one")
    async with browsing(desk) as browser:
        assert (await browser.session())["setup_token_needed"] is True
        for wrong in ({}, {"token": None}, {"token": "x"}, {"token": "the printed on"}, {"token": "é"}):
            refused = await browser.set_up(**wrong)
            assert (refused.status_code, refused.json()["param"]) == (403, "token")
        assert (await browser.session())["setup"] is True
        assert (await browser.set_up(token="the printed one")).status_code == 201


@pytest.mark.parametrize(
    ("base_url", "peer", "headers"),
    [
        ("http://localhost", "192.0.2.7", {}),
        ("http://rebound.example", "127.0.0.1", {}),
        ("http://localhost", "127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}),
        ("http://localhost", "127.0.0.1", {"Via": "1.1 proxy"}),
    ],
)
async def test_without_a_token_only_this_machine_makes_the_first_account(
    desk: Desk, base_url: str, peer: str, headers: dict[str, str]
) -> None:
    async with browsing(desk, base_url, peer) as browser:
        assert (await browser.ask("GET", "/api/session", **headers)).json()["setup_token_needed"] is True
        for token in (None, "None", "x"):
            assert (await browser.ask("POST", "/api/setup", ADA | {"token": token}, **headers)).status_code == 409
        assert not (await browser.session())["signed_in"]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"email": "ada"}, 400),
        ({"email": "a" * 400}, 422),
        ({"name": " "}, 400),
        ({"name": "Ada\u202egnp"}, 400),
        ({"name": 7}, 422),
        ({"password": "short"}, 400),
        ({"password": "\ufdfa" * 200}, 400),
        ({"password": "x" * 2000}, 422),
        ({"password": None}, 422),
        ({"role": "owner"}, 422),
    ],
)
async def test_what_cannot_be_leaves_the_house_empty(desk: Desk, wrong: dict[str, Any], status: int) -> None:
    async with browsing(desk) as browser:
        refused = await browser.set_up(**wrong)
        assert (refused.status_code, browser.cookie) == (status, "")
        assert (await browser.session())["setup"] is True


async def test_a_page_of_another_origin_makes_no_account(desk: Desk) -> None:
    async with browsing(desk) as browser:
        for origin in ("http://evil.example", "null", "http://localhost:1"):
            refused = await browser.ask("POST", "/api/setup", ADA, Origin=origin)
            assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
        form = await browser.client.post("/api/setup", data=ADA)  # what a form on another page can send
        assert form.status_code == 422
        assert (await browser.ask("POST", "/api/setup", ADA, Origin="http://localhost")).status_code == 201


async def test_keys_and_conversations_of_before_belong_to_the_first_account(desk: Desk) -> None:
    async with browsing(desk) as browser:
        await browser.set_up()
        assert [key["name"] for key in (await browser.ask("GET", "/api/keys")).json()["data"]] == ["first"]
        found = await desk.app.state.house.accounts.found(browser.cookie)
        assert found[1].principal == desk.owner.id


async def test_without_accounts_this_machine_is_one_person_and_nobody_signs_in(new_desk: Callable[..., Any]) -> None:
    desk = await new_desk(auth=False)
    async with browsing(desk) as browser:
        state = await browser.session()
        assert (state["signed_in"], state["no_auth"], state["setup"], state["account"], state["csrf"]) == (True, True, False, None, "")
        for method, path, body in (
            ("POST", "/api/setup", ADA),
            ("POST", "/api/session", {"email": ADA["email"], "password": ADA["password"]}),
            ("DELETE", "/api/session", None),
            ("PATCH", "/api/account", {"name": "Eve"}),
            ("GET", "/api/sessions", None),
            ("POST", "/api/invitations/accept", {"token": "x", **ADA}),
        ):
            assert (await browser.ask(method, path, body)).status_code == 409, path
        assert (await browser.ask("GET", "/api/keys")).status_code == 200
    async with browsing(desk, "http://rebound.example") as browser:
        assert (await browser.ask("GET", "/api/session")).status_code == 401
    async with browsing(desk) as browser:
        assert (await browser.ask("GET", "/api/session", Origin="http://evil.example")).status_code == 401
