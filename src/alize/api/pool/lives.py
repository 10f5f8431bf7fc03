"""How a model of a pool begins to live, ends, and is exchanged. In: a resident that nothing else changes meanwhile. Out: its new state.

The bytes that a resident holds never grow here beyond what the pool has found free before: what is loaded is counted before it is loaded,
and what ends is counted until its process is gone.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace as replaced

from alize.api.pool.base import Source
from alize.api.pool.refusals import still_used
from alize.api.pool.resident import Life, Resident
from alize.errors import AlizeError

__all__ = ["end", "exchange", "load", "prepare", "put_to_sleep", "replace"]

_log = logging.getLogger("alize.api")

Clock = Callable[[], float]


async def prepare(resident: Resident, clock: Clock) -> bool:
    """Have its files here. False where they cannot be had: it has failed then."""
    try:
        resident.least, resident.looked = await resident.source.prepare(resident.pool.budget), True
    except Exception as error:  # noqa: BLE001 - whatever it is: whoever waits must hear of it
        _failed(resident, error, clock())
        return False
    resident.become("asleep")
    return True


async def load(resident: Resident, left: int, clock: Clock, measured: Callable[[], None]) -> bool:
    """Wake it, in at most `left` bytes. `measured` is called once it is known how many it takes. False where it has failed."""
    resident.began = began = clock()
    _log.info("loading a model", extra={"model": resident.card.id})
    try:
        life = await _life(resident, resident.source, left, measured)
    except Exception as error:  # noqa: BLE001 - as above; a failure that were kept would be every later answer, too
        _failed(resident, error, clock())
        return False
    finally:
        resident.measuring, resident.reserved, resident.began = False, 0, None
    _live(resident, life)
    now = clock()
    resident.woke, resident.took = now, now - began
    resident.used, resident.stays, resident.failure = now, now + (now - began), None
    resident.tally.load_seconds += now - began
    resident.looked = False
    resident.become("awake")
    return True


async def put_to_sleep(resident: Resident, *, swap: bool) -> None:
    """End its process. Nobody uses it."""
    life = resident.life
    assert life is not None, "awake"
    assert not life.lent, "nobody's answer is cut off"
    _log.info("a model is put to sleep", extra={"model": resident.card.id})
    await life.served.engine.close()
    resident.life, resident.told_to_sleep = None, False
    resident.tally.sleeps += 1
    resident.tally.swaps += swap
    resident.become("asleep")


async def replace(resident: Resident, source: Source, left: int, turn: Callable[[], None]) -> Life:
    """Load other weights in `left` bytes beside those that answer, then answer with them. Those that answered until now are given back:
    what runs ends with what it began with, and nobody waits for that."""
    old = resident.life
    assert old is not None, "awake"
    resident.measuring, resident.reserved = True, left
    try:
        life = await _life(resident, source, left, turn)
    finally:
        resident.measuring, resident.reserved = False, 0
    resident.source = source
    resident.ending.append(old)
    _live(resident, life)
    return old


async def end(resident: Resident, old: Life) -> None:
    """Close what was replaced once nobody uses it any more: until then its bytes are taken."""
    await _unused(old)
    await old.served.engine.close()
    resident.ending.remove(old)


async def exchange(resident: Resident, source: Source, free: Callable[[], int], turn: Callable[[], None], seconds: float) -> None:
    """Answer with other weights where there is no memory for both. Whoever comes meanwhile waits. The old come back where it fails.

    What the new take more than the old is reserved already: `resident.reserved`. Raises Conflict where the old are still used after
    `seconds`: they stay, and whoever waits has them.
    """
    old, before = resident.life, resident.source
    assert old is not None, "awake"
    resident.become("draining")
    try:
        async with asyncio.timeout(seconds):
            await _unused(old)
    except TimeoutError:
        resident.reserved = 0
        resident.become("awake")
        raise still_used(resident, seconds) from None
    await old.served.engine.close()
    resident.life = None
    resident.reserved = left = free() + resident.reserved  # the same moment in which the old gives it back: nobody else takes it
    resident.become("loading")
    try:
        try:
            _live(resident, await _life(resident, source, left, turn))
            resident.source = source
        except Exception as error:
            said = error.text if isinstance(error, AlizeError) else error
            _log.error("other weights of %s cannot be loaded, so the old ones are loaded again: %s", resident.card.id, said)
            resident.reserved = left = free() + resident.reserved
            _live(resident, await _life(resident, before, left, turn))
            raise
    finally:
        resident.reserved = 0
        resident.become("asleep" if resident.life is None else "awake")


async def _life(resident: Resident, source: Source, left: int, measured: Callable[[], None]) -> Life:
    resident.reserved = await source.need(left)
    resident.measuring = False
    measured()
    served, taken = await source.load(left)
    return Life(replaced(served, lender=resident), min(taken, resident.reserved))


def _live(resident: Resident, life: Life) -> None:
    resident.life, resident.served, resident.known = life, life.served, True
    resident.tally.loads += 1


async def _unused(life: Life) -> None:
    while life.lent:
        life.empty.clear()
        await life.empty.wait()


def _failed(resident: Resident, error: Exception, now: float) -> None:
    foreseen = isinstance(error, AlizeError)
    said = error.text if foreseen else error
    _log.error("the model %s cannot be loaded: %s", resident.card.id, said, exc_info=None if foreseen else error)
    resident.failure = error if foreseen else AlizeError("The server failed while it loaded the model.", remedy="Its log says why.")
    resident.failed, resident.looked, resident.told_to_sleep = now, False, False
    resident.tally.failures += 1
    resident.become("failed")
