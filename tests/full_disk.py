"""Disks that take nothing more. In: a house that runs on one. Out: its server really cannot write, until the block ends.

Two ways, since each needs something of the machine. A small file system, filled up, is a full disk; it can be made where
one may make namespaces. A limit on the size of files, which any user may set on a process of their own, is what a used-up quota is.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.house import House

__all__ = ["can_be_small", "filled", "out_of_quota", "small_disk"]

_MOUNT = 'mount -t tmpfs -o size=80m tmpfs "$0" && exec "$@"'


def small_disk(home: Path) -> list[str]:
    """For `within` of a house: its home is a file system of 80 MB, which only its process sees. Without models: name one by its path."""
    home.mkdir(exist_ok=True)
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _MOUNT, str(home)]


def can_be_small(folder: Path) -> bool:
    """Whether this machine lets anybody make one."""
    try:
        return subprocess.run([*small_disk(folder / "tried"), "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def filled(house: House) -> Iterator[None]:
    """Not a byte is left of a house's small disk."""
    filler = Path(f"/proc/{house.process.pid}/root{house.home}/filler")  # as its process sees it
    with filler.open("wb", buffering=0) as file:
        while free := os.statvfs(filler).f_bavail:
            with suppress(OSError):  # the server was faster
                file.write(bytes(free * os.statvfs(filler).f_bsize))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def out_of_quota(house: House) -> Iterator[None]:
    """No file of a house's server grows, its log not either."""
    process = psutil.Process(house.process.pid)
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        process.rlimit(psutil.RLIMIT_FSIZE, before)
