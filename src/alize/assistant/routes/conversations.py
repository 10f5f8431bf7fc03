"""Conversations. In: who asks, and the wish. Out: a list of them, one with all its messages, or what is left after a change."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from alize.api.auth import Caller, Here
from alize.api.body import read
from alize.api.documentation import described
from alize.api.pages import language_of
from alize.api.pagination import Paging, as_list
from alize.assistant.attaching import with_content
from alize.assistant.changes import ConversationChanged, ConversationDeleted, hearers
from alize.assistant.conversations import conversation_of, create
from alize.assistant.excerpts import excerpt
from alize.assistant.export import as_json, as_markdown, named
from alize.assistant.routes.answers import Here as Assisting
from alize.assistant.routes.answers import json, message_json, owner_of
from alize.assistant.schemas import (
    Conversation,
    ConversationChange,
    ConversationGone,
    ConversationList,
    ConversationNew,
    Exported,
    Hits,
    Summary,
)
from alize.errors import InvalidRequest, NotFound
from alize.reasons import because
from alize.storage.base import ConversationRecord, Hit, Owner, Store

__all__ = ["router"]

router = APIRouter(tags=["conversations"])
_UNDO = timedelta(hours=1)


@router.get("/api/conversations", openapi_extra=described(ConversationList))
async def list_conversations(principal: Caller, assistant: Assisting, page: Paging, archived: bool = False) -> Response:
    """List your conversations: those you pinned, then the others, each the last updated first."""
    owner = owner_of(principal)
    async with assistant.database.transaction() as store:
        found = await store.conversations.list(owner, archived=archived, limit=page.limit, after=page.after)
        running = await store.runs.busy(owner)
    return json(as_list(found, lambda one: _summary(one, one.id in running)))


@router.post("/api/conversations", status_code=201, openapi_extra=described(Conversation, request=ConversationNew, status=201))
async def create_conversation(request: Request, principal: Caller, here: Here, assistant: Assisting) -> Response:
    """Begin a conversation. The same again is answered with the one that is there."""
    wanted = await read(request, ConversationNew, strict=here.settings.strict)
    owner, settings = owner_of(principal), wanted.settings.model_dump(exclude_none=True) if wanted.settings else {}
    async with assistant.database.transaction() as store:
        made = await create(store, owner, wanted.id, wanted.title, wanted.model, settings)
        body = await _whole(store, owner, made)
        heard_by = await hearers(store, made)
    assistant.changes.tell(heard_by, ConversationChanged(wanted.id))
    return json(body, 201)


@router.get("/api/conversations/{conversation_id}", openapi_extra=described(Conversation))
async def get_conversation(conversation_id: str, principal: Caller, assistant: Assisting) -> Response:
    """Read a conversation with the messages of all its branches."""
    owner = owner_of(principal)
    async with assistant.database.transaction() as store:
        return json(await _whole(store, owner, await conversation_of(store, owner, conversation_id)))


@router.patch("/api/conversations/{conversation_id}", openapi_extra=described(Summary, request=ConversationChange))
async def change_conversation(conversation_id: str, request: Request, principal: Caller, here: Here, assistant: Assisting) -> Response:
    """Rename, pin, archive or set up a conversation, or say which branch is shown."""
    wanted = await read(request, ConversationChange, strict=here.settings.strict)
    owner, now = owner_of(principal), datetime.now(UTC)
    given = wanted.model_dump(exclude_unset=True)
    values: dict[str, Any] = {name: given[name] for name in ("model", "leaf") if given.get(name) is not None}
    if wanted.title is not None:
        values |= {"title": wanted.title.strip(), "titled_by": "person" if wanted.title.strip() else ""}
    values |= {name: now if given[name] else None for name in ("pinned", "archived") if given.get(name) is not None}
    if wanted.settings is not None:
        values["settings"] = wanted.settings.model_dump(exclude_none=True)
    async with assistant.database.transaction() as store:
        found = await conversation_of(store, owner, conversation_id)
        if "leaf" in values:
            leaf = await store.conversations.message(owner, values["leaf"])
            if leaf is None or leaf.conversation != found.id:
                raise InvalidRequest("leaf is no message of this conversation.", param="leaf", reason=because("message_gone"))
        await store.conversations.change(owner, found.id, **values)
        body = _summary(await conversation_of(store, owner, found.id), bool(await store.runs.active(owner, found.id)))
        heard_by = await hearers(store, found)
    assistant.changes.tell(heard_by, ConversationChanged(conversation_id))
    return json(body)


@router.delete("/api/conversations/{conversation_id}", openapi_extra=described(ConversationGone))
async def delete_conversation(conversation_id: str, principal: Caller, assistant: Assisting) -> Response:
    """Delete a conversation. For an hour it can be restored; its answers in the making are stopped."""
    owner, now = owner_of(principal), datetime.now(UTC)
    async with assistant.database.transaction() as store:
        found = await conversation_of(store, owner, conversation_id)
        active = await store.runs.active(owner, found.id)
        for run in active:
            await store.runs.ask_stop(owner, run.id, now)
        await store.conversations.change(owner, found.id, deleted=now)
        heard_by = await hearers(store, found)
    for run in active:
        assistant.runs.stop(run.id)
        assistant.wakes.tell(run.id)
    assistant.changes.tell(heard_by, ConversationDeleted(conversation_id))
    return json({"id": conversation_id, "object": "conversation", "deleted": True})


@router.post("/api/conversations/{conversation_id}/restore", openapi_extra=described(Summary))
async def restore_conversation(conversation_id: str, principal: Caller, assistant: Assisting) -> Response:
    """Take a deletion back."""
    owner = owner_of(principal)
    async with assistant.database.transaction() as store:
        found = await conversation_of(store, owner, conversation_id, deleted=True)
        if found.deleted is not None and found.deleted < datetime.now(UTC) - _UNDO:
            raise NotFound("This conversation was deleted too long ago.", reason=because("conversation_gone_long_ago"))
        await store.conversations.change(owner, found.id, deleted=None)
        body = _summary(await conversation_of(store, owner, found.id), running=False)
        heard_by = await hearers(store, found)
    assistant.changes.tell(heard_by, ConversationChanged(conversation_id))
    return json(body)


@router.get("/api/conversations/{conversation_id}/export", openapi_extra=described(Exported, text="text/markdown"))
async def export_conversation(
    conversation_id: str,
    request: Request,
    principal: Caller,
    assistant: Assisting,
    format: Annotated[Literal["markdown", "json"], Query()] = "markdown",
) -> Response:
    """Take a conversation away: the shown branch as Markdown, or everything as JSON."""
    owner = owner_of(principal)
    async with assistant.database.transaction() as store:
        found = await conversation_of(store, owner, conversation_id)
        messages = await with_content(store, owner, await store.conversations.messages(owner, found.id))
        replays: Mapping[str, Sequence[bytes]] = await store.runs.replays(owner, found.id) if format == "json" else {}
    suffix, media = ("md", "text/markdown; charset=utf-8") if format == "markdown" else ("json", "application/json")
    body = as_markdown(found, messages, language_of(request)).encode() if format == "markdown" else as_json(found, messages, replays)
    return Response(body, media_type=media, headers={"Content-Disposition": named(found, suffix)})


@router.get("/api/search", openapi_extra=described(Hits))
async def search(principal: Caller, assistant: Assisting, page: Paging, q: Annotated[str, Query(max_length=200)]) -> Response:
    """Find your messages and titles that hold every word, whatever its case and accents, newest first."""
    async with assistant.database.transaction() as store:
        hits = await store.conversations.search(owner_of(principal), q, limit=page.limit, after=page.after)
    return json(as_list(hits, lambda hit: _found(hit, q)))


async def _whole(store: Store, owner: Owner, conversation: ConversationRecord) -> dict[str, Any]:
    messages = await store.conversations.messages(owner, conversation.id)
    active = await store.runs.active(owner, conversation.id)
    return {
        **_summary(conversation, bool(active)),
        "settings": conversation.settings,
        "leaf": conversation.leaf,
        "messages": [message_json(message) for message in messages],
        "withdrawn": list(await store.conversations.withdrawn(owner, conversation.id)),
        "runs": [{"id": run.id, "message": run.message, "state": run.state, "seq": run.seq} for run in active],
    }


def _found(hit: Hit, words: str) -> dict[str, Any]:
    shown = excerpt(hit.text, words)
    about: dict[str, Any] = {name: getattr(hit, name) for name in ("conversation", "title", "message", "created")}
    return {**about, "archived": hit.archived is not None, "excerpt": shown.text, "marks": shown.marks}


def _summary(conversation: ConversationRecord, running: bool) -> dict[str, Any]:
    names = ("id", "title", "titled_by", "model", "pinned", "archived", "created", "updated")
    return {**{name: value for name, value in asdict(conversation).items() if name in names}, "object": "conversation", "running": running}
