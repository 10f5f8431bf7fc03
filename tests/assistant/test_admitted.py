"""A stream is for whoever asked for it, as long as they are let in."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import httpx

from alize.assistant.admitted import while_admitted
from tests.browser import browsing
from tests.serving import listening, opened


async def test_nothing_is_told_after_the_answer_is_no_and_the_source_is_closed() -> None:
    closed = asyncio.Event()
    answers = iter([True, False])

    async def source() -> AsyncGenerator[bytes, None]:
        try:
            for number in range(5):
                yield str(number).encode()
        finally:
            closed.set()

    async def still() -> bool:
        return next(answers)

    assert [event async for event in while_admitted(source(), still, every=0)] == [b"0"]
    assert closed.is_set()


async def test_who_was_signed_out_elsewhere_hears_no_more_of_what_changes(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk, listening(desk.app) as port, browsing(desk) as here, browsing(desk) as there:
        await here.set_up()
        await there.sign_in()
        cookie = "; ".join(f"{one.name}={one.value}" for one in there.client.cookies.jar)
        chat = {"id": "0" * 32}
        await here.ask("POST", "/api/conversations", chat)
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Cookie": cookie}, timeout=None) as client,
            client.stream("GET", "/api/changes") as stream,
            aclosing(stream.aiter_lines()) as lines,
            asyncio.timeout(60),
        ):
            while "ready" not in await anext(lines):
                pass
            (other,) = [one for one in (await here.ask("GET", "/api/sessions")).json()["data"] if not one["current"]]
            await here.ask("DELETE", f"/api/sessions/{other['id']}")
            heard = asyncio.create_task(_rest_of(lines))
            while not heard.done():  # what changes is told to a session that is still there, and to no other
                await here.ask("PATCH", f"/api/conversations/{chat['id']}", {"pinned": True})
            await heard
            assert (await client.get("/api/changes")).status_code == 401


async def _rest_of(lines: AsyncGenerator[str, None]) -> str:
    return "".join([line async for line in lines])
