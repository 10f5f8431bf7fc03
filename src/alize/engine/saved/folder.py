"""Files within a budget. In: names and bytes. Out: the same bytes, for later processes, too; of too many, the longest unused go.

    root/                  mode 0700
      IDENTITY/            of weights and a layout: one folder for each
        KEY.GROUP          a block, mode 0600; its time of change is when it was last of use
        .PID-NUMBER        one that is being written: renamed when it is whole

Nobody owns the folder: other processes may write, use and delete files at any time, and what one believes to be there need not be. What is
read is judged by whoever reads it. Nothing here is flushed to the disk: a file that a power cut left in pieces is found out by its digest.
"""

import itertools
import os
import stat
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Folder"]

_PAGE = 4096  # bytes that a file system gives at a time
_SPARE = 20  # where room is needed, this part of the budget is made free at once: choosing what goes takes a look at everything
_RECENT = 60.0  # seconds in which a use is not written down again
_STALE = 3600.0  # seconds after which what was being written has no writer any more
_LOOK_AGAIN = 8  # other processes write, too: look at everything again after this part of the budget was written


@dataclass(slots=True)
class _File:
    size: int
    used: float  # seconds since the epoch


class Folder:
    """All methods may be called by any thread. `budget`: bytes that all files together may take."""

    def __init__(self, root: Path, budget: int) -> None:
        self.root, self.budget = root, budget
        self._files: dict[str, _File] = {}  # by their names below the root
        self._total = 0  # bytes of them
        self._lock = threading.Lock()
        self._looked = threading.Event()
        self._written = 0  # bytes since the last look
        self._numbers = itertools.count()

    @property
    def held(self) -> int:
        """Bytes of all files."""
        return self._total

    def begin(self) -> None:
        """Look at what is there, in a thread: a cold disk takes its time over ten thousand files."""
        threading.Thread(target=self._first_look, name="saved-prefixes", daemon=True).start()

    def look(self) -> None:
        """Take stock anew, and clear away what others have left half written. Raises nothing: what cannot be read is not there."""
        found: dict[str, _File] = {}
        for folder in _entries(self.root):
            if folder.is_dir(follow_symlinks=False):
                for entry in _entries(folder.path):
                    with suppress(OSError):
                        self._note(found, f"{folder.name}/{entry.name}", entry)
                with suppress(OSError):  # it is not empty
                    os.rmdir(folder.path)
        with self._lock:
            self._files, self._written = found, 0
            self._total = sum(file.size for file in found.values())

    def wait(self) -> None:
        """Until it is known what is there, and no more of it is there than may be."""
        self._looked.wait()

    def has(self, name: str) -> bool:
        """Whether there seems to be such a file; before the first look is over there seems to be none. Waits for no disk."""
        return name in self._files

    def read(self, name: str, size: int) -> bytes | None:
        """What is in a file of this size; b"" where it has another, or is no file; None where there is nothing that can be read."""
        path = self.root / name
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)  # a pipe would never answer
        except OSError:
            self._lose(name)
            return b"" if path.is_symlink() else None
        try:
            kind = os.fstat(handle)
            return _all_of(handle, size) if stat.S_ISREG(kind.st_mode) and kind.st_size == size else b""
        except OSError:
            self._lose(name)
            return None
        finally:
            os.close(handle)

    def write(self, name: str, parts: Sequence[bytes], used: float | None = None) -> bool:
        """Put a file there, at once and whole. False where it is larger than everything may be. `used`: when it was last of use, else now.

        Raises OSError where the disk takes none; nothing is left of it then.
        """
        size, moment = _taken(sum(map(len, parts))), time.time() if used is None else used
        if not self._make_room(size):
            return False
        path = self.root / name
        beside = path.with_name(f".{os.getpid()}-{next(self._numbers)}")
        try:
            handle = self._create(beside)
            with open(handle, "wb", buffering=0) as file:
                for part in parts:
                    rest = memoryview(part)
                    while rest:
                        rest = rest[file.write(rest) :]
            os.utime(beside, (moment, moment))
            os.replace(beside, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(beside)
            raise
        with self._lock:
            before = self._files.get(name)
            self._total += size - (before.size if before is not None else 0)
            self._files[name] = _File(size, moment)
            self._written += size
        if self._written > self.budget // _LOOK_AGAIN:
            self.look()
            self._make_room(0)
        return True

    def use(self, names: Iterable[tuple[str, float]]) -> None:
        """Files were of use, each at its moment: they stay longer than others."""
        for name, moment in names:
            file = self._files.get(name)
            if file is not None and moment > file.used + _RECENT:
                file.used = moment
                try:
                    os.utime(self.root / name, (moment, moment))
                except OSError:
                    self._lose(name)

    def remove(self, name: str) -> None:
        """A no-op for one that is not there, or that nobody may remove."""
        self._lose(name)
        with suppress(OSError):
            os.unlink(self.root / name)

    def _first_look(self) -> None:
        try:
            with suppress(OSError):
                os.chmod(self.root, 0o700)
            self.look()
            self._make_room(0)
        finally:
            self._looked.set()

    def _note(self, found: dict[str, _File], name: str, entry: "os.DirEntry[str]") -> None:
        if not entry.is_file(follow_symlinks=False):
            return
        known = entry.stat(follow_symlinks=False)
        if not entry.name.startswith("."):
            found[name] = _File(_taken(known.st_size), known.st_mtime)
        elif known.st_mtime < time.time() - _STALE:
            os.unlink(entry.path)

    def _create(self, path: Path) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o600)
        except FileNotFoundError:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            return os.open(path, flags, 0o600)

    def _make_room(self, size: int) -> bool:
        """Remove the longest unused until so much more fits. False, and no change, where that can never be."""
        if size > self.budget:
            return False
        with self._lock:
            if self._total + size <= self.budget:
                return True
            goal = max(0, self.budget - self.budget // _SPARE - size)
            total, going = self._total, list[str]()
            for name, file in sorted(self._files.items(), key=lambda each: each[1].used):
                if total <= goal:
                    break
                total -= file.size
                going.append(name)
        for name in going:
            self.remove(name)
        return True

    def _lose(self, name: str) -> None:
        with self._lock:
            file = self._files.pop(name, None)
            self._total -= file.size if file is not None else 0


def _entries(path: str | Path) -> "Iterator[os.DirEntry[str]]":
    """What is in a folder; nothing where that cannot be read."""
    with suppress(OSError), os.scandir(path) as entries:
        yield from entries


def _all_of(handle: int, size: int) -> bytes:
    """So many bytes; fewer where the file ends before."""
    pieces = list[bytes]()
    while size and (piece := os.read(handle, size)):
        pieces.append(piece)
        size -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _taken(size: int) -> int:
    """Bytes that a file of this size takes of a disk.

    >>> _taken(1), _taken(4096), _taken(4097)
    (4096, 4096, 8192)
    """
    return -(-size // _PAGE) * _PAGE
