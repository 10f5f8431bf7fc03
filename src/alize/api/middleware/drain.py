"""A server opens and closes. In: requests. Out: 503 while a model is loaded or the server stopped; the rest is counted until it is done.

A program reads why; a person who opens the page sees it, and the page once the server is back.
"""

from typing import Literal

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alize.api.draining import Draining
from alize.api.errors import response_to
from alize.api.opening import SOON, Opening
from alize.api.waiting_page import waiting_page
from alize.errors import EngineUnavailable
from alize.reasons import because

__all__ = ["Drain"]

_STILL = ("/health", "/health/live", "/health/ready", "/metrics")  # who watches the server must see it drain
_RETRY = 5.0  # seconds until another process may listen here


class Drain:
    """Pure ASGI."""

    def __init__(self, app: ASGIApp, draining: Draining, opening: Opening) -> None:
        self.app, self.draining, self.opening = app, draining, opening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"].removeprefix(scope.get("root_path", "")) in _STILL:
            await self.app(scope, receive, send)
            return
        if self.draining.begun:
            refusal = EngineUnavailable(
                "The server is shutting down.", remedy="Try again shortly.", retry_after=_RETRY, reason=because("shutting_down")
            )
            response = _page(scope, _RETRY, "closing") or response_to(refusal, scope)
            await response(scope, receive, closing(send))
            return
        if not self.opening.done:
            left = self.opening.left()
            refusal = EngineUnavailable(
                "The model is being loaded.", remedy="/health says how far it is.", retry_after=left, reason=because("model_loading")
            )
            response = _page(scope, min(left, SOON), "opening") or response_to(refusal, scope)
            await response(scope, receive, send)
            return
        self.draining.enter()
        try:
            await self.app(scope, receive, send)
        finally:
            self.draining.leave()


def _page(scope: Scope, seconds: float, which: Literal["opening", "closing"]) -> Response | None:
    return waiting_page(scope, seconds, which) if scope["type"] == "http" else None


def closing(send: Send) -> Send:
    """Tell the client not to use this connection again."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        await send(message)

    return sent
