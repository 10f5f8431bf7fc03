"""The outermost layer. In: a request. Out: its id in the response, common headers, one line in the log, spans, and numbers for /metrics.

The log names the route's pattern, never the path, the query or the body: those may hold what a user wrote.
"""

import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alize.api.spans import Spans
from alize.api.trace import Trace, parent_of
from alize.api.untaken import STALL_SECONDS
from alize.telemetry import ACCESS, Metrics

__all__ = ["Observe"]

_log = logging.getLogger(ACCESS)

_ID_HEADERS = ("x-request-id", "mistral-correlation-id")
_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_HEADS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
_SWITCHED = 101  # what a WebSocket that is accepted answers
_GONE = 499  # as nginx logs a client that left before its answer
_OPERATIONS = {"embeddings": "embeddings", "fim": "text_completion"}  # by what is in a route; the others are talk
_QUIET = ("/health", "/health/live", "/health/ready", "/metrics")  # asked every few seconds: logged at debug level


class Observe:
    """Pure ASGI: a response passes through unbuffered."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        spans: Spans | None = None,
        clock: Callable[[], float] = time.perf_counter,
        patience: float = 60.0,
    ) -> None:
        """`patience`: for how many seconds a client may take nothing of its answer."""
        self.app, self.metrics, self.spans, self.clock, self.patience = app, metrics, spans, clock, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        trace = Trace(_request_id(headers), self.clock(), self.clock, parent_of(headers.getlist("traceparent")))
        scope.setdefault("state", {}).update({"trace": trace, STALL_SECONDS: self.patience})
        status, method = 0, scope.get("method", "GET")  # a layer within turns HEAD into GET; a WebSocket opens with GET

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] in _HEADS:
                status = message.get("status", _SWITCHED)
                headers = MutableHeaders(raw=list(message.get("headers", ())))
                _complete(headers, trace, secure=scope["scheme"] in ("https", "wss"))
                message["headers"] = headers.raw
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=trace.id):
            try:
                await self.app(scope, receive, observed)
            finally:
                for give_back in trace.loans:
                    give_back()
                self._report(scope, method, trace, status or _GONE)

    def _report(self, scope: Scope, method: str, trace: Trace, status: int) -> None:
        route = getattr(scope.get("route"), "path_format", None) or "unmatched"
        self.metrics.responded(method, route, status, trace.seconds)
        facts: dict[str, Any] = {"method": method[:20], "route": route, "status": status, "seconds": round(trace.seconds, 6)}
        facts["trace_id"] = f"{trace.parent.trace:032x}"
        if trace.principal is not None:
            facts |= {"principal": trace.principal.id, "workspace": trace.principal.workspace}
        if self.spans is not None:
            operation = next((name for part, name in _OPERATIONS.items() if part in route), "chat")
            about = {"http.request.method": method[:20], "http.route": route, "http.response.status_code": status}
            about["gen_ai.operation.name"] = operation
            self.spans.write(trace, f"{method[:20]} {route}", about, failed=status >= 500)
        _log.log(logging.DEBUG if route in _QUIET else logging.INFO, "request", extra=facts | trace.facts)


def _request_id(headers: Headers) -> str:
    """The client's own, where it is sane: it ends up in logs and headers."""
    for name in _ID_HEADERS:
        given = headers.get(name, "")
        if _SANE_ID.fullmatch(given):
            return given
    return secrets.token_hex(16)


def _complete(headers: MutableHeaders, trace: Trace, *, secure: bool) -> None:
    for name in _ID_HEADERS:
        headers[name] = trace.id
    for name, value in _COMMON.items():
        headers.setdefault(name, value)
    for name, value in trace.headers.items():
        headers[name] = value
    if secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
