"""Chat. In: a conversation. Out: its continuation, whole or as server-sent events.

body ─ schemas/chat ─ lending ─ asking ─ metering ─ delivering
     └ relaying (a model of the upstream) ─ sse
"""

from functools import partial

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.asking import ask, check
from alize.api.auth import Caller, Here
from alize.api.body import read
from alize.api.completion import Form
from alize.api.connection import while_connected
from alize.api.delivering import delivered
from alize.api.documentation import described
from alize.api.lending import lent
from alize.api.metering import Meter
from alize.api.naming import writer_named
from alize.api.relaying import Relay
from alize.api.schemas.chat import ChatCompletionRequest, ChatCompletionResponse, CompletionEvent
from alize.api.schemas.extensions import without_aliases
from alize.api.sse import EventStream
from alize.api.support import refuse_elsewhere
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
    model, trace = writer_named(wanted.model, here.parts, here.settings), trace_of(request.scope)
    if isinstance(model, UpstreamModel):
        refuse_elsewhere(wanted, model)
        return await _relayed(Relay(here, model, sent, principal, trace, _PATH), request)
    asked = await ask(wanted, await lent(model, request, partial(check, wanted)), principal, here)
    meter = Meter(here, asked, principal, trace, _PATH)
    tier = None if wanted.service_tier is None else "standard"
    replay = meter.answer.replay if wanted.replay else None
    form = Form(asked.id, wanted.model, asked.served.tokenizer, bool(wanted.logprobs), tier, asked.audio_seconds, replay)
    return await delivered(meter, form, request, stream=wanted.stream, choices=wanted.n or 1)


async def _relayed(relay: Relay, request: Request) -> Response:
    here, workspace = relay.house, relay.principal.workspace
    if relay.request.stream:
        relay.trace.headers.update(here.limits.headers(workspace, cost=relay.tally.prompt))
        return EventStream(relay.events(), here.settings.keep_alive_seconds)
    answer = await while_connected(request.receive, relay.whole())
    relay.trace.headers.update(here.limits.headers(workspace, cost=relay.usage.prompt + relay.usage.completion))
    return Response(msgspec.json.encode(answer), media_type="application/json")
