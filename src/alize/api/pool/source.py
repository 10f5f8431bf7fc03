"""A model of this disk. In: a name of the settings. Out: its weights fetched where they are not here, and an engine's process with them.

card known ─ asked ─ weights fetched where they are not here (`alize pull`, a process of its own) ─ tokenizer ─ engine's process ─ served
"""

import asyncio
import logging
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from alize.api.parts import Served
from alize.api.pool.base import Source
from alize.api.senses import check_senses
from alize.engine.build import EngineConfig
from alize.engine.fit import OVERHEAD
from alize.engine.local import LocalEngine
from alize.engine.need import least_need, need_of
from alize.errors import DownloadFailed, Missing
from alize.settings import Settings
from alize.tokenize import Tokenizer, tokenizer_at
from alize.weights.catalog import Card, resolved
from alize.weights.pull import located

__all__ = ["LocalSource"]

_log = logging.getLogger("alize.api")
_STANDS_BACK = 10  # of 19: whoever reads an answer waits for each token, an index is made in the background


class LocalSource:
    """See Source."""

    def __init__(self, settings: Settings, name: str, card: Card, config: EngineConfig | None = None, *, behind: bool = False) -> None:
        """`name`: what the settings call it. `card`: what it is offered as. `config`: with which it is loaded, where that is known.

        `behind`: it makes vectors in the background.
        """
        self._settings, self.name, self.behind = settings, name, behind
        self.card, self.config = card, config
        self._begun: tuple[LocalEngine, Tokenizer] | None = None  # what was begun elsewhere
        self._loading: LocalEngine | None = None

    @property
    def percent(self) -> int | None:
        engine = self._loading or (None if self._begun is None else self._begun[0])
        return None if engine is None else engine.percent

    @property
    def is_here(self) -> bool:
        """Whether nothing has to be fetched. Raises CheckpointInvalid."""
        try:
            located(self.name, self._settings.home, self._settings.aliases())
        except Missing:
            return False
        return True

    def begun(self, engine: LocalEngine, tokenizer: Tokenizer) -> None:
        """An engine that is being loaded: the next load waits for this one."""
        self._begun = (engine, tokenizer)

    async def prepare(self, budget: int) -> int:
        if self.config is None:
            self.config = await self._located()
        if self._begun is not None:
            return 0  # its engine has found out already whether it fits
        return await self.least(budget)

    async def least(self, budget: int) -> int:
        """What `prepare` says of one whose files are here, also while it is being loaded."""
        assert self.config is not None, "its files are here"
        return (await asyncio.to_thread(least_need, self.config, budget)).total

    async def need(self, left: int) -> int:
        assert self.config is not None, "prepared before"
        return (await asyncio.to_thread(need_of, self._within(left), left)).total

    async def load(self, left: int) -> tuple[Served, int]:
        assert self.config is not None, "prepared before"
        if self._begun is not None:
            (engine, tokenizer), self._begun = self._begun, None
            self._loading = engine
        else:
            tokenizer = await asyncio.to_thread(tokenizer_at, Path(self.config.path))
            engine = self._loading = await LocalEngine.begin(self._within(left))
        try:
            await engine.ready()
            check_senses(engine.info, tokenizer, Path(self.config.path))
        except BaseException:
            await engine.close()
            raise
        finally:
            self._loading = None
        info = engine.info
        taken = info.weights_bytes + info.cache_bytes + OVERHEAD + sum(adapter.bytes for adapter in info.adapters)
        if info.draft is not None:
            taken += info.draft.weights_bytes + info.draft.cache_bytes
        return Served(engine, tokenizer, self.card), taken

    async def set_adapter(self, served: Served, name: str, path: str | None) -> None:
        await served.engine.set_adapter(name, path)
        if self.config is not None:
            self.config = self.config.having(name, path)

    def forget_adapter(self, name: str) -> None:
        if self.config is not None:
            self.config = self.config.having(name, None)

    def take_after(self, other: Source) -> None:
        if self.config is not None and isinstance(other, LocalSource) and other.config is not None:
            self.config = replace(self.config, adapters=other.config.adapters)

    def of(self, name: str) -> "LocalSource":
        """Other weights that are here, offered as the same model. Raises what `located` raises."""
        found, path = located(name, self._settings.home, self._settings.aliases())
        config = self._configured(path, found.sha256)
        if (own := self.config) is not None:
            config = replace(config, draft=own.draft, draft_path=own.draft_path)
        return LocalSource(self._settings, name, self.card, config, behind=self.behind)

    def _within(self, left: int) -> EngineConfig:
        assert self.config is not None, "prepared before"
        return replace(self.config, memory_bytes=left)

    async def _located(self) -> EngineConfig:
        """Where it is; fetched where it is nowhere. Adapters of the settings are of the model that talks first, not of this one."""
        name, settings, aliases = self.name, self._settings, self._settings.aliases()
        try:
            card, path = await asyncio.to_thread(located, name, settings.home, aliases)
        except Missing:
            if settings.offline:
                raise
            await _fetch(settings, resolved(name, aliases))
            card, path = await asyncio.to_thread(located, name, settings.home, aliases)
        return self._configured(path, card.sha256)

    def _configured(self, path: Path, sha256: str | None) -> EngineConfig:
        config = replace(EngineConfig.of(self._settings, path, self.card.id, sha256), adapters={})
        # One text at a time is all that a decoder embeds, so it needs a cache for one.
        behind = replace(config.limits, max_running=1)
        return replace(config, nice=_STANDS_BACK, limits=behind, prefixes="") if self.behind else config


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
