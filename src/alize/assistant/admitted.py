"""As long as they may. In: events for whoever asked for them. Out: the same, until their session has ended, or their key.

A request is let in once, and a stream may last for days: an answer that goes on, and what changes, is not for a browser that was
signed out meanwhile. Whoever asks again is told why.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from starlette.requests import Request

from alize.api.auth import headers_of
from alize.api.parts import House
from alize.errors import AuthenticationFailed
from alize.governance.identity import Principal

__all__ = ["admission_of", "while_admitted"]

_EVERY = 1.0  # seconds for which an answer is believed: a fast one has twenty events in it


def admission_of(request: Request, house: House, principal: Principal) -> Callable[[], Awaitable[bool]]:
    """Asks whether the request would still be let in as the one it was."""
    headers = headers_of(request)

    async def still() -> bool:
        try:
            now = await house.parts.identity.identify(headers)
        except AuthenticationFailed:
            return False
        return now is not None and (now.id, now.session) == (principal.id, principal.session)

    return still


async def while_admitted(
    events: AsyncGenerator[bytes, None], still: Callable[[], Awaitable[bool]], *, every: float = _EVERY
) -> AsyncGenerator[bytes, None]:
    """Ends before the first event that is not for them any more."""
    clock = asyncio.get_running_loop().time
    asked = clock()
    async with aclosing(events):
        async for event in events:
            if clock() - asked >= every:
                if not await still():
                    return
                asked = clock()
            yield event
