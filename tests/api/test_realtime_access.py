"""Who may open a session of transcription: by a key, a pass, a cookie, and from where."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from mistralai.client import Mistral
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from alize.api.dictation import Dictation
from alize.errors import AuthenticationFailed
from alize.governance import Passes, Principal, make_key, revoke_key
from alize.governance.key_identity import check_key
from alize.storage import open_database
from tests.talking import END, PATH, append, spoken


async def test_a_key_is_needed_and_may_stand_where_a_browser_can_send_one(hall: Callable[..., Any]) -> None:
    here = await hall()
    assert (await here.refused(key=None))[0] == 401
    status, body = await here.refused(key="alz_wrong")
    assert (status, body["code"]) == (401, "unauthorized")
    assert (await here.refused(key=await here.desk.make_key("admin")))[0] == 403
    assert (await here.refused(key=None, subprotocols=["realtime", "alz_wrong"]))[0] == 401
    async with here.talk(key=None, subprotocols=["realtime", here.desk.key]) as talk:
        assert talk.socket.subprotocol == "realtime"
        assert (await talk.read())["type"] == "session.created"


async def test_a_page_opens_sessions_with_a_pass_of_its_own_server(hall: Callable[..., Any]) -> None:
    here = await hall()
    key = await here.desk.make_key("inference")
    async with Mistral(api_key=key, server_url=f"http://127.0.0.1:{here.port}") as official:
        made = await official.realtime.sessions.create_async(request={"model": "fake", "purpose": "realtime", "ttl_seconds": 30})
    secret = made.client_secret.value
    assert made.expires_at == made.client_secret.expires_at
    async with here.talk(key=None, subprotocols=["realtime", secret], origin="https://elsewhere.example") as talk:
        await talk.send(append(spoken(0.5)), END)
        await talk.until("transcription.done")
    async with here.talk(key=secret) as talk:
        await talk.read()
    assert (await here.refused(query="?model=fake-latest", key=secret))[0] == 403
    assert (await here.refused(key=secret[:-1]))[0] == 401
    plain = await here.desk.client.get("/v1/models", headers={"Authorization": f"Bearer {secret}"})
    assert plain.status_code == 401  # it opens WebSockets, and nothing else
    (row,) = [row for row in await here.desk.rows() if row.outcome == "length"]
    async with here.desk.database.transaction() as store:
        await revoke_key(store, here.desk.owner.workspace, row.principal)
    assert (await here.refused(key=secret))[0] == 401


async def test_a_pass_ends_with_its_key_also_where_another_server_revokes_that(hall: Callable[..., Any]) -> None:
    here = await hall()
    async with here.desk.database.transaction() as store:
        made = await make_key(store, here.desk.owner, "page", expires=datetime.now(UTC) + timedelta(hours=1))
    key = {"Authorization": f"Bearer {made.secret}"}
    passed = await here.desk.client.post("/v1/client/sessions", json={"purpose": "realtime", "model": "fake"}, headers=key)
    secret = passed.json()["client_secret"]["value"]
    async with here.talk(key=secret) as talk:
        await talk.read()
    principal = Principal(made.record.id, made.record.organization, made.record.workspace, frozenset({"inference"}), "key")
    with pytest.raises(AuthenticationFailed, match="expired"):
        await check_key(here.desk.database, principal, datetime.now(UTC) + timedelta(hours=2))
    elsewhere = open_database(here.desk.settings)
    async with elsewhere.transaction() as store:
        await revoke_key(store, made.record.workspace, made.record.id)
    await elsewhere.close()
    status, body = await here.refused(key=secret)
    assert (status, body["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("by", ["key", "cookie"])
async def test_whoever_is_signed_out_meanwhile_is_heard_no_more(hall: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    monkeypatch.setattr(Dictation, "believed", 0)
    here = await hall()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.port}") as browser:
        cookie, csrf = await _signed_in(browser)
        async with here.desk.database.transaction() as store:
            made = await make_key(store, here.desk.owner, "page")
        asked: dict[str, Any] = {"key": made.secret} if by == "key" else {"key": None, "headers": {"Cookie": cookie}}
        async with here.talk(**asked) as talk:
            await talk.send(append(spoken(0.5)))
            await talk.until("transcription.text.delta")
            if by == "cookie":
                assert (await browser.delete("/api/session", headers={"X-CSRF-Token": csrf})).is_success
            else:
                async with here.desk.database.transaction() as store:
                    await revoke_key(store, made.record.workspace, made.record.id)
            await talk.send(append(spoken(0.5)))
            while (told := await talk.read())["type"] != "error":
                pass
            assert (told["error"]["code"], told["error"]["type"]) == (401, "authentication_error")
            assert await talk.closed() == 1008


async def _signed_in(browser: httpx.AsyncClient) -> tuple[str, str]:
    """The cookie of the first account, and its token."""
    made = await browser.post("/api/setup", json={"email": "ada@example.com", "name": "Ada", "password": "correct horse battery"})
    assert made.status_code == 201, made.text
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items()), made.json()["csrf"]


@pytest.mark.parametrize(
    ("wanted", "status", "says"),
    [
        ({"purpose": "realtime"}, 422, "model"),
        ({"purpose": "other", "model": "fake"}, 422, "purpose"),
        ({"purpose": "realtime", "model": "fake", "ttl_seconds": 601}, 422, "600"),
        ({"purpose": "realtime", "model": "fake", "ttl_seconds": 0}, 422, "1"),
        ({"purpose": "realtime", "model": "nobody"}, 400, "nobody"),
    ],
)
async def test_a_pass_that_would_open_nothing_is_not_made(hall: Callable[..., Any], wanted: dict[str, Any], status: int, says: str) -> None:
    answer = await (await hall()).desk.client.post("/v1/client/sessions", json=wanted)
    assert answer.status_code == status
    assert says in answer.text


def test_a_pass_ends_and_few_are_remembered() -> None:
    now = 0.0
    passes, who = Passes(lambda: now), Principal("k", "o", "w", frozenset({"inference"}), "key")
    first = passes.give(who, "fake", 5)
    now = 4.9
    assert passes.holder(first, "fake") is who
    now = 5.0
    with pytest.raises(AuthenticationFailed):
        passes.holder(first, "fake")
    others = passes.give(Principal("other", "o", "w", frozenset({"inference"}), "key"), "fake", 5)
    kept = [passes.give(who, "fake", 5) for _ in range(10_001)]
    with pytest.raises(AuthenticationFailed):
        passes.holder(kept[0], "fake")
    assert passes.holder(kept[1], "fake") is who
    assert passes.holder(others, "fake").id == "other"  # nobody ends those of others by asking for many


@pytest.mark.parametrize(
    ("origin", "status"), [(None, 101), ("http://127.0.0.1:{port}", 101), ("https://evil.example", 403), ("null", 403)]
)
async def test_a_cookie_counts_for_pages_of_this_house_only(hall: Callable[..., Any], origin: str | None, status: int) -> None:
    here = await hall()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.port}") as browser:
        cookie, _ = await _signed_in(browser)
    asked = {"key": None, "headers": {"Cookie": cookie}, "origin": origin and origin.format(port=here.port)}
    if status == 101:
        async with here.talk(**asked) as talk:
            assert (await talk.read())["type"] == "session.created"
    else:
        assert (await here.refused(**asked))[0] == status


async def test_without_accounts_a_page_from_elsewhere_is_not_let_in(hall: Callable[..., Any]) -> None:
    here = await hall(auth=False)
    assert (await here.refused(key=None, origin="https://evil.example"))[0] == 401
    async with here.talk(key=None) as talk:
        assert (await talk.read())["type"] == "session.created"


async def test_sessions_count_as_requests(hall: Callable[..., Any]) -> None:
    here = await hall(requests_per_minute=1)
    async with here.talk() as talk:
        await talk.read()
    status, body = await here.refused()
    assert (status, body["code"]) == (429, "1300")


async def test_only_this_address_becomes_a_websocket(hall: Callable[..., Any]) -> None:
    here = await hall()
    with pytest.raises(InvalidStatus) as caught:
        async with connect(f"ws://127.0.0.1:{here.port}/health"):
            pass
    assert caught.value.response.status_code == 200
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.port}") as client:
        assert (await client.get(PATH)).status_code == 404
