"""What nobody foresaw. In: any exception of the layers within. Out: a 500 that says nothing of them, and a traceback in the log."""

import logging

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alize.api.connection import ClientGone
from alize.api.errors import internal, response_to
from alize.api.trace import trace_of

__all__ = ["Failures"]

_log = logging.getLogger("alize.api")


class Failures:
    """Once a response has begun nothing can be said any more: the exception goes on, and the server cuts the connection."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = False

        async def watched(message: Message) -> None:
            nonlocal began
            began = began or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except (ClientGone, ClientDisconnect):  # the second: in the middle of its own request
            trace_of(scope).facts["client"] = "left"
        except Exception as error:
            if began:
                raise
            _log.exception("request failed")
            response = response_to(internal(trace_of(scope).id), scope)
            trace_of(scope).facts["exception"] = type(error).__name__
            await response(scope, receive, send)
