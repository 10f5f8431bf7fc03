"""Errors as responses. In: whatever was raised. Out: the one JSON shape, with the right status and headers; never an internal detail.

A client sees the message of an error raised on purpose. Of anything else it sees that the server failed, and the request's id: the
traceback goes to the log.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from alize.api.body import failed
from alize.api.trace import trace_of
from alize.errors import AlizeError, InvalidRequest, LocalError, MethodNotAllowed, NotFound
from alize.reasons import because

__all__ = ["install", "internal", "response_to", "told"]

_log = logging.getLogger("alize.api")


def install(app: FastAPI) -> None:
    """Let every error that a route raises become a response of the one shape. Unforeseen ones are caught by middleware/failures.py."""

    @app.exception_handler(AlizeError)
    async def on_purpose(request: Request, error: AlizeError) -> Response:  # pyright: ignore[reportUnusedFunction]
        return response_to(error, request.scope)

    @app.exception_handler(RequestValidationError)
    async def bad_parameters(request: Request, error: RequestValidationError) -> Response:  # pyright: ignore[reportUnusedFunction]
        return response_to(failed(_details(error.errors())), request.scope)

    @app.exception_handler(HTTPException)
    async def of_the_framework(request: Request, error: HTTPException) -> Response:  # pyright: ignore[reportUnusedFunction]
        response = response_to(_translated(error, request), request.scope)
        response.headers.update(error.headers or {})
        if response.headers.get("allow") == "GET":
            response.headers["allow"] = "GET, HEAD"  # middleware/head.py
        return response


def response_to(error: AlizeError, scope: Scope) -> Response:
    """The response that says what went wrong."""
    error = told(error, scope)
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if error.status == 429:
        headers["X-RateLimit-Remaining"] = "0"  # where the workspace has limits, their own numbers replace it
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(msgspec.json.encode(error.body()), error.status, headers, "application/json")


def told(error: AlizeError, scope: Scope) -> AlizeError:
    """What the client is told of an error. The access log has its code."""
    if isinstance(error, LocalError):  # meant for who runs the server: it may name their files
        _log.error("request failed: %s", error.text, exc_info=error)
        error = internal(trace_of(scope).id)
    trace_of(scope).facts["error"] = error.code or error.type
    return error


def internal(request_id: str) -> AlizeError:
    """What a client is told of an error that nobody foresaw."""
    return AlizeError(
        f"The server failed on this request. Its log has the reason under the request id {request_id}.",
        reason=because("server_failed", request=request_id),
    )


def _translated(error: HTTPException, request: Request) -> AlizeError:
    match error.status_code:
        case 404:
            return NotFound(
                f"There is no {request.scope['path'][:200]} here.",
                remedy="GET /docs lists what there is.",
                reason=because("page_unknown", path=request.scope["path"][:200]),
            )
        case 405:
            return MethodNotAllowed(f"{request.method[:20]} is not possible on {request.scope['path'][:200]}.", remedy=_allowed(error))
        case status:
            wrong: type[AlizeError] = InvalidRequest if 400 <= status < 500 else AlizeError
            return wrong(str(error.detail))


def _allowed(error: HTTPException) -> str | None:
    methods = (error.headers or {}).get("Allow")
    return f"It takes {methods}." if methods else None


def _details(errors: Sequence[Any]) -> list[Mapping[str, Any]]:
    return [
        {"type": entry["type"], "loc": list(entry["loc"]), "msg": entry["msg"]} for entry in cast("Sequence[Mapping[str, Any]]", errors)
    ]
