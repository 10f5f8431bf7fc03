"""The composition root: the only place that builds the real parts of a server. In: an engine that is loading. Out: a server, until told.

database ─ tokenizer ─ identity ─ application ─ uvicorn: 503 and /health ─ engine ready ─ all requests
SIGTERM: new requests get 503, running answers have `drain_seconds`, what still runs then gets an error, everything closes: status 0
"""

import asyncio
import ipaddress
import logging
import secrets
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from alize.api.app import create_app
from alize.api.listen import address_of
from alize.api.opening import Opening
from alize.api.parts import Parts, Sleeping
from alize.api.pool import Pool, Resident
from alize.api.pool.offered import offers
from alize.api.pool.source import LocalSource
from alize.api.protocol import Http1
from alize.api.serve import Started
from alize.api.sockets import options
from alize.api.spans import spans_of
from alize.engine.build import EngineConfig
from alize.engine.local import LocalEngine
from alize.errors import EngineUnavailable, SettingInvalid
from alize.governance import Cookie, Identity, KeyIdentity, LocalIdentity, SessionIdentity, first_key, first_match, owner
from alize.settings import Settings
from alize.storage import open_database
from alize.storage.base import Database
from alize.telemetry import configure_logging
from alize.tokenize import Tokenizer, load_tokenizer
from alize.upstream.client import reaching
from alize.weights.catalog import Card
from alize.weights.checkpoints import open_checkpoint

__all__ = ["Begun", "Extension", "Server", "serve_with"]

_log = logging.getLogger("alize.api")

Extension = Callable[[FastAPI], AbstractAsyncContextManager[None]]
_LAST_WORDS = 5.0  # seconds for the errors of answers that were cut off to reach their clients
_KEEP_ALIVE = 75  # seconds an idle connection stays; clients that keep theirs for less never meet one that is just being closed


@dataclass(frozen=True, slots=True)
class Begun:
    """A model that is being loaded."""

    engine: LocalEngine
    config: EngineConfig
    card: Card
    budget: int  # bytes for this and all other models


async def serve_with(
    begun: Begun,
    settings: Settings,
    listener: socket.socket,
    started: Callable[[Started], None],
    extensions: Sequence[Extension],
) -> None:
    """Serve until told to stop, and close the engines. What does not ask the engine is done while it loads. Raises as `serve` does."""
    configure_logging(settings.log_level, settings.log_format)
    database = open_database(settings)
    engine, card, path = begun.engine, begun.card, Path(begun.config.path)
    try:
        await database.migrate()
        with closing(open_checkpoint(path)) as checkpoint:
            tokenizer, left_out = load_tokenizer(checkpoint.tokenizer), checkpoint.left_out
        async with _identity(settings, database) as identity, AsyncExitStack() as extended:
            token = _setup_token(settings, listener)
            pool, first = await _pool(settings, begun, tokenizer)
            extended.push_async_callback(pool.close)
            names = [name for one in pool.residents.values() for name in (one.card.id, *one.card.aliases)]
            _check_names(settings, names)
            upstream = await extended.enter_async_context(reaching(settings, (*names, *settings.aliases(), *settings.adapter_paths())))
            spans = spans_of(settings)
            if spans is not None:
                extended.push_async_callback(spans.close)
            opening = Opening(done=False, left=lambda: engine.absent_for)
            sleeping: dict[str, Sleeping] = {**pool.residents}
            parts = Parts(
                {},
                database,
                identity,
                opening=opening,
                spans=spans,
                upstream=upstream,
                sleeping=sleeping,
                pool=pool,
                setup_token=token,
            )
            database.on_revoked(parts.passes.forget)
            app = create_app(settings, parts)
            async with _listening(Server(_config(settings, app)), listener) as told:
                waking = pool.begin(first)
                if not await _sooner(engine.ready(), told):  # raises what loading it raised, for whoever starts the server
                    return
                await _woken(waking, first)
                for extension in extensions:  # what they find waiting in the database they may ask the engine at once
                    await extended.enter_async_context(extension(app))
                # Made last: a key that is made before something fails would never be shown.
                made = await first_key(database, settings) if settings.auth else None
                setup = settings.auth and await _is_empty(database)
                opening.done = True
                lost = {each.name: each.reason for each in engine.info.unavailable}
                address, others = address_of(listener, settings), tuple(id for id in pool.residents if id != card.id)
                started(Started(address, card.id, settings, made, setup, token, left_out, others, lost))
                await told.stopping.wait()
                await _drain(parts, settings.drain_seconds, told.hurry)
    finally:
        await engine.close()  # first: what this cuts off is still recorded
        await database.close()


async def _pool(settings: Settings, begun: Begun, tokenizer: Tokenizer) -> tuple[Pool, Resident]:
    """All the models of the settings, and which is the default. Raises what `offers` raises."""
    default = LocalSource(settings, settings.model, begun.card, begun.config)
    default.begun(begun.engine, tokenizer)
    pool = Pool(begun.budget, seconds=settings.model_wait_seconds, most=settings.model_wait_requests, idle=settings.idle_seconds)
    for offer in await offers(settings, default, begun.budget):
        pool.add(offer.source, pinned=offer.pinned).least = offer.least
    return pool, pool.residents[begun.card.id]


async def _woken(waking: "asyncio.Task[None]", first: Resident) -> None:
    """Raises what is wrong with the model: clients are told only that it cannot be loaded."""
    try:
        await waking
    except EngineUnavailable as refused:
        raise first.failure or refused from None


def _check_names(settings: Settings, taken: Sequence[str]) -> None:
    """Raises SettingInvalid where an adapter is called as something else is."""
    for name in settings.adapter_paths():
        if name in (*taken, *settings.aliases()):
            raise SettingInvalid(
                f"adapters: '{name}'{settings.came('adapters')} is a name of another model here.",
                param="adapters",
                remedy="Give the adapter a name of its own.",
            )


@asynccontextmanager
async def _identity(settings: Settings, database: Database) -> AsyncGenerator[Identity, None]:
    if not settings.auth:
        yield LocalIdentity(await owner(database), settings.cors_origins)
        return
    keys, sessions = KeyIdentity(database), SessionIdentity(database, Cookie(settings.root_path))
    try:
        yield first_match([keys, sessions])
    finally:
        await sessions.close()
        await keys.close()


def _setup_token(settings: Settings, listener: socket.socket) -> str | None:
    """None where only this machine can ask: it listens on loopback, and no proxy is spoken of that brings visitors from elsewhere."""
    proxied = bool(settings.trusted_proxies or settings.root_path)
    alone = ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback and not proxied
    return None if alone or not settings.auth else secrets.token_urlsafe(24)


async def _is_empty(database: Database) -> bool:
    async with database.transaction() as store:
        return not await store.accounts.any()


def _config(settings: Settings, app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Http1,
        log_config=None,
        access_log=False,
        lifespan="off",
        **options(),
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        ssl_certfile=settings.tls_certificate or None,
        ssl_keyfile=settings.tls_key or None,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=2,
    )


class Server(uvicorn.Server):
    """uvicorn ends its process with the signal it was sent; a server that was told to stop, and did, ends with status 0."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@dataclass(frozen=True, slots=True)
class _Told:
    """What signals have said: a second one ends the patience of the first. A server that fails says to stop, too."""

    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        (self.hurry if self.stopping.is_set() else self.stopping).set()


@asynccontextmanager
async def _listening(server: Server, listener: socket.socket) -> AsyncGenerator[_Told, None]:
    """Answer requests within, from the moment that the block begins to its end."""
    loop, told = asyncio.get_running_loop(), _Told()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.stop)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    serving.add_done_callback(lambda _: told.stopping.set())
    try:
        await _sooner(server.listening.wait(), told)
        yield told
    finally:
        server.should_exit = True
        await serving


async def _sooner(work: Coroutine[Any, Any, object], told: _Told) -> bool:
    """Whether it is done before the server is to stop. Raises what it raises."""
    tasks = [asyncio.create_task(each) for each in (work, told.stopping.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not tasks[0].done():
            return False
        tasks[0].result()
        return True
    finally:
        for task in tasks:
            task.cancel()


async def _drain(parts: Parts, seconds: float, hurry: asyncio.Event) -> None:
    parts.draining.begin()
    _log.info("stopping", extra={"running": parts.draining.running, "seconds": seconds})
    finished = asyncio.create_task(parts.draining.finished())
    hurried = asyncio.create_task(hurry.wait())
    await asyncio.wait({finished, hurried}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if not finished.done():
        _log.warning("ending %d answers that still run", parts.draining.running)
        for served in parts.models.values():
            await served.engine.close()  # each gets an error, with the tokens given until now counted
        if parts.pool is not None:
            await parts.pool.close()
        if parts.upstream is not None:
            await parts.upstream.close()
        await asyncio.wait({finished}, timeout=_LAST_WORDS)
    finished.cancel()
