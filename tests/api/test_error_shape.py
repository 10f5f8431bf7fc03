"""Every error has one shape, whatever raised it:

    {"object": "error", "message": text, "type": text, "param": text or null, "code": text or null, "raw_status_code": the status}

A 422 has the list `detail`, too, and what the page words by itself has `reason` and `values` (alize/reasons.py). Nothing else says what
went wrong, and nothing says how the server is built.
"""

import re
from typing import Any

import httpx
import pytest

from alize import errors
from alize.errors import AlizeError, CheckpointInvalid
from alize.reasons import REASONS
from tests.serving import Desk

KEYS = {"object", "message", "type", "param", "code", "raw_status_code"}


def check(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert "x-request-id" in response.headers
    body = response.json()
    assert body.keys() >= KEYS
    assert body.keys() - KEYS - {"reason", "values"} <= ({"detail"} if status == 422 else set())
    assert ("reason" in body) == ("values" in body)
    assert body.get("values", {}).keys() == set(REASONS[body["reason"]] if "reason" in body else ())
    assert (body["object"], body["raw_status_code"]) == ("error", status)
    assert body["message"]
    assert body["type"]
    if status == 422:
        assert body["detail"]
        assert all({"loc", "msg", "type"} <= entry.keys() for entry in body["detail"])
    return body


PATHS = ["/v1/chat/completions", "/v1/models", "/v1/models/fake", "/api/keys", "/api/keys/key_1", "/api/usage", "/api/usage/requests"]


@pytest.mark.parametrize("path", PATHS)
async def test_without_a_key(desk: Desk, path: str) -> None:
    method = "POST" if "chat" in path else "DELETE" if path.endswith("key_1") else "GET"
    async with desk.without_key() as client:
        for headers in ({}, {"Authorization": "Bearer nope"}, {"x-api-key": "nope"}, {"Authorization": "Basic bm9wZQ=="}):
            response = await client.request(method, path, headers=headers)
            check(response, 401)
            assert response.headers["www-authenticate"] == "Bearer"


async def test_two_keys_at_once_are_no_key(desk: Desk) -> None:
    headers = [("Authorization", f"Bearer {desk.key}"), ("Authorization", "Bearer other")]
    async with desk.without_key() as client:
        check(await client.get("/v1/models", headers=headers), 401)


@pytest.mark.parametrize("path", ["/api/keys", "/api/usage", "/api/usage/requests"])
async def test_without_the_scope(desk: Desk, path: str) -> None:
    key = await desk.make_key("inference")
    body = check(await desk.client.get(path, headers={"Authorization": f"Bearer {key}"}), 403)
    assert "'admin'" in body["message"]


@pytest.mark.parametrize("path", ["/", *PATHS, "/health", "/metrics", "/docs", "/openapi.json", "/nope", "/v1", "/%00", "/v1/models/a/b/c"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "BREW"])
async def test_with_another_method_or_path(desk: Desk, path: str, method: str) -> None:
    response = await desk.client.request(method, path)
    check(response, 404 if path in ("/nope", "/v1", "/%00") else 405)
    if response.status_code == 405:
        assert response.headers["allow"]


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "é", "x" * 5000])
async def test_with_a_host_that_is_no_name(desk: Desk, host: str) -> None:
    for path, status in (("/nope", 404), ("/v1/chat/completions", 405)):
        check(await desk.client.get(path, headers={"Host": host.encode()}), status)


async def test_with_a_body_that_is_too_long(new_desk: Any) -> None:
    check(await (await new_desk(max_body_bytes=1024)).chat("x" * 2000), 413)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"model": "fake"}', b'{"model": "fake", "messages": 7}', b"\xff"])
async def test_with_a_body_that_is_wrong(desk: Desk, body: bytes) -> None:
    check(await desk.client.post("/v1/chat/completions", content=body, headers={"Content-Type": "application/json"}), 422)


@pytest.mark.parametrize(
    "path", ["/api/keys?limit=0", "/api/keys?limit=x", "/api/usage?since=yesterday", "/api/usage?since=2026-01-01T00:00:00"]
)
async def test_with_a_query_that_is_wrong(desk: Desk, path: str) -> None:
    assert check(await desk.client.get(path), 422)["detail"][0]["loc"][0] == "query"


@pytest.mark.parametrize("path", ["/api/keys?after=nope", "/api/usage/requests?after=%00"])
async def test_with_a_cursor_that_is_wrong(desk: Desk, path: str) -> None:
    check(await desk.client.get(path), 400)


async def test_with_an_id_that_is_not_there(desk: Desk) -> None:
    check(await desk.client.get("/v1/models/nope"), 404)
    check(await desk.client.delete("/api/keys/key_nope"), 404)


async def test_when_the_server_itself_fails(desk: Desk) -> None:
    """A client learns the request's id and nothing of the inside."""

    def broken(request: Any) -> Any:
        raise RuntimeError("secret /path/of/the/server")

    desk.engine.reply = broken
    body = check(await desk.chat(), 500)
    assert "secret" not in str(body)
    assert re.search(r"[0-9a-f]{32}", body["message"])


async def test_when_an_error_meant_for_the_operator_comes_up(desk: Desk) -> None:
    desk.engine.fail(CheckpointInvalid("/home/ada/model.gguf is damaged."))
    assert "model.gguf" not in str(check(await desk.chat(), 500))


@pytest.mark.parametrize("kind", [getattr(errors, name) for name in errors.__all__ if name != "ValidationFailed"])
async def test_every_error_of_the_tree(desk: Desk, kind: type[AlizeError]) -> None:
    desk.engine.fail(kind("What was wrong.", remedy="What to do.", retry_after=0.2))
    response = await desk.chat()
    body = check(response, kind.status)
    if not issubclass(kind, errors.LocalError):
        assert body["message"] == "What was wrong. What to do."
        assert (body["type"], body["code"]) == (kind.type, kind.code)
        assert response.headers["retry-after"] == "1"
