"""A reverse proxy's prefix. In: a request, the prefix stripped or not. Out: the same, the prefix known to all who write addresses."""

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Prefix"]


class Prefix:
    """Pure ASGI: sets the scope's root_path, which routing takes off again."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app, self.root_path = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["root_path"] = self.root_path
        await self.app(scope, receive, send)
