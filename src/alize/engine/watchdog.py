"""What ends an engine that hangs. In: what its process says it is doing, and for how long. Out: what it hung in, or None.

A product that never returns, a driver that waits for ever: the process lives, its socket is open, and every answer stands still. So a
thread of the engine's process says every few seconds what the one that computes is doing; a `Watch` at the server's end listens. It also
notices where not even that thread can speak. The process is then killed and started anew, and whoever waited is told what it was doing.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from alize.engine.core import Core
from alize.engine.wire import Channel, Doing
from alize.wording import quantity

__all__ = ["Pulse", "Watch", "pulse_seconds"]


def pulse_seconds(patience: float) -> float:
    """How often an engine says what it does, so that `patience` seconds without progress are noticed soon after.

    >>> pulse_seconds(300), pulse_seconds(2)
    (5.0, 0.5)
    """
    return min(5.0, patience / 4)


@dataclass(slots=True)
class Pulse:
    """The engine's end. The thread that computes says what it begins, and that it is done."""

    work: str = ""  # empty: nothing that has to end soon
    since: float = 0.0

    def begins(self, work: str) -> None:
        self.since = time.monotonic()  # first: the other thread may look in between
        self.work = work

    def ends(self) -> None:
        self.work = ""

    def say(self, core: Core) -> Doing:
        """What is done at this moment, in words without any text of a user."""
        work, seconds = self.work, time.monotonic() - self.since
        return Doing(_step(core) if work == "step" else work, seconds if work else 0.0)

    def beat(self, channel: Channel, core: Callable[[], Core], patience: float) -> None:
        """Say it from now on, from a thread, until the server is gone."""

        def saying() -> None:
            waiting = threading.Event()
            while not waiting.wait(pulse_seconds(patience)):
                try:
                    channel.send(self.say(core()))
                except OSError:
                    return

        threading.Thread(target=saying, name="pulse", daemon=True).start()


def _step(core: Core) -> str:
    plan = core.plan
    if plan is None:
        return "planning a step"
    parts = [f"{quantity(plan.decodes, 'answer')} being written", f"{quantity(plan.read, 'token')} of prompts being read"]
    if plan.encode:
        parts.append(f"{quantity(len(plan.encode), 'image or sound', 'images or sounds')} being encoded")
    longest = max((sequence.computed for sequence in plan.tokens), default=0)
    return f"a step with {', '.join(parts)}, the longest context of {quantity(longest, 'token')}"


@dataclass(slots=True)
class Watch:
    """The server's end, for one life of an engine's process."""

    patience: float  # seconds
    clock: Callable[[], float] = time.monotonic
    _heard: float = field(init=False)
    _looked: float = field(init=False)
    _doing: Doing = field(default_factory=lambda: Doing("", 0.0))

    def __post_init__(self) -> None:
        self._heard = self._looked = self.clock()

    def hear(self, doing: Doing | None) -> None:
        """Something came; `doing` where it is what the engine does. Whatever else comes is of the thread that computes: that went on."""
        self._heard = self.clock()
        self._doing = doing or Doing("", 0.0)

    def hung(self) -> str | None:
        """What it has been doing for longer than it may. To be asked every `pulse_seconds`.

        Where it is asked much later than that, this process itself stood still, as one does that was stopped with the whole terminal: the
        engine gets its time anew.
        """
        now = self.clock()
        late, self._looked = now - self._looked > self.patience / 2, now
        if late:
            self._heard = now
            self._doing = Doing("", 0.0)
        silent = now - self._heard
        if self._doing.what and self._doing.seconds + silent > self.patience:
            return self._doing.what
        return "something that lets it say nothing" if silent > self.patience else None
