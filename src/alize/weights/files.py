"""Writing files that must be whole or absent. In: bytes from somewhere. Out: files with their SHA-256, and one writer at a time."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TextIO

from alize.errors import DownloadFailed, HomeUnusable
from alize.wording import quantity

__all__ = [
    "CHUNK",
    "Progress",
    "chunks_of",
    "exclusive",
    "make_room",
    "prepared",
    "remove",
    "replaced",
    "sha256_of",
    "sync_folder",
    "write_hashed",
    "writing",
]

CHUNK = 1 << 20

Progress = Callable[[int, int, str], None]
"""Called with bytes done, bytes in all (0 where unknown) and the model's id."""


def prepared(folder: Path) -> Path:
    """The folder, made where it is missing. Raises HomeUnusable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HomeUnusable(f"The folder {folder} cannot be made: {error.strerror}.", remedy="Choose another with --home.") from error
    return folder


@contextmanager
def exclusive(path: Path, waiting: Callable[[], None]) -> Generator[None]:
    """Hold the lock of a file, which is gone afterwards; calls `waiting` once where another process or thread has it.

    It falls open when its holder dies.
    """
    with _locked(path, waiting):
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()


def _locked(path: Path, waiting: Callable[[], None]) -> TextIO:
    """The file, locked. Raises HomeUnusable."""
    waited = False
    while True:
        try:
            lock = path.open("a")
        except OSError as error:
            raise HomeUnusable(f"{path} cannot be written: {error.strerror}.", remedy="Check the folder's permissions.") from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not waited:
                    waiting()
                waited = True
                fcntl.flock(lock, fcntl.LOCK_EX)
            if _means(path, lock):
                return lock
        except BaseException:
            lock.close()
            raise
        lock.close()


def _means(path: Path, lock: TextIO) -> bool:
    """Whether the name is still this file's. NOTE: whoever held the lock has deleted it, and a third one may hold a new file by now."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False


def make_room(folder: Path, needed: int, what: str) -> None:
    """Raises DownloadFailed, with the numbers, where `needed` bytes do not fit on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DownloadFailed(
            f"{what} needs {_size(needed)} more in {folder}, and {_size(free)} are free.",
            remedy="Free space, or choose another place (-o, or else --home).",
        )


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Turn what a full or broken disk says into DownloadFailed, with the numbers."""
    try:
        yield
    except OSError as error:
        free = shutil.disk_usage(next(folder for folder in path.absolute().parents if folder.exists())).free
        raise DownloadFailed(
            f"{path} cannot be written: {error.strerror or error} ({_size(free)} are free).",
            remedy="Free space, or choose another place (-o, or else --home); what is there already is kept.",
        ) from error


def chunks_of(stream: IO[bytes]) -> Iterator[bytes]:
    """The rest of a file, in pieces."""
    while piece := stream.read(CHUNK):
        yield piece


def write_hashed(pieces: Iterable[bytes], path: Path, progress: Callable[[int], None]) -> str:
    """Write a file to the disk itself and return its SHA-256. `progress` is told the bytes written so far."""
    digest, done = hashlib.sha256(), 0
    with writing(path), path.open("wb") as target:
        for piece in pieces:
            target.write(piece)
            digest.update(piece)
            done += len(piece)
            progress(done)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def replaced(path: Path, text: str) -> None:
    """Give a file another content in one step: whoever looks, or goes on after a crash, finds the old one or the new one whole."""
    fresh = path.with_name(path.name + ".new")
    write_hashed([text.encode()], fresh, lambda _: None)
    with writing(path):
        os.replace(fresh, path)
        sync_folder(path.parent)


def sha256_of(path: Path, progress: Callable[[int], None] = lambda _: None) -> str:
    """The SHA-256 of a file."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as stream:
        for piece in chunks_of(stream):
            digest.update(piece)
            done += len(piece)
            progress(done)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, so that a renamed file survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Delete a file or folder. A no-op where there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with suppress(NotADirectoryError):  # a file lies where its folder would
            path.unlink(missing_ok=True)


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e8 else f"{count / 1e6:.2f} MB" if count >= 1e4 else quantity(count, "byte")
