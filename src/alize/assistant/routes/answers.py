"""Questions and answers. In: what a person says, once whatever is lost on the way. Out: messages at once, and their text as it is made."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from alize.api.auth import Caller
from alize.api.auth import Here as InHouse
from alize.api.body import read
from alize.api.documentation import EventUnion, described
from alize.api.sse import EventStream
from alize.assistant.admitted import admission_of, while_admitted
from alize.assistant.attaching import kept, shown
from alize.assistant.changes import Change, ConversationChanged, RunBegun, hearers
from alize.assistant.conversations import again, carry_on, message_of, run_of, say
from alize.assistant.events import RunEvent
from alize.assistant.replays import given_by, unpacked
from alize.assistant.schemas import Answered, ContinueRequest, MessageNew, RegenerateRequest, Replays, Run, Said, Withdrawn
from alize.assistant.serving import Assistant
from alize.assistant.watching import changes_of, watch
from alize.governance.identity import Principal
from alize.storage.base import MessageRecord, Owner, RunRecord

__all__ = ["Here", "json", "message_json", "owner_of", "router"]

router = APIRouter(tags=["conversations"])


def assistant_of(request: Request) -> Assistant:
    """What the application was given."""
    return request.app.state.assistant


Here = Annotated[Assistant, Depends(assistant_of)]


@router.post(
    "/api/conversations/{conversation_id}/messages", status_code=201, openapi_extra=described(Said, request=MessageNew, status=201)
)
async def say_message(conversation_id: str, request: Request, principal: Caller, here: InHouse, assistant: Here) -> Response:
    """Ask. The question is kept before it is answered; behind an answer in the making it waits its turn."""
    wanted = await read(request, MessageNew, strict=here.settings.strict)
    owner = owner_of(principal)
    async with assistant.database.transaction() as store:
        files = await kept(store, owner, wanted.attachments)
        question, answer, run = await say(
            store, owner, conversation_id, wanted.id, wanted.parent, wanted.content, files, wanted.answer.id, wanted.answer.run
        )
        heard_by = await hearers(store, run)
    _begun(assistant, heard_by, run)
    return json({"message": message_json(question), "answer": message_json(answer), "run": run_json(run)}, 201)


@router.post(
    "/api/messages/{message_id}/regenerate", status_code=201, openapi_extra=described(Answered, request=RegenerateRequest, status=201)
)
async def regenerate(message_id: str, request: Request, principal: Caller, here: InHouse, assistant: Here) -> Response:
    """Answer the same question again, beside the answer that is there."""
    wanted = await read(request, RegenerateRequest, strict=here.settings.strict)
    owner = owner_of(principal)
    async with assistant.database.transaction() as store:
        answer, run = await again(store, owner, message_id, wanted.answer.id, wanted.answer.run)
        heard_by = await hearers(store, run)
    _begun(assistant, heard_by, run)
    return json({"answer": message_json(answer), "run": run_json(run)}, 201)


@router.post("/api/messages/{message_id}/continue", status_code=201, openapi_extra=described(Answered, request=ContinueRequest, status=201))
async def continue_answer(message_id: str, request: Request, principal: Caller, here: InHouse, assistant: Here) -> Response:
    """Go on with an answer that was stopped, cut off, or as long as it might be."""
    wanted = await read(request, ContinueRequest, strict=here.settings.strict)
    owner = owner_of(principal)
    async with assistant.database.transaction() as store:
        answer, run = await carry_on(store, owner, message_id, wanted.run)
        heard_by = await hearers(store, run)
    _begun(assistant, heard_by, run)
    return json({"answer": message_json(answer), "run": run_json(run)}, 201)


@router.get("/api/messages/{message_id}/replay", openapi_extra=described(Replays))
async def replay_of(message_id: str, principal: Caller, assistant: Here) -> Response:
    """Take what reproduces an answer: a record for each part that was made in one go. `alize replay` makes it again."""
    owner = owner_of(principal)
    async with assistant.database.transaction() as store:
        answer = await message_of(store, owner, message_id)
        kept = await store.runs.replays(owner, answer.conversation, answer.id)
    records = unpacked(kept.get(answer.id, ()))
    name = f"attachment; filename=replay-{answer.id[:8]}.json"
    whole = bool(records) and given_by(records) == answer.completion_tokens
    body = msgspec.json.encode({"object": "list", "data": records, "whole": whole})
    return Response(body, media_type="application/json", headers={"Content-Disposition": name})


@router.post("/api/runs/{run_id}/stop", status_code=202, openapi_extra=described(Run, status=202))
async def stop_run(run_id: str, principal: Caller, assistant: Here) -> Response:
    """Stop an answer, from whichever page. What is there of it stays. A no-op where it has ended."""
    owner = owner_of(principal)
    async with assistant.database.transaction() as store:
        await run_of(store, owner, run_id)
        run = await store.runs.ask_stop(owner, run_id, datetime.now(UTC))
        assert run is not None
        heard_by = await hearers(store, run)
    _stopped(assistant, heard_by, run)
    return json(run_json(run), 202)


@router.post("/api/runs/{run_id}/withdraw", openapi_extra=described(Withdrawn))
async def withdraw_run(run_id: str, principal: Caller, assistant: Here) -> Response:
    """Take back a question that waits its turn: it and its answer are gone from every page. One that has begun is stopped instead."""
    owner, now = owner_of(principal), datetime.now(UTC)
    async with assistant.database.transaction() as store:
        await run_of(store, owner, run_id)
        gone = await store.runs.withdraw(owner, run_id, now)
        run = await store.runs.ask_stop(owner, run_id, now)
        assert run is not None
        heard_by = await hearers(store, run)
    _stopped(assistant, heard_by, run)
    return json({"run": run_json(run), "gone": list(gone)})


@router.get("/api/runs/{run_id}/events", openapi_extra=described(events=EventUnion("RunEvent", RunEvent, "Run")))
async def run_events(
    run_id: str,
    request: Request,
    principal: Caller,
    here: InHouse,
    assistant: Here,
    after: Annotated[int, Query(ge=0, lt=2**63, description="The last event that was seen.")] = 0,
) -> Response:
    """Follow an answer from any point: what is there, then what comes. Each event has its number as `id`."""
    owner = owner_of(principal)
    async with assistant.database.transaction() as store:
        await run_of(store, owner, run_id)
    last = request.headers.get("last-event-id", "")
    seen = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else after
    events = watch(assistant.database, assistant.wakes, owner, run_id, seen)
    return EventStream(while_admitted(events, admission_of(request, here, principal)), here.settings.keep_alive_seconds)


@router.get("/api/changes", openapi_extra=described(events=EventUnion("Change", Change)))
async def changes(request: Request, principal: Caller, here: InHouse, assistant: Here) -> Response:
    """Hear what changes in your conversations, by whichever page or device."""
    events = changes_of(assistant.changes, owner_of(principal))
    return EventStream(while_admitted(events, admission_of(request, here, principal)), here.settings.keep_alive_seconds)


def owner_of(principal: Principal) -> Owner:
    """A person sees what their keys made, too; a key sees its own (storage/owning.py)."""
    return Owner(principal.workspace, principal.id)


_SHOWN = tuple(one.name for one in fields(MessageRecord) if one.name not in ("workspace", "principal", "conversation"))


def message_json(message: MessageRecord) -> dict[str, Any]:
    told = {name: getattr(message, name) for name in _SHOWN}  # not `asdict`: it copies all that is in them, a thousand times
    return {**told, "attachments": [shown(file) for file in message.attachments]}


def run_json(run: RunRecord) -> dict[str, Any]:
    return {"id": run.id, "message": run.message, "state": run.state, "seq": run.seq}


def json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def _stopped(assistant: Assistant, heard_by: Iterable[Owner], run: RunRecord) -> None:
    assistant.runs.stop(run.id)
    assistant.wakes.tell(run.id)
    assistant.runs.wake()
    # A page follows the first answer that is being made. Of one that waits behind it, it hears only here.
    assistant.changes.tell(heard_by, ConversationChanged(run.conversation))


def _begun(assistant: Assistant, heard_by: Iterable[Owner], run: RunRecord) -> None:
    assistant.runs.wake()
    assistant.changes.tell(heard_by, RunBegun(run.id, run.conversation, run.message))
