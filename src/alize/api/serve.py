"""How a server begins. In: the settings. Out: a server, until SIGTERM or Ctrl-C.

state folder locked ─ port bound ─ engine's process begun ─ model here ─ weights being loaded there ─ server.py: what answers requests

Next to nothing is imported before the engine's process has begun: it loads PyTorch and the weights on one core, while this one loads
the web framework and the database on another. One after the other took 4 s, which is longer than a person likes to wait.
"""

import contextlib
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from alize.api.collector import collector_of
from alize.api.listen import bind, check_tls
from alize.engine.process import EngineProcess
from alize.settings import Settings
from alize.storage.home import HomeLock, prepare_home
from alize.upstream.address import upstream_of

if TYPE_CHECKING:
    import socket

    from alize.api.server import Extension
    from alize.governance import MadeKey
    from alize.weights.catalog import Card

__all__ = ["Started", "announce", "serve"]

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Started:
    """What to tell a person once the server answers."""

    address: str
    model: str
    settings: Settings
    made: "MadeKey | None"  # the admin key that this start made
    setup: bool = False  # there is no account yet
    setup_token: str | None = None  # what the first one asks for
    left_out: str | None = None  # what of the model's release cannot be used
    others: tuple[str, ...] = ()  # models that are loaded when they are asked
    unavailable: Mapping[str, str] = field(default_factory=dict[str, str])  # adapters that could not be loaded, and why


def announce(started: Started) -> None:
    """Print it."""
    settings = started.settings
    print(f"Alizé serves {started.model} on {started.address}", flush=True)  # noqa: T201
    if started.left_out:
        print(started.left_out, flush=True)  # noqa: T201
    if started.others:
        print(f"Further models, each loaded when it is first asked: {', '.join(started.others)}", flush=True)  # noqa: T201
    if adapters := [name for name in settings.adapter_paths() if name not in started.unavailable]:
        print(f"Its adapters, each a model of that name: {', '.join(adapters)}", flush=True)  # noqa: T201
    for name, reason in started.unavailable.items():
        print(f"Its adapter {name} is unavailable: {reason}", flush=True)  # noqa: T201
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
    extensions: "Callable[[], Sequence[Extension]]" = tuple,
) -> None:
    """Serve until told to stop. `started` is called once requests are answered; `progress` while a model is fetched and loaded.

    `extensions` gives what stands above the API: each adds its routes to the application, and works until the server ends. It is called
    once the engine's process has begun, so that what it imports keeps nobody waiting.

    Raises HomeUnusable, PortTaken, SettingInvalid, InvalidModel, DownloadFailed, Missing, CheckpointInvalid, StorageFailed.
    """
    check_tls(settings)
    upstream_of(settings)  # refused before anything is fetched or opened
    collector_of(settings)
    with (
        HomeLock(prepare_home(settings.home)) as lock,
        contextlib.closing(bind(settings)) as listener,
        EngineProcess() as process,
    ):
        import asyncio

        card, path = _model(settings, progress)

        def told(facts: Started) -> None:
            lock.say(facts.address)
            started(facts)

        asyncio.run(_serve(settings, listener, process, card, path, told, extensions, progress))


def _model(settings: Settings, progress: Progress | None) -> "tuple[Card, Path]":
    """The model that the settings name, fetched where it is not here yet and may be."""
    from alize.weights.pull import obtained

    offline, endpoint = settings.offline, settings.hub_endpoint
    return obtained(settings.model, settings.home, settings.aliases(), offline=offline, endpoint=endpoint, progress=progress)


async def _serve(
    settings: Settings,
    listener: "socket.socket",
    process: EngineProcess,
    card: "Card",
    path: Path,
    started: Callable[[Started], None],
    extensions: "Callable[[], Sequence[Extension]]",
    progress: Progress | None,
) -> None:
    from dataclasses import replace

    from alize.engine.build import EngineConfig, draft_of, named
    from alize.engine.local import LocalEngine
    from alize.engine.need import budget_of

    loading = named(progress, f"Loading {card.id}")
    config = EngineConfig.of(settings, path, card.id, card.sha256, draft_of(settings, progress))
    budget = budget_of(settings.memory, config)
    config = replace(config, memory_bytes=budget)
    engine = await LocalEngine.begin(config, process, loading)
    try:
        from alize.api.server import Begun, serve_with

        await serve_with(Begun(engine, config, card, budget), settings, listener, started, extensions())
    finally:
        await engine.close()
