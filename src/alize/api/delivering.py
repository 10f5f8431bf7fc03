"""An answer on its way to the client. In: a metered question, and the form of its answer. Out: one JSON object, or server-sent events.

metering(answers) ─ fold ─ form.whole          form: completion.Form of chat and infilling, transcript.Transcript
                  └ form.chunks ─ sse
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from alize.api.answers import Choice, Event, Usage, fold
from alize.api.connection import while_connected
from alize.api.metering import Meter
from alize.api.sse import EventStream

__all__ = ["Written", "delivered"]


class Written(Protocol):
    """How an answer is written."""

    def whole(self, choices: Sequence[Choice], usage: Usage) -> dict[str, Any]:
        """The body of a whole answer."""
        ...

    def chunks(self, events: AsyncGenerator[Event, None], usage: Callable[[], Usage]) -> AsyncGenerator[bytes, None]:
        """The answer as server-sent events. `usage` is asked at the end."""
        ...


async def delivered(meter: Meter, form: Written, request: Request, *, stream: bool, choices: int = 1) -> Response:
    """Run the question. A client that leaves ends it. Raises what `Meter.events` raises."""
    here, workspace = meter.house, meter.principal.workspace
    if stream:
        meter.trace.headers.update(here.limits.headers(workspace, cost=meter.asked.question.prompt_tokens))
        return EventStream(form.chunks(meter.events(), lambda: meter.usage), here.settings.keep_alive_seconds)
    given = await while_connected(request.receive, _folded(meter, choices))
    meter.trace.headers.update(here.limits.headers(workspace, cost=meter.usage.prompt + meter.usage.completion))
    return Response(msgspec.json.encode(form.whole(given, meter.usage)), media_type="application/json")


async def _folded(meter: Meter, count: int) -> list[Choice]:
    kept: list[Event] = []
    async with aclosing(meter.events()) as events:
        async for event in events:
            kept.append(event)
    return fold(kept, count)
