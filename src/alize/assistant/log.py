"""The event log of one run, as its worker writes it. In: texts and an end. Out: committed events; then whoever watches is woken.

Texts are gathered for at most `WINDOW` and written as one event, so that a fast answer costs some twenty commits a second, not
one for each token. Nothing is shown before it is committed.
"""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

from alize.assistant.events import Delta, RunEvent, Thought, as_data
from alize.assistant.wakes import Wakes
from alize.storage.base import Database, RunRecord, UsageRecord

__all__ = ["WINDOW", "Lost", "RunLog"]

WINDOW = 0.04  # seconds
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # what no database holds: NUL, half surrogate pairs


class Lost(Exception):
    """The run is no longer this worker's: somebody found it silent, and ended it."""


class RunLog:
    """Of one run. Its writes follow each other, whoever makes them and whatever is cancelled meanwhile."""

    def __init__(self, database: Database, wakes: Wakes, run: RunRecord, worker: str) -> None:
        self.run, self._database, self._wakes, self._worker = run, database, wakes, worker
        self._seq = run.seq
        self._text, self._tokens = "", 0
        self._thought, self._seconds = "", 0.0
        self._turn = asyncio.Lock()

    async def write(self, event: RunEvent, message: dict[str, Any] | None = None) -> None:
        """Commit an event that adds no text, with fields of the answer that are known from then on. Raises Lost."""
        async with self._turn:
            await self._append(event, "", message)

    def add(self, text: str, tokens: int) -> None:
        """Gather a text; it is written within `WINDOW`. `tokens`: what the answer took with it, in all."""
        self._text += _UNSTORABLE.sub("\ufffd", text)
        self._tokens = tokens

    def think(self, text: str, tokens: int, seconds: float) -> None:
        """Gather a thought, as a text. `seconds`: how long there was thinking until here."""
        self._thought += _UNSTORABLE.sub("\ufffd", text)
        self._tokens, self._seconds = tokens, seconds

    async def keep_flushing(self) -> None:
        """Write what was gathered, until cancelled. Raises Lost."""
        while True:
            await asyncio.sleep(WINDOW)
            if self._text or self._thought:
                await asyncio.shield(self._flush())  # a write that has begun goes on; `end` waits for it

    async def end(
        self, state: str, event: RunEvent, message: dict[str, Any], usage: UsageRecord | None, replay: bytes | None = None
    ) -> bool:
        """Write the rest, the last event, the answer's fields, what it cost and what reproduces it, together.

        False where it has ended already.
        """
        async with self._turn:
            run, text, thought, now = self.run, self._text, self._thought, datetime.now(UTC)
            rest: list[RunEvent] = [*([Thought(thought, self._seconds)] if thought else []), *([Delta(text)] if text else [])]
            said: dict[str, Any] | None = {"thought_seconds": self._seconds} if thought else None
            async with self._database.transaction() as store:
                if rest:
                    data = [as_data(one) for one in rest]
                    await store.runs.append(run.workspace, run.id, self._worker, self._seq + 1, data, text, now, said, thought=thought)
                ended = await store.runs.end(run.workspace, run.id, self._worker, state, as_data(event), message, now)
                if usage is not None:
                    await store.usage.add(usage)
                if replay is not None and ended:
                    await store.runs.keep_replay(run.workspace, run.id, replay)
            self._text = self._thought = ""
        self._wakes.tell(run.id)
        return ended

    async def _flush(self) -> None:
        async with self._turn:
            if self._thought:
                thought, seconds = self._thought, self._seconds
                fields = {"completion_tokens": self._tokens, "thought_seconds": seconds}
                await self._append(Thought(thought, seconds), "", fields, thought)
                self._thought = self._thought[len(thought) :]
            if self._text:
                text = self._text
                await self._append(Delta(text), text, {"completion_tokens": self._tokens})
                self._text = self._text[len(text) :]  # more may have been gathered meanwhile

    async def _append(self, event: RunEvent, text: str, message: dict[str, Any] | None = None, thought: str = "") -> None:
        run, data = self.run, [as_data(event)]
        async with self._database.transaction() as store:
            now = datetime.now(UTC)
            held = await store.runs.append(run.workspace, run.id, self._worker, self._seq + 1, data, text, now, message, thought=thought)
        if not held:
            raise Lost
        self._seq += 1
        self._wakes.tell(run.id)
