"""A client may leave. In: work for a client, and its connection. Out: the work's result; or the work ended, since nobody waits for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

__all__ = ["ClientGone", "while_connected"]

Result = TypeVar("Result")


class ClientGone(Exception):
    """The client has left: there is nobody to answer. Ends in middleware/failures.py."""


async def while_connected(receive: Receive, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of `work`, or ClientGone: it is then cancelled, and has ended when this returns.

    The request's body has been read: the next thing the connection can tell is that it was closed.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        leaving.result()  # raises what the connection raised, if it did
        raise ClientGone
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
