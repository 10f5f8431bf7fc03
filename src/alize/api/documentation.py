"""The OpenAPI document. In: the routes and their schemas. Out: one document that says every field, answer and error.

Bodies are read and answers written by this project's own code (body.py, completion.py), so routes name their schemas with `described`
and the definitions are added here, once for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from alize.api.schemas.errors import Error, HTTPValidationError

__all__ = ["EventUnion", "described", "openapi_of"]

Mode = Literal["validation", "serialization"]
_NAMED: dict[tuple[type[BaseModel], Mode], None] = {}
"""Every schema that a route names, and whether it is read or written."""
_UNIONS: "dict[str, EventUnion]" = {}
_REF = "#/components/schemas/{model}"
_ABOUT = "Wire-compatible with the public API of Mistral. What is accepted beyond it is described field by field."


@dataclass(frozen=True, slots=True)
class EventUnion:
    """The events of a stream: msgspec structs that are told apart by their tag, each documented as `prefix` and its own name."""

    name: str
    members: Any
    prefix: str = ""

    def schemas(self) -> dict[str, Any]:
        """The union and its members, by name."""
        (union,), members = msgspec.json.schema_components((self.members,), ref_template=_REF.format(model=f"{self.prefix}{{name}}"))
        return {self.name: union, **{f"{self.prefix}{name}": schema for name, schema in members.items()}}


def described(
    answer: type[BaseModel] | tuple[type[BaseModel], ...] | None = None,
    *,
    request: type[BaseModel] | None = None,
    form: type[BaseModel] | None = None,
    stream: type[BaseModel] | None = None,
    events: EventUnion | None = None,
    text: str | None = None,
    binary: Sequence[str] = (),
    upload: Sequence[str] = (),
    status: int = 200,
    open: bool = False,
) -> dict[str, Any]:
    """`openapi_extra` of a route. Several answers are told apart by their `type`; `text`, `binary` and `upload`, which is the body:
    media types; `open` needs no key.
    """
    content: dict[str, Any] = {}
    if answer is not None:
        content["application/json"] = {"schema": _schema(answer)}
    if stream is not None:
        content["text/event-stream"] = {"schema": _schema(stream)}
    if events is not None:
        _UNIONS[events.name] = events
        content["text/event-stream"] = {"schema": {"$ref": _REF.format(model=events.name)}}
    if text is not None:
        content[text] = {"schema": {"type": "string"}}
    content |= _binary(binary)
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
        told["requestBody"] = {"required": True, "content": _json(request, "validation")}
    if form is not None:
        told["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _schema(form, "validation")}}}
    if upload:
        told["requestBody"] = {"required": True, "content": _binary(upload)}
    return told


def openapi_of(app: FastAPI, root_path: str) -> dict[str, Any]:
    """The whole document, made once."""
    if app.openapi_schema is None:
        servers = [{"url": root_path}] if root_path else None
        document = get_openapi(
            title=app.title, version=app.version, summary=app.summary, description=_ABOUT, routes=app.routes, servers=servers
        )
        for answer in (answer for item in document["paths"].values() for call in item.values() for answer in call["responses"].values()):
            if answer.get("content", {}).get("application/json") == {"schema": {}}:
                del answer["content"]["application/json"]  # FastAPI's own guess, where a route answers something else
        _, definitions = models_json_schema(list(_NAMED), ref_template=_REF)
        schemas = definitions["$defs"] | {name: schema for union in _UNIONS.values() for name, schema in union.schemas().items()}
        document["components"] = {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key; `alize keys create` makes one."},
                "session": {"type": "apiKey", "in": "cookie", "name": "alize_session", "description": "The cookie of signing in."},
            },
        }
        app.openapi_schema = document
    return app.openapi_schema


def _binary(kinds: Sequence[str]) -> dict[str, Any]:
    return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}


def _json(model: type[BaseModel], mode: Mode = "serialization") -> dict[str, Any]:
    return {"application/json": {"schema": _schema(model, mode)}}


def _schema(model: type[BaseModel] | tuple[type[BaseModel], ...], mode: Mode = "serialization") -> dict[str, Any]:
    if isinstance(model, tuple):
        return {"oneOf": [_schema(one, mode) for one in model], "discriminator": {"propertyName": "type"}}
    _NAMED[model, mode] = None
    return {"$ref": _REF.format(model=model.__name__)}
