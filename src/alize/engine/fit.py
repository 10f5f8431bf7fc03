"""How a model's weights are kept. In: the headers of its files, and how much memory is free. Out: decoded or as stored, or a refusal.

Decoded weights compute fastest, and are what is kept where they fit with room to spare. Quantised ones may stay as their file has them and
be decoded piece by piece in every product (model/stored.py): slower for each token, and a sixth of the memory. What fits neither way is
refused before anything is allocated, with the numbers: the system would otherwise end some process, not always this one.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from alize.errors import CheckpointInvalid, OutOfMemory
from alize.model.config import ModelConfig
from alize.model.memory import cached_bytes
from alize.weights.adapters import open_adapter
from alize.weights.checkpoints.base import Checkpoint
from alize.weights.footprint import expanded_bytes, stays_stored, stored_bytes

__all__ = [
    "ITEMSIZE",
    "OVERHEAD",
    "WORTH",
    "Fit",
    "Room",
    "adapter_numbers",
    "allocating",
    "choose_fit",
    "gib",
    "least_cache",
    "native_fit",
]

GIB = 2**30
ITEMSIZE = {"float32": 4, "bfloat16": 2, "float64": 8}

OVERHEAD = 256 * 2**20
"""What a step of 512 tokens computes with, and PyTorch's own memory beside the weights."""

COMFORT = 0.75
"""Decoded weights are preferred up to this share of what is free: caches of several conversations and other programs have the rest."""

WORTH = 0.9
"""What is stored is left so where that takes at most this share of the weights decoded to the narrowest type."""

LEAST_CONTEXT = 2048
"""Tokens that must find room in the cache, or as many as the model can take."""


@dataclass(frozen=True, slots=True)
class Fit:
    stored: bool
    dtype: str  # of activations, and of weights that are decoded
    weights: int  # bytes they will take
    reason: str  # for a person
    adapters: int = 0  # bytes that are left for them beside the weights; 0 also where there is no room for any


@dataclass(frozen=True, slots=True)
class Room:
    """Memory for what comes after the weights and the cache."""

    granted: int  # bytes that were free and are neither's, as it was reckoned before anything was allocated
    free: Callable[[], int]  # bytes that are free now: the cache may not have been touched yet, and other programs take some, too

    def left(self, held: int) -> int:
        """How many bytes are left beside those that are held."""
        return max(0, min(self.granted - held, self.free()))


@dataclass(frozen=True, slots=True)
class _Needs:
    """Of one model, in bytes."""

    checkpoint: Checkpoint
    config: ModelConfig
    cache: int  # as set; 0 where it is to be found out
    adapters: int = 0  # numbers in all of them
    turns: int = 0  # of a table of all positions

    def expanded(self, dtype: str) -> int:
        size = ITEMSIZE[dtype]
        return expanded_bytes(self.checkpoint, size) + self._head(size)

    def stored(self, dtype: str) -> int:
        size = ITEMSIZE[dtype]
        return stored_bytes(self.checkpoint, size) + (0 if self._table_stays(size) else self._head(size))

    def _head(self, size: int) -> int:
        """Of a tied table that is decoded: laid out for products, beside the table."""
        return self.config.vocab * self.config.dim * size if self.config.tied and self.config.encoder is None else 0

    def _table_stays(self, size: int) -> bool:
        name = "tok_embeddings.weight"
        return name in self.checkpoint and stays_stored(self.checkpoint.stored(name), size)

    def beside(self, dtype: str) -> int:
        return self.least_cache(dtype) + OVERHEAD + self.adapters * ITEMSIZE[dtype] + self.turns

    def least_cache(self, dtype: str) -> int:
        return self.cache or least_cache(self.config, dtype)


def least_cache(config: ModelConfig, dtype: str) -> int:
    """Bytes that one conversation of LEAST_CONTEXT takes."""
    return cached_bytes(config, min(config.max_context, LEAST_CONTEXT), ITEMSIZE[dtype])


def adapter_numbers(paths: Iterable[str]) -> int:
    """How many numbers the adapters at those paths hold, each adapter once; of one that cannot be opened none."""
    found: dict[str, int] = {}
    for path in paths:
        with suppress(CheckpointInvalid):  # said when it is to be loaded
            adapter = open_adapter(Path(path))
            found[adapter.sha256] = adapter.numbers
    return sum(found.values())


def choose_fit(
    checkpoint: Checkpoint,
    config: ModelConfig,
    dtypes: Sequence[str],
    wanted: str,
    free: int,
    cache: int = 0,
    adapters: int = 0,
    turns: int = 0,
) -> Fit:
    """`dtypes`: those that may be computed with, the best first. `wanted`: auto, stored or expanded. `cache`: bytes, where they are set.

    `adapters` is how many numbers they hold that are to have room beside the weights; where that cannot be, the model comes without it.
    `turns`: bytes of a table of positions.
    Raises OutOfMemory where what is wanted does not fit into `free` bytes.
    """
    if adapters:
        try:
            fit = _chosen(_Needs(checkpoint, config, cache, adapters, turns), dtypes, wanted, free)
            return replace(fit, adapters=adapters * ITEMSIZE[fit.dtype])
        except OutOfMemory:  # the model is served, and each adapter is refused when it is to be loaded
            pass
    return _chosen(_Needs(checkpoint, config, cache, turns=turns), dtypes, wanted, free)


def native_fit(checkpoint: Checkpoint, config: ModelConfig, free: int, cache: int = 0, adapters: int = 0) -> Fit:
    """The same for the native core, which leaves weights as they are stored, keeps adapters in 32 bits, and its cache in at most 16, as
    which it is counted."""
    numbers = 4 * adapters  # in numbers of 16 bits: see adapter_bytes of the runner
    tables = config.max_context * config.head_dim * 4  # cosines and sines
    if config.experts is not None:  # what chooses them is in 32 bits, too
        tables += 2 * config.experts.count * config.dim * sum(map(config.routed, range(config.layers)))
    fit = choose_fit(checkpoint, config, ("bfloat16",), "stored", free, cache, numbers, tables)
    return replace(fit, weights=fit.weights + tables, reason=f"weights as stored, {gib(fit.weights)}")


def _chosen(needs: _Needs, dtypes: Sequence[str], wanted: str, free: int) -> Fit:
    best, narrow = dtypes[0], min(dtypes, key=lambda dtype: ITEMSIZE[dtype])
    stored, expanded = needs.stored(best), needs.expanded(narrow)
    if wanted == "stored":
        return _checked(needs, Fit(True, best, stored, f"weights as stored, {gib(stored)}, as set"), free)
    if wanted == "expanded":
        return _checked(needs, _expanded(needs, dtypes, free, 1.0) or Fit(False, narrow, expanded, "weights expanded, as set"), free)
    comfortable = _expanded(needs, dtypes, free, COMFORT)
    if comfortable is not None:
        return comfortable
    if stored <= WORTH * expanded:
        why = f"weights as stored, {gib(stored)}: in {narrow} they would take {gib(expanded)} of the {gib(free)} that are free"
        return _checked(needs, Fit(True, best, stored, why), free)
    return _checked(needs, _expanded(needs, dtypes, free, 1.0) or Fit(False, narrow, expanded, ""), free)


def _expanded(needs: _Needs, dtypes: Sequence[str], free: int, share: float) -> Fit | None:
    """In the best type that leaves room."""
    for dtype in dtypes:
        weights = needs.expanded(dtype)
        if weights + needs.beside(dtype) <= share * free:
            better = f"; {dtypes[0]} would take {gib(needs.expanded(dtypes[0]))}" if dtype != dtypes[0] else ""
            return Fit(False, dtype, weights, f"weights expanded, {gib(weights)} of the {gib(free)} that are free{better}")
    return None


def _checked(needs: _Needs, fit: Fit, free: int) -> Fit:
    """Raises OutOfMemory where it does not fit."""
    cache, name = needs.least_cache(fit.dtype), needs.checkpoint.path.name
    total = fit.weights + needs.beside(fit.dtype)
    if total <= free:
        return fit
    how = "as stored" if fit.stored else f"in {fit.dtype}"
    stored = needs.stored(fit.dtype)
    if total - cache <= free and needs.cache:
        remedy = "Set cache_memory to fewer GiB."
    elif not fit.stored and stored + needs.beside(fit.dtype) <= free:
        remedy = f"Set weights_in_memory to auto: as stored they take {gib(stored)}."
    else:
        remedy = "Choose a smaller file, such as a 4-bit GGUF of this model, or a smaller model; the setting `memory` may be too low, too."
    raise OutOfMemory(
        f"{name} does not fit into memory: its weights take {gib(fit.weights)} {how}, its cache at least {gib(cache)} and computing "
        f"{gib(OVERHEAD)}, together {gib(total)}; {gib(free)} are free.",
        remedy=remedy,
    )


@contextmanager
def allocating(what: str, remedy: str) -> Generator[None]:
    """Within it, memory that is not given is OutOfMemory. PyTorch's allocator says so by a RuntimeError."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "alloc" not in str(error).lower():
            raise
        raise OutOfMemory(f"There is no memory for {what}: {error}.", remedy=remedy) from error


def gib(count: int) -> str:
    """Bytes for a person.

    >>> gib(5 * 2**29)
    '2.5 GiB'
    """
    return f"{count / GIB:.1f} GiB" if count >= GIB / 10 else f"{count / 2**20:.1f} MiB"
