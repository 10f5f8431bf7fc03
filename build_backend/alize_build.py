"""What pip asks of the project when it builds it. In: its calls. Out: scikit-build-core's answers, and a C++ compiler where there is none.

A machine without one is brought the pip package `ziglang`, a whole clang with its own C++ library: pip's isolated builds ask for it
here, `make` runs this file (its locks hold hashes, so it installs requirements-compiler.lock). Where `make` cannot have it, CMake finds
nothing and the models run on PyTorch; pip stops where its index has none, and goes on so with CXX=none, which forbids to bring one. CXX
names a compiler as ever. Windows, macOS and systems with musl are brought none.
"""

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from scikit_build_core import build as core
from scikit_build_core.build import (
    build_sdist,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

ROOT = Path(__file__).resolve().parent.parent
Config = Mapping[str, list[str] | str] | None

COMPILERS = ("c++", "g++", "clang++")
"""What CMake looks for."""

OLDEST = "2.17"
"""The glibc to link for: no machine with this Python has an older one, and a newer one runs what was linked for it."""


def wanted() -> bool:
    """Whether a compiler is to be brought: none is named, none is there, and ziglang has a build for this machine."""
    there = os.environ.get("CXX") or any(map(shutil.which, COMPILERS))
    return not there and sys.platform == "linux" and platform.libc_ver()[0] == "glibc" and platform.machine() in ("x86_64", "aarch64")


def get_requires_for_build_wheel(config_settings: Config = None) -> list[str]:
    return [*core.get_requires_for_build_wheel(_plain(config_settings)), *_brought()]


def get_requires_for_build_editable(config_settings: Config = None) -> list[str]:
    return [*core.get_requires_for_build_editable(_plain(config_settings)), *_brought()]


def build_wheel(wheel_directory: str, config_settings: Config = None, metadata_directory: str | None = None) -> str:
    with _compiler() as said:
        return core.build_wheel(wheel_directory, {**said, **_plain(config_settings)}, metadata_directory)


def build_editable(wheel_directory: str, config_settings: Config = None, metadata_directory: str | None = None) -> str:
    with _compiler() as said:
        return core.build_editable(wheel_directory, {**said, **_plain(config_settings)}, metadata_directory)


def main() -> int:
    """Install it from its lock, for `make`. Status 0 in any case: who cannot have it goes on without."""
    if not wanted():
        return 0
    print("There is no C++ compiler here: installing the one that the package ziglang brings …")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--require-hashes"]
    if subprocess.run([*pip, "--requirement", str(ROOT / "requirements-compiler.lock")]).returncode:
        sentence = "It cannot be had (above), so PyTorch alone will run the models. With a C++ compiler: rm .venv/.installed; make up"
        print(sentence, file=sys.stderr)
    return 0


def _brought() -> list[str]:
    """The pin, from pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]["compiler"] if wanted() else []


def _plain(config_settings: Config) -> dict[str, list[str] | str]:
    return dict(config_settings or {})


@contextmanager
def _compiler() -> Iterator[dict[str, list[str] | str]]:
    """Let CMake find the one that was brought, if it was, and the library say so."""
    spec = find_spec("ziglang") if wanted() else None
    if spec is None or spec.origin is None:
        yield {}
        return
    with tempfile.TemporaryDirectory() as folder:
        command = Path(folder) / "c++"
        command.write_text(_script(Path(spec.origin).parent))
        command.chmod(0o755)
        os.environ["CXX"] = str(command)
        try:
            yield {"cmake.define.ALIZE_COMPILER": f"ziglang {version('ziglang')}"}
        finally:
            del os.environ["CXX"]


def _script(package: Path) -> str:
    """One command, since CMake takes one. It names the machine's family, or it would compile for this very processor."""
    target = f"{platform.machine()}-linux-gnu.{OLDEST}"
    # Its C++ library is compiled when first linked, once for each kind of build: -O2 and -g0 leave one kind, and it is kept beside the
    # compiler, to go when that goes.
    cache = shlex.quote(str(package / "cache"))
    zig = f"{shlex.quote(str(package / 'zig'))} c++ -target {target} -O2 -fno-sanitize=undefined"
    return f'#!/bin/sh\nexport ZIG_GLOBAL_CACHE_DIR={cache} ZIG_LOCAL_CACHE_DIR={cache}\nexec {zig} "$@" -g0\n'


if __name__ == "__main__":
    sys.exit(main())
