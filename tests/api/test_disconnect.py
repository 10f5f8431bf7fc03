"""A client leaves: over real sockets, the engine stops at once and the usage says exactly what was given."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from alize.storage.base import UsageRecord
from tests.serving import Desk, listening


@asynccontextmanager
async def asking(desk: Desk, port: int, **more: Any) -> AsyncIterator[asyncio.StreamReader]:
    """A connection on which a chat was asked for; it is cut at the end of the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"model": "fake", "messages": [{"role": "user", "content": "Hi"}], **more}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {desk.key}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    yield reader
    writer.close()
    await writer.wait_closed()


async def the_row(desk: Desk) -> UsageRecord:
    """The one usage row, once the request is over."""
    await desk.parts.draining.finished()
    (row,) = await desk.rows()
    return row


async def test_a_stream_that_is_left_stops_the_engine_and_is_counted(desk: Desk) -> None:
    desk.engine.hold(after=3)
    async with listening(desk.app) as port:
        async with asking(desk, port, stream=True) as reader:
            await reader.readuntil(b'"content":"l"')
            await desk.engine.until(lambda stats: stats.generated_tokens == 3)
        await desk.engine.until(lambda stats: stats.aborted == 1)
        row = await the_row(desk)
        assert (row.outcome, row.prompt_tokens, row.completion_tokens) == ("cancelled", 6, 3)
        desk.engine.release()
        assert (await desk.chat()).status_code == 200


async def test_a_whole_answer_that_nobody_waits_for_stops_the_engine_and_is_counted(desk: Desk) -> None:
    desk.engine.hold(after=2)
    async with listening(desk.app) as port:
        async with asking(desk, port):
            await desk.engine.until(lambda stats: stats.generated_tokens == 2)
        await desk.engine.until(lambda stats: stats.aborted == 1)
        row = await the_row(desk)
        assert (row.outcome, row.prompt_tokens, row.completion_tokens) == ("cancelled", 6, 2)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_may_leave_before_the_first_token(desk: Desk, stream: bool) -> None:
    desk.engine.hold()
    async with listening(desk.app) as port:
        async with asking(desk, port, stream=stream):
            await desk.engine.until(lambda stats: stats.waiting == 1)
        await desk.engine.until(lambda stats: stats.aborted == 1)
        row = await the_row(desk)
        assert (row.outcome, row.prompt_tokens, row.completion_tokens) == ("cancelled", 6, 0)


async def test_every_choice_stops(desk: Desk) -> None:
    desk.engine.hold(after=1)
    async with listening(desk.app) as port:
        async with asking(desk, port, stream=True, n=5):
            await desk.engine.until(lambda stats: stats.generated_tokens == 5)
        await desk.engine.until(lambda stats: stats.aborted == 5)
        assert (await the_row(desk)).prompt_tokens == 6


async def test_many_clients_leave_at_once_and_each_is_counted_once(desk: Desk) -> None:
    desk.engine.hold(after=2)

    async def come_and_go(port: int) -> None:
        async with asking(desk, port, stream=True) as reader:
            await reader.readuntil(b'"content":"e"')

    async with listening(desk.app) as port:
        await asyncio.gather(*(come_and_go(port) for _ in range(40)))
        await desk.engine.until(lambda stats: stats.aborted == 40)
        await desk.parts.draining.finished()
    rows = await desk.rows()
    assert [(row.outcome, row.completion_tokens) for row in rows] == [("cancelled", 2)] * 40
    assert len({row.id for row in rows}) == 40


async def test_a_request_id_that_is_sent_twice_is_still_counted_twice(desk: Desk) -> None:
    for _ in range(2):
        await desk.client.post(
            "/v1/chat/completions",
            json={"model": "fake", "messages": [{"role": "user", "content": "Hi"}]},
            headers={"X-Request-Id": "the-same"},
        )
    assert len(await desk.rows()) == 2
