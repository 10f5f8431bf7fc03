"""Transcription while somebody speaks. In: a WebSocket. Out: a session (dictation.py), or a refusal that says why; passes for pages.

Who is not let in is refused before the WebSocket opens, as any request is. What else is wrong is said in a message: a browser tells its
page nothing of a refusal.
"""

from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from alize.api.auth import SUBPROTOCOL, Caller, Here, speaker
from alize.api.body import read
from alize.api.dictation import Dictation, refused
from alize.api.documentation import described
from alize.api.errors import response_to
from alize.api.hearing import ears_of, hears
from alize.api.lending import lent, lent_to_socket
from alize.api.live import Speech
from alize.api.naming import writer_named
from alize.api.parts import House, Served, Sleeping
from alize.api.schemas.realtime import ClientSession, ClientSessionRequest
from alize.api.sockets import REALTIME
from alize.errors import AlizeError, InvalidRequest, PermissionDenied, UnsupportedParameter
from alize.governance.identity import Principal
from alize.prompt.hearing import Ears
from alize.upstream import UpstreamModel

__all__ = ["router"]

router = APIRouter(tags=["audio"])
_SECONDS = 60  # that a pass lives, where nobody asks for another time


@router.post("/v1/client/sessions", status_code=201, openapi_extra=described(ClientSession, request=ClientSessionRequest, status=201))
async def create_client_session(request: Request, principal: Caller, here: Here) -> Response:
    """Make a pass with which a page opens WebSockets of one model. Its own server asks, which has a key."""
    wanted = await read(request, ClientSessionRequest, strict=here.settings.strict)
    if principal.session:  # a pass would outlive it, and the page of this server needs none
        raise PermissionDenied("Passes are made with an API key.", remedy="A page that is signed in opens the WebSocket by itself.")
    model = _named(wanted.model, here)
    check = partial(_check, wanted.model)
    _speech(wanted.model, None if isinstance(model, UpstreamModel) else await lent(model, request, check), principal, here)
    seconds = wanted.ttl_seconds or _SECONDS
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    secret = {"value": here.parts.passes.give(principal, wanted.model, seconds), "expires_at": ends}
    body = {"object": "client.session", "purpose": "realtime", "expires_at": ends, "client_secret": secret}
    return Response(msgspec.json.encode(body), 201, media_type="application/json")


@router.websocket(REALTIME)
async def dictate(socket: WebSocket) -> None:
    """Write down what is said while it is said."""
    here: House = socket.app.state.house
    try:
        principal = await speaker(socket, here)
    except AlizeError as error:
        await socket.send_denial_response(response_to(error, socket.scope))
        return
    await socket.accept(SUBPROTOCOL if SUBPROTOCOL in socket.scope.get("subprotocols", ()) else None)
    name = socket.query_params.get("model", "")
    try:
        model = _named(name, here)
        # It stays awake as long as the connection lasts.
        served = None if isinstance(model, UpstreamModel) else await lent_to_socket(model, socket, partial(_check, name))
        speech = _speech(name, served, principal, here)
    except AlizeError as error:
        await refused(socket, error)
        return
    await Dictation(socket, here, speech, name).run()


def _named(name: str, here: House) -> Served | Sleeping | UpstreamModel:
    """Raises InvalidRequest, and as `writer_named`."""
    if not name:
        raise InvalidRequest("The model is missing.", param="model", remedy=f"Name it in the address: {REALTIME}?model=…")
    return writer_named(name, here.parts, here.settings)


async def _check(name: str, model: Served | Sleeping) -> None:
    """What is known of a model that is not awake."""
    if isinstance(model, Served):
        _ears(name, model)
    elif not hears(model):
        raise _deaf(name)


def _deaf(name: str) -> UnsupportedParameter:
    return UnsupportedParameter(
        f"The model {name[:200]} cannot hear.",
        param="model",
        remedy="Choose one of GET /v1/models that has audio_transcription_realtime.",
    )


def _speech(name: str, served: Served | None, principal: Principal, here: House) -> Speech:
    """`served`: None for a model of elsewhere. Raises as `_ears`."""
    if served is None:
        raise _deaf(name)
    return Speech(served, _ears(name, served), principal, here.settings.max_audio_seconds)


def _ears(name: str, served: Served) -> Ears:
    """Raises UnsupportedParameter for a model that does not hear, or not while somebody speaks."""
    ears = ears_of(served)
    if ears is None:
        raise _deaf(name)
    if not ears.hearing.streams:
        raise UnsupportedParameter(
            f"The model {name[:200]} hears whole sounds only: it cannot write while somebody speaks.",
            param="model",
            remedy="Send the whole sound to POST /v1/audio/transcriptions, or serve a Voxtral Realtime.",
        )
    return ears
