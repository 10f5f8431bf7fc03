"""WebSockets on a connection. In: one whose request asked for it. Out: bounded messages for the application, by uvicorn's protocol.

Messages are not compressed: a short one could unpack to a long one, and sound in base64 is hardly shorter.
"""

import asyncio
import logging
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from alize.api.untaken import Untaken

__all__ = ["MOST_BYTES", "REALTIME", "Socket", "options"]

REALTIME = "/v1/audio/transcriptions/realtime"
"""What may be asked for as a WebSocket."""
MOST_BYTES = 512 * 1024
"""Of a message: 262,144 bytes of sound, which is the most of the public API, are 349,528 in base64."""


class Socket(Untaken, WebSocketsSansIOProtocol):
    """uvicorn's protocol, in which what clients do wrong is no error of the server that belongs in its log with a traceback."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.conn.logger = logging.Logger("alize.api.sockets", logging.CRITICAL)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.transport.is_closing():  # it is refused, and no application runs
            self.look_after_the_end()

    async def run_asgi(self) -> None:
        try:
            await super().run_asgi()
        finally:
            self.look_after_the_end()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.look_after_the_end()  # the application is told when the connection is lost, which waits for what lies there


def options() -> dict[str, Any]:
    """What uvicorn is configured with. A client that does not answer a ping within 20 s is gone."""
    return {"ws": Socket, "ws_max_size": MOST_BYTES, "ws_per_message_deflate": False, "ws_ping_interval": 20.0, "ws_ping_timeout": 20.0}
