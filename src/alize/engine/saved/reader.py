"""The thread that reads. In: the blocks of a chain that are wanted. Out: what was kept of each, in order, up to the first that is missing.

It reads a little ahead of whoever puts the blocks into the cache, and no further: a long prompt is larger than memory should hold twice.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from alize.engine.blocks import Link
from alize.engine.saved.store import Store
from alize.engine.sequence import Sequence as Waiting
from alize.heap import give_back

__all__ = ["Load", "Reader", "Wanted"]

_AHEAD = 32 << 20  # bytes
_LARGE = 4 << 20  # bytes of what is done with: enough to look for memory to give back

Wanted = tuple[str, Link]
"""A block: its group, and its link."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Load:
    """What is read for one sequence."""

    sequence: Waiting
    links: Sequence[Link]  # of all that it could have
    here: int  # how many of them the cache had
    wanted: Sequence[Wanted]
    found: deque[tuple[Wanted, bytes]] = field(default_factory=deque[tuple[Wanted, bytes]])
    read: bool = False  # nothing more comes
    left: bool = False  # nobody wants it any more


class Reader:
    """Of one engine, whose thread calls it."""

    def __init__(self, store: Store, order: Callable[[Waiting], Any]) -> None:
        """`order`: of whom is read first, the lowest. Any thread may call it."""
        self._store, self._order = store, order
        self._loads: list[Load] = []
        self._unread = 0  # loads of which more may come
        self._ahead = 0  # bytes that were read and not taken
        self._taken = 0  # bytes that were, since memory was given back
        self._spent = False  # enough of that is done with, and nothing is ahead
        self._moved = 0.0  # when something was last read, or taken, by time.monotonic()
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._run, name="saved-prefixes-reader", daemon=True).start()

    def begin(self, load: Load) -> None:
        with self._changed:
            if not self._unread:
                self._moved = time.monotonic()
            self._unread += 1
            self._loads.append(load)
            self._changed.notify_all()

    def take(self, load: Load, most: int) -> list[tuple[Wanted, bytes]]:
        """What was read by now, up to so many bytes, but one block at least where there is one."""
        taken, size = list[tuple[Wanted, bytes]](), 0
        with self._changed:
            while load.found and (not taken or size + len(load.found[0][1]) <= most):
                taken.append(load.found.popleft())
                size += len(taken[-1][1])
            self._ahead -= size
            self._taken += size
            if taken:
                self._moved = time.monotonic()
                self._changed.notify_all()
        return taken

    def done(self) -> None:
        """Nobody has what was taken by now: its memory may go."""
        with self._changed:
            self._note_done()
            if self._spent:
                self._changed.notify_all()

    def leave(self, load: Load) -> None:
        """Read no more of it, and forget what was read. `done` says when nobody has what was taken of it, either."""
        with self._changed:
            load.left = True
            self._drop(load)
            self._changed.notify_all()

    def stuck(self, seconds: float) -> bool:
        """Whether nothing has come of the disk for so long, though there was room for it."""
        return self._ahead < _AHEAD and time.monotonic() > self._moved + seconds

    def wait(self, loads: Iterable[Load], seconds: float) -> None:
        """At most so long, for something of these to be read."""
        with self._changed:
            self._changed.wait_for(lambda: any(load.found or load.read for load in loads), seconds)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._loads or self._closed or self._spent)
                if self._closed:
                    return
                load = min(self._loads, key=lambda load: self._order(load.sequence), default=None)
                if load is not None:
                    self._loads.remove(load)
                else:
                    self._spent, self._taken = False, 0
            if load is None:
                give_back()
                continue
            try:
                self._read(load)
            except Exception:  # noqa: BLE001 - an error of ours: the prompt is computed
                _log.exception("a saved prefix could not be read")
            with self._changed:
                load.read = True
                self._unread -= 1
                self._changed.notify_all()

    def _read(self, load: Load) -> None:
        for group, link in load.wanted:
            with self._changed:
                self._changed.wait_for(lambda: self._ahead < _AHEAD or load.left or self._closed)
                if load.left or self._closed:
                    return
            payload = self._store.load(group, link)
            if payload is None:
                return
            with self._changed:
                load.found.append(((group, link), payload))
                self._ahead += len(payload)
                self._moved = time.monotonic()
                if load.left:
                    self._drop(load)
                    self._note_done()  # whoever left has said so before this came
                self._changed.notify_all()

    def _note_done(self) -> None:
        """It is worth a look for memory to give back, where enough was read. Holds the lock."""
        if self._taken >= _LARGE and not self._ahead:
            self._spent = True

    def _drop(self, load: Load) -> None:
        size = sum(len(payload) for _, payload in load.found)
        self._ahead -= size
        self._taken += size
        load.found.clear()
