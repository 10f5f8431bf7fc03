"""The server's work on answers. In: runs that wait, in the database. Out: each made once, whoever watches; none is left half-way.

waiting ─ claim ─ running ─┬─ done        the model ended it
                           ├─ failed      it could not go on
                           ├─ stopped     a person asked for it
                           └─ cut_off     its worker died, and the reaper found it silent
"""

import asyncio
import logging
import secrets
import time
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from alize.api.draining import Draining
from alize.assistant.answering import Answerer, Begun, Made
from alize.assistant.attaching import with_content
from alize.assistant.changes import Changes, ConversationChanged, hearers
from alize.assistant.context import path_to
from alize.assistant.events import CutOff, Done, Failed, RunEvent, Spent, Started, Stopped
from alize.assistant.log import Lost, RunLog
from alize.assistant.replays import packed
from alize.assistant.silence import Silence
from alize.assistant.titles import entitle
from alize.assistant.wakes import Wakes
from alize.errors import AlizeError, EngineUnavailable, StorageFailed
from alize.storage.base import Database, MessageRecord, Owner, RunRecord, UsageRecord

__all__ = ["Runs", "answer_to"]

_log = logging.getLogger("alize.assistant")

BEAT = 2.0  # seconds between a worker's signs of life, and between looks for those of others
LOOK = 1.0  # seconds between looks at the database, for what other servers put there
_UNDO = timedelta(hours=1)  # a deleted conversation can be had back
_UNUSED = timedelta(days=1)  # an upload that no message refers to
_LOGGED = timedelta(days=1)  # events of a run that has ended
_ENDPOINT = "/api/conversations"


@dataclass(frozen=True, slots=True)
class _Earlier:
    """Of the parts of an answer that a run goes on from: what stands under an answer is of all of it."""

    tokens: int = 0
    seconds: float = 0.0
    first_token_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Making:
    run: RunRecord
    task: "asyncio.Task[None]"
    stop: asyncio.Event


class Runs:
    """Of one server: claims what waits, makes it, and clears away what others left."""

    def __init__(self, database: Database, answerer: Answerer, wakes: Wakes, changes: Changes, draining: Draining) -> None:
        self.worker = secrets.token_hex(8)
        self._draining = draining
        self._database, self._answerer, self._wakes, self._changes = database, answerer, wakes, changes
        self._making: dict[str, _Making] = {}
        self._work = asyncio.Event()
        self._silence = Silence()

    async def serve(self, *, alone: bool) -> None:
        """Until `close`. `alone`: no other server has this database, so that what runs already is nobody's."""
        if alone:
            await self._reap(await self._running())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat(self._claim, LOOK, self._work))
            tasks.create_task(self._repeat(self._sign, BEAT))
            tasks.create_task(self._repeat(self._heed, LOOK))
            tasks.create_task(self._repeat(self._clear, BEAT))

    def wake(self) -> None:
        """There is work."""
        self._work.set()

    def stop(self, run: str) -> None:
        """End a run of this server at its next token. A no-op for others: they look for themselves."""
        if run in self._making:
            self._making[run].stop.set()

    async def cut_short(self) -> None:
        """End what is still being made as cut off: it can be continued after a restart."""
        tasks = [making.task for making in self._making.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # ── what is done again and again ──

    async def _repeat(self, step: Any, seconds: float, event: asyncio.Event | None = None) -> None:
        while True:
            try:
                await step()
            except StorageFailed as error:  # it may come back; the runs that cannot be written end by themselves
                _log.warning("the assistant cannot reach its database: %s", error.text)
            if event is None:
                await asyncio.sleep(seconds)
            else:
                await self._wakes.wait(event, seconds)
                event.clear()

    async def _claim(self) -> None:
        if self._draining.begun:
            return
        async with self._database.transaction() as store:
            waiting = await store.runs.ready()
        for run in waiting:
            async with self._database.transaction() as store:
                mine = await store.runs.claim(run.workspace, run.id, self.worker, datetime.now(UTC))
            if mine:
                self._draining.enter()
                stop = asyncio.Event()
                task = asyncio.create_task(self._make(run, stop))
                self._making[run.id] = _Making(run, task, stop)
                task.add_done_callback(lambda _, id=run.id: self._made(id))

    def _made(self, id: str) -> None:
        del self._making[id]
        self._draining.leave()
        self._work.set()  # what waited for it may begin

    async def _sign(self) -> None:
        by_workspace: defaultdict[str, list[str]] = defaultdict(list)
        for id, making in self._making.items():
            by_workspace[making.run.workspace].append(id)
        if by_workspace:
            async with self._database.transaction() as store:
                for workspace, ids in by_workspace.items():
                    await store.runs.beat(workspace, ids, self.worker, datetime.now(UTC))

    async def _heed(self) -> None:
        if self._making:
            async with self._database.transaction() as store:
                asked = await store.runs.stops(self.worker)
            for id in asked:
                self.stop(id)

    async def _clear(self) -> None:
        await self._reap(self._silence.listen(await self._running(), self._making.keys()))
        now = datetime.now(UTC)
        async with self._database.transaction() as store:
            await store.conversations.purge(now - _UNDO)
            await store.attachments.sweep(now - _UNUSED)
            await store.runs.prune(now - _LOGGED)

    async def _running(self) -> Sequence[RunRecord]:
        async with self._database.transaction() as store:
            return await store.runs.running()

    async def _reap(self, dead: Sequence[RunRecord]) -> None:
        for run in dead:
            async with self._database.transaction() as store:
                ended = await store.runs.cut_off(run, datetime.now(UTC))
                answer = await store.runs.message_of(run.workspace, run.id) if ended and run.seq else None
                if answer is not None:  # the model was asked: what its worker had written down by then is what it took
                    seconds = max(0.0, (run.beat - (run.begun or run.beat)).total_seconds())
                    began = await store.runs.events(Owner(run.workspace, run.principal), run.id, 0, limit=1)
                    earlier = sum(event.data.get("completion_tokens", 0) for event in began)
                    made = Made(answer.prompt_tokens, 0, max(0, answer.completion_tokens - earlier))
                    await store.usage.add(_usage(run, answer.model, made, "cut_off", seconds))
            self._wakes.tell(run.id)

    # ── one run ──

    async def _make(self, run: RunRecord, stop: asyncio.Event) -> None:
        log = RunLog(self._database, self._wakes, run, self.worker)
        owner, started = Owner(run.workspace, run.principal), time.perf_counter()
        made, first, earlier = Made(), [0.0], _Earlier()
        state: str = "failed"
        end: RunEvent = Failed("The server failed.", AlizeError.type, "answer_failed")
        begun: Begun | None = None
        cancelled = False
        try:
            begun, earlier = await self._begin(owner, run, log, stop)
            made = begun.made
            if await self._write_down(begun, earlier, log, stop, started, first):
                state, end = "stopped", Stopped("person")
            elif made.finish == "error":
                end = Failed("The engine gave the answer up.", "engine_error")
            else:
                spent = Spent(made.prompt_tokens, earlier.tokens + made.completion_tokens, made.cached_tokens)
                seconds = earlier.seconds + time.perf_counter() - started
                state, end = "done", Done(made.finish, spent, seconds, earlier.first_token_seconds + first[0], made.left)
        except _StoppedBefore:
            state, end = "stopped", Stopped("person")
        except Lost:
            return
        except asyncio.CancelledError:
            state, end, cancelled = "cut_off", CutOff(), True
        except AlizeError as failure:
            if self._draining.begun and isinstance(failure, EngineUnavailable):
                state, end = "cut_off", CutOff()  # it was in the way of the server's end
            else:
                end = _failed(failure)
        except Exception:  # noqa: BLE001 - whatever it is, the run must end
            _log.exception("a run failed")
        finally:
            if begun is not None:
                begun.release()
        seconds = time.perf_counter() - started
        fields: dict[str, Any] = {"prompt_tokens": made.prompt_tokens, "completion_tokens": earlier.tokens + made.completion_tokens}
        fields |= {"seconds": earlier.seconds + seconds, "first_token_seconds": earlier.first_token_seconds + first[0]}
        fields |= _why(end)
        fields |= {"finish": made.finish} if state == "done" else {}
        fields |= _origin(begun) if begun is not None else {}
        usage = None if begun is None else _usage(run, begun.model, made, state, seconds)
        replay = None if made.replay is None else packed(made.replay)
        ended = await self._end(log, state, end, fields, usage, replay, patient=not cancelled)
        await self._tell(run)
        if ended and not cancelled:
            await self._entitle(owner, run, begun.served_by if begun is not None and state != "failed" else "")

    async def _end(
        self,
        log: RunLog,
        state: str,
        end: RunEvent,
        fields: dict[str, Any],
        usage: UsageRecord | None,
        replay: bytes | None,
        *,
        patient: bool,
    ) -> bool:
        """Write the end, with what was made and not written yet. Where it cannot be, whoever watches is told why until it can.

        False where somebody else has ended the run, and where there is no time: then the reaper does, once its row can be written.
        """
        while True:
            try:
                ended = await asyncio.shield(log.end(state, end, fields, usage, replay))
            except AlizeError as failure:  # no disk, no database
                _log.error("the end of a run could not be written: %s", failure.text)
                self._wakes.tell(log.run.id, failure)
            else:
                self._wakes.mended(log.run.id)
                return ended
            try:
                if patient:
                    await asyncio.sleep(BEAT)
            except asyncio.CancelledError:
                patient = False
            if not patient:
                self._wakes.mended(log.run.id)
                return False

    async def _begin(self, owner: Owner, run: RunRecord, log: RunLog, stop: asyncio.Event) -> tuple[Begun, _Earlier]:
        """Raises _StoppedBefore, and what the answerer raises: it waits for a model that is asleep."""
        async with self._database.transaction() as store:
            conversation = await store.conversations.get(owner, run.conversation, deleted=True)
            assert conversation is not None, "purging takes the runs along"
            messages = await store.conversations.messages(owner, run.conversation)
            answer = next(message for message in messages if message.id == run.message)
            continuing = bool(answer.content)
            path = await with_content(store, owner, path_to(messages, answer.id if continuing else answer.parent or ""))
        beside = {one.model for one in messages if one.parent == answer.parent and one.created < answer.created and one.content}
        answer_by = self._answerer.begin(owner, conversation.model, path, conversation.settings, continuing=continuing, beside=beside)
        begun = await _unless_stopped(answer_by, stop)
        try:
            fitted, made = begun.fitted, begun.made
            earlier = _Earlier(answer.completion_tokens, answer.seconds, answer.first_token_seconds) if continuing else _Earlier()
            made.left[:0] = [host for host in answer.left if host not in made.left]  # of the part that is being continued
            await log.write(
                Started(
                    run.conversation,
                    run.message,
                    begun.model,
                    begun.served_by,
                    fitted.sent_from,
                    len(fitted.dropped),
                    made.prompt_tokens,
                    earlier.tokens,
                ),
                # Before anything is sent: an answer whose worker dies must not claim that it stayed here, or that it took nothing.
                {**_origin(begun), "prompt_tokens": made.prompt_tokens, "completion_tokens": earlier.tokens}
                | ({} if continuing else {"thought": "", "thought_seconds": 0.0}),
            )
        except BaseException:
            begun.release()
            raise
        return begun, earlier

    async def _write_down(
        self, begun: Begun, earlier: _Earlier, log: RunLog, stop: asyncio.Event, started: float, first: list[float]
    ) -> bool:
        """Log the answer as it comes. True where it was stopped. Raises what the engine raises, and Lost."""
        reading = asyncio.create_task(self._read(begun, earlier, log, started, first))
        flushing = asyncio.create_task(log.keep_flushing())
        stopping = asyncio.create_task(stop.wait())
        tasks = (reading, flushing, stopping)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if flushing in done:
                await flushing  # raises: the log cannot be written
            if reading in done:
                await reading
                return False
            return True
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, begun: Begun, earlier: _Earlier, log: RunLog, started: float, first: list[float]) -> None:
        async with aclosing(begun.pieces) as pieces:
            async for part in pieces:
                since, tokens = time.perf_counter() - started, earlier.tokens + begun.made.completion_tokens
                first[0] = first[0] or since
                if part.thought:
                    log.think(part.text, tokens, since - first[0])
                else:
                    log.add(part.text, tokens)

    async def _entitle(self, owner: Owner, run: RunRecord, answered_by: str) -> None:
        with suppress(AlizeError):  # a title is a nicety: the next answer tries again
            if await entitle(self._database, self._answerer, owner, run.conversation, answered_by):
                await self._tell(run)

    async def _tell(self, run: RunRecord) -> None:
        with suppress(AlizeError):  # no database any more: whoever comes back reads everything anew
            async with self._database.transaction() as store:
                heard_by = await hearers(store, run)
            self._changes.tell(heard_by, ConversationChanged(run.conversation))


class _StoppedBefore(Exception):
    """Nobody wants the answer any more, and it has not begun: its model is still being loaded."""


async def _unless_stopped(work: Coroutine[Any, Any, Begun], stop: asyncio.Event) -> Begun:
    """What `work` makes. Raises _StoppedBefore where it is not done when somebody stops it."""
    beginning, stopping, taken = asyncio.create_task(work), asyncio.create_task(stop.wait()), False
    try:
        await asyncio.wait((beginning, stopping), return_when=asyncio.FIRST_COMPLETED)
        taken = beginning.done()
        if taken:
            return beginning.result()
    finally:
        for task in (beginning, stopping):
            task.cancel()
        await asyncio.gather(beginning, stopping, return_exceptions=True)
        if not (taken or beginning.cancelled() or beginning.exception()):  # it began in that moment: its model is given back
            beginning.result().release()
    raise _StoppedBefore


def _failed(failure: AlizeError) -> Failed:
    code, reason = failure.code or failure.type, failure.reason
    return Failed(failure.text, code) if reason is None else Failed(failure.text, code, reason.name, dict(reason.values))


def _why(end: RunEvent) -> dict[str, Any]:
    """What the answer keeps of how it failed; of another end, nothing."""
    if isinstance(end, Failed):
        return {"error": end.message, "error_code": end.code, "error_reason": end.reason, "error_values": end.values}
    return {"error": None, "error_code": None, "error_reason": None, "error_values": {}}


def _origin(begun: Begun) -> dict[str, Any]:
    return {"model": begun.model, "served_by": begun.served_by, "left": begun.made.left}


def _usage(run: RunRecord, model: str, made: Made, state: str, seconds: float) -> UsageRecord:
    outcome = made.finish if state == "done" else {"stopped": "cancelled", "cut_off": "cancelled"}.get(state, "error")
    return UsageRecord(
        id=run.id,
        workspace=run.workspace,
        principal=run.principal,
        model=model,
        endpoint=_ENDPOINT,
        prompt_tokens=made.prompt_tokens,
        cached_tokens=made.cached_tokens,
        completion_tokens=made.completion_tokens,
        outcome=outcome,
        created=datetime.now(UTC),
        seconds=seconds,
    )


def answer_to(question: MessageRecord, id: str, run: str, at: datetime) -> MessageRecord:
    """The answer that a run is to make, before there is any of it."""
    return MessageRecord(
        id, question.workspace, question.principal, question.conversation, question.id, "assistant", "", at, run=run, state="waiting"
    )
