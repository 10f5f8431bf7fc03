"""Other engines to be measured against. In: a peer's name and the state folder. Out: the Python of an environment of its own.

Each peer is a pinned package from pip in `peers/NAME` of the state folder. It is built for this machine once, and kept.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alize.errors import DownloadFailed, InvalidRequest, Missing

__all__ = ["PEERS", "Given", "Peer", "parse_peers", "prepare"]


@dataclass(frozen=True, slots=True)
class Given:
    """What a peer may be given: each is tried, and the faster ones are measured."""

    format: str = ""  # what `alize quantize --to` makes of the model's file; empty: the file itself
    options: tuple[str, ...] = ()  # further arguments of its script


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    package: str
    version: str
    module: str  # what tells that it is installed
    script: str  # its worker, beside this file
    formats: tuple[str, ...]  # suffixes of the weights it reads
    compiles: bool  # installing builds it from source
    minutes: int  # that takes on two cores
    given: tuple[Given, ...] = (Given(),)
    building: Mapping[str, str] = field(default_factory=dict[str, str])  # what its build is told by the environment


_ALL_STORES = "-fno-tree-dse -fno-dse"
"""GCC 12 takes the instruction that configures the tiles of AMX to read 8 bytes, and leaves out the stores of the other 56: llama.cpp ends
at its first product, on a processor that has tiles. So there it is built without leaving out stores."""

_GGUF = (".gguf",)
_FILE, _Q4_0, _Q8_0 = Given(), Given("q4_0"), Given("q8_0")

PEERS = {
    peer.name: peer
    for peer in (
        # Its kernels differ by format more than the formats do in size: Q4_0 is repacked, Q4_1 is not, Q8_0 has products in blocks.
        Peer("llama.cpp", "llama-cpp-python", "0.3.36", "llama_cpp", "peer_llama_cpp.py", _GGUF, True, 10, (_FILE, _Q4_0, _Q8_0)),
        Peer("openvino", "openvino-genai", "2026.4.1.0", "openvino_genai", "peer_openvino.py", _GGUF, False, 1, (_FILE, _Q8_0)),
        Peer(
            "ik_llama.cpp",
            "ik-llama-cpp-python",
            "0.1.5",
            "ik_llama_cpp",
            "peer_ik_llama_cpp.py",
            _GGUF,
            False,
            1,
            (_FILE, _Q4_0, Given("q4_0", ("repacked",))),
        ),
    )
}


def parse_peers(text: str) -> list[Peer]:
    """Raises InvalidRequest for one that is not known."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    for name in names:
        if name not in PEERS:
            raise InvalidRequest(f"'{name[:100]}' is no peer that can be measured.", param="against", remedy=f"Known: {', '.join(PEERS)}.")
    return [PEERS[name] for name in dict.fromkeys(names)]


def prepare(peer: Peer, home: Path, offline: bool, say: Callable[[str], None]) -> Path:
    """The Python of the peer's environment, made now if it is not there; `say` hears what goes on, for a line that is overwritten.

    An environment whose making was interrupted is made anew. Raises Missing (no compiler; offline) and DownloadFailed.
    """
    from alize.cli.machine import describe
    from alize.cli.terminal import remark

    folder = home / "peers" / peer.name
    python = folder / "bin" / "python"
    if _version(python, peer) == peer.version:
        return python
    if offline:
        raise Missing(f"{peer.name} {peer.version} is not installed, and the setting `offline` forbids fetching it.")
    if peer.compiles and not (os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")):
        raise Missing(f"{peer.name} is built from source, and there is no C++ compiler.", remedy="Install one: apt-get install g++")
    remark(f"Installing {peer.package} {peer.version} in {folder}: about {peer.minutes} minutes, this once.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CXX") or shutil.which("c++") or ""
    tiles = peer.compiles and "AMX INT8" in describe().extensions and "clang" not in compiler
    flags = f"{os.environ.get('CXXFLAGS', '')} {_ALL_STORES}".strip() if tiles else os.environ.get("CXXFLAGS", "")
    _run([sys.executable, "-m", "venv", "--clear", str(folder)], peer, say)
    install = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "-v", f"{peer.package}=={peer.version}"]
    _run(install, peer, say, {**peer.building, **({"CXXFLAGS": flags} if flags else {})})
    if _version(python, peer) != peer.version:
        raise DownloadFailed(f"{peer.package} {peer.version} was installed in {folder}, but does not run there.")
    return python


def _version(python: Path, peer: Peer) -> str | None:
    """The version that runs there; None for nothing, or what does not run."""
    if not python.exists():
        return None
    code = f"import {peer.module}, importlib.metadata; print(importlib.metadata.version({peer.package!r}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True)
    return done.stdout.strip().rpartition("\n")[2] if not done.returncode else None


def _run(command: list[str], peer: Peer, say: Callable[[str], None], environment: Mapping[str, str] | None = None) -> None:
    started = time.monotonic()
    lines: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env={**os.environ, **(environment or {})}
    ) as process:
        assert process.stdout is not None  # Popen was asked for a pipe
        for line in process.stdout:
            if line.strip():
                lines = [*lines[-20:], line.strip()]
                say(f"{peer.name}: {time.monotonic() - started:.0f} s, {line.strip()[:100]}")
    if process.returncode:
        said = next((line for line in reversed(lines) if "error" in line.lower()), lines[-1] if lines else "nothing")
        raise DownloadFailed(
            f"{peer.name} could not be installed; the last thing said: {said[:300]}", remedy="Run it again; pip keeps what it has fetched."
        )
