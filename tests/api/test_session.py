"""Signing in and out: cookies that scripts and other sites cannot use, sessions that end, and guesses that are few."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest

from alize.governance import Accounts
from alize.governance.csrf import token_of
from alize.governance.passwords import Passwords
from alize.governance.sessions import LIFETIME
from tests.browser import ADA, BOB, Browser, browsing
from tests.serving import CHEAP, Desk

FORGED = "A" * 43


@pytest.fixture
def database_urls(both: Callable[[], str]) -> Callable[[], str]:
    return both


@pytest.fixture
async def ada(desk: Desk) -> AsyncIterator[Browser]:
    """The owner, signed in."""
    async with browsing(desk) as browser:
        assert (await browser.set_up()).status_code == 201
        yield browser


async def test_one_signs_in_and_out(desk: Desk, ada: Browser) -> None:
    async with browsing(desk) as browser:
        signed_in = await browser.sign_in(email=" ADA@Example.org ")
        assert signed_in.status_code == 200
        assert signed_in.json()["account"]["name"] == "Ada"
        kept = browser.cookie
        assert (await browser.ask("DELETE", "/api/session")).status_code == 204
        assert browser.cookie == ""
        assert not (await browser.session())["signed_in"]
        replayed = await browser.client.get("/v1/models", headers={"Cookie": f"alize_session={kept}"})
        assert replayed.status_code == 401
        assert (await browser.ask("DELETE", "/api/session")).status_code == 204  # once more does nothing
    assert (await ada.session())["signed_in"]


@pytest.mark.parametrize(
    ("base_url", "root_path", "name", "path"),
    [
        ("http://localhost", "", "alize_session", "/"),
        ("http://localhost", "/house", "alize_session", "/house"),
        ("https://localhost", "", "__Host-alize_session", "/"),
        ("https://localhost", "/house", "__Secure-alize_session", "/house"),
    ],
)
async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    new_desk: Callable[..., Any], base_url: str, root_path: str, name: str, path: str
) -> None:
    desk = await new_desk(root_path=root_path)
    async with browsing(desk, base_url) as browser:
        made = await browser.ask("POST", f"{root_path}/api/setup", ADA)
        (cookie,) = SimpleCookie(made.headers["set-cookie"]).values()
        assert (cookie.key, cookie["path"], cookie["samesite"].lower()) == (name, path, "lax")
        assert cookie["httponly"]
        assert bool(cookie["secure"]) is base_url.startswith("https")
        assert not cookie["domain"]
        assert int(cookie["max-age"]) == LIFETIME.total_seconds()
        assert (await browser.ask("GET", f"{root_path}/api/session")).json()["signed_in"]
        assert made.headers["cache-control"] == "no-store"


async def test_over_tls_a_cookie_that_could_have_been_planted_without_it_is_not_looked_at(desk: Desk, ada: Browser) -> None:
    async with browsing(desk, "https://localhost") as victim:
        answer = await victim.client.get("/api/session", headers={"Cookie": f"alize_session={ada.cookie}"})
        assert not answer.json()["signed_in"]
        assert (await victim.client.get("/v1/models", headers={"Cookie": f"alize_session={ada.cookie}"})).status_code == 401


async def test_a_cookie_from_before_signing_in_is_never_the_one_after(desk: Desk, ada: Browser) -> None:
    """Whether it is invented, of an ended session, or of a living one that somebody else planted."""
    for planted in (FORGED, ada.cookie):
        async with browsing(desk) as browser:
            browser.client.cookies.set("alize_session", planted, domain="localhost.local", path="/")
            assert (await browser.sign_in()).status_code == 200
            assert browser.cookie not in ("", planted)
            assert (await browser.client.get("/v1/models", headers={"Cookie": f"alize_session={planted}"})).status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", FORGED, "A" * 42, "A" * 10_000, "'; DROP TABLE sessions", "%00", "é", FORGED + "\x00"])
async def test_a_forged_cookie_is_no_session(desk: Desk, ada: Browser, cookie: str) -> None:
    headers = [(b"cookie", b"alize_session=" + cookie.encode())]
    async with desk.without_key() as client:
        assert (await client.get("/v1/models", headers=headers)).status_code == 401
        assert not (await client.get("/api/session", headers=headers)).json()["signed_in"]


async def test_two_cookies_of_one_name_are_none(desk: Desk, ada: Browser) -> None:
    async with desk.without_key() as client:
        headers = {"Cookie": f"alize_session={FORGED}; alize_session={ada.cookie}"}
        assert (await client.get("/v1/models", headers=headers)).status_code == 401
        headers = {"Cookie": f"a=b; alize_session={ada.cookie}; alize_session={ada.cookie}"}
        assert (await client.get("/v1/models", headers=headers)).status_code == 200


async def test_a_key_comes_before_a_cookie_and_a_wrong_one_is_not_made_good_by_it(desk: Desk, ada: Browser) -> None:
    assert (await ada.ask("GET", "/v1/models", Authorization="Bearer nope")).status_code == 401
    key = await desk.make_key("inference")
    assert (await ada.ask("GET", "/api/keys", Authorization=f"Bearer {key}")).status_code == 403
    ada.csrf = ""  # who acts by a key needs no token
    assert (await ada.ask("POST", "/api/keys", {"name": "x"}, Authorization=f"Bearer {desk.key}")).status_code == 201


async def test_unknown_wrong_and_disabled_are_told_apart_by_nothing(desk: Desk, ada: Browser) -> None:
    async with browsing(desk) as bob:
        await bob.invited()
        account = bob_id(await desk.client.get("/api/accounts"))
        await desk.client.patch(f"/api/accounts/{account}", json={"disabled": True})
        answers = [
            await bob.sign_in(email="nobody@example.org"),
            await bob.sign_in(email=ADA["email"], password="battery staple"),
            await bob.sign_in(BOB),
        ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    kinds = {frozenset(answer.headers) for answer in answers}
    assert len(kinds) == 1


async def test_after_five_failures_an_address_waits_also_with_the_right_password(desk: Desk, ada: Browser) -> None:
    for number in range(5):
        async with browsing(desk, peer=f"192.0.2.{number}") as browser:
            assert (await browser.sign_in(password=f"guess {number}")).status_code == 401
    async with browsing(desk, peer="192.0.2.99") as browser:
        refused = await browser.sign_in()
        assert (refused.status_code, refused.json()["type"]) == (429, "rate_limit_error")
        assert (refused.json()["reason"], 0 < refused.json()["values"]["seconds"] <= 900) == ("attempts_used", True)
        assert 0 < int(refused.headers["retry-after"]) <= 900
        assert (await browser.sign_in(email="other@example.org")).status_code == 401
    assert (await ada.session())["signed_in"]  # who is in stays in


async def test_a_right_password_forgets_the_failures_before_it(desk: Desk, ada: Browser) -> None:
    for _ in range(3):
        for number in range(4):
            async with browsing(desk, peer=f"192.0.2.{number}") as browser:
                assert (await browser.sign_in(password="guess")).status_code == 401
        async with browsing(desk, peer="198.51.100.1") as browser:
            assert (await browser.sign_in()).status_code == 200


async def test_of_two_hundred_guesses_from_one_place_twenty_at_most_are_looked_at(desk: Desk, ada: Browser) -> None:
    async def guess(number: int) -> int:
        async with browsing(desk, peer="192.0.2.7") as browser:
            return (await browser.sign_in(email=f"{number}@example.org")).status_code

    statuses = await asyncio.gather(*(guess(number) for number in range(200)))
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= 20  # fewer where a guess came while one that is refused was still being counted


@pytest.mark.parametrize(
    "body", [{}, {"email": "a@b"}, {"email": 1, "password": "x"}, {"email": "", "password": "x"}, {"email": "a@b", "password": ""}, [], "x"]
)
async def test_what_is_no_sign_in_is_refused(desk: Desk, body: Any) -> None:
    async with browsing(desk) as browser:
        assert (await browser.ask("POST", "/api/session", body)).status_code == 422


async def test_sessions_are_listed_and_ended_and_are_ones_own(desk: Desk, ada: Browser) -> None:
    async with browsing(desk, peer="192.0.2.7") as phone, browsing(desk) as bob:
        await phone.sign_in()
        await bob.invited()
        listed = (await ada.ask("GET", "/api/sessions")).json()["data"]
        assert sorted((one["address"], one["current"]) for one in listed) == [("127.0.0.1", True), ("192.0.2.7", False)]
        assert all(one["user_agent"] == "Firefox" for one in listed)
        other = next(one["id"] for one in listed if not one["current"])
        assert (await bob.ask("DELETE", f"/api/sessions/{other}")).status_code == 404
        assert (await ada.ask("DELETE", f"/api/sessions/{other}")).status_code == 204
        assert (await ada.ask("DELETE", f"/api/sessions/{other}")).status_code == 404
        assert (await phone.ask("GET", "/v1/models")).status_code == 401
        assert not (await phone.session())["signed_in"]
        assert phone.cookie == ""  # the browser was told to drop it
        assert (await bob.session())["signed_in"]


async def test_all_others_end_together_and_pages_show_each_once(desk: Desk, ada: Browser) -> None:
    for _ in range(4):
        async with browsing(desk) as browser:
            await browser.sign_in()
    seen: list[str] = []
    after = ""
    while True:
        page = (await ada.ask("GET", f"/api/sessions?limit=2{after}")).json()
        seen += [one["id"] for one in page["data"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len(seen) == len(set(seen)) == 5
    assert (await ada.ask("GET", "/api/sessions?after=nope")).status_code == 400
    assert (await ada.ask("DELETE", "/api/sessions")).json() == {"ended": 4}
    assert [one["current"] for one in (await ada.ask("GET", "/api/sessions")).json()["data"]] == [True]


async def test_a_session_ends_by_itself(desk: Desk, ada: Browser) -> None:
    async with desk.database.transaction() as store:
        found = await store.accounts.session_by_digest(_digest(ada.cookie), datetime.now(UTC))
        assert found
        assert found[0].expires - found[0].created == LIFETIME
        assert await store.accounts.session_by_digest(_digest(ada.cookie), found[0].expires) is None
    later = Accounts(desk.database, Passwords(CHEAP), now=lambda: datetime.now(UTC) + LIFETIME + timedelta(seconds=1))
    assert await later.found(ada.cookie) is None


async def test_neither_secrets_nor_hashes_are_kept_or_shown(desk: Desk, ada: Browser) -> None:
    async with desk.database.transaction() as store:
        (session,) = await store.accounts.sessions(desk.owner.workspace, desk.owner.id, datetime.now(UTC))
        account = await store.accounts.by_email(ADA["email"])
    assert account
    assert ada.cookie not in str(session)
    assert ADA["password"] not in str(account)
    told = "".join([(await ada.ask("GET", path)).text for path in ("/api/session", "/api/sessions", "/api/accounts")])
    assert account.password not in told
    assert session.digest not in told
    assert ada.cookie not in told
    assert token_of(ada.cookie) in told


def bob_id(answer: Any) -> str:
    return next(account["id"] for account in answer.json()["data"] if account["email"] == BOB["email"])


def _digest(secret: str) -> str:
    from alize.governance.secret import digest_of

    return digest_of(secret)
