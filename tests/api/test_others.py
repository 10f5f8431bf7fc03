"""What is one person's is out of every other's reach: each route that takes an id is tried with somebody else's, from the route table."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.browser import ADA, Browser, browsing
from tests.pictures import plain
from tests.serving import Desk

RULED = ("/api/keys", "/api/accounts", "/api/invitations", "/api/models")
"""Of the workspace: a member is refused whatever the id."""


@pytest.fixture
def database_urls(both: Callable[[], str]) -> Callable[[], str]:
    return both


async def belongings(ada: Browser) -> dict[str, str]:
    """One thing of each kind, by the name that routes give its id."""
    conversation, message, answer, run = (uuid4().hex for _ in range(4))
    assert (await ada.ask("POST", "/api/conversations", {"id": conversation, "title": "secret plans"})).status_code == 201
    sent = {"Content-Type": "image/png", "X-CSRF-Token": ada.csrf}
    upload = (await ada.client.post("/api/attachments?name=secret.png", content=plain(8, 4), headers=sent)).json()["id"]
    files = [{"id": upload}]
    body = {"id": message, "parent": None, "content": "my secret", "attachments": files, "answer": {"id": answer, "run": run}}
    assert (await ada.ask("POST", f"/api/conversations/{conversation}/messages", body)).status_code == 201
    await ada.ask("GET", f"/api/runs/{run}/events")  # until it has ended
    return {
        "conversation_id": conversation,
        "message_id": answer,
        "attachment_id": upload,
        "run_id": run,
        "session_id": (await ada.ask("GET", "/api/sessions")).json()["data"][0]["id"],
        "account_id": (await ada.session())["account"]["id"],
        "key_id": (await ada.ask("GET", "/api/keys")).json()["data"][0]["id"],
        "model_id": "fake",
        "name": "law",
        "invitation_id": (await ada.ask("POST", "/api/invitations", {})).json()["id"],
    }


def body_of(method: str, path: str) -> Any:
    """One that would be taken, so that the id alone decides."""
    if path.endswith("/messages"):
        return {"id": uuid4().hex, "parent": None, "content": "mine now", "answer": {"id": uuid4().hex, "run": uuid4().hex}}
    if path.endswith("/regenerate"):
        return {"answer": {"id": uuid4().hex, "run": uuid4().hex}}
    if path.endswith("/continue"):
        return {"run": uuid4().hex}
    return None if method in ("GET", "DELETE") else {"role": "member"} if "accounts" in path else {"title": "mine now"}


async def test_another_persons_id_is_nobodys(desk: Desk) -> None:
    async with browsing(desk) as ada, browsing(desk) as bob:
        assert (await ada.set_up()).status_code == 201
        hers = await belongings(ada)
        assert (await bob.invited()).status_code == 201
        before = (await ada.ask("GET", f"/api/conversations/{hers['conversation_id']}")).json()
        document = (await desk.client.get("/openapi.json")).json()
        tried = 0
        for path, item in document["paths"].items():
            names = re.findall(r"\{(\w+)\}", path)
            if not names or path.startswith("/v1/models/"):  # models are everybody's
                continue
            for method in (method.upper() for method in item):
                answer = await bob.ask(method, path.format(**hers), body_of(method, path))
                assert answer.status_code == (403 if path.startswith(RULED) else 404), f"{method} {path}: {answer.text}"
                assert "secret" not in answer.text
                tried += 1
        assert tried >= 15
        theirs = (await bob.ask("POST", "/api/conversations", {"id": uuid4().hex})).json()["id"]
        named = body_of("POST", "/messages") | {"attachments": [{"id": hers["attachment_id"]}]}
        refused = await bob.ask("POST", f"/api/conversations/{theirs}/messages", named)
        assert (refused.status_code, "secret" in refused.text) == (400, False)
        await bob.ask("DELETE", f"/api/conversations/{theirs}")
        assert (await ada.ask("GET", f"/api/conversations/{hers['conversation_id']}")).json() == before
        assert (await ada.session())["account"]["email"] == ADA["email"]
        assert (await bob.ask("GET", "/api/conversations")).json()["data"] == []
        assert (await bob.ask("GET", "/api/search?q=secret")).json()["data"] == []


async def test_an_id_that_somebody_has_used_is_taken_and_tells_nothing(desk: Desk) -> None:
    async with browsing(desk) as ada, browsing(desk) as bob:
        await ada.set_up()
        hers = await belongings(ada)
        await bob.invited()
        answer = await bob.ask("POST", "/api/conversations", {"id": hers["conversation_id"], "title": "mine now"})
        assert answer.status_code == 409
        assert "secret" not in answer.text
