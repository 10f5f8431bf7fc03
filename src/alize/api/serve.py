"""The composition root: the only place that builds the real parts of a server. In: the settings. Out: a server, until SIGTERM or Ctrl-C.

state folder locked ─ port bound ─ model here ─ database ─ engine ─ identity ─ application ─ uvicorn
SIGTERM: new requests get 503, running answers have `drain_seconds`, what still runs then gets an error, everything closes: status 0
"""

import asyncio
import contextlib
import ipaddress
import logging
import secrets
import shlex
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from alize.api.app import create_app
from alize.api.listen import address_of, bind, check_tls
from alize.api.parts import Parts, Served
from alize.api.protocol import Http1
from alize.engine.build import EngineConfig
from alize.engine.local import LocalEngine
from alize.errors import Missing
from alize.governance import Cookie, Identity, KeyIdentity, LocalIdentity, MadeKey, SessionIdentity, first_key, first_match, owner
from alize.settings import Settings
from alize.storage import open_database
from alize.storage.base import Database
from alize.storage.home import HomeLock, prepare_home
from alize.telemetry import configure_logging
from alize.tokenize import Tokenizer, load_tokenizer
from alize.upstream import upstream_of
from alize.upstream.client import reaching
from alize.weights.catalog import Card, resolved
from alize.weights.checkpoints import open_checkpoint
from alize.weights.pull import located, pull

__all__ = ["Extension", "Server", "Started", "announce", "serve"]

_log = logging.getLogger("alize.api")

Progress = Callable[[int, int, str], None]
Extension = Callable[[FastAPI], AbstractAsyncContextManager[None]]
_LAST_WORDS = 5.0  # seconds for the errors of answers that were cut off to reach their clients
_KEEP_ALIVE = 75  # seconds an idle connection stays; clients that keep theirs for less never meet one that is just being closed


@dataclass(frozen=True, slots=True)
class Started:
    """What to tell a person once the server answers."""

    address: str
    model: str
    settings: Settings
    made: MadeKey | None  # the admin key that this start made
    setup: bool = False  # there is no account yet
    setup_token: str | None = None  # what the first one asks for


def announce(started: Started) -> None:
    """Print it."""
    settings = started.settings
    print(f"Alizé serves {started.model} on {started.address}", flush=True)  # noqa: T201
    if started.made is not None and settings.api_key:
        print(f"The value of api_key{settings.came('api_key')} is an admin key here from now on.", flush=True)  # noqa: T201
    elif started.made is not None:
        print(f"Your API key, shown this once: {started.made.secret}", flush=True)  # noqa: T201
    elif settings.auth:
        here = "" if settings.came("home") == "" else f" --home {shlex.quote(str(settings.home))}"
        print(f"Another API key: alize keys create NAME{here}", flush=True)  # noqa: T201
    if started.setup:
        token = f" with the token {started.setup_token}" if started.setup_token else ""
        print(f"The first account: open {started.address}{settings.root_path}/setup{token}", flush=True)  # noqa: T201
    if upstream := upstream_of(settings):
        print(f"Models of {upstream.host} are offered, too: what is asked of them is sent there.", flush=True)  # noqa: T201
    print(f"Documentation: {started.address}/docs    State: {settings.home}", flush=True)  # noqa: T201


def serve(
    settings: Settings,
    started: Callable[[Started], None] = announce,
    progress: Progress | None = None,
    extensions: Sequence[Extension] = (),
) -> None:
    """Serve until told to stop. `started` is called once requests are answered; `progress` while a model is being fetched.

    `extensions` are what stands above the API: each adds its routes to the application, and works until the server ends.

    Raises HomeUnusable, PortTaken, SettingInvalid, InvalidModel, DownloadFailed, Missing, CheckpointInvalid, StorageFailed.
    """
    configure_logging(settings.log_level, settings.log_format)
    check_tls(settings)
    upstream_of(settings)  # refused before anything is fetched or opened
    with HomeLock(prepare_home(settings.home)), contextlib.closing(bind(settings)) as listener:
        card, path = _model(settings, progress)
        tokenizer = _tokenizer(path)
        asyncio.run(_serve(settings, listener, card, path, tokenizer, started, extensions))


def _model(settings: Settings, progress: Progress | None) -> tuple[Card, Path]:
    """The model that the settings name, fetched where it is not here yet and may be."""
    aliases = settings.aliases()
    try:
        return located(settings.model, settings.home, aliases)
    except Missing:
        name = resolved(settings.model, aliases)
        pull(name, settings.home, offline=settings.offline, endpoint=settings.hub_endpoint, progress=progress)
        return located(settings.model, settings.home, aliases)


def _tokenizer(path: Path) -> Tokenizer:
    checkpoint = open_checkpoint(path)
    try:
        return load_tokenizer(checkpoint.tokenizer)
    finally:
        checkpoint.close()


async def _serve(
    settings: Settings,
    listener: socket.socket,
    card: Card,
    path: Path,
    tokenizer: Tokenizer,
    started: Callable[[Started], None],
    extensions: Sequence[Extension],
) -> None:
    database = open_database(settings)
    try:
        await database.migrate()
        engine = await LocalEngine.start(EngineConfig.of(settings, path, card.id, card.sha256))
        try:
            async with _identity(settings, database) as identity, AsyncExitStack() as extended:
                token = _setup_token(settings, listener)
                upstream = await extended.enter_async_context(reaching(settings, (card.id, *card.aliases, *settings.aliases())))
                parts = Parts({card.id: Served(engine, tokenizer, card)}, database, identity, upstream=upstream, setup_token=token)
                app = create_app(settings, parts)
                for extension in extensions:
                    await extended.enter_async_context(extension(app))
                server = Server(_config(settings, app))
                # Made last: a key that is made before something fails would never be shown.
                made = await first_key(database, settings) if settings.auth else None
                setup = settings.auth and await _is_empty(database)
                await _until_told(
                    server,
                    listener,
                    parts,
                    settings.drain_seconds,
                    lambda: started(Started(address_of(listener, settings), card.id, settings, made, setup, token)),
                )
        finally:
            await engine.close()
    finally:
        await database.close()


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
        ws="none",
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


async def _until_told(server: Server, listener: socket.socket, parts: Parts, drain_seconds: float, ready: Callable[[], None]) -> None:
    """Serve until a signal; a second one ends the patience of the first."""
    loop, told, hurry = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def stop() -> None:
        (hurry if told.is_set() else told).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    waiting = [asyncio.create_task(event.wait()) for event in (server.listening, told)]
    try:
        for event in waiting:
            await asyncio.wait({serving, event}, return_when=asyncio.FIRST_COMPLETED)
            if event is waiting[0] and server.listening.is_set():
                ready()
        await _drain(parts, drain_seconds, hurry)
    finally:
        server.should_exit = True
        for event in waiting:
            event.cancel()
        await serving


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
        if parts.upstream is not None:
            await parts.upstream.close()
        await asyncio.wait({finished}, timeout=_LAST_WORDS)
    finished.cancel()
