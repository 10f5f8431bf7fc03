"""How long a body may be. In: a request, chunk by chunk. Out: PayloadTooLarge as soon as there is more than the limit.

The length that a request states is checked before anything is read; a request that states none is counted as it comes.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alize.api.errors import response_to
from alize.errors import PayloadTooLarge

__all__ = ["BodyLimit"]


class BodyLimit:
    """Pure ASGI: nothing is held here."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        """`most`: bytes."""
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "")
        if stated.isdecimal() and int(stated[:20]) > self.most:
            await response_to(self._error(), scope)(scope, receive, send)
            return
        got = 0

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            if message["type"] == "http.request":
                got += len(message.get("body", b""))
                if got > self.most:
                    raise self._error()
            return message

        await self.app(scope, counted, send)

    def _error(self) -> PayloadTooLarge:
        return PayloadTooLarge(f"The body has more than {self.most} bytes.", remedy="Send less, or have max_body_bytes raised.")
