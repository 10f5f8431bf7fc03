"""Who gives way to whom. In: the bytes that a model needs and that are free, and how the others stand. Out: those that are put to sleep.

Nothing is done here, and no clock is asked: the same in gives the same out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Standing", "room_for"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A model that holds memory."""

    id: str
    held: int  # bytes
    used: float  # when it was last used: larger is later
    pinned: bool = False
    busy: bool = False  # somebody uses it, or waits for it, or it is being loaded
    yielding: bool = False  # it takes nobody new any more: chosen again, lest two that are busy take turns and neither ends


def room_for(least: int, free: int, others: Sequence[Standing]) -> tuple[str, ...] | None:
    """Whom to put to sleep so that `least` bytes are free: () where they are. None where that cannot be: what is pinned stays.

    Those that nobody uses come first, the longest unused before the others, then those that somebody does; and nobody gives way whose
    bytes turn out not to be needed.

    >>> idle, busy = Standing("idle", 4, used=2.0), Standing("busy", 8, used=1.0, busy=True)
    >>> room_for(3, 0, [busy, idle])
    ('idle',)
    >>> room_for(6, 0, [busy, idle])
    ('busy',)
    >>> room_for(20, 0, [busy, idle]) is None
    True
    """
    chosen: list[Standing] = []
    candidates = sorted((one for one in others if not one.pinned), key=lambda one: (one.busy, not one.yielding, one.used, one.id))
    for one in candidates:
        if free + sum(each.held for each in chosen) >= least:
            break
        chosen.append(one)
    spare = free + sum(each.held for each in chosen) - least
    if spare < 0:
        return None
    for one in reversed(tuple(chosen)):
        if one.held <= spare:
            chosen.remove(one)
            spare -= one.held
    return tuple(one.id for one in chosen)
