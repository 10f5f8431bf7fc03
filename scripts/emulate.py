"""Every family of processors beside the others, those of Arm emulated. In: csrc/. Out: whether all of them compute the same bits.

    python scripts/emulate.py             what `make check` runs, in two minutes

A program (tests/engine/native/families) has each family that it can run compute every kernel and a whole model, and prints a digest of what
each gave. It is linked to the core as it is installed, and to one for Arm, which runs on processors that QEMU emulates: so nothing is known
of their speed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import alize.engine.runners.native as native

__all__ = ["FAMILIES", "arm", "here", "main", "missing"]

ROOT = Path(__file__).resolve().parent.parent
DRIVER = ROOT / "tests" / "engine" / "native" / "families"

PROCESSORS = {"max": ("dotprod", "i8mm"), "neoverse-n1": ("dotprod",), "cortex-a72": ()}
"""By QEMU's name, the families that have to run there beside the portable one, and no others may."""

FAMILIES = tuple(dict.fromkeys(name for names in PROCESSORS.values() for name in names))

Digests = dict[str, str]
"""By family."""


def missing() -> str | None:
    """Why Arm cannot be emulated here."""
    found = subprocess.run(["sh", str(ROOT / "scripts" / "emulator.sh")], stderr=subprocess.PIPE, text=True)
    if found.returncode:
        return found.stderr.strip().splitlines()[-1]
    lacking = [tool for tool in ("cmake", "g++") if shutil.which(tool) is None]
    return f"Arm is not emulated: that needs {' and '.join(lacking)}." if lacking else None


def here(folder: Path) -> Digests:
    """Of this machine's families."""
    core = next((path for each in native.__path__ if (path := Path(each) / "libalize.so").is_file()), None)
    if core is None:
        raise RuntimeError("The native core is not built: make install")
    return _digests([str(_driver("g++", core, folder / "here"))])


def arm(folder: Path) -> dict[str, Digests]:
    """Of Arm's, by processor."""
    compiler = "aarch64-linux-gnu-g++"
    system = ["-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", f"-DCMAKE_CXX_COMPILER={compiler}"]
    prepare = ["cmake", "-S", str(ROOT), "-B", str(folder / "core"), *system, "-DSKBUILD_PROJECT_VERSION=0"]
    for command in (prepare, ["cmake", "--build", str(folder / "core"), "--parallel", str(os.cpu_count() or 1)]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    driver = _driver(compiler, folder / "core" / "libalize.so", folder / "arm")
    loader = subprocess.run([compiler, "-print-file-name=ld-linux-aarch64.so.1"], check=True, capture_output=True, text=True).stdout.strip()
    emulator = ["qemu-aarch64", "-L", str(Path(loader).resolve().parent.parent)]
    return {name: _digests([*emulator, "-cpu", name, str(driver), "portable", *wanted]) for name, wanted in PROCESSORS.items()}


def _driver(compiler: str, core: Path, to: Path) -> Path:
    sources = map(str, sorted(DRIVER.glob("*.cpp")))
    flags = ["-std=c++20", "-O1", "-Wall", "-Wextra", "-ffp-contract=off"]
    subprocess.run([compiler, *flags, *sources, str(core), f"-Wl,-rpath,{core.parent}", "-o", str(to)], check=True)
    return to


def _digests(command: list[str]) -> Digests:
    """Raises RuntimeError, with what it said, where families differ or others run than should."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return dict(line.split() for line in done.stdout.splitlines())


def main() -> int:
    if why := missing():
        print(why, file=sys.stderr)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = {"here": here(Path(folder)), **arm(Path(folder))}
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 1
    for processor, digests in found.items():
        print(f"{processor:12}", ", ".join(f"{family} {digest}" for family, digest in digests.items()))
    if len({digest for digests in found.values() for digest in digests.values()}) > 1:
        print("They do not compute the same bits.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
