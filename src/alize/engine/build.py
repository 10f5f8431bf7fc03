"""From a path to a running Core. In: an EngineConfig. Out: weights loaded, cache allocated, ready to step."""

from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from alize.engine.available import available
from alize.engine.choose_runner import choose_runner
from alize.engine.core import Core
from alize.engine.cores import cores
from alize.engine.fit import OVERHEAD, Fit, Room, adapter_numbers, allocating, choose_fit, least_cache, native_fit
from alize.engine.runners.base import BLOCK, CacheGroup, Runner, RunnerInfo
from alize.engine.schedule import Limits
from alize.errors import Missing
from alize.model.config import ModelConfig
from alize.model.params import read_params
from alize.settings import Settings
from alize.weights.checkpoints import open_checkpoint
from alize.weights.checkpoints.base import Checkpoint

__all__ = ["EngineConfig", "Progress", "build_core", "named"]

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
    cache_dtype: str = "auto"  # of the native core's: bfloat16, int8, or auto: int8
    weights: str = "auto"  # how they are kept: stored, expanded, or auto
    memory_bytes: int = 0  # that weights and cache may take; 0: what is free
    nice: int = 0  # how far its process stands back where there is more to compute than cores
    limits: Limits = field(default_factory=Limits)
    adapters: dict[str, str] = field(default_factory=dict[str, str])  # name → path, loaded with the weights

    @classmethod
    def of(cls, settings: Settings, path: Path, model: str, sha256: str | None = None) -> "EngineConfig":
        """The engine's part of the settings."""
        return cls(
            path=str(path),
            model=model,
            sha256=sha256,
            runner=settings.runner,
            dtype=settings.dtype,
            gpu_kernels=settings.gpu_kernels,
            threads=settings.threads,
            cache_bytes=int(settings.cache_memory * GIB),
            cache_dtype=settings.cache_dtype,
            weights=settings.weights_in_memory,
            memory_bytes=int(settings.memory * GIB),
            limits=Limits(
                step_tokens=settings.step_tokens,
                step_seconds=settings.step_seconds,
                max_running=settings.max_running,
                max_waiting=settings.max_waiting,
                max_context=settings.max_context or 2**31 - 1,
                decode_steps=settings.decode_steps,
                prefix_cache=settings.prefix_cache,
                adapters=settings.max_adapters,
                adapter_rank=settings.max_adapter_rank,
                adapter_bytes=int(settings.adapter_memory * GIB),
            ),
            adapters=settings.adapter_paths(),
        )

    def at(self, path: str | None) -> "EngineConfig":
        """The same with the weights at another path, whose checksum nobody has stated; None changes nothing."""
        return self if path in (None, self.path) else replace(self, path=path, sha256=None)

    def having(self, name: str, path: str | None) -> "EngineConfig":
        """The same with an adapter set, replaced or (path None) removed."""
        rest = {other: where for other, where in self.adapters.items() if other != name}
        return replace(self, adapters=rest if path is None else {**rest, name: path})


def named(progress: Callable[[int, int, str], None] | None, what: str) -> Progress | None:
    """For one who shows the progress of several things, by their names."""
    if progress is None:
        return None
    return lambda done, total: progress(done, total, what)


def build_core(config: EngineConfig, progress: Progress | None = None, opened: Checkpoint | None = None) -> Core:
    """Load the weights and the adapters, and allocate the cache. `progress` is called with the bytes of weights that are loaded, and with
    all of them. An adapter that cannot be loaded is left out, and `info.unavailable` says why. `opened`: the checkpoint at the path, where
    the caller has it open; it stays so.

    Raises CheckpointInvalid for files that cannot be run, SettingInvalid for a runner that does not run them, Missing where PyTorch is not
    installed and would have to, OutOfMemory where memory does not suffice.
    """
    with nullcontext(opened) if opened is not None else closing(open_checkpoint(Path(config.path))) as checkpoint:
        params = read_params(checkpoint.params)
        name, reason = choose_runner(config, checkpoint, params)
        if name == "native":
            runner, budget, left = _native(config, checkpoint, params, progress)
        else:
            runner, budget, left = _torch(config, checkpoint, params, reason, progress)
    blocks = _blocks(runner.info, config, budget)
    room = Room(left - runner.info.cache_bytes(blocks), partial(_free, "cuda" if runner.info.name == "torch-cuda" else "cpu"))
    with allocating("the cache", "Set cache_memory to fewer GiB."):
        core = Core(runner, config.limits, blocks, config.model, config.sha256, room)
    for name, path in config.adapters.items():
        core.adapters.try_set(name, path)
    return core


def _free(device: str) -> int:
    """Bytes that nobody has."""
    if device == "cpu":
        return available().free
    import torch

    return torch.cuda.mem_get_info(device)[0]


def _native(config: EngineConfig, checkpoint: Checkpoint, params: ModelConfig, progress: Progress | None) -> tuple[Runner, int, int]:
    """The weights, packed; how many bytes the cache may take beside them; and how many are left for it and for adapters."""
    from alize.engine.runners.native import NativeRunner
    from alize.engine.runners.native.runner import CacheNumbers

    with allocating("the weights", "Choose a smaller model."):
        free = min(_free("cpu"), config.memory_bytes or 2**63)
        cache: CacheNumbers = "bfloat16" if config.cache_dtype == "bfloat16" else "int8"
        fit = native_fit(checkpoint, params, free, config.cache_bytes, adapter_numbers(config.adapters.values()))
        left = max(0, free - fit.weights - OVERHEAD)
        runner = NativeRunner(
            checkpoint,
            params,
            config.threads or cores(),
            max_context=config.limits.max_context,
            cache=cache,
            progress=progress,
        )
        return runner, _cache_bytes(config, params, fit, left), left


def _cache_bytes(config: EngineConfig, params: ModelConfig, fit: Fit, left: int) -> int:
    return config.cache_bytes or min(8 * GIB, max((left - fit.adapters) // 4, least_cache(params, fit.dtype)))


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

    torch.set_num_threads(config.threads or cores())
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
        budget = _cache_bytes(config, params, fit, left)
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
