"""What this machine has. In: the operating system. Out: one frozen Machine, the same for `alize doctor` and `alize bench`.

Limits set by a container count: four cores of which a control group grants one are one.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from alize.engine.available import available
from alize.engine.cores import cores

__all__ = ["EXTENSIONS", "Machine", "busy_cores", "describe", "extensions_of"]

EXTENSIONS: dict[str, tuple[str, ...]] = {
    # name of the extension → flags as Linux and macOS spell them
    "AVX2": ("avx2",),
    "FMA": ("fma",),
    "F16C": ("f16c",),
    "AVX-512": ("avx512f",),
    "AVX-512 VNNI": ("avx512_vnni", "avx512vnni"),
    "AVX-512 BF16": ("avx512_bf16", "avx512bf16"),
    "AVX-VNNI": ("avx_vnni",),
    "AMX INT8": ("amx_int8",),
    "AMX BF16": ("amx_bf16",),
    "NEON": ("asimd", "neon", "hw.optional.neon", "hw.optional.arm.advsimd"),
    "DOTPROD": ("asimddp", "hw.optional.arm.feat_dotprod"),
    "I8MM": ("i8mm", "hw.optional.arm.feat_i8mm"),
    "ARM BF16": ("bf16", "hw.optional.arm.feat_bf16"),
    "SVE": ("sve",),
}


@dataclass(frozen=True, slots=True)
class Machine:
    system: str
    processor: str
    architecture: str
    extensions: tuple[str, ...]  # instruction sets that matter to a model
    cores: int  # this process may use
    cores_present: int
    memory_bytes: int  # this process may use
    memory_free_bytes: int
    gpus: tuple[str, ...]
    gpu_free_bytes: int  # of the first, on which models run
    python: str
    torch: str | None  # installed version; PyTorch is not imported to find out

    @property
    def uses_gpu(self) -> bool:
        """Whether the engine will compute on a GPU: there is one, and PyTorch is not the build without."""
        return bool(self.gpus) and self.torch is not None and not self.torch.endswith("+cpu")


def describe() -> Machine:
    """Look at the machine; takes milliseconds, and a second at most where a GPU's driver is asked."""
    flags, name = _processor()
    memory = available()
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=name,
        architecture=platform.machine(),
        extensions=extensions_of(flags),
        cores=cores(),
        cores_present=os.cpu_count() or 1,
        memory_bytes=memory.total,
        memory_free_bytes=memory.free,
        gpus=_gpus("name,memory.total"),
        gpu_free_bytes=free_of(_gpus("memory.free")),
        python=platform.python_version(),
        torch=_installed("torch"),
    )


def busy_cores(seconds: float = 1.0) -> float:
    """How many cores other programs keep busy, looked at for so long. (The load that systems tell is a mean over the last minute: behind a
    run of one's own it tells of that.)"""
    import psutil

    return psutil.cpu_percent(seconds) / 100 * (os.cpu_count() or 1)


def extensions_of(flags: frozenset[str]) -> tuple[str, ...]:
    """
    >>> extensions_of(frozenset({"avx2", "avx512f", "avx512_vnni"}))
    ('AVX2', 'AVX-512', 'AVX-512 VNNI')
    """
    return tuple(name for name, spellings in EXTENSIONS.items() if flags.intersection(spellings))


def _processor() -> tuple[frozenset[str], str]:
    """The processor's feature flags and its name."""
    if sys.platform == "darwin":
        facts = _command("sysctl", "-a")
        lines = dict(line.split(": ", 1) for line in facts.splitlines() if ": " in line)
        present = {key.lower() for key, value in lines.items() if value == "1"}
        spelled = {word for key in ("machdep.cpu.features", "machdep.cpu.leaf7_features") for word in lines.get(key, "").lower().split()}
        return frozenset(present | spelled), lines.get("machdep.cpu.brand_string", platform.processor())
    facts = _facts(_read(Path("/proc/cpuinfo")))
    flags = facts.get("flags") or facts.get("features") or ""
    return frozenset(flags.split()), facts.get("model name") or platform.processor() or platform.machine()


def _facts(cpuinfo: str) -> Mapping[str, str]:
    """The first processor's lines as {key: value}, keys in lower case."""
    first = cpuinfo.split("\n\n", 1)[0]
    return {
        key.strip().lower(): value.strip() for key, separator, value in (line.partition(":") for line in first.splitlines()) if separator
    }


def _gpus(facts: str) -> tuple[str, ...]:
    """What the driver says of each."""
    if not shutil.which("nvidia-smi"):
        return ()
    return tuple(_command("nvidia-smi", f"--query-gpu={facts}", "--format=csv,noheader").splitlines())


def free_of(lines: Sequence[str]) -> int:
    """Bytes of the first.

    >>> free_of(["81042 MiB", "[N/A]"]), free_of(["[N/A]"]), free_of([])
    (84978696192, 0, 0)
    """
    count, _, unit = (lines[0] if lines else "").strip().partition(" ")
    return int(count) * 2**20 if count.isdecimal() and unit == "MiB" else 0


def _command(*command: str) -> str:
    """What a program prints; nothing where it is missing, fails or does not answer in 5 seconds."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
