"""The embedding model of a server. In: the settings. Out: a model that sleeps until somebody asks it, with all that waking it takes.

card known ─ asked ─ weights fetched where they are not here (`alize pull`, a process of its own) ─ tokenizer ─ engine's process ─ served
"""

import asyncio
import logging
import sys
from contextlib import suppress
from dataclasses import replace

from alize.api.parts import Served, Sleeping
from alize.api.sleeping import Sleeper
from alize.engine.build import EngineConfig
from alize.engine.local import LocalEngine
from alize.errors import DownloadFailed, Missing, SettingInvalid
from alize.settings import Settings
from alize.tokenize import tokenizer_at
from alize.weights.catalog import Card, find, resolved
from alize.weights.pull import located

__all__ = ["sleeping_models"]

_log = logging.getLogger("alize.api")
_STANDS_BACK = 10  # of 19: whoever reads an answer waits for each token, an index is made in the background


def sleeping_models(settings: Settings, served: Card) -> dict[str, Sleeping]:
    """None where the settings name none, or the one that is served anyway; or where it is not here and may not be fetched, or nothing is
    known of it before: the log says so. Raises InvalidModel, SettingInvalid for a model that makes no vectors, CheckpointInvalid."""
    if not settings.embedding_model:
        return {}
    aliases = settings.aliases()
    try:
        card, _ = located(settings.embedding_model, settings.home, aliases)
    except Missing as missing:
        card = None if settings.offline else find(settings.embedding_model, aliases)
        if card is None:
            _log.info("no embeddings: %s", missing.text)
            return {}
    if card.id == served.id:
        return {}
    if "embeddings" not in card.capabilities:
        raise SettingInvalid(
            f"embedding_model = {settings.embedding_model!r}{settings.came('embedding_model')} makes no vectors of texts.",
            param="embedding_model",
        )

    async def wake() -> Served:
        return await _woken(settings)

    return {card.id: Sleeper(card, wake)}


async def _woken(settings: Settings) -> Served:
    name, aliases = settings.embedding_model, settings.aliases()
    try:
        card, path = located(name, settings.home, aliases)
    except Missing:
        await _fetch(settings, resolved(name, aliases))
        card, path = located(name, settings.home, aliases)
    tokenizer = await asyncio.to_thread(tokenizer_at, path)
    config = EngineConfig.of(settings, path, card.id, card.sha256)
    # One text at a time is all that a decoder embeds, so it needs a cache for one. The adapters are those of the other model.
    limits = replace(config.limits, max_running=1)
    engine = await LocalEngine.start(replace(config, nice=_STANDS_BACK, limits=limits, adapters={}))
    return Served(engine, tokenizer, card)


async def _fetch(settings: Settings, name: str) -> None:
    """In a process, which can be ended at once, and goes on the next time. Raises DownloadFailed with its last words."""
    _log.info("fetching a model", extra={"model": name})
    pull = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alize", "pull", name, "--home", str(settings.home)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await pull.communicate()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            pull.kill()
        await pull.wait()
        raise
    if pull.returncode:
        raise DownloadFailed(" ".join(said.decode("utf-8", "replace").split())[-600:])
