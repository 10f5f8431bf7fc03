"""All the models of a server, within one budget. In: who asks for which. Out: leases; models loaded and put to sleep between them.

Whoever asks for a model that is awake has it at once. Others wait in the model's line, and the pool takes its turn (`_turn`) whenever
something has changed: the model whose first waiter came first is served first. Where it does not fit beside those that are awake, others
give way (room.py): one that nobody uses is put to sleep at once; one that is used takes nobody new, and sleeps when its answers have
ended. It may take new ones for as long as its loading took, so that models that are asked alternately answer for at least as long as they
are loaded. All who wait when a model has been loaded are served before it gives way again: so every line moves.

A load belongs to nobody: whoever leaves gives up waiting, not the model.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Coroutine, Iterator, Set
from contextvars import Context
from functools import partial

from alize.api.parts import Served
from alize.api.pool.base import Lease, Source
from alize.api.pool.due import due
from alize.api.pool.lives import end, exchange, load, prepare, put_to_sleep, replace
from alize.api.pool.refusals import (
    cannot_load,
    changing,
    closing,
    never_fits,
    no_room_for_adapter,
    no_room_to_exchange,
    pinned_down,
    still_in_the_way,
    too_many,
    will_not_fit,
)
from alize.api.pool.resident import Life, Resident, Waiter
from alize.api.pool.room import Standing, room_for
from alize.engine.shares import Shares
from alize.errors import AlizeError

__all__ = ["AGAIN", "Pool"]

_log = logging.getLogger("alize.api")
AGAIN = 10.0  # seconds before a load that failed is tried again


class Pool:
    """Of one event loop. Built in the composition root, which closes it."""

    def __init__(
        self, budget: int, *, seconds: float = 300.0, most: int = 256, idle: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`budget`: bytes for all models. `seconds`: how long somebody waits for a model, `most`: how many at once, all lines together.

        `idle`: seconds without use after which a model that is not pinned sleeps; 0: never.
        """
        self.budget = budget
        self._seconds, self._most, self._idle, self._clock = seconds, most, idle, clock
        self.residents: dict[str, Resident] = {}  # by the card's id, in the order in which they are offered
        self._numbers = itertools.count()
        self._yielding: set[str] = set()  # who take nobody new, since another model is to have their memory
        self._alarm: asyncio.TimerHandle | None = None
        self._works: set[asyncio.Task[None]] = set()  # weights that come, and those that go
        self._known = asyncio.Event()  # set where something has changed and no model holds all that is free until it knows its need
        self._closed = False

    def add(self, source: Source, *, pinned: bool = False) -> "Resident":
        """One more model, asleep."""
        resident = self.residents[source.card.id] = Resident(source, self, pinned=pinned)
        return resident

    # ── what others may ask ──

    @property
    def free(self) -> int:
        """Bytes that no model holds."""
        return self.budget - sum(resident.held for resident in self.residents.values())

    def lend_now(self, resident: Resident) -> Lease | None:
        """The model, where it is awake and takes somebody new; else None: `lend` waits."""
        if self._closed:
            raise closing()
        return self._leased(resident) if self._takes(resident) else None

    async def lend(self, resident: Resident, tenant: str = "") -> Lease:
        """The model, loaded where it was not. Raises EngineUnavailable, saying what is in the way, and QueueFull."""
        if (lease := self.lend_now(resident)) is not None:
            return lease
        waiting = Shares()
        for waiter in itertools.chain.from_iterable(one.waiting for one in self.residents.values()):
            if waiter.asks:
                waiting.take(waiter.tenant)
        if not waiting.room(tenant, self._most):
            raise too_many(resident.card.id, waiting.total, due(self.residents.values(), self._clock()))
        return await self._waited(resident, self._seconds, tenant)

    async def _waited(self, resident: Resident, seconds: float | None, tenant: str = "") -> Lease:
        """The model, when it is this waiter's turn; None waits as long as it takes."""
        waiter = Waiter(next(self._numbers), asyncio.get_running_loop().create_future(), tenant, asks=seconds is not None)
        resident.waiting.append(waiter)
        self._turn()
        try:
            async with asyncio.timeout(seconds):
                return await waiter.lease
        except TimeoutError:
            self._left(resident, waiter)
            raise still_in_the_way(resident, self._others(resident), self._seconds) from None
        except asyncio.CancelledError:
            self._left(resident, waiter)
            raise

    def begin(self, resident: Resident) -> "asyncio.Task[None]":
        """Have it loaded, though nobody asks it anything, however long it takes and however many wait: the task ends when it is awake.

        It raises what is in the way, as `lend` does; `failure` of the resident says more.
        """
        resident.failed = float("-inf")  # whoever wants it now may have mended it
        resident.told_to_sleep = False
        task = asyncio.get_running_loop().create_task(self._woken(resident))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, also where nobody waits for it
        return task

    def sleep(self, resident: Resident) -> None:
        """Put it to sleep once it is loaded and its running answers have ended. A no-op where it sleeps.

        Raises Conflict for one that is pinned.
        """
        if resident.pinned:
            raise pinned_down(resident.card.id)
        self._check_not_reloading(resident)
        if resident.state in ("awake", "loading"):
            resident.told_to_sleep = True
            self._turn()

    def pin(self, resident: Resident, *, pinned: bool) -> None:
        """Until the server ends: its settings say what holds from its next start on."""
        resident.pinned = pinned
        if pinned:
            resident.told_to_sleep = False
        self._turn()

    async def reload(self, resident: Resident, source: Source) -> None:
        """Serve what `source` gives from now on. Running answers end with what they began with, and whoever waits gets the new; the old
        stays where the new cannot be loaded. Both are in memory where they fit, until the last answer of the old has ended, which nobody
        waits for; else running answers end first, within half of what a request waits.

        It has the adapters that it has now. Raises Conflict where it is being loaded, put to sleep or given an adapter, or the old are used
        for too long, and what is wrong with the new weights.
        """
        self._check_not_reloading(resident)
        if resident.task is not None or resident.adapting.locked():
            raise changing(resident.card.id)
        source.take_after(resident.source)
        resident.coming = source
        task = self._work(self._reloaded(resident, source))
        try:
            await asyncio.shield(task)  # whoever gives up waiting does not give up the weights
        except asyncio.CancelledError:
            if task.cancelled():  # by `close`
                raise closing() from None
            raise

    async def _reloaded(self, resident: Resident, source: Source) -> None:
        try:
            least = await source.prepare(self.budget)
            await self._until_known()
            life, left = resident.life, self.free
            held = 0 if life is None else life.held  # what ends of it already is nobody's to give
            if least > self.budget:
                raise will_not_fit(resident.card.id, least, self.budget)
            if life is None:
                resident.source, resident.failed, resident.failure, resident.known = source, float("-inf"), None, False
                resident.become("asleep")
            elif least <= left:
                old = await replace(resident, source, left, self._turn)
                self._work(self._ended(resident, old))
            elif least <= left + held:
                resident.reserved = max(0, least - held)
                try:
                    # Half of it: whoever waits from now on has time left for the old ones where it comes to nothing.
                    await exchange(resident, source, lambda: self.free, self._turn, self._seconds / 2)
                finally:
                    if resident.state == "awake":
                        self._serve(resident)  # as after every load: all who have waited until now
            else:
                raise no_room_to_exchange(resident.card.id, least, left + held)
            resident.least, resident.looked = least, True
        finally:
            resident.coming = None
            self._turn()

    async def _ended(self, resident: Resident, old: Life) -> None:
        await end(resident, old)
        self._turn()

    def _work(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        """Of no request's context, and of nobody who may leave."""
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        return task

    async def set_adapter(self, resident: Resident, name: str, path: str, size: int) -> None:
        """Give it an adapter of `size` bytes. One that is replaced goes when the other is there: for that there is room.

        Raises Conflict while it is given other weights, OutOfMemory, and what an engine raises.
        """
        self._check_not_reloading(resident)
        lease = await self.lend(resident)
        try:
            async with resident.adapting:
                await self._until_known()
                self._check_not_reloading(resident)
                if size > self.free:
                    raise no_room_for_adapter(name, size, self.free)
                await self._adapted(resident, lease, name, path, size)
        finally:
            lease.release()

    async def remove_adapter(self, resident: Resident, name: str) -> None:
        """Take an adapter away. One that sleeps is not woken for it, and one that is to sleep sleeps: it wakes without the adapter.

        Raises Conflict while it is given other weights, and what an engine raises.
        """
        self._check_not_reloading(resident)
        async with resident.adapting:
            while resident.task is not None:  # it is being loaded, with the adapter, or put to sleep: in between there is nobody to tell
                await asyncio.wait({resident.task})
            if self._closed:
                raise closing()
            self._check_not_reloading(resident)
            if resident.life is None:
                resident.forget_adapter(name)
                return
            lease = self._leased(resident)  # also where it takes nobody new: it is a matter of a moment
            try:
                await self._adapted(resident, lease, name, None, 0)
            finally:
                lease.release()

    async def _adapted(self, resident: Resident, lease: Lease, name: str, path: str | None, size: int) -> None:
        """Counted before it is loaded; what it really takes is what stays counted."""
        life = next(life for life in resident.lives if life.served is lease.served)
        held, before = life.held, _adapter_bytes(lease.served)
        life.held += size
        try:
            await resident.source.set_adapter(lease.served, name, path)
        finally:
            life.held = held + _adapter_bytes(lease.served) - before

    def look(self) -> None:
        """See whether it is time for something: what the pool does by itself when it is."""
        self._turn()

    async def close(self) -> None:
        """End what every model computes, and free them all. A no-op when closed."""
        self._closed = True
        self._known.set()
        if self._alarm is not None:
            self._alarm.cancel()
        every = list(self.residents.values())
        for resident in every:
            self._refuse(resident, closing())
        tasks = [*self._works, *(resident.task for resident in every if resident.task is not None)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(life.served.engine.close() for resident in every for life in resident.lives))

    # ── the turn ──

    def _turn(self) -> None:
        """Give everybody what they can have now, and begin whatever the others wait for."""
        if self._closed:
            return
        if not self._measuring:
            self._known.set()
        before, waits = self._yielding, list[float]()
        self._yielding = set()
        for resident in self._in_line():
            if not self._forward(resident, before, waits):
                break
        for resident in self.residents.values():
            if self._takes(resident):
                self._serve(resident)
            if self._may_sleep(resident, waits):
                resident.become("draining")
                self._begin(resident, partial(put_to_sleep, resident, swap=resident.card.id in self._yielding))
            elif resident.state == "asleep" and resident.task is None and not resident.waiting:
                resident.told_to_sleep = False  # while its files were fetched: that is not said of when it is loaded next
        self._wake_in(min(waits, default=None))

    def _in_line(self) -> Iterator[Resident]:
        """Those that somebody waits for and that are not awake, whose first waiter came first before the others."""
        waited = [resident for resident in self.residents.values() if resident.waiting and resident.state != "awake"]
        return iter(sorted(waited, key=lambda resident: resident.waiting[0].since))

    def _forward(self, resident: Resident, before: Set[str], waits: list[float]) -> bool:
        """Bring one that is waited for nearer to being awake. False where those behind it must wait, too: memory becomes free for it."""
        now = self._clock()
        if resident.task is not None or resident.reloading:
            return resident.reloading or (resident.state == "loading" and not resident.measuring)
        if resident.state == "failed" and now < resident.failed + AGAIN:
            self._refuse(resident, cannot_load(resident, resident.failed + AGAIN - now))
            return True
        if self._measuring:
            return False
        if resident.least is None or not resident.looked:
            resident.become("loading")
            self._begin(resident, lambda: self._prepared(resident))
            return True
        coming = sum(one.held for one in self.residents.values() if one.state == "draining")
        others = [one for one in self.residents.values() if one.held and one is not resident and one.state != "draining"]
        standing = [Standing(one.card.id, one.held, one.used, one.pinned, one.busy, one.card.id in before) for one in others]
        victims = room_for(resident.least, self.free + coming, standing)
        if victims is None and resident.least <= self.budget and any(one.pinned and (one.reloading or one.ending) for one in others):
            return False  # it has its old weights and its new ones: what it keeps is known when the old are gone
        if victims is None:
            resident.failure = never_fits(resident, resident.least, self.budget, [one for one in others if one.pinned])
            resident.looked = False  # its files may be smaller the next time
            self._refuse(resident, resident.failure)
            return True
        if not victims and not coming:
            left = self.free
            resident.become("loading")
            resident.measuring, resident.reserved = True, left  # until it is known how much it takes, everything
            self._begin(resident, lambda: self._loaded(resident, left))
            return False
        if not victims and resident.least <= self.free:
            return False  # what sleeps now was not needed after all; it is a matter of moments
        for victim in (self.residents[id] for id in victims):
            if victim.busy and now < victim.stays:
                waits.append(victim.stays - now)
            else:
                self._yielding.add(victim.card.id)
        return False

    def _takes(self, resident: Resident) -> bool:
        """Whether it is awake for whoever comes now."""
        gives_way = resident.card.id in self._yielding or resident.told_to_sleep
        return resident.state == "awake" and resident.life is not None and not gives_way

    def _may_sleep(self, resident: Resident, waits: list[float]) -> bool:
        """Whether it is to be put to sleep now; where that is a matter of time alone, when."""
        if resident.state != "awake" or resident.task is not None or resident.running or resident.reloading or resident.ending:
            return False
        if resident.card.id in self._yielding or resident.told_to_sleep:
            return True
        if not self._idle or resident.pinned or resident.waiting:
            return False
        left = resident.used + self._idle - self._clock()
        if left > 0:
            waits.append(left)
        return left <= 0

    def _serve(self, resident: Resident) -> None:
        """Lend it to everybody in its line."""
        while resident.waiting:
            waiter = resident.waiting.popleft()
            if not waiter.lease.done():
                waiter.lease.set_result(self._leased(resident))

    def _refuse(self, resident: Resident, error: AlizeError) -> None:
        while resident.waiting:
            waiter = resident.waiting.popleft()
            if not waiter.lease.done():
                waiter.lease.set_exception(error)

    def _wake_in(self, seconds: float | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None if seconds is None else asyncio.get_running_loop().call_later(max(seconds, 0.001), self._turn)

    # ── leases ──

    def _leased(self, resident: Resident) -> Lease:
        life = resident.life
        assert life is not None, "lent while it is awake"
        life.lent += 1
        resident.used = self._clock()

        def back() -> None:
            life.lent -= 1
            resident.used = self._clock()
            if not life.lent:
                life.empty.set()
            self._turn()

        return Lease(life.served, back)

    def _left(self, resident: Resident, waiter: Waiter) -> None:
        """Whoever waited does so no more. What was lent to somebody who was just leaving is given back."""
        if waiter in resident.waiting:
            resident.waiting.remove(waiter)
            waiter.lease.cancel()
            self._turn()
        elif not waiter.lease.cancelled() and waiter.lease.exception() is None:
            waiter.lease.result().release()

    async def _woken(self, resident: Resident) -> None:
        (self.lend_now(resident) or await self._waited(resident, None)).release()

    def _others(self, resident: Resident) -> list[Resident]:
        return [one for one in self.residents.values() if one.held and one is not resident]

    @property
    def _measuring(self) -> bool:
        """Whether a model holds all that is free, until it is known how much it takes."""
        return any(one.measuring for one in self.residents.values())

    async def _until_known(self) -> None:
        """Until `free` says what is free. Raises EngineUnavailable where the server ends meanwhile."""
        while self._measuring and not self._closed:
            self._known.clear()
            await self._known.wait()
        if self._closed:
            raise closing()

    def _check_not_reloading(self, resident: Resident) -> None:
        if resident.reloading:
            raise changing(resident.card.id)

    # ── loading, and putting to sleep ──

    def _begin(self, resident: Resident, work: Callable[[], Coroutine[None, None, None]]) -> None:
        async def done() -> None:
            try:
                await work()
            finally:
                resident.task = None
                self._turn()

        # Of no request's context: what is logged of it is not said of the one that happened to come first.
        resident.task = asyncio.get_running_loop().create_task(done(), context=Context())

    async def _loaded(self, resident: Resident, left: int) -> None:
        if await load(resident, left, self._clock, self._turn):
            self._serve(resident)  # all who have waited until now, before it gives way again
        else:
            self._refuse(resident, cannot_load(resident, AGAIN))

    async def _prepared(self, resident: Resident) -> None:
        if not await prepare(resident, self._clock):
            self._refuse(resident, cannot_load(resident, AGAIN))


def _adapter_bytes(served: Served) -> int:
    return sum(info.bytes for info in served.engine.info.adapters)
