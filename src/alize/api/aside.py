"""What would hold everybody up. In: work on what a client has sent, however large it is. Out: what it made, in a thread meanwhile."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from alize.heap import give_back

__all__ = ["aside"]

Given = ParamSpec("Given")
Made = TypeVar("Made")


async def aside(work: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Made:
    """Others are answered while it works; the memory that it took is not kept in its thread."""

    def whole() -> Made:
        try:
            return work(*args, **kwargs)
        finally:
            give_back()

    return await asyncio.to_thread(whole)
