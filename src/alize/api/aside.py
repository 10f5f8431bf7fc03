"""What would hold everybody up. In: work on what a client has sent, however large it is. Out: what it made, in a thread meanwhile."""

import asyncio
import time
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from alize.heap import give_back

__all__ = ["aside"]

_LARGE = 0.02  # seconds: about 80,000 characters become tokens in that time, and 10 MiB are taken

Given = ParamSpec("Given")
Made = TypeVar("Made")


async def aside(work: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Made:
    """Others are answered while it works; the memory that it took, where it was much, is not kept in its thread."""

    def whole() -> Made:
        began = time.thread_time()
        try:
            return work(*args, **kwargs)
        except BaseException as error:
            _let_go(error)
            raise
        finally:
            if time.thread_time() - began > _LARGE:
                give_back()

    return await asyncio.to_thread(whole)


def _let_go(error: BaseException | None) -> None:
    """What it holds of what was made so far: the frames that it went through, and those of what it was raised in place of."""
    seen = set[int]()
    while error is not None and id(error) not in seen:  # one may be raised from another that was raised while it was handled
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        if error.__suppress_context__:  # nobody is shown it, and it may hold all that was taken
            error.__context__ = None
        error = error.__cause__ or error.__context__
