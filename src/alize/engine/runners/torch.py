"""TorchRunner: the specification in model/, made to serve. In: a packed batch. Out: drawn tokens.

It runs anything the model code can say, on a CPU or a GPU; faster runners must agree with it. On a GPU, Triton's kernels take the place of
PyTorch's attention and experts where rule.py has nothing against it, and steps that only decode are recorded.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from alize.engine.images import Sight
from alize.engine.media import Medium
from alize.engine.runners.base import BLOCK, Batch, CacheGroup, Output, RowSampling, RunnerInfo
from alize.engine.runners.gained import Gained
from alize.engine.runners.native.draws import draw_rows
from alize.engine.runners.torch_adapters import TorchAdapters
from alize.engine.runners.torch_cache import PagedAttention, PagedCache
from alize.engine.runners.torch_media import Senses
from alize.engine.runners.torch_pack import can_pack, kept_bytes, pack_weights
from alize.engine.runners.torch_state import SlottedStates, StateCache
from alize.engine.runners.torch_triton.rule import why_no_kernels, why_not_here
from alize.engine.sounds import Hearing
from alize.model.attend import Attend
from alize.model.build import Model
from alize.model.config import ModelConfig
from alize.model.embedder import PackedBidirectional
from alize.model.hearing import HearingTransformer
from alize.model.memory import cache_row, slot_bytes
from alize.model.remember import Remember
from alize.model.seeing import SeeingTransformer
from alize.weights.adapters import Adapter

if TYPE_CHECKING:
    from alize.engine.runners.torch_triton.steps import KernelSteps

__all__ = ["TorchRunner", "cache_groups"]


class TorchRunner:
    """Runs a model over paged caches, or over slots for its states. See `Runner` for what each method promises."""

    def __init__(self, model: Model, dtype_reason: str = "as set", max_steps: int = 64, kernels: bool | None = None) -> None:
        """Takes the model over: on a CPU its projections are repacked in place.

        `kernels`: whether Triton's are used for what they can do; None: where there is a GPU for them.
        """
        weight = model.norm.weight  # matrices may stay in their file, in types that nothing computes with
        groups = cache_groups(model.config, weight.element_size())
        self._kernels, against = _kernels(model, groups, kernels)
        if self._kernels is None and can_pack(weight.dtype, weight.device.type):
            pack_weights(model)
        self._adapters = TorchAdapters(model.config, weight.dtype, str(weight.device))
        self.model, self._dtype, self._device = model, weight.dtype, str(weight.device)
        self._senses = Senses(model) if isinstance(model, SeeingTransformer | HearingTransformer) else None
        self._caches: dict[str, PagedCache] = {}
        self._states: StateCache | None = None
        hearing = _hearing(model.config, weight.element_size())
        self._info = RunnerInfo(
            name=f"torch-{weight.device.type}",
            dtype=str(weight.dtype).removeprefix("torch."),
            dtype_reason=dtype_reason
            + (
                f"; without {'recorded steps' if self._kernels else 'the kernels'}, because {against}" if weight.is_cuda and against else ""
            ),
            vocab_size=model.config.vocab,
            hidden_size=model.config.dim,
            max_context=model.config.max_context,
            groups=groups,
            weights_bytes=kept_bytes(model),
            batch_invariant=False,  # PyTorch's products choose their order of additions by the number of rows
            max_steps=1 if hearing is not None and hearing.streams else max_steps,  # each step of a stream brings sound with it
            adapter_bytes=weight.element_size() if model.config.encoder is None else 0,
            sight=_sight(model.config),
            writes=model.config.encoder is None,
            pooling=model.config.pooling or "mean",
            hearing=hearing,
            cache_dtype=str(weight.dtype).removeprefix("torch."),
            layout="" if model.config.state_space is not None else _layout(model, weight, self._kernels is not None),
        )

    @property
    def info(self) -> RunnerInfo:
        return self._info

    def allocate(self, blocks: Mapping[str, int]) -> None:
        config = self.model.config
        try:
            if config.state_space is not None:
                (group,) = self._info.groups
                self._states = StateCache(group, blocks[group.name], config.state_space, self._dtype, self._device)
                return
            rows = {layer: cache_row(config, layer) for layer in range(config.layers)}
            counts = {name: count + (self._kernels.spare if self._kernels is not None else 0) for name, count in blocks.items()}
            caches = {group.name: PagedCache(group, counts[group.name], rows, self._dtype, self._device) for group in self._info.groups}
            if self._kernels is not None:
                self._kernels.use(caches)
            self._caches = caches
        except RuntimeError as error:  # PyTorch's own allocator raises this rather than MemoryError
            raise MemoryError(str(error)) from error

    @torch.inference_mode()
    def run(self, batch: Batch, sampling: Sequence[RowSampling], max_steps: int = 1) -> Output:
        if batch.want != "tokens":
            hidden_TD = self._forward(batch)
            values = hidden_TD if batch.want == "hidden" else self.model.head(hidden_TD)
            return Output(tokens=((),) * len(batch.lengths), values=values.float().cpu().numpy())
        gained = Gained(len(batch.lengths))
        rows: list[int] = np.flatnonzero(batch.sample).tolist()
        for step in range(max_steps):
            self._draw(self._logits(batch, rows), batch, sampling, rows, gained)
            rows = gained.going(rows, sampling)
            if step + 1 == max_steps or not rows:
                break
            batch = _next(batch, gained.tokens, rows, self._states)
        return gained.output()

    def encoded(self, medium: Medium) -> bool:
        return self._senses is not None and self._senses.know(medium)

    @torch.inference_mode()
    def encode(self, media: Sequence[Medium], budget: int) -> None:
        if self._senses is None:
            raise TypeError(f"{type(self.model).__name__} perceives nothing")
        self._senses.encode(media, budget)

    def keep(self, keys: AbstractSet[bytes]) -> None:
        if self._senses is not None:
            self._senses.keep(keys)

    def load_adapter(self, key: str, adapter: Adapter) -> None:
        self._adapters.load(key, adapter, self.model)
        if self._kernels is not None:
            self._kernels.forget()  # what an adapter may be on has been replaced

    def drop_adapter(self, key: str) -> None:
        self._adapters.drop(key)

    def read_block(self, group: str, block: int) -> bytes:
        return b"".join(memory.cpu().numpy().tobytes() for memory in self._caches[group].memory_of(block))

    def write_block(self, group: str, block: int, data: bytes) -> None:
        start, octets = 0, torch.frombuffer(bytearray(data), dtype=torch.uint8)
        for memory in self._caches[group].memory_of(block):
            memory.copy_(octets[start : start + len(memory)])
            start += len(memory)

    def close(self) -> None:
        self._caches, self._states, self._senses, self._kernels = {}, None, None, None
        self.__dict__.pop("model", None)
        self.__dict__.pop("_adapters", None)

    def _forward(self, batch: Batch) -> Tensor:
        memory: Attend | Remember
        if self.model.config.encoder is not None:
            memory = PackedBidirectional(batch.lengths.tolist())
        elif self._states is not None:
            memory = SlottedStates(batch, self._states, self._device)
        elif self._kernels is not None:
            memory = self._kernels.attend(batch)
        else:
            memory = PagedAttention(batch, self._caches, self._dtype, self._device)
        tokens = torch.as_tensor(batch.tokens, dtype=torch.int64, device=self._device)
        positions = torch.as_tensor(batch.positions, dtype=torch.int64, device=self._device)
        embeds = self._senses.embeds(batch.shown) if self._senses is not None and batch.shown else None
        with self._adapters.at_work(batch):
            return self.model(tokens, positions, memory, embeds)

    def _logits(self, batch: Batch, rows: list[int]) -> Tensor:
        """Of the last position of each of those sequences, [len(rows), V]. The whole batch is computed, whoever asks."""
        decoded = self._kernels.decoded(batch) if self._kernels is not None else None
        if decoded is not None:
            return decoded if len(rows) == len(decoded) else decoded[self._numbers(rows)]
        hidden_TD = self._forward(batch)
        if not rows:
            return hidden_TD[:0]
        return self.model.head(hidden_TD[self._numbers((np.cumsum(batch.lengths) - 1)[rows])])

    def _numbers(self, numbers: "list[int] | np.ndarray") -> Tensor:
        return torch.as_tensor(numbers, dtype=torch.int64, device=self._device)

    def _draw(self, logits_RV: Tensor, batch: Batch, sampling: Sequence[RowSampling], rows: list[int], gained: Gained) -> None:
        """Draw one token for each of `rows`."""
        if not rows:
            return
        rules = [sampling[row].after(gained.tokens[row]) for row in rows]
        for rule in rules:  # a GPU is still computing
            if rule.due is not None:
                rule.due()
        gained.add(rows, draw_rows(logits_RV.float().cpu().numpy(), rules, batch.contexts[rows].tolist()))


def _kernels(model: Model, groups: Sequence[CacheGroup], wanted: bool | None) -> "tuple[KernelSteps | None, str | None]":
    """What computes with Triton's kernels, and why its steps are not recorded; or why nothing does."""
    weight = model.norm.weight
    against = why_not_here(str(weight.device)) if wanted is None else None if wanted else "the setting `gpu_kernels` is off"
    against = against or why_no_kernels(model.config, groups, weight.dtype)
    if against is not None:
        return None, against
    from alize.engine.runners.torch_triton.steps import KernelSteps

    steps = KernelSteps(model, str(weight.device))
    return steps, steps.unrecorded


def cache_groups(config: ModelConfig, bytes_per_value: int) -> tuple[CacheGroup, ...]:
    """Layers by what they remember: those that see everything, those that see a window, those that keep a state; none of an encoder."""
    if config.encoder is not None:
        return ()
    if config.state_space is not None:
        size = config.layers * slot_bytes(config.state_space, bytes_per_value)
        return (CacheGroup("recurrent", "recurrent", tuple(range(config.layers)), size),)
    groups: list[CacheGroup] = []
    for kind in ("full", "sliding"):
        layers = tuple(layer for layer in range(config.layers) if config.attention_kind(layer) == kind)
        if layers:
            size = sum(cache_row(config, layer).numbers for layer in layers) * BLOCK * bytes_per_value
            groups.append(CacheGroup(kind, kind, layers, size, config.window if kind == "sliding" else None))
    return tuple(groups)


def _layout(model: Model, weight: Tensor, kernels: bool) -> str:
    """What decides how keys and values are computed and kept, beside the weights: those that stay in their file take fewer bytes."""
    device = torch.cuda.get_device_name(weight.device) if weight.is_cuda else weight.device.type
    return f"torch {torch.__version__} {device} {weight.dtype} {kept_bytes(model)} {'kernels' if kernels else ''}"


def _sight(config: ModelConfig) -> Sight | None:
    return None if config.vision is None else Sight(config.vision.side, config.vision.image)


def _hearing(config: ModelConfig, bytes_per_value: int) -> Hearing | None:
    ear = config.hearing
    if ear is None:
        return None
    if ear.stream is None:
        return Hearing(ear.mels, ear.frames, ear.piece, ear.loudest)
    kept = 2 * ear.layers * ear.heads * ear.head_dim * (ear.stream.window - 1) * bytes_per_value
    return Hearing(ear.mels, ear.frames, ear.piece, ear.loudest, ear.stream.delay, kept, 2 * config.dim * bytes_per_value)


def _next(batch: Batch, drawn: list[list[int]], rows: list[int], states: StateCache | None) -> Batch:
    """The batch of the following decode step. What is not in `rows` has ended and goes on with its last token: that is never read, and
    its state stays where it was."""
    tokens = np.asarray([row[-1] if row else token for row, token in zip(drawn, batch.tokens, strict=True)], np.int32)
    tables = batch.tables
    if states is not None:
        going = np.isin(np.arange(len(drawn)), rows)[:, None]
        tables = {**tables, states.group.name: np.where(going, tables[states.group.name], -1)}
    return replace(batch, tokens=tokens, positions=batch.positions + 1, contexts=batch.contexts + 1, tables=tables, shown=())
