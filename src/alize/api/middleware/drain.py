"""The end of a server. In: requests, while it is being stopped. Out: 503 for new ones; running ones are counted until they are done.

A program reads why; a person who opens the page sees it, and the page once the server is back.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alize.api.closing_page import closing_page
from alize.api.draining import Draining
from alize.api.errors import response_to
from alize.errors import EngineUnavailable

__all__ = ["Drain"]

_STILL = ("/health", "/health/live", "/health/ready", "/metrics")  # who watches the server must see it drain
_RETRY = 5.0  # seconds until another process may listen here


class Drain:
    """Pure ASGI."""

    def __init__(self, app: ASGIApp, draining: Draining) -> None:
        self.app, self.draining = app, draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].removeprefix(scope.get("root_path", "")) in _STILL:
            await self.app(scope, receive, send)
            return
        if self.draining.begun:
            refusal = EngineUnavailable("The server is shutting down.", remedy="Try again shortly.", retry_after=_RETRY)
            response = closing_page(scope, _RETRY) or response_to(refusal, scope)
            await response(scope, receive, closing(send))
            return
        self.draining.enter()
        try:
            await self.app(scope, receive, send)
        finally:
            self.draining.leave()


def closing(send: Send) -> Send:
    """Tell the client not to use this connection again."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        await send(message)

    return sent
