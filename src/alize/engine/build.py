"""From a path to a running Core. In: an EngineConfig. Out: weights loaded, cache allocated, ready to step."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from alize.engine.available import available
from alize.engine.choose_runner import choose_runner
from alize.engine.core import Core
from alize.engine.cores import cores
from alize.engine.fit import OVERHEAD, Fit, Room, adapter_numbers, allocating, choose_fit, least_cache, native_fit
from alize.engine.guide import words_of
from alize.engine.runners.base import BLOCK, CacheGroup, Runner, RunnerInfo
from alize.engine.saved.folder import Folder
from alize.engine.saved.identity import identity_of
from alize.engine.saved.store import Saved
from alize.engine.schedule import Limits
from alize.engine.speculation import MOST_ROWS
from alize.errors import Missing, SettingInvalid
from alize.model.config import ModelConfig
from alize.model.params import read_params
from alize.settings import Settings
from alize.tokenize import Tokenizer, tokenizer_at
from alize.weights.checkpoints import open_checkpoint
from alize.weights.checkpoints.base import Checkpoint
from alize.weights.pull import obtained

if TYPE_CHECKING:
    from alize.engine.draft_model import DraftModel
    from alize.engine.drafting import Drafter
    from alize.engine.runners.native.runner import NativeOptions

__all__ = ["EngineConfig", "Progress", "build_core", "cache_bytes", "draft_for", "draft_of", "free_for", "named"]

GIB = 2**30

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Everything an engine process needs to know."""

    path: str  # the weights
    model: str = ""  # the id they are served under
    sha256: str | None = None
    runner: str = "auto"  # torch, native, or auto: native where it can run the model
    dtype: str = "auto"
    device: str = "auto"  # cpu, cuda, or auto: cuda where there is one
    gpu_kernels: bool = False  # Triton's, and recorded steps
    threads: int = 0  # 0: every core this process may use
    cache_bytes: int = 0  # 0: a quarter of the free memory, at most 8 GiB, and never less than fit.py has made sure of
    kernels: str = "auto"  # of the native core: a family of instructions, or auto: the fastest that the processor has
    cache_dtype: str = "auto"  # of the native core's: bfloat16, int8, or auto: int8
    weights: str = "auto"  # how they are kept: stored, expanded, or auto
    memory_bytes: int = 0  # that weights and cache may take; 0: what is free
    hang_seconds: float = 0  # after which a step that does not end is one that hangs; 0: never
    settle_seconds: float = 0  # that what runs may take to end where other weights are to come; 0: as long as it takes
    draft: str = ""  # the id of a model that guesses; none where it is empty
    draft_path: str = ""  # and its weights
    nice: int = 0  # how far its process stands back where there is more to compute than cores
    limits: Limits = field(default_factory=Limits)
    adapters: dict[str, str] = field(default_factory=dict[str, str])  # name → path, loaded with the weights
    prefixes: str = ""  # the folder in which computed prefixes are saved; empty: nowhere
    prefix_bytes: int = 0  # that all of them may take
    stated: dict[str, str] = field(default_factory=dict[str, str])  # path → SHA-256 of weights that were served before

    @classmethod
    def of(
        cls, settings: Settings, path: Path, model: str, sha256: str | None = None, draft: tuple[str, Path] | None = None
    ) -> "EngineConfig":
        """The engine's part of the settings. `draft`: see `draft_of`."""
        return cls(
            path=str(path),
            model=model,
            sha256=sha256,
            runner=settings.runner,
            dtype=settings.dtype,
            gpu_kernels=settings.gpu_kernels,
            threads=settings.threads,
            cache_bytes=int(settings.cache_memory * GIB),
            kernels=settings.kernels,
            cache_dtype=settings.cache_dtype,
            weights=settings.weights_in_memory,
            memory_bytes=int(settings.memory * GIB),
            hang_seconds=settings.hang_seconds,
            settle_seconds=settings.model_wait_seconds / 2,  # who waits from then on has as long again for the old ones
            draft="" if draft is None else draft[0],
            draft_path="" if draft is None else str(draft[1]),
            limits=Limits(
                step_tokens=settings.step_tokens,
                step_seconds=settings.step_seconds,
                max_running=settings.max_running,
                max_waiting=settings.max_waiting,
                max_context=settings.max_context or 2**31 - 1,
                weights=settings.weights_of_tenants(),
                decode_steps=settings.decode_steps,
                prefix_cache=settings.prefix_cache,
                speculation=settings.speculation,
                adapters=settings.max_adapters,
                adapter_rank=settings.max_adapter_rank,
                adapter_bytes=int(settings.adapter_memory * GIB),
            ),
            adapters=settings.adapter_paths(),
            prefixes=str(settings.home / "prefixes") if settings.prefix_disk and settings.prefix_cache else "",
            prefix_bytes=int(settings.prefix_disk * GIB),
        )

    @property
    def native(self) -> "NativeOptions":
        """What every model of this engine is given that the native core computes."""
        return {
            "threads": self.threads or cores(),
            "max_context": self.limits.max_context,
            "kernels": "" if self.kernels == "auto" else self.kernels,
            "cache": "bfloat16" if self.cache_dtype == "bfloat16" else "int8",
        }

    def at(self, path: str | None) -> "EngineConfig":
        """The same with the weights at another path; None changes nothing. Their checksum is known where they were served before."""
        if path is None or path == self.path:
            return self
        stated = self.stated if self.sha256 is None else {**self.stated, self.path: self.sha256}
        return replace(self, path=path, sha256=stated.get(path), stated=stated)

    def having(self, name: str, path: str | None) -> "EngineConfig":
        """The same with an adapter set, replaced or (path None) removed."""
        rest = {other: where for other, where in self.adapters.items() if other != name}
        return replace(self, adapters=rest if path is None else {**rest, name: path})


def draft_of(settings: Settings, progress: Callable[[int, int, str], None] | None = None) -> tuple[str, Path] | None:
    """The id and the weights of the draft model, which is pulled where it is not here yet; None where there is to be none.

    Raises what `pull` raises.
    """
    if not settings.draft_model or not settings.speculation:
        return None
    offline, endpoint = settings.offline, settings.hub_endpoint
    card, path = obtained(settings.draft_model, settings.home, settings.aliases(), offline=offline, endpoint=endpoint, progress=progress)
    return card.id, path


def named(progress: Callable[[int, int, str], None] | None, what: str) -> Progress | None:
    """For one who shows the progress of several things, by their names."""
    if progress is None:
        return None
    return lambda done, total: progress(done, total, what)


def build_core(
    config: EngineConfig,
    progress: Progress | None = None,
    opened: Checkpoint | None = None,
    tokenizer: Callable[[], Tokenizer] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Core:
    """Load the weights and the adapters, and allocate the cache. `progress` is called with the bytes of weights that are loaded, and with
    all of them. An adapter that cannot be loaded is left out, and `info.unavailable` says why. `opened`: the checkpoint at the path, where
    the caller has it open; it stays so. `tokenizer`: that of the model, where the caller has it; it is asked for with the first grammar.
    `clock`: by which steps are timed, in seconds.

    Raises CheckpointInvalid for files that cannot be run, SettingInvalid for a runner that does not run them or a draft model that cannot
    draft for them, Missing where PyTorch is not installed and would have to, OutOfMemory where memory does not suffice.
    """
    folder = _prefixes(config)
    read = partial(tokenizer_at, Path(config.path)) if tokenizer is None else tokenizer
    with nullcontext(opened) if opened is not None else closing(open_checkpoint(Path(config.path))) as checkpoint:
        params = read_params(checkpoint.params)
        name, reason = choose_runner(config, checkpoint, params)
        with draft_for(config, params, read, reason) as draft:
            if name == "native":
                runner, budget, left = _native(config, checkpoint, params, progress, draft)
            else:
                runner, budget, left = _torch(config, checkpoint, params, reason, progress)
            drafter = None if draft is None else _drafter(config, draft, runner, budget)
    with ExitStack() as made, allocating("the cache", "Set cache_memory to fewer GiB."):
        made.callback(runner.close)
        if drafter is not None:
            made.callback(drafter.close)
        saved = None if folder is None else Saved(folder, identity_of(Path(config.path), config.sha256, params, runner.info.layout))
        taken = 0 if drafter is None else drafter.info.cache_bytes
        blocks, left = _blocks(runner.info, config, budget - taken), left - taken
        room = Room(left - runner.info.cache_bytes(blocks), partial(_free, "cuda" if runner.info.name == "torch-cuda" else "cpu"))
        words = (lambda: words_of(read())) if runner.info.writes else None
        core = Core(runner, config.limits, blocks, config.model, config.sha256, room, clock, words, saved, drafter)
        made.pop_all()
    for name, path in config.adapters.items():
        core.adapters.try_set(name, path)
    return core


def _prefixes(config: EngineConfig) -> Folder | None:
    """Where computed prefixes are saved. Of weights whose checksum nobody has stated, nowhere: it could not be said what they are worth."""
    if not config.prefixes or config.sha256 is None:
        return None
    folder = Folder(Path(config.prefixes), config.prefix_bytes)
    folder.begin()  # it looks at what is there while the weights are loaded
    return folder


def _free(device: str) -> int:
    """Bytes that nobody has."""
    if device == "cpu":
        return available().free
    import torch

    return torch.cuda.mem_get_info(device)[0]


def draft_for(
    config: EngineConfig, params: ModelConfig, read: Callable[[], Tokenizer], reason: str
) -> "AbstractContextManager[DraftModel | None]":
    """The draft model of a model, open and not loaded; None where there is to be none. `read` gives the model's tokenizer; `reason`: why
    PyTorch computes the model, if it does. Raises SettingInvalid, CheckpointInvalid, OutOfMemory."""
    if not config.draft or not config.limits.speculation or params.encoder is not None:
        return nullcontext()
    if reason:
        raise SettingInvalid(
            f"{config.draft} cannot draft for {config.model or config.path}: PyTorch computes that, because {reason}, and rounds by "
            "what it computes together.",
            param="draft_model",
            remedy="Leave draft_model empty.",
        )
    from alize.engine.draft_model import opened_draft

    return opened_draft(config, read, free_for(config))


def free_for(config: EngineConfig) -> int:
    """Bytes of this machine that an engine may take."""
    return min(_free("cpu"), config.memory_bytes or 2**63)


def _native(
    config: EngineConfig, checkpoint: Checkpoint, params: ModelConfig, progress: Progress | None, draft: "DraftModel | None"
) -> tuple[Runner, int, int]:
    """The weights, packed; how many bytes the cache may take beside them; and how many are left for it and for adapters."""
    from alize.engine.runners.native import NativeRunner

    with allocating("the weights", "Choose a smaller model."):
        free = free_for(config)
        numbers = adapter_numbers(config.adapters.values())
        fit = (
            native_fit(checkpoint, params, free, config.cache_bytes, numbers)
            if draft is None
            else draft.leaves(lambda rest: native_fit(checkpoint, params, rest, config.cache_bytes, numbers), free)
        )
        left = max(0, free - fit.weights - OVERHEAD - (0 if draft is None else draft.fit.weights))
        runner = NativeRunner(checkpoint, params, progress=progress, **config.native)
        return runner, cache_bytes(config, params, fit, left), left


def _drafter(config: EngineConfig, draft: "DraftModel", runner: Runner, budget: int) -> "Drafter":
    """The draft model, loaded, with as many blocks of the cache's bytes as its model has, or all that it has a use for.

    Where that fails both runners are closed: nobody else has them yet.
    """
    from alize.engine.drafting import Drafter

    with ExitStack() as held, allocating("the draft model", "Leave draft_model empty, or choose a smaller one."):
        held.callback(runner.close)
        own = draft.runner(config.native)
        held.callback(own.close)
        ours, theirs = (sum(group.bytes_per_block for group in each.info.groups) for each in (runner, own))
        limits = replace(config.limits, max_running=min(MOST_ROWS, config.limits.max_running))
        blocks = _blocks(own.info, replace(config, limits=limits), budget * theirs // (ours + theirs))
        drafter = Drafter(own, blocks, runner.info.vocab_size, config.limits.step_tokens, id=config.draft)
        held.pop_all()
        return drafter


def cache_bytes(config: EngineConfig, params: ModelConfig, fit: Fit, left: int) -> int:
    """What the cache may take of the `left` bytes beside the weights: as set, or a quarter, and never less than one conversation."""
    return config.cache_bytes or min(8 * GIB, max((left - fit.adapters) // 4, least_cache(params, fit.dtype)))


@cache
def _own_threads() -> int:
    """How many PyTorch takes by itself, as OMP_NUM_THREADS says: asked before a model of this process was given a number."""
    import torch

    return torch.get_num_threads()


def _torch(
    config: EngineConfig, checkpoint: Checkpoint, params: ModelConfig, reason: str, progress: Progress | None
) -> tuple[Runner, int, int]:
    """The same in PyTorch. `reason`: why it is not the native core."""
    try:
        import torch
    except ImportError as error:
        raise Missing(
            f"PyTorch is not installed, and it is not left to the native core because {reason}.",
            remedy="Install it: pip install 'alize[torch]'. Or, where only a setting stands in the way, set that to auto.",
        ) from error
    from alize.engine.runners.torch import TorchRunner
    from alize.engine.runners.torch_dtype import choose_dtype
    from alize.engine.runners.torch_pack import can_pack, pack_module
    from alize.model.load import load_model

    torch.set_num_threads(config.threads or min(cores(), _own_threads()))
    device = config.device if config.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    with allocating("the weights", "Choose a smaller model."):
        reads = config.dtype == "auto" and checkpoint.params.get("model_type") == "encoder"
        alike = torch.float32, "the vectors of an index must be alike on every machine"
        dtype, why = alike if reads else choose_dtype(config.dtype, device)
        free = min(_free(device), config.memory_bytes or 2**63)
        names = [str(dtype).removeprefix("torch.")]
        if config.dtype == "auto" and names == ["float32"] and not reads:
            names.append("bfloat16")  # where float32 does not fit
        # Elsewhere every piece would be sent to the device in every product: only where that is asked for.
        wanted = "expanded" if device != "cpu" and config.weights == "auto" else config.weights
        fit = choose_fit(checkpoint, params, names, wanted, free, config.cache_bytes, adapter_numbers(config.adapters.values()))
        left = max(0, free - fit.weights - OVERHEAD)
        budget = cache_bytes(config, params, fit, left)
        dtype = getattr(torch, fit.dtype)
        settle = pack_module if can_pack(dtype, device) else None
        model = load_model(checkpoint, dtype, device, stored=fit.stored, settle=settle, progress=progress)
        kernels = None if config.gpu_kernels else False
        return TorchRunner(model, f"{why}; {fit.reason}; not the native core, because {reason}", kernels=kernels), budget, left


def _blocks(info: RunnerInfo, config: EngineConfig, budget: int) -> dict[str, int]:
    """Split the cache's bytes: every group the same number of blocks, but none more than its running sequences can use.

    A recurrent group can use one slot for each, and one for a score beside them; its model is not offered fewer than one.
    """
    context = min(info.max_context, config.limits.max_context)
    most = {group.name: _most(group, context, config.limits) for group in info.groups}
    remaining, blocks = budget, dict.fromkeys(most, 0)
    for index, group in enumerate(sorted(info.groups, key=lambda g: most[g.name])):  # what a small group leaves, the others share
        share = remaining // sum(g.bytes_per_block for g in sorted(info.groups, key=lambda g: most[g.name])[index:])
        blocks[group.name] = max(1 if group.kind == "recurrent" else 2, min(most[group.name], share))
        remaining -= blocks[group.name] * group.bytes_per_block
    return blocks


def _most(group: CacheGroup, context: int, limits: Limits) -> int:
    """How many blocks all running sequences together can use."""
    if group.kind == "recurrent":
        return limits.max_running + 1
    return limits.max_running * (-(-min(context, (group.window or context) + limits.step_tokens) // BLOCK) + 2)
