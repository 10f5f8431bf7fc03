"""NativeRunner: the C++ core under the engine's scheduler. In: a packed batch. Out: drawn tokens.

A row's result never depends on what shares the batch, on threads or on the processor: csrc/contract.h says how.
"""

import ctypes
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal, TypedDict

import numpy as np
import numpy.typing as npt

from alize.engine.media import Medium
from alize.engine.runners.base import BLOCK, Batch, CacheGroup, Output, RowSampling, RunnerInfo
from alize.engine.runners.gained import Gained
from alize.engine.runners.native.adapters import NativeAdapters
from alize.engine.runners.native.beside import Beside
from alize.engine.runners.native.draws import Draws
from alize.engine.runners.native.layout import ROUTER
from alize.engine.runners.native.library import SIXTEEN, CacheC, StepC, built, library, mapped, native_kernels
from alize.engine.runners.native.step import Prepared, step_of
from alize.engine.runners.native.weights import PackedWeights
from alize.engine.sample import COLDEST
from alize.errors import Missing, OutOfMemory, UnsupportedParameter
from alize.model.config import ModelConfig
from alize.model.memory import row_in_bytes
from alize.weights.adapters import Adapter
from alize.weights.checkpoints.base import Checkpoint

__all__ = ["CacheNumbers", "NativeOptions", "NativeRunner"]

CacheNumbers = Literal["bfloat16", "int8"]
"""How keys and values are kept."""


class NativeOptions(TypedDict):
    """How models are run, whichever they are: see `NativeRunner`."""

    threads: int
    max_context: int
    kernels: str
    cache: CacheNumbers


_SHIFT = 2048
"""Bytes modulo twice as many by which the same layer of two blocks is apart: were it none, all pages of a sequence would want the same
half of a processor's nearest cache, which tells places apart by their last 4096."""

Ints = npt.NDArray[np.int32]


class NativeRunner:
    """Runs a model over paged caches. See `Runner` for what each method promises, and `why_not` for what it runs."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        config: ModelConfig,
        threads: int,
        *,
        max_context: int = 0,
        kernels: str = "",
        cache: CacheNumbers = "int8",
        max_steps: int = 64,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """`kernels` names some instead of the fastest. `max_context`: positions to be ready for, 0 for all that the model has.

        Raises Missing where the core is not built or the processor does not have what those kernels need, MemoryError.
        """
        found = native_kernels(kernels)
        if found is None:
            raise Missing(f"This processor cannot run the kernels '{kernels}'.", remedy="Set kernels to auto.")
        handle, name = found
        context = min(config.max_context, max_context or config.max_context)
        self._config, self._threads = config, threads
        self._kept: CacheNumbers = cache
        self._weights = PackedWeights(checkpoint, config, context, threads, progress)
        self._session = library().alize_open(ctypes.byref(self._weights.model), handle, threads)
        if self._session is None:
            raise OutOfMemory(f"The system gives the core no memory, or not {threads} threads.", remedy="Set threads lower.")
        self._adapters = NativeAdapters(config)
        self._run = library().alize_run
        self._prepared: Prepared | None = None  # the last batch that was decoded greedily
        self._rules: tuple[RowSampling, ...] = ()  # of which it is known that they are plain
        self._cache: list[npt.NDArray[np.uint8]] = []
        matrices = (checkpoint.stored(name) for name in checkpoint if not name.endswith(f".{ROUTER}.weight"))
        kinds = sorted({matrix.kind for matrix in matrices if len(matrix.shape) == 2})
        self._info = RunnerInfo(
            name=f"native-{name}",
            dtype="+".join(kinds),
            dtype_reason=f"weights exactly as the file has them, products in {_numbers(kinds)}, keys and values in {cache}",
            vocab_size=config.vocab,
            hidden_size=config.dim,
            max_context=context,
            groups=_groups(config, cache),
            weights_bytes=self._weights.nbytes,
            batch_invariant=True,
            max_steps=max_steps,
            adapter_bytes=8,  # 4 for each number, and as much again at most for parts of a product that are filled up with zeros
            pooling=config.pooling or "mean",
            cache_dtype=cache,
            layout=f"native {built()} {cache}",  # the same on every processor, since bits are
        )

    @property
    def info(self) -> RunnerInfo:
        return self._info

    def allocate(self, blocks: Mapping[str, int]) -> None:
        keys_bytes, values_bytes = _page_bytes(self._config, self._kept)
        fresh: list[npt.NDArray[np.uint8]] = []
        caches = (CacheC * self._config.layers)()
        for group in self._info.groups:  # a block has the keys and values of all layers beside each other: what is used lies together
            memory = mapped(blocks[group.name] * group.bytes_per_block)
            for number, layer in enumerate(group.layers):
                keys = memory.ctypes.data + number * (keys_bytes + values_bytes)
                caches[layer] = CacheC(keys, keys + keys_bytes, group.bytes_per_block, ("bfloat16", "int8").index(self._kept))
            fresh.append(memory)
        if library().alize_give_cache(self._session, caches, len(caches)):
            raise MemoryError("no memory for the places of caches")
        self._cache = fresh

    def run(self, batch: Batch, sampling: Sequence[RowSampling], max_steps: int = 1) -> Output:
        if batch.want != "tokens":
            return Output(tokens=((),) * len(batch.lengths), values=self._values(batch))
        if max_steps == 1 and self._plain(sampling):
            return self._greedy(batch, sampling)
        gained = Gained(len(batch.lengths))
        rows: list[int] = np.flatnonzero(batch.sample).tolist()
        tokens, positions, lengths, contexts = batch.tokens, batch.positions, batch.lengths, batch.contexts
        for step in range(max_steps):
            last = (np.cumsum(lengths, dtype=np.int32) - 1)[rows]
            draws = Draws([sampling[row].after(gained.tokens[row]) for row in rows], contexts[rows].tolist(), self._config.vocab)
            tasks = [] if step else [due for row in rows if (due := sampling[row].due) is not None]
            self._step(batch, tokens, positions, lengths, last, draws=draws, beside=Beside(tasks) if tasks else None)
            gained.add(rows, draws.found())
            rows = gained.going(rows, sampling)
            if step + 1 == max_steps or not rows:
                break
            # What is not in `rows` has ended and goes on with its last token: that is never read.
            tokens = np.array([of[-1] if of else token for of, token in zip(gained.tokens, tokens.tolist(), strict=True)], np.int32)
            positions, contexts = positions + 1, contexts + 1
        return gained.output()

    def encoded(self, medium: Medium) -> bool:
        """It takes no images and no sounds."""
        return False

    def encode(self, media: Sequence[Medium], budget: int) -> None:
        raise UnsupportedParameter("The native runner takes no images and no sounds.", param="messages", remedy="Set runner to torch.")

    def keep(self, keys: AbstractSet[bytes]) -> None:
        """There are none."""

    def load_adapter(self, key: str, adapter: Adapter) -> None:
        self._prepared = None
        self._adapters.load(key, adapter)

    def drop_adapter(self, key: str) -> None:
        self._prepared = None
        self._adapters.drop(key)

    def read_block(self, group: str, block: int) -> bytes:
        return self._block(group, block).tobytes()

    def write_block(self, group: str, block: int, data: bytes) -> None:
        self._block(group, block)[:] = np.frombuffer(data, np.uint8)

    def close(self) -> None:
        if self._session is not None:
            library().alize_close(self._session)
        self._session, self._prepared, self._cache = None, None, []
        self.__dict__.pop("_weights", None)

    def _block(self, group: str, block: int) -> npt.NDArray[np.uint8]:
        """Where it lies."""
        found = next(index for index, each in enumerate(self._info.groups) if each.name == group)
        return self._cache[found].reshape(-1, self._info.groups[found].bytes_per_block)[block]

    def _plain(self, sampling: Sequence[RowSampling]) -> bool:
        if sampling is self._rules:
            return True
        plain = all(map(_plain, sampling))
        self._rules = sampling if plain and isinstance(sampling, tuple) else ()
        return plain

    def _greedy(self, batch: Batch, sampling: Sequence[RowSampling]) -> Output:
        """The likeliest token of each row that is sampled, by one step. Where the batch is the one before, nothing is made anew."""
        prepared = self._prepared
        if prepared is None or prepared.batch is not batch:
            names = [group.name for group in self._info.groups]
            prepared = Prepared(batch, names, *self._adapters.of(batch.adapters), sampling, self._config.vocab)
            self._prepared = prepared
        self._go(prepared.step)
        drawn = prepared.draws.tokens
        if min(drawn, default=0) < 0:
            gained = Gained(len(batch.lengths))
            gained.add(prepared.rows, prepared.draws.found())
            return gained.output()
        if len(drawn) == len(batch.lengths):
            return Output(tuple([(token,) for token in drawn]))
        tokens: list[tuple[int, ...]] = [()] * len(batch.lengths)
        for row, token in zip(prepared.rows, drawn, strict=True):
            tokens[row] = (token,)
        return Output(tuple(tokens))

    def _values(self, batch: Batch) -> npt.NDArray[np.float32]:
        every = np.arange(len(batch.tokens), dtype=np.int32)
        out = np.empty((len(every), self._config.dim if batch.want == "hidden" else self._config.vocab), np.float32)
        hidden, logits = (out, None) if batch.want == "hidden" else (None, out)
        self._step(batch, batch.tokens, batch.positions, batch.lengths, every, hidden=hidden, logits=logits)
        return out

    def _step(
        self,
        batch: Batch,
        tokens: Ints,
        positions: Ints,
        lengths: Ints,
        rows: Ints,
        *,
        hidden: npt.NDArray[np.float32] | None = None,
        logits: npt.NDArray[np.float32] | None = None,
        draws: Draws | None = None,
        beside: Beside | None = None,
    ) -> None:
        names = [group.name for group in self._info.groups]
        adapters, widest = self._adapters.of(batch.adapters)
        step, _kept = step_of(batch, names, adapters, widest, tokens, positions, lengths, rows, hidden, logits, draws, beside)
        self._go(step)
        if beside is not None:
            beside.done()

    def _go(self, step: StepC) -> None:
        """Raises MemoryError before anything is written, RuntimeError once it is closed."""
        if self._session is None:
            raise RuntimeError("the runner is closed")
        if self._run(self._session, ctypes.byref(step)):
            raise MemoryError(f"no memory for a step of {step.tokens} tokens")


def _numbers(kinds: Sequence[str]) -> str:
    """What is multiplied."""
    floats = [kind for kind in kinds if kind in SIXTEEN]
    return "single precision" if len(floats) == len(kinds) else "whole numbers" + (f", {' and '.join(floats)} in floats" if floats else "")


def _plain(rule: RowSampling) -> bool:
    """Whether the likeliest token is drawn, whatever was before, and nothing else is asked."""
    params = rule.params
    plain = params.temperature < COLDEST and params.logprobs is None and not params.penalizes and not params.logit_bias
    return plain and rule.mask is None and not (rule.forbid_stop > 0 and rule.stop_ids)


def _page_bytes(config: ModelConfig, cache: CacheNumbers) -> tuple[int, int]:
    """Of the keys and of the values of a layer in a block: see csrc/kernels.h."""
    key, value = row_in_bytes(config.head_dim) if cache == "int8" else (2 * config.head_dim, 2 * config.head_dim)
    return config.kv_heads * BLOCK * key, config.kv_heads * BLOCK * value


def _groups(config: ModelConfig, cache: CacheNumbers) -> tuple[CacheGroup, ...]:
    found: list[CacheGroup] = []
    for kind in ("full", "sliding"):
        layers = tuple(layer for layer in range(config.layers) if config.attention_kind(layer) == kind)
        size = len(layers) * sum(_page_bytes(config, cache))
        size += -(size + _SHIFT) % (2 * _SHIFT)
        if layers:
            found.append(CacheGroup(kind, kind, layers, size, config.window if kind == "sliding" else None))
    return tuple(found)
