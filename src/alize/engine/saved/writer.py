"""The thread that writes. In: blocks that were copied out of the cache. Out: files, as fast as the disk takes them, and no faster.

What waits is held in memory, so there is a limit to it: whoever has more waits himself, or leaves it. A disk that takes nothing is said in
the log, once, and left alone for a while.
"""

import errno
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from alize.engine.blocks import Link
from alize.engine.saved.store import Store

__all__ = ["Writer"]

_MOST = 32 << 20  # bytes that wait to be written
_JOBS = 1024
_LONGEST = 5.0  # seconds for one of them, on a disk that still answers
_REST = 60.0  # seconds that a disk is left alone which took nothing
_REMEDIES = {
    errno.ENOSPC: "the disk is full: free some space, or set prefix_disk lower",
    errno.EDQUOT: "your quota is used up: free some space, or set prefix_disk lower",
    errno.EFBIG: "your quota is used up: free some space, or set prefix_disk lower",
    errno.EROFS: "it is on a read-only file system: set prefix_disk to 0, or use another home",
    errno.EACCES: "the server may not write there: give it the folder, or set prefix_disk to 0",
    errno.EPERM: "the server may not write there: give it the folder, or set prefix_disk to 0",
}

_log = logging.getLogger(__name__)


class Writer:
    """Of one engine, whose thread calls it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: deque[tuple[int, Callable[[], None]]] = deque()  # bytes held, what to do; None of them raises
        self._held = 0
        self._working = False
        self._began = 0.0  # when it did, by time.monotonic()
        self._changed = threading.Condition()
        self._closed = self._lamented = False
        self._rests_until = 0.0  # by time.monotonic()
        self.saved = 0  # blocks
        self.seconds = 1e-3  # that the last block took
        threading.Thread(target=self._run, name="saved-prefixes-writer", daemon=True).start()

    @property
    def resting(self) -> bool:
        """Whether the disk is left alone: it took nothing, or has not come back from what it was given."""
        now = time.monotonic()
        return now < self._rests_until or (self._working and now > self._began + _LONGEST)

    @property
    def full(self) -> bool:
        """Whether as much waits as is held at most."""
        return self._held >= _MOST or len(self._jobs) >= _JOBS

    def save(self, group: str, link: Link, place: int, payload: bytes) -> None:
        """Have a block written, the `place`-th of its chain."""
        moment = time.time()
        self._add(len(payload), lambda: self._save(group, link, place, payload, moment))

    def use(self, links: Sequence[Link]) -> None:
        """Have it written down that a chain was of use now; left out where much waits."""
        if self.full:
            return
        moment = time.time()
        self._add(0, lambda: self._store.use(links, moment))

    def forget(self, links: Sequence[Link]) -> None:
        """Have the blocks of a chain removed, those too that wait to be written."""
        self._add(0, lambda: self._store.forget(links))

    def wait(self, seconds: float) -> None:
        """At most so long, for the next block to be written."""
        with self._changed:
            if self._jobs:
                self._changed.wait(seconds)

    def close(self, seconds: float) -> None:
        """Write what waits, for so long at most. What is not written then may still be, or not."""
        until = time.monotonic() + seconds
        with self._changed:
            while (self._jobs or self._working) and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            self._closed = True
            self._jobs.clear()
            self._changed.notify_all()

    def _add(self, size: int, job: Callable[[], None]) -> None:
        with self._changed:
            self._jobs.append((size, job))
            self._held += size
            self._changed.notify_all()

    def _run(self) -> None:
        self._store.folder.wait()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if self._closed:
                    return
                size, job = self._jobs.popleft()
                self._working, self._began = True, time.monotonic()
            try:
                job()
            except Exception:  # noqa: BLE001 - an error of ours: that block is not saved, and nothing else is harmed
                _log.exception("a block of the prefix cache could not be saved")
            with self._changed:
                self._held, self._working = self._held - size, False
                self._changed.notify_all()

    def _save(self, group: str, link: Link, place: int, payload: bytes, moment: float) -> None:
        if self.resting or self._store.has(group, link):
            return
        began = time.monotonic()
        try:
            self.saved += self._store.save(group, link, place, payload, moment)
            self._lamented = False
        except OSError as error:
            self._rests_until = time.monotonic() + _REST
            if not self._lamented:
                remedy = _REMEDIES.get(error.errno or 0, "look after the disk, or set prefix_disk to 0")
                _log.warning(
                    "The prefix cache cannot be saved in %s: %s (%s). Answers go on; it is tried again every minute.",
                    self._store.folder.root,
                    error.strerror or error,
                    remedy,
                )
            self._lamented = True
        self.seconds = time.monotonic() - began
