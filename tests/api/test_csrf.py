"""No page elsewhere can act for somebody who is signed in: every route that changes something is tried, as the route table has it."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from alize.governance.csrf import token_of
from tests.browser import Browser, browsing
from tests.serving import Desk

NOBODY_YET = {("POST", "/api/setup"), ("POST", "/api/session"), ("POST", "/api/invitations/look"), ("POST", "/api/invitations/accept")}
"""Asked before there is a session: no token exists, so the origin alone counts, and that a form cannot send JSON."""


@pytest.fixture
async def ada(desk: Desk) -> AsyncIterator[Browser]:
    async with browsing(desk) as browser:
        assert (await browser.set_up()).status_code == 201
        yield browser


async def unsafe(desk: Desk) -> list[tuple[str, str]]:
    """(method, path) of all that changes something, the session's own end last."""
    document = (await desk.client.get("/openapi.json")).json()
    found = [(method.upper(), path) for path, item in document["paths"].items() for method in item if method not in ("get", "head")]
    return sorted(found, key=lambda one: one == ("DELETE", "/api/session"))


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", "0" * 32, path)


async def test_the_table_is_what_was_tried(desk: Desk) -> None:
    """Every route of the application is in the document, but those of the document itself."""
    found = await unsafe(desk)
    assert set(found) > NOBODY_YET
    assert len(found) > 15
    undocumented = {(method, route.path) for route in _routes(desk.app) for method in route.methods or () if method not in ("GET", "HEAD")}
    assert undocumented <= set(found)


async def test_a_cookie_alone_changes_nothing(desk: Desk, ada: Browser) -> None:
    async with browsing(desk) as bob:
        await bob.invited()
        wrong: list[dict[str, str]] = [
            {},
            {"X-CSRF-Token": ""},
            {"X-CSRF-Token": bob.csrf},
            {"X-CSRF-Token": token_of("A" * 43)},
            {"X-CSRF-Token": ada.csrf, "Origin": "http://evil.example"},
            {"X-CSRF-Token": ada.csrf, "Origin": "null"},
        ]
    for method, path in await unsafe(desk):
        for headers in wrong if (method, path) not in NOBODY_YET else wrong[-2:]:
            refused = await ada.client.request(method, filled(path), json={}, headers=headers)
            assert (refused.status_code, refused.json().get("code")) == (403, "csrf_failed"), f"{method} {path} {headers}"
    assert (await ada.session())["signed_in"]
    assert len((await ada.ask("GET", "/api/keys")).json()["data"]) == 1


async def test_a_page_of_ours_gets_past(desk: Desk, ada: Browser) -> None:
    for method, path in await unsafe(desk):
        answer = await ada.ask(method, filled(path), {}, Origin="http://localhost")
        assert answer.status_code != 403, f"{method} {path}: {answer.text}"
        assert answer.status_code < 500
    assert not (await ada.session())["signed_in"]  # signing out came last


async def test_a_simple_form_of_another_page_signs_nobody_in(desk: Desk, ada: Browser) -> None:
    """Or one would talk in the attacker's account without knowing."""
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
        body = b'{"email": "ada@example.org", "password": "correct horse"}'
        answer = await ada.client.post("/api/session", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers


async def test_a_token_ends_with_its_session(desk: Desk, ada: Browser) -> None:
    old = ada.csrf
    await ada.sign_in()
    assert ada.csrf != old
    refused = await ada.ask("PATCH", "/api/account", {"name": "Eve"}, **{"X-CSRF-Token": old})
    assert refused.json()["code"] == "csrf_failed"
    assert (await ada.ask("PATCH", "/api/account", {"name": "Ada L."})).json()["name"] == "Ada L."


async def test_other_origins_that_may_call_the_api_cannot_use_cookies(new_desk: Any) -> None:
    desk = await new_desk(cors_origins=("https://friend.example",))
    async with browsing(desk) as browser:
        await browser.set_up()
        answer = await browser.ask("GET", "/api/session", Origin="https://friend.example")
        assert "access-control-allow-credentials" not in answer.headers
        assert (await browser.ask("PATCH", "/api/account", {"name": "x"}, Origin="https://friend.example")).status_code == 403


def _routes(app: Any) -> list[Any]:
    return [route for route in app.routes if hasattr(route, "methods")]
