"""Chat. In: a conversation. Out: its continuation, whole or as server-sent events.

body ─ schemas/chat ─ asking ─ metering(answers) ─ fold  ─ completion.whole
     │                                           └ completion.chunks ─ sse
     └ relaying (a model of the upstream) ─ sse
"""

from contextlib import aclosing

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.answers import Choice, Event, fold
from alize.api.asking import ask
from alize.api.auth import Caller, Here
from alize.api.body import read
from alize.api.completion import Form, chunks, whole
from alize.api.connection import while_connected
from alize.api.documentation import described
from alize.api.metering import Meter
from alize.api.naming import model_named
from alize.api.relaying import Relay
from alize.api.schemas.chat import ChatCompletionRequest, ChatCompletionResponse, CompletionEvent
from alize.api.schemas.extensions import without_aliases
from alize.api.sse import EventStream
from alize.api.trace import trace_of
from alize.upstream import UpstreamModel

__all__ = ["router"]

router = APIRouter(tags=["chat"])
_PATH = "/v1/chat/completions"


@router.post(_PATH, openapi_extra=described(ChatCompletionResponse, request=ChatCompletionRequest, stream=CompletionEvent))
async def chat_completion(request: Request, principal: Caller, here: Here) -> Response:
    """Continue a conversation."""
    sent = await read(request, ChatCompletionRequest, strict=here.settings.strict)
    wanted = without_aliases(sent)
    model, trace = model_named(wanted.model, here.parts, here.settings), trace_of(request.scope)
    if isinstance(model, UpstreamModel):
        return await _relayed(Relay(here, model, sent, principal, trace, _PATH), request)
    asked = await ask(wanted, model, principal, here.settings)
    meter = Meter(here, asked, principal, trace, _PATH)
    form = Form(asked.id, wanted.model, asked.served.tokenizer, bool(wanted.logprobs), None if wanted.service_tier is None else "standard")
    if wanted.stream:
        trace.headers.update(here.limits.headers(principal.workspace, cost=asked.question.prompt_tokens))
        return EventStream(chunks(form, meter.events(), lambda: meter.usage), here.settings.keep_alive_seconds)
    choices = await while_connected(request.receive, _folded(meter, wanted.n or 1))
    cost = meter.usage.prompt + meter.usage.completion
    trace.headers.update(here.limits.headers(principal.workspace, cost=cost))
    return Response(msgspec.json.encode(whole(form, choices, meter.usage)), media_type="application/json")


async def _relayed(relay: Relay, request: Request) -> Response:
    here, workspace = relay.house, relay.principal.workspace
    if relay.request.stream:
        relay.trace.headers.update(here.limits.headers(workspace, cost=relay.tally.prompt))
        return EventStream(relay.events(), here.settings.keep_alive_seconds)
    answer = await while_connected(request.receive, relay.whole())
    relay.trace.headers.update(here.limits.headers(workspace, cost=relay.usage.prompt + relay.usage.completion))
    return Response(msgspec.json.encode(answer), media_type="application/json")


async def _folded(meter: Meter, count: int) -> list[Choice]:
    kept: list[Event] = []
    async with aclosing(meter.events()) as events:
        async for event in events:
            kept.append(event)
    return fold(kept, count)
