"""What still fits. In: a conversation that is kept here, or one that only a page has. Out: which of its messages a model would be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.auth import Caller
from alize.api.auth import Here as InHouse
from alize.api.body import read
from alize.api.documentation import described
from alize.assistant.attaching import with_content
from alize.assistant.context import path_to
from alize.assistant.conversations import conversation_of
from alize.assistant.routes.answers import Here, json, owner_of
from alize.assistant.schemas import ContextMessage, ContextQuestion, ContextUse
from alize.assistant.serving import Assistant
from alize.governance.identity import Principal
from alize.storage.base import MessageRecord

__all__ = ["router"]

router = APIRouter(tags=["conversations"])


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be sent to whom."""

    model: str
    path: Sequence[MessageRecord]
    settings: dict[str, Any]
    continuing: bool = False


@router.get("/api/conversations/{conversation_id}/context", openapi_extra=described(ContextUse))
async def conversation_context(conversation_id: str, principal: Caller, assistant: Here, leaf: str | None = None) -> Response:
    """Say what of a conversation the model would still be sent with the next question."""
    owner = owner_of(principal)
    async with assistant.database.transaction() as store:
        found = await conversation_of(store, owner, conversation_id)
        messages = await store.conversations.messages(owner, found.id)
        path = await with_content(store, owner, path_to(messages, leaf or found.leaf or ""))
    return await _use(assistant, _Asked(found.model, path, found.settings))


@router.post("/api/context", openapi_extra=described(ContextUse, request=ContextQuestion))
async def context(request: Request, principal: Caller, here: InHouse, assistant: Here) -> Response:
    """Say the same of messages that are kept nowhere: those of a temporary chat. Nothing of them is kept here either."""
    wanted = await read(request, ContextQuestion, strict=here.settings.strict)
    settings = wanted.settings.model_dump(exclude_none=True) if wanted.settings else {}
    path = [_record(message, principal) for message in wanted.messages]
    return await _use(assistant, _Asked(wanted.model, path, settings, wanted.continuing))


async def _use(assistant: Assistant, asked: _Asked) -> Response:
    limit = assistant.answerer.limit(asked.model)
    if not asked.path:
        return json({"limit": limit, "used": 0, "sent_from": None, "dropped": [], "images": 0, "sounds": 0, "thoughts": False})
    fitted = await assistant.answerer.fitted(asked.model, asked.path, asked.settings, continuing=asked.continuing)
    said = {name: getattr(fitted, name) for name in ("sent_from", "dropped", "images", "sounds", "thoughts")}
    return json({"limit": limit, "used": fitted.prompt_tokens, **said})


def _record(message: ContextMessage, principal: Principal) -> MessageRecord:
    files = [file.model_dump() for file in message.attachments]
    who = (principal.workspace, principal.id)
    return MessageRecord(message.id, *who, "", None, message.role, message.content, datetime.now(UTC), files, thought=message.thought)
