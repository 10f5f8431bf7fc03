"""How long a body may be, and may take. In: a request, chunk by chunk. Out: PayloadTooLarge or RequestTimeout once it is more than that.

The length that a request states is checked before anything is read; a request that states none is counted as it comes. A request that
states two lengths is refused: a proxy before this server may have believed the other one.
"""

import asyncio
from typing import ClassVar

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alize.api.errors import response_to
from alize.api.middleware.drain import closing
from alize.errors import AlizeError, InvalidRequest, PayloadTooLarge, RequestTimeout
from alize.reasons import because
from alize.wording import quantity

__all__ = ["BodyLimit"]


class BodyLimit:
    """Pure ASGI: nothing is held here.

    Only the time spent waiting for the client counts. It may pause, and be slow for a while, but who sends a byte now and then holds a
    connection and its memory for no longer than `patience`, and who sends slowly for as long as the bytes received are worth.
    """

    patience: ClassVar[float] = 20.0  # seconds
    rate: ClassVar[float] = 500.0  # bytes; that many are worth one second more: slower than any modem

    def __init__(self, app: ASGIApp, most: int) -> None:
        """`most`: bytes."""
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refused(Headers(scope=scope))
        if refusal is not None:
            keep = isinstance(refusal, PayloadTooLarge)  # the rest is read and dropped: a client may look only when it has sent all
            await response_to(refusal, scope)(scope, receive, send if keep else closing(send))
            return
        got, waited, more, late = 0, 0.0, True, False

        async def counted() -> Message:
            nonlocal got, waited, more, late
            if not more:
                return await receive()  # waits for the client to leave, as long as the answer takes
            began = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(self.patience + got / self.rate - waited):
                    message = await receive()
            except TimeoutError:
                late = True
                raise RequestTimeout(
                    f"The body came too slowly: {quantity(got, 'byte')} until now.",
                    remedy="Send it again over a better connection.",
                    reason=because("body_slow", bytes=got),
                ) from None
            waited += asyncio.get_running_loop().time() - began
            if message["type"] == "http.request":
                more = message.get("more_body", False)
                got += len(message.get("body", b""))
                if got > self.most:
                    raise self._too_large()
            return message

        async def sent(message: Message) -> None:
            await (closing(send) if late else send)(message)

        await self.app(scope, counted, sent)

    def _refused(self, headers: Headers) -> AlizeError | None:
        stated = headers.get("content-length", "")
        if stated and "transfer-encoding" in headers:
            return InvalidRequest("The request has Content-Length and Transfer-Encoding.", remedy="Send one of them.")
        return self._too_large() if stated.isdecimal() and int(stated[:20]) > self.most else None

    def _too_large(self) -> PayloadTooLarge:
        return PayloadTooLarge(
            f"The body has more than {quantity(self.most, 'byte')}.",
            remedy="Send less, or have max_body_bytes raised.",
            reason=because("body_too_large", most_bytes=self.most),
        )
