"""Whole applications for tests. In: a script for the model, settings. Out: an application in this loop, or behind a socket in a thread."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from argon2 import PasswordHasher

from alize.api.app import create_app
from alize.api.parts import Parts, Served, Sleeping
from alize.api.pool import Pool
from alize.api.protocol import Http1
from alize.api.server import Server
from alize.api.sockets import Socket, options
from alize.api.spans import spans_of
from alize.assistant.serving import assisting
from alize.engine.fake import FakeEngine, saying
from alize.governance import Accounts, Cookie, KeyIdentity, LocalIdentity, SessionIdentity, first_match, make_key, owner
from alize.governance.identity import Principal
from alize.governance.passwords import Passwords
from alize.settings import Settings
from alize.storage.base import UsageRecord
from alize.storage.database import SqlDatabase
from alize.tokenize.bytes import ByteTokenizer
from alize.upstream.client import reaching
from alize.weights.catalog import Card
from tests.new_database import new_database

TOKENIZER = ByteTokenizer()
CARD = Card("fake", ("fake-latest",), "Fake", "Says what it is told.", frozenset({"completion_chat", "vision"}), 4096, owned_by="alize")
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Argon2id at its least, so that a test may sign fifty people up."""

Result = TypeVar("Result")


@dataclass
class Desk:
    """One application and everything a test may want to look at."""

    app: Any
    client: httpx.AsyncClient  # with an admin key
    engine: FakeEngine
    database: SqlDatabase
    identity: KeyIdentity
    owner: Principal
    parts: Parts
    settings: Settings
    key: str
    tenant: str  # that key's, as fairness and metrics have it

    async def chat(self, content: str = "Hi", **more: Any) -> httpx.Response:
        body = {"model": "fake", "messages": [{"role": "user", "content": content}], **more}
        return await self.client.post("/v1/chat/completions", json=body)

    async def make_key(self, *scopes: Any) -> str:
        async with self.database.transaction() as store:
            return (await make_key(store, self.owner, "test", scopes=scopes or ("inference",))).secret

    async def rows(self) -> list[UsageRecord]:
        async with self.database.transaction() as store:
            return list((await store.usage.list(self.owner.workspace, limit=1000)).items)

    def without_key(self, base_url: str = "http://test") -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=base_url)


@asynccontextmanager
async def opened(
    folder: Path,
    engine: FakeEngine | None = None,
    tokenizer: Any = TOKENIZER,
    card: Card = CARD,
    setup_token: str | None = None,
    pool: Pool | None = None,
    models: Mapping[str, Served] | None = None,
    **given: Any,
) -> AsyncIterator[Desk]:
    """An application whose model says "Hello". `pool`: further models, which sleep. `models`: to be served in place of that one, by their
    cards' ids, such as are there when they are asked for.

    `given` are settings: `database_url` is of an empty PostgreSQL.
    """
    settings = Settings.load({}, home=folder, **given)
    database = await new_database(settings.database_url or folder / "alize.db")
    try:
        identity, who = KeyIdentity(database), await owner(database)
        async with database.transaction() as store:
            made = await make_key(store, who, "first", scopes=("inference", "admin"))
        key, tenant = made.secret, f"{who.workspace}/{made.record.id}"
        engine = engine or FakeEngine(saying("Hello", TOKENIZER))
        sessions = SessionIdentity(database, Cookie(settings.root_path))
        every = first_match([identity, sessions]) if settings.auth else LocalIdentity(who, settings.cors_origins)
        async with reaching(settings, (card.id, *card.aliases, *settings.aliases())) as upstream:
            own = {card.id: Served(engine, tokenizer, card)} if models is None else models
            spans, sleeping = spans_of(settings), dict[str, Sleeping]({} if pool is None else {**pool.residents})
            parts = Parts(own, database, every, spans=spans, upstream=upstream, sleeping=sleeping, pool=pool, setup_token=setup_token)
            database.on_revoked(parts.passes.forget)
            app = create_app(settings, parts)
            app.state.house = replace(app.state.house, accounts=Accounts(database, Passwords(CHEAP)))
            headers = {"Authorization": f"Bearer {key}"}
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers, timeout=None)
            async with assisting(app), client:
                yield Desk(app, client, engine, database, identity, who, parts, settings, key, tenant)
            if spans is not None:
                await spans.close()
        await sessions.close()
        await identity.close()
    finally:
        await database.close()


@asynccontextmanager
async def listening(
    app: Any, send_buffer: int = 0, tls: tuple[Path, Path] | None = None, http: type[Http1] = Http1, ws: type[Socket] = Socket
) -> AsyncIterator[int]:
    """The application behind a real socket, in this loop; the port it listens on. `send_buffer`: bytes that the system holds of what is
    sent, where that is not for it to say. `tls`: a certificate, and its key."""
    given: dict[str, Any] = {**options(), "http": http, "ws": ws}
    if tls is not None:
        given |= {"ssl_certfile": tls[0], "ssl_keyfile": tls[1]}
    server = Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2, **given))
    with socket.socket() as listener:
        if send_buffer:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        listener.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await server.listening.wait()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


class Background:
    """An application behind a socket in a thread of its own, for clients that block."""

    def __init__(self, desk: Desk, port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.desk, self.url, self.loop = desk, f"http://127.0.0.1:{port}", loop

    def run(self, work: Callable[[Desk], Coroutine[Any, Any, Result]]) -> Result:
        """Do something in the application's loop, such as looking at its engine."""
        return asyncio.run_coroutine_threadsafe(work(self.desk), self.loop).result()


@contextmanager
def in_background(folder: Path, **given: Any) -> Iterator[Background]:
    """`opened`, listening in a thread until the block ends."""
    ready: list[Background] = []
    started = threading.Event()
    ended: list[Callable[[], None]] = []

    async def serve() -> None:
        done, loop = asyncio.Event(), asyncio.get_running_loop()
        ended.append(lambda: loop.call_soon_threadsafe(done.set))
        async with opened(folder, **given) as desk, listening(desk.app) as port:
            ready.append(Background(desk, port, loop))
            started.set()
            await done.wait()

    def work() -> None:
        try:
            asyncio.run(serve())
        finally:
            started.set()  # whoever waits must not wait for ever for what failed

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    try:
        yield ready[0]
    finally:
        ended[0]()
        thread.join()
