"""Keys over the API: made, listed, ended; the secret once; never beyond one's own workspace and scopes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alize.api.schemas.keys import KeyDeleted, KeyList, NewKey
from tests.serving import Desk


async def test_a_key_that_is_made_works_until_it_is_ended(desk: Desk) -> None:
    made = (await desk.client.post("/api/keys", json={"name": "laptop"})).json()
    NewKey.model_validate_json(_json(made))
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert (await desk.client.get("/v1/models", headers=headers)).status_code == 200
    assert (await desk.client.get("/api/keys", headers=headers)).status_code == 403
    ended = await desk.client.delete(f"/api/keys/{made['id']}")
    KeyDeleted.model_validate(ended.json())
    assert (await desk.client.get("/v1/models", headers=headers)).status_code == 401
    assert (await desk.client.delete(f"/api/keys/{made['id']}")).status_code == 200  # ended it stays


async def test_the_secret_is_shown_once(desk: Desk) -> None:
    made = (await desk.client.post("/api/keys", json={"name": "laptop"})).json()
    listed = await desk.client.get("/api/keys")
    KeyList.model_validate_json(listed.content)
    assert made["key"] not in listed.text
    assert made["prefix"] in listed.text
    assert [key["name"] for key in listed.json()["data"]] == ["laptop", "first"]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({}, 422),
        ({"name": ""}, 422),
        ({"name": " "}, 400),
        ({"name": "x" * 101}, 422),
        ({"name": "x", "scopes": []}, 422),
        ({"name": "x", "scopes": ["king"]}, 422),
        ({"name": "x", "expires": "soon"}, 422),
        ({"name": "x", "expires": "2126-01-01T00:00:00"}, 422),
        ({"name": "x", "expires": 4_000_000_000}, 422),
        ({"name": "x", "expires": "2001-01-01T00:00:00Z"}, 400),
        ({"name": "x", "owner": "me"}, 422),
        ({"name": "admin"}, 400),
    ],
)
async def test_what_cannot_be_is_refused(desk: Desk, wrong: dict[str, Any], status: int) -> None:
    assert (await desk.client.post("/api/keys", json=wrong)).status_code == status
    assert len((await desk.client.get("/api/keys")).json()["data"]) == 1


async def test_a_key_ends_when_it_was_to_end(desk: Desk) -> None:
    expires = datetime.now(UTC) + timedelta(days=1)
    made = (await desk.client.post("/api/keys", json={"name": "guest", "expires": expires.isoformat()})).json()
    assert datetime.fromisoformat(made["expires"]) == expires


@given(limit=st.integers(1, 9))
@settings(max_examples=9, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_pages_show_each_key_once(many_keys: Desk, limit: int) -> None:
    seen: list[str] = []
    after = ""
    while True:
        page = (await many_keys.client.get(f"/api/keys?limit={limit}{after}")).json()
        seen += [key["name"] for key in page["data"]]
        assert page["has_more"] is (page["next"] is not None)
        if page["next"] is None:
            break
        assert len(page["data"]) == limit
        after = f"&after={page['next']}"
    assert seen == [f"key {number}" for number in reversed(range(7))] + ["first"]


@pytest.fixture
async def many_keys(desk: Desk) -> Desk:
    for number in range(7):
        await desk.client.post("/api/keys", json={"name": f"key {number}"})
    return desk


def _json(value: Any) -> str:
    import json

    return json.dumps(value)
