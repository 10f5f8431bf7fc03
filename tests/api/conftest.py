"""A whole application in this process: a FakeEngine, a real SQLite database, real keys, and a client that needs no socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from alize.api.app import create_app
from alize.api.parts import Parts, Served
from alize.api.serve import Server
from alize.engine.fake import FakeEngine, saying
from alize.governance import KeyIdentity, make_key, owner
from alize.governance.identity import Principal
from alize.settings import Settings
from alize.storage.base import UsageRecord
from alize.storage.database import SqlDatabase
from alize.tokenize.bytes import ByteTokenizer
from alize.weights.catalog import Card

TOKENIZER = ByteTokenizer()
CARD = Card("fake", ("fake-latest",), "Fake", "Says what it is told.", frozenset({"completion_chat", "vision"}), 4096, owned_by="alize")


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

    async def chat(self, content: str = "Hi", **more: Any) -> httpx.Response:
        body = {"model": "fake", "messages": [{"role": "user", "content": content}], **more}
        return await self.client.post("/v1/chat/completions", json=body)

    async def make_key(self, *scopes: Any) -> str:
        async with self.database.transaction() as store:
            return (await make_key(store, self.owner, "test", scopes=scopes or ("inference",))).secret

    async def rows(self) -> list[UsageRecord]:
        async with self.database.transaction() as store:
            return list((await store.usage.list(self.owner.workspace)).items)

    def without_key(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.client._transport, base_url="http://test")


@pytest.fixture
async def new_desk(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Make an application: `await new_desk(engine=…, strict=False, …)`, the rest being settings."""
    opened: list[Desk] = []
    databases: list[SqlDatabase] = []

    async def new(engine: FakeEngine | None = None, tokenizer: Any = TOKENIZER, card: Card = CARD, **given: Any) -> Desk:
        settings = Settings.load({}, home=tmp_path, **given)
        engine = engine or FakeEngine(saying("Hello", TOKENIZER))
        database = SqlDatabase(f"sqlite:///{tmp_path}/{len(opened)}.db")
        databases.append(database)
        await database.migrate()
        identity = KeyIdentity(database)
        who = await owner(database)
        async with database.transaction() as store:
            key = (await make_key(store, who, "first", scopes=("inference", "admin"))).secret
        parts = Parts({card.id: Served(engine, tokenizer, card)}, database, identity)
        app = create_app(settings, parts)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://test", headers={"Authorization": f"Bearer {key}"}, timeout=None
        )
        opened.append(Desk(app, client, engine, database, identity, who, parts, settings, key))
        return opened[-1]

    yield new
    for desk in opened:
        await desk.client.aclose()
        await desk.identity.close()
    for database in databases:
        await database.close()


@pytest.fixture
async def desk(new_desk: Callable[..., Any]) -> Desk:
    """An application with default settings, whose model says "Hello"."""
    return await new_desk()


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[int]:
    """The application behind a real socket, in this loop; the port it listens on."""
    server = Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=2))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await server.listening.wait()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task
