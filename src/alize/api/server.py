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
from alize.api.parts import Parts, Served
from alize.api.protocol import Http1
from alize.api.serve import Started
from alize.api.sockets import options
from alize.api.waking import sleeping_models
from alize.engine.local import LocalEngine
from alize.errors import CheckpointInvalid, SettingInvalid
from alize.governance import Cookie, Identity, KeyIdentity, LocalIdentity, SessionIdentity, first_key, first_match, owner
from alize.prompt.spectrogram import HOP
from alize.settings import Settings
from alize.storage import open_database
from alize.storage.base import Database
from alize.telemetry import configure_logging
from alize.tokenize import Tokenizer, load_tokenizer
from alize.upstream.client import reaching
from alize.weights.catalog import Card
from alize.weights.checkpoints import open_checkpoint

__all__ = ["Extension", "Server", "serve_with"]

_log = logging.getLogger("alize.api")

Extension = Callable[[FastAPI], AbstractAsyncContextManager[None]]
_LAST_WORDS = 5.0  # seconds for the errors of answers that were cut off to reach their clients
_KEEP_ALIVE = 75  # seconds an idle connection stays; clients that keep theirs for less never meet one that is just being closed


async def serve_with(
    engine: LocalEngine,
    settings: Settings,
    listener: socket.socket,
    card: Card,
    path: Path,
    started: Callable[[Started], None],
    extensions: Sequence[Extension],
) -> None:
    """Serve until told to stop, and close the engine. What does not ask the engine is done while it loads. Raises as `serve` does."""
    configure_logging(settings.log_level, settings.log_format)
    database = open_database(settings)
    try:
        await database.migrate()
        with closing(open_checkpoint(path)) as checkpoint:
            tokenizer, left_out = load_tokenizer(checkpoint.tokenizer), checkpoint.left_out
        async with _identity(settings, database) as identity, AsyncExitStack() as extended:
            token = _setup_token(settings, listener)
            sleeping = sleeping_models(settings, card)
            names = [name for each in (card, *(one.card for one in sleeping.values())) for name in (each.id, *each.aliases)]
            _check_names(settings, names)
            upstream = await extended.enter_async_context(reaching(settings, (*names, *settings.aliases(), *settings.adapter_paths())))
            for one in sleeping.values():
                extended.push_async_callback(one.close)
            opening = Opening(done=False)
            served = {card.id: Served(engine, tokenizer, card)}
            parts = Parts(served, database, identity, opening=opening, upstream=upstream, sleeping=sleeping, setup_token=token)
            database.on_revoked(parts.passes.forget)
            app = create_app(settings, parts)
            async with _listening(Server(_config(settings, app)), listener) as told:
                if not await _sooner(engine.ready(), told):
                    return
                _check_senses(engine, tokenizer, path)
                for extension in extensions:  # what they find waiting in the database they may ask the engine at once
                    await extended.enter_async_context(extension(app))
                # Made last: a key that is made before something fails would never be shown.
                made = await first_key(database, settings) if settings.auth else None
                setup = settings.auth and await _is_empty(database)
                opening.done = True
                lost = {each.name: each.reason for each in engine.info.unavailable}
                started(Started(address_of(listener, settings), card.id, settings, made, setup, token, left_out, lost))
                await told.stopping.wait()
                await _drain(parts, settings.drain_seconds, told.hurry)
    finally:
        await engine.close()  # first: what this cuts off is still recorded
        await database.close()


def _check_names(settings: Settings, taken: Sequence[str]) -> None:
    """Raises SettingInvalid where an adapter is called as something else is."""
    for name in settings.adapter_paths():
        if name in (*taken, *settings.aliases()):
            raise SettingInvalid(
                f"adapters: '{name}'{settings.came('adapters')} is a name of another model here.",
                param="adapters",
                remedy="Give the adapter a name of its own.",
            )


def _check_senses(engine: LocalEngine, tokenizer: Tokenizer, path: Path) -> None:
    """Raises CheckpointInvalid where the tokenizer cuts pictures or sounds into other pieces than the weights."""
    sight, marks = engine.info.sight, tokenizer.image_marks
    if sight is not None and marks is not None and marks.side not in (0, sight.side):
        raise CheckpointInvalid(
            f"{path}: an image's token is {sight.side} pixels a side for the model, and {marks.side} for its tokenizer.",
            remedy="The files are of different models: fetch them again.",
        )
    hearing, sounds = engine.info.hearing, tokenizer.audio_marks
    if hearing is None or sounds is None:
        return
    samples = hearing.frames * HOP
    wanted = (samples, samples * hearing.piece, hearing.delay)
    if (sounds.samples, sounds.piece, sounds.delay) != wanted:
        raise CheckpointInvalid(
            f"{path}: a sound's token is {sounds.samples} samples for its tokenizer, in pieces of {sounds.piece}, {sounds.delay} behind; "
            f"for the model it is {wanted[0]}, in pieces of {wanted[1]}, {wanted[2]} behind.",
            remedy="The files are of different models: fetch them again.",
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
        for served in parts.awake.values():
            await served.engine.close()  # each gets an error, with the tokens given until now counted
        for sleeping in parts.sleeping.values():
            await sleeping.close()
        if parts.upstream is not None:
            await parts.upstream.close()
        await asyncio.wait({finished}, timeout=_LAST_WORDS)
    finished.cancel()
