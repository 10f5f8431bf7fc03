"""The state folder. In: a path. Out: a folder that can be used, and a lock that says who uses it.

home/                 mode 0700
  settings.toml       written by hand, or not there
  alize.db            the database (with -wal and -shm beside it while it is open)
  lock                held by the running `alize up`; its text is that process's id, and the address on which it answers
  models/             weights, which can be fetched again
  prefixes/           computed prompts and answers: see `prefix_disk`; computed again where they are missing
  peers/              other engines that `alize bench` compares with; no state
  before-restore-…/   what `alize restore --force` replaced
"""

import errno
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType

from alize.errors import HomeUnusable

__all__ = ["LEAST_FREE", "NOT_STATE", "UNFINISHED", "HomeLock", "database_file", "make_home", "prepare_home", "serving_at", "sync_folder"]

UNFINISHED = "restore-unfinished"
"""There while a restore exchanges the folder's files: what lies in it is neither the old state nor the new."""

NOT_STATE = ("lock", "peers", "prefixes", "restore-*", "before-restore-*")
"""Names that no backup takes and no restore touches."""

LEAST_FREE = 64 << 20  # bytes; under this, starting would only end in a full disk

_LOOK = 0.2  # seconds, more than a look at the lock takes

_ANOTHER = "Set ALIZE_HOME or --home to a folder you may write to."
_REMEDIES = {
    errno.EACCES: _ANOTHER,
    errno.EPERM: _ANOTHER,
    errno.EROFS: "It is on a read-only file system: set ALIZE_HOME or --home to another folder.",
    errno.ENOSPC: "The disk is full: free some space.",
    errno.EDQUOT: "Your quota is used up: free some space.",
    errno.ENOTDIR: "A part of the path is a file: set ALIZE_HOME or --home to a folder.",
    errno.EEXIST: "It is a file: set ALIZE_HOME or --home to a folder.",
}


def prepare_home(home: Path, *, least_free: int = LEAST_FREE) -> Path:
    """Make the folder if it is not there, for its owner alone (0700), and return it. An existing folder's mode is left as it is.

    Raises HomeUnusable where it is no folder, cannot be written, has less than `least_free` bytes free, or is half restored.
    """
    make_home(home)
    if (home / UNFINISHED).exists():
        raise HomeUnusable(
            f"A restore into {home} was interrupted, and its state is neither the old nor the new one.",
            remedy="Run `alize restore ARCHIVE --force` again; what was there before lies in its before-restore folder.",
        )
    free = shutil.disk_usage(home).free
    if free < least_free:
        raise HomeUnusable(
            f"Only {free / 2**20:.0f} MiB are free where the state folder {home} is; {least_free / 2**20:.0f} are needed.",
            remedy="Free some space, or set ALIZE_HOME or --home to a folder on another disk.",
        )
    return home


def make_home(home: Path) -> None:
    """Make the folder if it is not there, and write to it. Raises HomeUnusable where that cannot be."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
        # Only writing tells: a mode says nothing about read-only mounts, quotas and access lists.
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"probe")
            probe.flush()
    except (OSError, ValueError) as error:
        raise unusable(home, error) from error


def database_file(home: Path) -> Path:
    """Where SQLite's database lies."""
    return home / "alize.db"


def serving_at(home: Path) -> str | None:
    """Where the server of a state folder answers; None where none runs, or it does not answer yet. Changes nothing."""
    try:
        file = os.open(home / "lock", os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # somebody holds it
        lines = os.pread(file, 4096, 0).decode("utf-8", "replace").splitlines()
        return lines[1] if len(lines) > 1 else None
    finally:
        os.close(file)
    return None


class HomeLock:
    """The right to serve from a state folder: `with HomeLock(home): …`. At most one process on this machine has it.

    The kernel keeps it (`flock`) and drops it with the process, however that ends: a lock file left behind means nothing.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._file: int | None = None
        self._watching_forks = False

    def acquire(self) -> None:
        """Raises HomeUnusable, naming the process that has it, or saying why the folder cannot be locked. A no-op when held."""
        if self._file is not None:
            return
        path = self.home / "lock"
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise unusable(self.home, error) from error
        try:
            _lock(file)
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError:
            holder = os.pread(file, 32, 0).decode("ascii", "replace").partition("\n")[0].strip()
            os.close(file)
            who = f"process {holder}" if holder.isdigit() else "another process"
            raise HomeUnusable(
                f"The state folder {self.home} is in use by {who}.", remedy="Stop it, or give this one a folder of its own with --home."
            ) from None
        except OSError as error:
            os.close(file)
            raise unusable(self.home, error) from error
        self._file = file
        if not self._watching_forks:
            # A forked child shares the lock and would keep it after this process was killed.
            os.register_at_fork(after_in_child=self._forget)
            self._watching_forks = True

    def say(self, address: str) -> None:
        """Where whoever holds it answers, for commands on this machine (`serving_at`). A no-op when not held."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n{address}\n".encode(), 0)

    def release(self) -> None:
        """A no-op when not held. The file stays: removing it would let two processes lock two files of one name."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    _forget = release  # closing a child's copy leaves the parent's lock in place

    def __enter__(self) -> "HomeLock":
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def _lock(file: int) -> None:
    """Raises BlockingIOError where another process has it. One that only looks (`serving_at`) has it for a moment: that is waited for."""
    patience = time.monotonic() + _LOOK
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > patience:
                raise
            time.sleep(_LOOK / 20)
        else:
            return


def unusable(home: Path, error: Exception) -> HomeUnusable:
    """What the system said about the folder, with what to do."""
    number = error.errno if isinstance(error, OSError) else None
    reason = os.strerror(number) if number else str(error)
    return HomeUnusable(f"The state folder {home} cannot be used: {reason}.", remedy=_REMEDIES.get(number or 0, _ANOTHER))


def sync_folder(folder: Path) -> None:
    """Wait until the folder's names, as they are now, would survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
