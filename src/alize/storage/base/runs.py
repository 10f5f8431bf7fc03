"""Answers in the making. In: records and events. Out: the same; a run's last event and its end are written together, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from alize.storage.base.conversations import MessageRecord, Owner

__all__ = ["RunRecord", "RunRepository", "StoredEvent"]


@dataclass(frozen=True, slots=True)
class RunRecord:
    id: str
    workspace: str
    principal: str
    conversation: str
    message: str  # the answer it makes
    state: str  # waiting, running, done, stopped, failed, cut_off
    worker: str  # who makes it; "" while it waits
    beat: datetime  # the worker's last sign of life
    seq: int  # of the last event committed; 0 before the first
    created: datetime
    begun: datetime | None = None
    ended: datetime | None = None
    stop_asked: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    seq: int  # from 1, without gaps
    data: dict[str, Any]


class RunRepository(Protocol):
    async def add(self, run: RunRecord) -> bool:
        """False where the id exists."""
        ...

    async def attach(self, owner: Owner, message: str, id: str) -> bool:
        """Let an answer that has ended wait for another run. False where there is none, or it is being made."""
        ...

    async def get(self, owner: Owner, id: str) -> RunRecord | None: ...

    async def active(self, owner: Owner, conversation: str) -> Sequence[RunRecord]:
        """Those that wait or run, oldest first."""
        ...

    async def busy(self, owner: Owner) -> frozenset[str]:
        """Ids of the conversations where something waits or runs."""
        ...

    async def ready(self, *, limit: int = 100) -> Sequence[RunRecord]:
        """Waiting runs whose question's parent is no answer in the making, oldest first. Takes no tenant: workers serve everybody."""
        ...

    async def claim(self, workspace: str, id: str, worker: str, at: datetime) -> bool:
        """Begin a waiting run. Of several workers that try, one succeeds."""
        ...

    async def append(
        self,
        workspace: str,
        id: str,
        worker: str,
        seq: int,
        events: Sequence[dict[str, Any]],
        text: str,
        at: datetime,
        message: dict[str, Any] | None = None,
        *,
        thought: str = "",
    ) -> bool:
        """Write events seq, seq+1, …, append `text` and `thought` to the message, and beat. It is found by a search once the run has ended.

        `message` are fields of the message that are known from then on, whatever becomes of the worker.

        False, and no change, where the run is no longer this worker's, or `seq` does not follow the last event.
        """
        ...

    async def end(
        self, workspace: str, id: str, worker: str, state: str, event: dict[str, Any], message: dict[str, Any], at: datetime
    ) -> bool:
        """Write the terminal event, the run's state and the message's fields, and let a search find it.

        False, and no change, where it has ended already or is not this worker's.
        """
        ...

    async def keep_replay(self, workspace: str, id: str, data: bytes) -> bool:
        """Keep what reproduces what a run has made, for as long as the run is there. False, and no change, where that is kept already."""
        ...

    async def replays(self, owner: Owner, conversation: str, message: str | None = None) -> Mapping[str, Sequence[bytes]]:
        """What reproduces the answers of a conversation, or one of them: of each the parts in the order in which they were made."""
        ...

    async def beat(self, workspace: str, ids: Sequence[str], worker: str, at: datetime) -> None: ...

    async def ask_stop(self, owner: Owner, id: str, at: datetime) -> RunRecord | None:
        """Ask for its end; one that only waits ends here (state stopped, with its event). The run as it then stands."""
        ...

    async def withdraw(self, owner: Owner, id: str, at: datetime) -> Sequence[str]:
        """Take back a waiting run with the empty answer that it was to make, and its question where that has no other answer.

        What was asked under them moves up; the leaf does too. Their ids stay in use, without text. The ids of what is gone: none, and
        no change, where it does not wait, goes on with a text, or makes another answer under which something was asked.
        """
        ...

    async def stops(self, worker: str) -> Sequence[str]:
        """Ids of this worker's runs that were asked to stop, by whichever server."""
        ...

    async def running(self, *, limit: int = 1000) -> Sequence[RunRecord]:
        """Those that are being made, by whichever worker, oldest first. Takes no tenant: workers look after each other."""
        ...

    async def cut_off(self, run: RunRecord, at: datetime) -> bool:
        """End a run whose worker died as cut_off, unless it has beaten since it was read."""
        ...

    async def events(self, owner: Owner, id: str, after: int, *, limit: int = 1000) -> Sequence[StoredEvent]: ...

    async def prune(self, ended_before: datetime, *, limit: int = 1000) -> int:
        """Remove the events of runs that ended before then: the messages hold their text."""
        ...

    async def message_of(self, workspace: str, id: str) -> MessageRecord | None:
        """The answer a run makes."""
        ...
