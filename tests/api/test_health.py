"""Health: ready means that a request would be answered now, and unready says why."""

from typing import Any

import pytest

from tests.serving import Desk


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/health/live"])
async def test_a_server_that_works_is_ready_without_a_key(desk: Desk, path: str) -> None:
    async with desk.without_key() as client:
        response = await client.get(path)
    assert (response.status_code, response.json()["status"]) == (200, "ready")


async def test_a_dead_engine_makes_it_unready_and_alive(desk: Desk) -> None:
    desk.engine.crash()
    for path in ("/health", "/health/ready"):
        response = await desk.client.get(path)
        assert response.status_code == 503
        assert response.json()["checks"]["database"] == "ok"
        assert "being restarted" in response.json()["checks"]["engine fake"]
        assert "being restarted" in response.json()["message"]
    assert (await desk.client.get("/health/live")).status_code == 200
    desk.engine.restart()
    assert (await desk.client.get("/health")).status_code == 200


async def test_a_closed_database_makes_it_unready(desk: Desk) -> None:
    await desk.database.close()
    response = await desk.client.get("/health")
    assert response.status_code == 503
    assert response.json()["checks"]["engine fake"] == "ok"
    assert response.json()["checks"]["database"] != "ok"


async def test_unready_is_an_error_like_any_other(desk: Desk) -> None:
    desk.engine.crash()
    body: dict[str, Any] = (await desk.client.get("/health")).json()
    assert {"object", "message", "type", "param", "code", "raw_status_code"} <= body.keys()
    assert (body["object"], body["raw_status_code"]) == ("error", 503)
