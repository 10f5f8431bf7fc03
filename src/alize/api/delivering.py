"""An answer on its way to the client. In: a metered question. Out: one JSON object, or server-sent events. Chat and infilling end here.

metering(answers) ─ fold ─ completion.whole
                  └ completion.chunks ─ sse
"""

from contextlib import aclosing

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from alize.api.answers import Choice, Event, fold
from alize.api.completion import Form, chunks, whole
from alize.api.connection import while_connected
from alize.api.metering import Meter
from alize.api.sse import EventStream

__all__ = ["delivered"]


async def delivered(meter: Meter, form: Form, request: Request, *, stream: bool, choices: int = 1) -> Response:
    """Run the question. A client that leaves ends it. Raises what `Meter.events` raises."""
    here, workspace = meter.house, meter.principal.workspace
    if stream:
        meter.trace.headers.update(here.limits.headers(workspace, cost=meter.asked.question.prompt_tokens))
        return EventStream(chunks(form, meter.events(), lambda: meter.usage), here.settings.keep_alive_seconds)
    given = await while_connected(request.receive, _folded(meter, choices))
    meter.trace.headers.update(here.limits.headers(workspace, cost=meter.usage.prompt + meter.usage.completion))
    return Response(msgspec.json.encode(whole(form, given, meter.usage)), media_type="application/json")


async def _folded(meter: Meter, count: int) -> list[Choice]:
    kept: list[Event] = []
    async with aclosing(meter.events()) as events:
        async for event in events:
            kept.append(event)
    return fold(kept, count)
