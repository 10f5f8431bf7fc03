"""`alize doctor`. In: this machine, the settings, the state folder. Out: what there is, what that means, and what to do about it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import typer

from alize.cli.options import AsJson, Home
from alize.errors import AlizeError, LocalError, SettingInvalid
from alize.wording import quantity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alize.cli.machine import Machine
    from alize.engine.fit import Fit
    from alize.model.config import ModelConfig
    from alize.settings import Settings

__all__ = ["Finding", "doctor", "findings"]

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    state: Literal["ok", "note", "problem"]
    found: str
    meaning: str = ""  # what it means, and what to do where it is a problem


def doctor(home: Home = None, as_json: AsJson = False) -> None:
    """Say what this machine has, what that means for running models, and what is in the way. Status 1 if something is."""
    from alize.cli.machine import describe
    from alize.cli.terminal import print_json
    from alize.settings import Settings

    machine = describe()
    found = list(_of_the_machine(machine))
    try:
        settings = Settings.load(home=home)
    except SettingInvalid as error:
        found.append(Finding("settings", "problem", error.message, error.remedy or "Correct it, then run alize doctor again."))
    else:
        found += findings(settings, machine)
    healthy = all(finding.state != "problem" for finding in found)
    if as_json:
        print_json({"healthy": healthy, "machine": asdict(machine), "findings": [asdict(finding) for finding in found]})
    else:
        _draw(found)
    if not healthy:
        raise typer.Exit(1)


def findings(settings: "Settings", machine: "Machine") -> Iterator[Finding]:
    """What the settings ask for, tried out: the state folder, the model, the address."""
    yield _threads(settings)
    yield _home(settings)
    model, path = _model(settings)
    yield model
    if path is not None:
        yield from _fit(settings, path, machine)
    yield _address(settings)


def _of_the_machine(machine: "Machine") -> Iterator[Finding]:
    yield Finding("system", "ok", f"{machine.system}, {machine.architecture}, Python {machine.python}")
    yield Finding("processor", "ok", machine.processor, _cores(machine))
    yield Finding("instruction sets", *_extensions(machine))
    yield _memory(machine)
    yield Finding("GPU", *_gpu(machine))
    yield (native := _native_core())
    if machine.torch is not None:
        yield Finding("PyTorch", "ok", machine.torch, "It computes what the native core does not.")
    elif native.state == "ok":
        yield Finding("PyTorch", "note", "not installed", "The native core's models are served. For others: pip install 'alize[torch]'.")
    else:
        yield Finding("PyTorch", "problem", "not installed", "It computes the models. Install it: pip install 'alize[torch]'.")


def _native_core() -> Finding:
    from alize.engine.runners.native.library import compiled_by, native_kernels
    from alize.errors import Missing

    try:
        found = native_kernels()
    except Missing as error:
        return Finding("native core", "note", "not built", error.remedy or "")
    name = found[1] if found else "none"
    return Finding(
        "native core",
        "ok",
        f"{name}, compiled by {compiled_by()}",
        "It computes dense models and experts in 4 to 8 bits and in 16, without PyTorch.",
    )


def _cores(machine: "Machine") -> str:
    if machine.cores < machine.cores_present:
        return f"{machine.cores} of {machine.cores_present} cores may be used here."
    return f"{quantity(machine.cores, 'core')} may be used here."


def _threads(settings: "Settings") -> Finding:
    from alize.engine.cores import cores

    if not settings.threads:
        return Finding("threads", "ok", str(cores()), "All cores that this process may use compute.")
    chosen = f"{settings.threads}{settings.came('threads')}"
    return Finding("threads", "ok", chosen, f"This process may use {quantity(cores(), 'core')}.")


def _extensions(machine: "Machine") -> tuple[Literal["ok", "note"], str, str]:
    shown = ", ".join(machine.extensions) or "none that matter"
    if not {"AVX2", "NEON"}.intersection(machine.extensions):
        return "note", shown, "Models run, slowly: there are no wide vector instructions."
    bfloat16 = {"AVX-512 BF16", "AMX BF16", "ARM BF16"}.intersection(machine.extensions)
    meaning = "bfloat16 is computed directly." if bfloat16 else "bfloat16 would be converted step by step, so float32 is likely faster."
    return "ok", shown, f"{meaning} `dtype = auto` measures both."


def _memory(machine: "Machine") -> Finding:
    shown = f"{machine.memory_bytes / GIB:.1f} GiB, {machine.memory_free_bytes / GIB:.1f} free"
    if machine.memory_free_bytes < 1.5 * GIB:
        return Finding("memory", "note", shown, "Tight: the small default model with PyTorch takes about 1.5 GiB.")
    return Finding(
        "memory", "ok", shown, "A model's weights must fit, and beside them its cache: a quarter of what is free, at most 8 GiB."
    )


def _gpu(machine: "Machine") -> tuple[Literal["ok", "note"], str, str]:
    if not machine.gpus:
        return "ok", "none", "Models run on the processor."
    if not machine.uses_gpu:
        return "note", "; ".join(machine.gpus), "Unused: this PyTorch is the CPU-only build."
    return "ok", "; ".join(machine.gpus), ""


def _home(settings: "Settings") -> Finding:
    import shutil

    from alize.storage.home import prepare_home

    try:
        prepare_home(settings.home)
    except LocalError as error:
        return Finding("state folder", "problem", error.message, error.remedy or "")
    free = shutil.disk_usage(settings.home).free
    return Finding("state folder", "ok", f"{settings.home}, {free / GIB:.1f} GiB free", "Every byte of state lies here.")


def _model(settings: "Settings") -> "tuple[Finding, Path | None]":
    """And where it is, if it is here."""
    from alize.cli.models import local_model

    try:
        name, path = local_model(settings)
    except AlizeError as error:
        return Finding("model", "problem", error.message, error.remedy or ""), None
    if path is None and settings.offline:
        return Finding("model", "problem", f"{name} is not here", "The setting `offline` forbids fetching it."), None
    if path is None:
        return Finding("model", "note", f"{name} is not here yet", f"It is fetched when first needed, or now: alize pull {name}"), None
    return Finding("model", "ok", name, str(path)), path


def _fit(settings: "Settings", path: "Path", machine: "Machine") -> Iterator[Finding]:
    """Whether the model and its adapters fit, as the engine will find it. Which type computes fastest is measured there, not here."""
    from contextlib import closing

    from alize.engine.build import EngineConfig
    from alize.engine.choose_runner import DETERMINISTIC, choose_runner
    from alize.engine.fit import adapter_numbers, choose_fit, gib, native_fit
    from alize.model.params import read_params
    from alize.weights.checkpoints import open_checkpoint

    wanted = "expanded" if machine.uses_gpu and settings.weights_in_memory == "auto" else settings.weights_in_memory
    adapters = adapter_numbers(settings.adapter_paths().values())
    where, drafting = "computed by", list[Finding]()
    try:
        with closing(open_checkpoint(path)) as checkpoint:
            config = read_params(checkpoint.params)
            some = ("float32",) if config.encoder else ("bfloat16",) if machine.uses_gpu else ("float32", "bfloat16")
            dtypes = some if settings.dtype == "auto" else (settings.dtype,)
            cache = int(settings.cache_memory * GIB)
            runner, reason = choose_runner(EngineConfig.of(settings, path, str(path)), checkpoint, config)
            where = "memory for it"
            if machine.uses_gpu and settings.runner != "native":
                runner, reason, where = "torch", reason or "there is a GPU", "GPU memory for it"
            free = machine.gpu_free_bytes if where.startswith("GPU") else machine.memory_free_bytes
            free = min(free, int(settings.memory * GIB) or free)
            if runner == "native":
                fit = native_fit(checkpoint, config, free, cache, adapters)
                drafting = [*_draft(settings, path, config, reason, lambda rest: native_fit(checkpoint, config, rest, cache, adapters))]
            else:
                fit = choose_fit(checkpoint, config, dtypes, wanted, free, cache, adapters)
                drafting = [*_draft(settings, path, config, reason, lambda rest: fit)]
    except AlizeError as error:
        yield Finding(where, "problem", error.message, error.remedy or "")
        return
    if runner == "native":
        yield Finding("computed by", "ok", "the native core")
    else:
        state = "ok" if machine.torch is not None else "problem"
        yield Finding("computed by", state, "PyTorch", f"Not by the native core: {reason}.")
    exact, why = DETERMINISTIC[runner]
    told = "An answer can be made again, bit by bit: alize replay." if exact else "The same request may be answered otherwise in company."
    yield Finding("deterministic", "ok" if exact else "note", f"{'yes' if exact else 'no'}: {why}", told)
    slower = "Slower for each token than expanded ones." if fit.stored and runner == "torch" else ""
    yield Finding(where, "ok", fit.reason if runner == "native" else f"{fit.dtype}, {fit.reason}", slower)
    yield from drafting
    yield from _adapters(settings)
    if adapters and not fit.adapters:
        yield Finding(
            "memory for adapters", "problem", f"none is left of {gib(free)}", "The model would be served without some of them, or all."
        )
    elif adapters:
        yield Finding("memory for adapters", "ok", f"{gib(fit.adapters)} beside the weights")


def _draft(settings: "Settings", path: "Path", config: "ModelConfig", reason: str, fitted: "Callable[[int], Fit]") -> Iterator[Finding]:
    """Whether the draft model can draft for the model at a path, and has room beside it. `reason`: why PyTorch computes the model."""
    from dataclasses import replace

    from alize.cli.models import local_model
    from alize.engine.build import EngineConfig, draft_for, free_for
    from alize.engine.fit import gib
    from alize.tokenize import tokenizer_at

    if not settings.draft_model:
        return
    if not settings.speculation:
        yield Finding("draft model", "note", f"{settings.draft_model} is not loaded", "The setting `speculation` is off.")
        return
    try:
        name, draft_path = local_model(replace(settings, model=settings.draft_model))
        if draft_path is None:
            yield Finding("draft model", "note", f"{name} is not here yet", f"It is fetched when first needed, or now: alize pull {name}")
            return
        given = EngineConfig.of(settings, path, settings.model, draft=(name, draft_path))
        with draft_for(given, config, lambda: tokenizer_at(path), reason) as draft:
            if draft is not None:
                draft.leaves(fitted, free_for(given))
                yield Finding("draft model", "ok", f"{name}, {gib(draft.bytes)}", "It guesses what the model writes next, where that pays.")
    except AlizeError as error:
        yield Finding("draft model", "problem", error.message, error.remedy or "")


def _adapters(settings: "Settings") -> Iterator[Finding]:
    """Those that cannot be read."""
    from pathlib import Path

    from alize.weights.adapters import open_adapter

    for name, path in settings.adapter_paths().items():
        try:
            open_adapter(Path(path))
        except AlizeError as error:
            yield Finding(f"adapter {name}", "problem", error.message, error.remedy or "")


def _address(settings: "Settings") -> Finding:
    import errno
    import socket

    where = f"{settings.host}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            if error.errno == errno.EADDRINUSE:
                return Finding("address", "note", f"{where}: {why}", "If that is not `alize up` itself, choose another: alize up --port N")
            return Finding(
                "address", "problem", f"{where}: {why}", "`alize up` could not listen there: correct the settings host and port."
            )
    return Finding("address", "ok", f"{where} is free")


def _draw(found: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from alize.cli.terminal import clean

    marks = {"ok": Text("✓", "green"), "note": Text("·", "yellow"), "problem": Text("✗", "bold red")}
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for finding in found:
        shown = Text(clean(finding.found))
        if finding.meaning:
            shown.append("\n" + clean(finding.meaning), style="dim")
        table.add_row(marks[finding.state], finding.what, shown)
    Console(highlight=False).print(table)
