"""The rest of the internet, for tests. In: names with their addresses, answers by path. Out: a `Wire` that ends at a server of this loop.

What is checked is what would be checked outside: names resolve to public addresses, and only the cable of each leads here.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from alize.api.outside import Wire

__all__ = ["PNG", "PUBLIC", "Elsewhere", "elsewhere", "picture", "redirect"]

PUBLIC = "93.184.215.14"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(300)


def picture(data: bytes = PNG, kind: str = "image/png", *headers: str) -> bytes:
    """A whole answer."""
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Type: {kind}", f"Content-Length: {len(data)}", *headers, "", ""]).encode() + data


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\nSet-Cookie: a=b\r\n\r\n".encode()


@dataclass
class Elsewhere:
    """One server behind every name. `names`: what each resolves to, one list for each time it is asked, the last for ever."""

    answers: dict[str, bytes] = field(default_factory=lambda: {"/": picture()})
    names: dict[str, list[Sequence[str]]] = field(default_factory=dict[str, list[Sequence[str]]])
    silent: bool = False  # says nothing at all
    seconds: float = 20.0
    trusted: ssl.SSLContext = field(default_factory=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    port: int = 0
    dead: tuple[str, ...] = ()  # addresses where nobody listens
    asked: list[str] = field(default_factory=list[str])  # names that were looked up
    dialled: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    heard: list[str] = field(default_factory=list[str])  # the heads of the requests that arrived
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)  # whoever asked a silent server gave up

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        known = self.names.get(host, [[PUBLIC]])
        return known.pop(0) if len(known) > 1 else known[0]

    def dial(self, address: str, port: int) -> tuple[str, int]:
        self.dialled.append((address, port))
        return ("127.0.0.1", 1 if address in self.dead else self.port)

    @property
    def wire(self) -> Wire:
        return Wire(self.resolve, self.dial, lambda: self.trusted, self.seconds)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heard.append(head)
            self.arrived.set()
            if self.silent:
                await reader.read()
                self.left.set()
            path = head.split(" ")[1]
            writer.write(self.answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def elsewhere(tls: ssl.SSLContext | None = None, **given: object) -> AsyncGenerator[Elsewhere, None]:
    there = Elsewhere(**given)  # type: ignore[arg-type]
    server = await asyncio.start_server(there.serve, "127.0.0.1", 0, ssl=tls)
    there.port = server.sockets[0].getsockname()[1]
    async with server:
        yield there
