"""The prefix cache beyond memory. In: sequences that come, chains that were computed. Out: sequences whose prefix is in the cache by now.

    begin(sequence) ─ reader: files, verified ─ ready(): into free blocks, findable ─→ queued like any other, and found there
    keep(links) ─ go_on(): copied out of the cache, a block now and then ─ writer: files

Whatever can go wrong on the way ends in the same place: the sequence is queued, and what is not in the cache is computed. Nobody gives way
for a block that is read: it takes the place of what nobody uses, and nobody holds it until a sequence is admitted that finds it. Admission,
preemption, windows and reloads know nothing of it. Those who come for the same prefix wait for one reading.
"""

import sys
import time
from collections import deque
from collections.abc import Callable, Sequence

from alize.engine.blocks import Link
from alize.engine.groups import first_seen_block
from alize.engine.runners.base import BLOCK, Runner
from alize.engine.saved.reader import Load, Reader, Wanted
from alize.engine.saved.store import Saved, Store
from alize.engine.saved.writer import Writer
from alize.engine.schedule import Scheduler
from alize.engine.sequence import Sequence as Waiting

__all__ = ["Prefixes"]

_LEAST = 4  # blocks that are worth a file each, and a look at the disk
_QUEUED = 1 << 14  # blocks that are to be saved: what comes when there are so many is not
_PATIENCE = 0.01  # seconds that an engine with nothing else to do waits at a time: commands come between
_LONGEST = 2.0  # seconds without a block after which a disk is not waited for
_BESIDE = 2 << 20  # bytes put into the cache between two steps of others: a millisecond at most
_LOOKED_FOR = 512  # blocks that are to be saved and may be gone: a millisecond
_TOGETHER = 8 << 20  # bytes copied out of it at a time, where there is nothing else to do
_SHARE = 20  # beside steps, the writer works this part of the time: it takes a core from those who compute


class Prefixes:
    """Of one engine, whose thread calls it, between two steps."""

    def __init__(self, saved: Saved, runner: Runner, scheduler: Scheduler, clock: Callable[[], float] = time.monotonic) -> None:
        self._runner, self._scheduler, self._groups, self._clock = runner, scheduler, scheduler.groups, clock
        self._store = Store(saved, runner.info.groups)
        self._order = scheduler.waiting.share
        self._reader, self._writer = Reader(self._store, self._order), Writer(self._store)
        self._loads: dict[str, Load] = {}
        self._behind: dict[str, tuple[Waiting, Load]] = {}  # who wants what another one is having read
        self._hung: Load | None = None  # what was being read when the disk was last not waited for any longer
        self._queue: deque[tuple[int, Link]] = deque()
        self._queued: set[bytes] = set()
        self._next = 0.0  # when a block may be copied beside steps
        self._tokens = 0
        self._told = {"prefix_disk_tokens": 0, "prefix_disk_saved": 0, "prefix_disk_corrupt": 0}

    def __len__(self) -> int:
        """Sequences that wait for what is read."""
        return len(self._loads) + len(self._behind)

    @property
    def sequences(self) -> list[Waiting]:
        """Those that wait for what is read, in order of arrival."""
        waiting = [load.sequence for load in self._loads.values()] + [sequence for sequence, _ in self._behind.values()]
        return sorted(waiting, key=lambda sequence: sequence.arrival)

    @property
    def busy(self) -> bool:
        """Whether there is something to read, or to copy."""
        return bool(self._loads or self._behind or (self._queue and not self._writer.resting))

    @property
    def held(self) -> int:
        """Bytes on the disk, those of other models included."""
        return self._store.folder.held

    def counted(self) -> dict[str, int]:
        """What happened since this was last asked, by the names of EngineStats."""
        now = {
            "prefix_disk_tokens": self._tokens,
            "prefix_disk_saved": self._writer.saved,
            "prefix_disk_corrupt": self._store.corrupt,
        }
        told, self._told = self._told, now
        return {name: count - told[name] for name, count in now.items()}

    # ── reading ──

    def begin(self, sequence: Waiting) -> bool:
        """Have read what the disk has of a prompt and the cache has not. False where that is not worth while: queue it then."""
        longest = (len(sequence.tokens) - 1) // BLOCK  # one token at least must be run, for its logits
        if longest < _LEAST or sequence.coming is not None or (self._hung is not None and not self._hung.read):
            return False
        sequence.link(len(sequence.tokens))
        links, here = sequence.links, self._groups.match(sequence.links, longest)
        reach = self._groups.match(links, min(longest, here + self._room(here)), self._store.has)
        if reach - here < _LEAST:
            return False
        wanted = self._missing(links[:reach])
        keys = {link.key for _, link in wanted}
        for load in self._loads.values():
            if any(link.key in keys for _, link in load.wanted):
                self._behind[sequence.request.id] = sequence, load
                return True
        self._groups.refresh(links[:here])  # the longest unused go for what is read, and that should not be these
        load = Load(sequence, links[:reach], here, wanted)
        self._loads[sequence.request.id] = load
        self._reader.begin(load)
        return True

    def ready(self) -> list[Waiting]:
        """Put what was read into the cache, and return the sequences that have everything they will get."""
        most, found = _BESIDE if self._scheduler.running else _TOGETHER, list[Waiting]()
        for id, load in sorted(self._loads.items(), key=lambda each: self._order(each[1].sequence)):
            read = load.read  # before what is taken: what is found after that is all
            most -= self._put_some(load, most)
            if not read and self._reader.stuck(_LONGEST):
                self._hung = self._hung if self._hung is not None and not self._hung.read else load
                self._reader.leave(load)
            if load.left or (read and not load.found):
                del self._loads[id]
                found += [load.sequence, *self._finish(load)]
            if most <= 0:
                break
        self._reader.done()
        return found

    def _put_some(self, load: Load, most: int) -> int:
        """Of what was read by now, so many bytes. Returns how many there were; nobody has them any more."""
        size = 0
        for wanted, payload in self._reader.take(load, most):
            size += len(payload)
            if not self._put(*wanted, payload):
                self._reader.leave(load)
                break
        return size

    def remove(self, request_id: str) -> None:
        """Nobody waits any more. A no-op for one that is not here."""
        self._behind.pop(request_id, None)
        load = self._loads.pop(request_id, None)
        if load is not None:
            self._reader.leave(load)
            self._reader.done()
            for sequence in self._finish(load):
                self._scheduler.add(sequence)

    # ── saving ──

    def keep(self, links: Sequence[Link]) -> None:
        """A chain was computed, or was of use."""
        if len(links) < _LEAST or self._writer.resting:
            return
        for place, link in enumerate(links):
            if link.key not in self._queued and len(self._queue) < _QUEUED and not self._has(link):
                self._queue.append((place, link))
                self._queued.add(link.key)
        self._writer.use(links)

    def forget(self, links: Sequence[Link]) -> None:
        """What was computed of a chain went wrong: nobody finds it, wherever it is."""
        keys = {link.key for link in links}
        for load in self._loads.values():
            if any(link.key in keys for link in load.links):
                self._reader.leave(load)
        self._reader.done()
        self._writer.forget(links)

    def go_on(self, *, idle: bool) -> None:
        """Copy some of what is to be saved: with nothing else to do, as fast as it is written; else a block now and then."""
        copied = 0
        for _ in range(min(len(self._queue), _LOOKED_FOR)):
            if self._writer.resting or self._writer.full or not (idle or self._clock() >= self._next) or copied >= _TOGETHER:
                return
            place, link = self._queue.popleft()
            self._queued.discard(link.key)
            size = self._copy(place, link)
            if size:
                copied += size
                self._next = self._clock() + _SHARE * self._writer.seconds

    def _copy(self, place: int, link: Link) -> int:
        """A block for the writer, of each group that has it; how many bytes. 0: there is nothing to save."""
        copied = 0
        for group, pool in self._groups.pools.items():
            block = pool.find(link)
            if block is not None and not self._store.has(group, link):
                payload = self._runner.read_block(group, block)
                self._writer.save(group, link, place, payload)
                copied += len(payload)
        return copied

    def wait(self) -> None:
        """A moment, for the reader or the writer, for whoever has nothing else to do."""
        if self._loads:
            self._reader.wait(self._loads.values(), _PATIENCE)
        elif self._queue and self._writer.full:
            self._writer.wait(_PATIENCE)

    def close(self, seconds: float) -> None:
        """Save what is to be saved, for so long at most; the cache must still be there. What is being read is left."""
        until = time.monotonic() + seconds
        while self._queue and not self._writer.resting and time.monotonic() < until:
            self.go_on(idle=True)
            if self._writer.full:
                self._writer.wait(_PATIENCE)
        self._queue.clear()
        self._reader.close()
        self._writer.close(max(0.0, until - time.monotonic()))

    def _has(self, link: Link) -> bool:
        return all(self._store.has(group, link) for group in self._groups.pools)

    def _room(self, here: int) -> int:
        """Blocks that there are for what is read, where all that is here of the chain stays, and everybody who runs can have one more.

        Sliding groups are not asked: of them only what a window sees is read.
        """
        full = [self._groups.pools[group.name].free for group in self._groups.groups if group.kind == "full"]
        return max(0, min(full, default=sys.maxsize) - here - len(self._scheduler.running))

    def _missing(self, links: Sequence[Link]) -> list[Wanted]:
        """The blocks that a sequence which goes on behind these would read, and the cache lacks; in the order of the chain."""
        firsts = {group.name: first_seen_block(group, len(links) * BLOCK) for group in self._groups.groups}
        return [
            (group, link)
            for place, link in enumerate(links)
            for group, first in firsts.items()
            if place >= first and self._groups.pools[group].find(link) is None
        ]

    def _put(self, group: str, link: Link, payload: bytes) -> bool:
        """Into a free block, where anybody finds it. False where those who run may soon need the last ones."""
        pool = self._groups.pools[group]
        if pool.find(link) is not None:
            return True
        taken = pool.take(1) if pool.free > len(self._scheduler.running) else None
        if taken is None:
            return False
        self._runner.write_block(group, taken[0], payload)
        pool.label(taken[0], link)
        pool.release(taken)
        return True

    def _finish(self, load: Load) -> list[Waiting]:
        """Count what it brought. Those who waited for it, and need nothing more: the others begin anew."""
        self._groups.refresh(load.links)
        self._tokens += max(0, self._groups.match(load.links, len(load.links)) - load.here) * BLOCK
        behind = [sequence for sequence, other in self._behind.values() if other is load]
        for sequence in behind:
            del self._behind[sequence.request.id]
        return [sequence for sequence in behind if not self.begin(sequence)]
