"""Usage: one row for each answer, written before the client has all of it, whatever the client does with its ids."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from alize.api.schemas.usage import UsageList, UsageSum
from tests.serving import Desk


async def test_an_answer_is_one_row_with_its_facts(desk: Desk) -> None:
    body = (await desk.chat(n=2, max_tokens=3)).json()
    (row,) = await desk.rows()
    assert (row.id, row.model, row.endpoint, row.outcome) == (body["id"], "fake", "/v1/chat/completions", "length")
    assert (row.prompt_tokens, row.completion_tokens, row.cached_tokens) == (6, 6, 0)
    assert row.principal.startswith("key_")
    assert row.seconds > 0
    assert datetime.now(UTC) - row.created < timedelta(minutes=1)


async def test_the_row_is_there_when_the_stream_says_it_is_complete(desk: Desk) -> None:
    """Seen from the very message that carries the usage."""
    counted: list[int] = []

    async def send(message: dict[str, Any]) -> None:
        if b'"usage"' in message.get("body", b""):
            counted.append(len(await desk.rows()))

    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {desk.key}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "scheme": "http", "query_string": b"", "headers": headers}
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    body = b'{"model": "fake", "stream": true, "messages": [{"role": "user", "content": "Hi"}]}'
    asked.put_nowait({"type": "http.request", "body": body, "more_body": False})
    await desk.app(scope, asked.get, send)
    assert counted == [1]


async def test_different_endings_of_choices_are_all_named(desk: Desk) -> None:
    desk.engine.reply = lambda request: b"Hello" if request.id.endswith("-0") else b"A much longer one"
    await desk.chat(n=2, max_tokens=8)
    assert (await desk.rows())[0].outcome == "length,stop"


async def test_cached_tokens_are_told_and_kept(desk: Desk) -> None:
    for _ in range(2):
        body = (await desk.chat("x" * 100)).json()
    assert body["usage"]["prompt_tokens_details"]["cached_tokens"] == 96
    assert (await desk.rows())[0].cached_tokens == 96


async def test_refused_requests_are_not_counted(desk: Desk) -> None:
    assert (await desk.chat(model="nope")).status_code == 400
    assert (await desk.chat("x" * 5000)).status_code == 400
    assert await desk.rows() == []


async def test_the_sum_is_the_sum_of_the_rows(desk: Desk) -> None:
    await asyncio.gather(*(desk.chat("x" * number, stream=bool(number % 2)) for number in range(20)))
    body = (await desk.client.get("/api/usage")).json()
    UsageSum.model_validate(body)
    rows = (await desk.client.get("/api/usage/requests")).json()["data"]
    assert len(rows) == body["requests"] == 20
    for name in ("prompt_tokens", "completion_tokens", "cached_tokens"):
        assert body[name] == sum(row[name] for row in rows)
    assert body["total_tokens"] == body["prompt_tokens"] + body["completion_tokens"]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+", "%2B")
    assert (await desk.client.get(f"/api/usage?since={tomorrow}")).json()["requests"] == 0


async def test_rows_come_in_pages_newest_first(desk: Desk) -> None:
    ids = [(await desk.chat()).json()["id"] for _ in range(5)]
    first = await desk.client.get("/api/usage/requests?limit=3")
    UsageList.model_validate_json(first.content)
    rest = (await desk.client.get(f"/api/usage/requests?limit=3&after={first.json()['next']}")).json()
    assert [row["id"] for row in first.json()["data"] + rest["data"]] == ids[::-1]
    assert rest["next"] is None
