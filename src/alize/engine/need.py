"""What a model will take of a budget, before it is loaded. In: an EngineConfig, and how many bytes are left. Out: bytes.

The same rules as those by which the engine then loads it (fit.py, build.py), read from the headers of its files: nothing is allocated, and
PyTorch is not imported. Which number format PyTorch computes fastest with is measured when it loads; until then the wider one is counted.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from alize.engine.available import available
from alize.engine.build import EngineConfig, cache_bytes
from alize.engine.choose_runner import choose_runner, uses_gpu
from alize.engine.draft_model import DraftModel
from alize.engine.fit import OVERHEAD, WORTH, Fit, adapter_numbers, choose_fit, least_cache, native_fit
from alize.model.config import ModelConfig
from alize.model.params import read_params
from alize.weights.checkpoints import open_checkpoint
from alize.weights.checkpoints.base import Checkpoint

__all__ = ["Need", "budget_of", "least_need", "need_of"]

GIB = 2**30
_PLENTY = 2**60


def budget_of(memory: float, config: EngineConfig) -> int:
    """Bytes for all models of a server. `memory`: GiB, as set; 0 for what is free now. Asked before the first of them is loaded.

    What a GPU has free is known once PyTorch is loaded, in the engine's process: there each load finds out by itself whether it fits.
    """
    return int(memory * GIB) or (_PLENTY if uses_gpu(config) else available().free)


@dataclass(frozen=True, slots=True)
class Need:
    """In bytes."""

    fixed: int  # weights, those of a draft model, adapters, and what a step computes with
    cache: int  # of both

    @property
    def total(self) -> int:
        return self.fixed + self.cache


def need_of(config: EngineConfig, left: int) -> Need:
    """What it will take where `left` bytes are left for it: its weights, and a cache of a quarter of what they leave (build.py). A draft
    model has a share of that cache.

    Raises OutOfMemory where it does not fit into them, CheckpointInvalid, SettingInvalid and Missing as `build_core` does.
    """
    with closing(open_checkpoint(Path(config.path))) as checkpoint:
        params = read_params(checkpoint.params)
        way, draft = _Way.of(config, checkpoint, params), _draft(config, params)
        numbers = adapter_numbers(config.adapters.values())
        fit = way.fit(left, numbers) if draft is None else draft.leaves(lambda rest: way.fit(rest, numbers), left)
        fixed = fit.weights + OVERHEAD + (0 if draft is None else draft.fit.weights)
        return Need(fixed + fit.adapters, cache_bytes(config, params, fit, max(0, left - fixed)))


def least_need(config: EngineConfig, most: int = _PLENTY) -> Need:
    """The least it can be loaded with: weights kept in the way that takes least, its adapters, and room for one conversation.

    Where that is more than `most`, the least without its adapters: then it is served, and each of them is refused. Raises as `need_of`.
    """
    with closing(open_checkpoint(Path(config.path))) as checkpoint:
        params = read_params(checkpoint.params)
        fit, draft = _Way.of(config, checkpoint, params).least(adapter_numbers(config.adapters.values())), _draft(config, params)
        fixed, cache = fit.weights + OVERHEAD, config.cache_bytes or least_cache(params, fit.dtype)
        if draft is not None:
            fixed, cache = fixed + draft.fit.weights, cache + draft.bytes - draft.fit.weights
        adapters = fit.adapters if fixed + fit.adapters + cache <= most else 0
        return Need(fixed + adapters, cache)


def _draft(config: EngineConfig, params: ModelConfig) -> DraftModel | None:
    """The draft model that would be loaded beside it, its checkpoint closed again. Whether it suits is found out when it is loaded."""
    if not config.draft or not config.limits.speculation or params.encoder is not None:
        return None
    with closing(open_checkpoint(Path(config.draft_path))) as checkpoint:
        own = read_params(checkpoint.params)
        return DraftModel(config.draft, checkpoint, own, native_fit(checkpoint, own, _PLENTY))


@dataclass(frozen=True, slots=True)
class _Way:
    """How a model would be computed."""

    native: bool
    config: EngineConfig
    checkpoint: Checkpoint
    params: ModelConfig
    wanted: str  # how weights are kept
    dtypes: tuple[str, ...]  # that PyTorch may choose, the widest first

    @classmethod
    def of(cls, config: EngineConfig, checkpoint: Checkpoint, params: ModelConfig) -> "_Way":
        name, _ = choose_runner(config, checkpoint, params)
        gpu = uses_gpu(config)
        some = ("float32",) if params.encoder else ("bfloat16",) if gpu else ("float32", "bfloat16")
        wanted = "expanded" if gpu and config.weights == "auto" else config.weights
        return cls(name == "native", config, checkpoint, params, wanted, some if config.dtype == "auto" else (config.dtype,))

    def fit(self, left: int, adapters: int = 0) -> Fit:
        cache = self.config.cache_bytes
        if self.native:
            return native_fit(self.checkpoint, self.params, left, cache, adapters)
        return choose_fit(self.checkpoint, self.params, self.dtypes, self.wanted, left, cache, adapters)

    def least(self, adapters: int = 0) -> Fit:
        if self.native:
            return self.fit(_PLENTY, adapters)
        stored = choose_fit(self.checkpoint, self.params, self.dtypes, "stored", _PLENTY, adapters=adapters)
        narrow = choose_fit(self.checkpoint, self.params, self.dtypes[-1:], "expanded", _PLENTY, adapters=adapters)
        if self.wanted == "auto":
            return stored if stored.weights <= WORTH * narrow.weights else narrow
        return stored if self.wanted == "stored" else narrow
