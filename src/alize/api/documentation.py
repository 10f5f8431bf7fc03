"""The OpenAPI document. In: the routes and their schemas. Out: one document that says every field, answer and error.

Bodies are read and answers written by this project's own code (body.py, completion.py), so routes name their schemas with `described`
and the definitions are added here, once for all.
"""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from alize.api.schemas.chat import ChatCompletionRequest, ChatCompletionResponse, CompletionEvent
from alize.api.schemas.errors import Error, HTTPValidationError
from alize.api.schemas.health import Health
from alize.api.schemas.invitations import (
    AcceptRequest,
    Invitation,
    InvitationList,
    InvitationOffer,
    InvitationRequest,
    InvitationRevoked,
    LookRequest,
    NewInvitation,
)
from alize.api.schemas.keys import Key, KeyDeleted, KeyList, KeyRequest, NewKey
from alize.api.schemas.models import FTModelCard, ModelCard, ModelList
from alize.api.schemas.session import (
    Account,
    AccountChange,
    AccountList,
    AccountPatch,
    BrowserSessionList,
    Ended,
    PasswordChange,
    SessionState,
    SetupRequest,
    SignInRequest,
)
from alize.api.schemas.usage import UsageList, UsageSum

__all__ = ["described", "openapi_of"]

_MODELS: tuple[type[BaseModel], ...] = (
    AcceptRequest,
    Account,
    AccountChange,
    AccountList,
    AccountPatch,
    BrowserSessionList,
    ChatCompletionRequest,
    ChatCompletionResponse,
    CompletionEvent,
    Ended,
    Error,
    FTModelCard,
    HTTPValidationError,
    Health,
    Invitation,
    InvitationList,
    InvitationOffer,
    InvitationRequest,
    InvitationRevoked,
    Key,
    KeyDeleted,
    KeyList,
    KeyRequest,
    LookRequest,
    ModelCard,
    ModelList,
    NewInvitation,
    NewKey,
    PasswordChange,
    SessionState,
    SetupRequest,
    SignInRequest,
    UsageList,
    UsageSum,
)
_NAMED: dict[type[BaseModel], None] = {}
"""Every schema that a route names, also those of routes above the API."""
_REF = "#/components/schemas/{model}"
_ABOUT = "Wire-compatible with the public API of Mistral. What is accepted beyond it is described field by field."


def described(
    answer: type[BaseModel] | tuple[type[BaseModel], ...] | None = None,
    *,
    request: type[BaseModel] | None = None,
    stream: type[BaseModel] | None = None,
    text: str | None = None,
    binary: Sequence[str] = (),
    status: int = 200,
    open: bool = False,
) -> dict[str, Any]:
    """`openapi_extra` of a route. Several answers are told apart by their `type`; `text`, `binary`: media types; `open` needs no key."""
    content: dict[str, Any] = {}
    if answer is not None:
        content["application/json"] = {"schema": _schema(answer)}
    if stream is not None:
        content["text/event-stream"] = {"schema": _schema(stream)}
    if text is not None:
        content[text] = {"schema": {"type": "string"}}
    content |= {kind: {"schema": {"type": "string", "format": "binary"}} for kind in binary}
    told: dict[str, Any] = {
        "responses": {
            str(status): {"description": "Done", "content": content},
            "422": {"description": "A field is missing, unknown or of the wrong kind", "content": _json(HTTPValidationError)},
            "4XX": {"description": "The request cannot be done", "content": _json(Error)},
            "5XX": {"description": "The server cannot do it now", "content": _json(Error)},
        },
        "security": [] if open else [{"key": []}, {"session": []}],
    }
    if request is not None:
        told["requestBody"] = {"required": True, "content": _json(request)}
    return told


def openapi_of(app: FastAPI, root_path: str) -> dict[str, Any]:
    """The whole document, made once."""
    if app.openapi_schema is None:
        servers = [{"url": root_path}] if root_path else None
        document = get_openapi(
            title=app.title, version=app.version, summary=app.summary, description=_ABOUT, routes=app.routes, servers=servers
        )
        models = dict.fromkeys((*_MODELS, *_NAMED))
        _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
        document["components"] = {
            "schemas": dict(sorted(definitions["$defs"].items())),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key; `alize keys create` makes one."},
                "session": {"type": "apiKey", "in": "cookie", "name": "alize_session", "description": "The cookie of signing in."},
            },
        }
        app.openapi_schema = document
    return app.openapi_schema


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": _schema(model)}}


def _schema(model: type[BaseModel] | tuple[type[BaseModel], ...]) -> dict[str, Any]:
    if isinstance(model, tuple):
        return {"oneOf": [_schema(one) for one in model], "discriminator": {"propertyName": "type"}}
    _NAMED[model] = None
    return {"$ref": _REF.format(model=model.__name__)}
