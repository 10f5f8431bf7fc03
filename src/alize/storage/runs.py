"""Answers in the making, as they are kept. In: records, events, and who may write them. Out: records, and whether a write was made.

A guard is in the statement itself: of two workers, or a worker and the reaper, one changes the row and the other is told that it did not.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from alize.storage.attachments import release
from alize.storage.base import MessageRecord, Owner, RunRecord, StoredEvent
from alize.storage.conversations import message_of_row
from alize.storage.folding import fold
from alize.storage.owning import owned
from alize.storage.schema import conversations, messages, replays, run_events, runs
from alize.storage.statements import insert_new
from alize.storage.units import Unit

__all__ = ["SqlRuns"]

_ACTIVE = ("waiting", "running")


class SqlRuns:
    """`RunRepository` in SQL."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, run: RunRecord) -> bool:
        return await insert_new(self._unit, runs, ["id"], **{column.name: getattr(run, column.name) for column in runs.c})

    async def attach(self, owner: Owner, message: str, id: str) -> bool:
        mine = (owned(messages, owner), messages.c.id == message)
        ended = update(messages).where(*mine, messages.c.state.not_in(_ACTIVE)).values(run=id, state="waiting")
        return (await self._unit.write(ended)).rowcount == 1

    async def get(self, owner: Owner, id: str) -> RunRecord | None:
        row = (await self._unit.read(select(runs).where(owned(runs, owner), runs.c.id == id))).mappings().first()
        return None if row is None else RunRecord(**row)

    async def active(self, owner: Owner, conversation: str) -> Sequence[RunRecord]:
        return await self._all(owned(runs, owner), runs.c.conversation == conversation, runs.c.state.in_(_ACTIVE))

    async def busy(self, owner: Owner) -> frozenset[str]:
        query = select(runs.c.conversation).where(owned(runs, owner), runs.c.state.in_(_ACTIVE)).distinct()
        return frozenset((await self._unit.read(query)).scalars())

    async def ready(self, *, limit: int = 100) -> Sequence[RunRecord]:
        answer, question, before = (messages.alias(name) for name in ("answer", "question", "before"))
        # Whose question follows an answer that is being made waits for it; so does a second run of one answer.
        query = (
            select(runs)
            .join(answer, runs.c.message == answer.c.id)
            .join(question, answer.c.parent == question.c.id)
            .outerjoin(before, question.c.parent == before.c.id)
            .where(runs.c.state == "waiting", before.c.id.is_(None) | before.c.state.not_in(_ACTIVE))
            .order_by(runs.c.created, runs.c.id)
            .limit(limit)
        )
        return [RunRecord(**row) for row in (await self._unit.read(query)).mappings()]

    async def claim(self, workspace: str, id: str, worker: str, at: datetime) -> bool:
        mine = and_(runs.c.workspace == workspace, runs.c.id == id)
        begun = update(runs).where(mine, runs.c.state == "waiting").values(state="running", worker=worker, beat=at, begun=at)
        if not (await self._unit.write(begun)).rowcount:
            return False
        await self._unit.write(update(messages).where(_made_by(workspace, id)).values(state="running"))
        return True

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
        held = and_(runs.c.workspace == workspace, runs.c.id == id, runs.c.worker == worker, runs.c.state == "running")
        done = update(runs).where(held, runs.c.seq == seq - 1).values(seq=seq - 1 + len(events), beat=at)
        if not (await self._unit.write(done)).rowcount:
            return False
        await self._log(workspace, id, seq, events, at)
        fields: dict[str, Any] = {**(message or {}), **({"content": messages.c.content + text} if text else {})}
        if thought:
            fields["thought"] = messages.c.thought + thought
        if "left" in fields:
            fields["left"] = await self._left(workspace, id, fields["left"])
        if fields:
            await self._unit.write(update(messages).where(_made_by(workspace, id)).values(fields))
        return True

    async def end(
        self, workspace: str, id: str, worker: str, state: str, event: dict[str, Any], message: dict[str, Any], at: datetime
    ) -> bool:
        held = and_(runs.c.workspace == workspace, runs.c.id == id, runs.c.worker == worker, runs.c.state == "running")
        return await self._end(held, workspace, id, state, event, message, at)

    async def keep_replay(self, workspace: str, id: str, data: bytes) -> bool:
        return await insert_new(self._unit, replays, ["workspace", "run"], workspace=workspace, run=id, data=data)

    async def replays(self, owner: Owner, conversation: str, message: str | None = None) -> Mapping[str, Sequence[bytes]]:
        query = (
            select(runs.c.message, replays.c.data)
            .join(runs, and_(runs.c.workspace == replays.c.workspace, runs.c.id == replays.c.run))
            .where(owned(runs, owner), runs.c.conversation == conversation)
            .order_by(runs.c.created, runs.c.id)
        )
        found: dict[str, list[bytes]] = {}
        for row in (await self._unit.read(query if message is None else query.where(runs.c.message == message))).mappings():
            found.setdefault(row["message"], []).append(row["data"])
        return found

    async def beat(self, workspace: str, ids: Sequence[str], worker: str, at: datetime) -> None:
        held = and_(runs.c.workspace == workspace, runs.c.id.in_(ids), runs.c.worker == worker, runs.c.state == "running")
        await self._unit.write(update(runs).where(held).values(beat=at))

    async def ask_stop(self, owner: Owner, id: str, at: datetime) -> RunRecord | None:
        mine = and_(owned(runs, owner), runs.c.id == id)
        event = {"type": "run.stopped", "by": "person"}
        if not await self._end(and_(mine, runs.c.state == "waiting"), owner.workspace, id, "stopped", event, {}, at):
            await self._unit.write(update(runs).where(mine, runs.c.state == "running", runs.c.stop_asked.is_(None)).values(stop_asked=at))
        return await self.get(owner, id)

    async def withdraw(self, owner: Owner, id: str, at: datetime) -> Sequence[str]:
        waits = and_(owned(runs, owner), runs.c.id == id, runs.c.state == "waiting")
        answer, question = messages.alias("answer"), messages.alias("question")
        about = (
            select(answer.c.id, answer.c.conversation, answer.c.parent, question.c.parent.label("above"))
            .join(answer, runs.c.message == answer.c.id)
            .join(question, answer.c.parent == question.c.id)
            .where(waits, answer.c.content == "")
        )
        made = (await self._unit.write(about)).mappings().first()
        if made is None:
            return []
        beside = await self._some(messages.c.parent == made["parent"], messages.c.id != made["id"], messages.c.state != "withdrawn")
        if beside and await self._some(messages.c.parent == made["id"]):
            return []
        event = {"type": "run.stopped", "by": "person"}
        if not await self._end(waits, owner.workspace, id, "stopped", event, {}, at):
            return []
        gone = [made["id"]] if beside else [made["parent"], made["id"]]
        up = made["parent"] if beside else made["above"]
        nothing: dict[str, Any] = {"state": "withdrawn", "content": "", "folded": "", "attachments": []}
        await self._unit.write(update(messages).where(messages.c.id.in_(gone)).values(nothing))
        await release(self._unit, gone, at)
        await self._unit.write(update(messages).where(messages.c.parent == made["id"]).values(parent=up))
        of_it = (conversations.c.workspace == owner.workspace, conversations.c.id == made["conversation"])
        await self._unit.write(update(conversations).where(*of_it, conversations.c.leaf.in_(gone)).values(leaf=up))
        return gone

    async def stops(self, worker: str) -> Sequence[str]:
        query = select(runs.c.id).where(runs.c.worker == worker, runs.c.state == "running", runs.c.stop_asked.is_not(None))
        return list((await self._unit.read(query)).scalars())

    async def running(self, *, limit: int = 1000) -> Sequence[RunRecord]:
        return await self._all(runs.c.state == "running", limit=limit)

    async def cut_off(self, run: RunRecord, at: datetime) -> bool:
        silent = and_(
            runs.c.workspace == run.workspace,
            runs.c.id == run.id,
            runs.c.state == "running",
            runs.c.worker == run.worker,
            runs.c.beat == run.beat,
        )
        return await self._end(silent, run.workspace, run.id, "cut_off", {"type": "run.cut_off"}, {}, at)

    async def events(self, owner: Owner, id: str, after: int, *, limit: int = 1000) -> Sequence[StoredEvent]:
        query = (
            select(run_events.c.seq, run_events.c.data)
            .join(runs, and_(runs.c.workspace == run_events.c.workspace, runs.c.id == run_events.c.run))
            .where(owned(runs, owner), runs.c.id == id, run_events.c.seq > after)
            .order_by(run_events.c.seq)
            .limit(limit)
        )
        return [StoredEvent(row["seq"], row["data"]) for row in (await self._unit.read(query)).mappings()]

    async def prune(self, ended_before: datetime, *, limit: int = 1000) -> int:
        old = select(runs.c.id).join(run_events, run_events.c.run == runs.c.id).where(runs.c.ended < ended_before).distinct().limit(limit)
        ids = (await self._unit.write(old)).scalars().all()
        return (await self._unit.write(delete(run_events).where(run_events.c.run.in_(ids)))).rowcount if ids else 0

    async def message_of(self, workspace: str, id: str) -> MessageRecord | None:
        columns = [column for column in messages.c if column.name != "folded"]
        row = (await self._unit.read(select(*columns).where(_made_by(workspace, id)))).mappings().first()
        return None if row is None else message_of_row(row)

    async def _all(self, *conditions: ColumnElement[bool], limit: int = 1000) -> Sequence[RunRecord]:
        query = select(runs).where(*conditions).order_by(runs.c.created, runs.c.id).limit(limit)
        return [RunRecord(**row) for row in (await self._unit.read(query)).mappings()]

    async def _some(self, *conditions: ColumnElement[bool]) -> bool:
        return (await self._unit.read(select(messages.c.id).where(*conditions).limit(1))).first() is not None

    async def _end(
        self,
        guard: ColumnElement[bool],
        workspace: str,
        id: str,
        state: str,
        event: dict[str, Any],
        message: dict[str, Any],
        at: datetime,
    ) -> bool:
        if not (await self._unit.write(update(runs).where(guard).values(state=state, seq=runs.c.seq + 1, ended=at, beat=at))).rowcount:
            return False
        mine = and_(runs.c.workspace == workspace, runs.c.id == id)
        seq: int = (await self._unit.write(select(runs.c.seq).where(mine))).scalar_one()
        await self._log(workspace, id, seq, [event], at)
        whole: str = (await self._unit.write(select(messages.c.content).where(_made_by(workspace, id)))).scalar_one()
        fields = {**message, "state": state, "folded": fold(whole)}
        if "left" in fields:
            fields["left"] = await self._left(workspace, id, fields["left"])
        await self._unit.write(update(messages).where(_made_by(workspace, id)).values(fields))
        return True

    async def _left(self, workspace: str, id: str, hosts: Sequence[str]) -> list[str]:
        """With those that were told meanwhile: a picture is fetched while the answer goes on."""
        there: list[str] = (await self._unit.write(select(messages.c.left).where(_made_by(workspace, id)).with_for_update())).scalar_one()
        return list(dict.fromkeys([*hosts, *there]))

    async def _log(self, workspace: str, id: str, seq: int, events: Sequence[dict[str, Any]], at: datetime) -> None:
        rows = [{"workspace": workspace, "run": id, "seq": seq + i, "data": event, "created": at} for i, event in enumerate(events)]
        await self._unit.write(insert(run_events).values(rows))


def _made_by(workspace: str, run: str) -> ColumnElement[bool]:
    """The answer a run makes."""
    made = select(runs.c.message).where(runs.c.workspace == workspace, runs.c.id == run).scalar_subquery()
    return and_(messages.c.workspace == workspace, messages.c.id == made)
