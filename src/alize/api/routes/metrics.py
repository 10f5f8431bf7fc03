"""Metrics. In: a scrape, from this machine or with an admin key. Out: Prometheus' text format."""

import asyncio

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from alize.api.auth import Here, admin, on_this_machine
from alize.api.documentation import described
from alize.api.health import stats_of
from alize.engine.base import EngineStats
from alize.errors import AlizeError

__all__ = ["router"]

router = APIRouter(tags=["metrics"])
_PATIENCE = 3.0  # seconds: a scrape has ten, by default, and without it nobody would see that an engine hangs


@router.get("/metrics", openapi_extra=described(text=CONTENT_TYPE_LATEST))
async def metrics(request: Request, here: Here) -> Response:
    """Report numbers about engines and requests. They name models and routes, never users."""
    if not on_this_machine(request):
        await admin(request, here)
    awake = here.parts.awake
    found = await asyncio.gather(*(stats_of(served.engine, _PATIENCE) for served in awake.values()), return_exceptions=True)
    states: dict[str, EngineStats | None] = {}
    for id, stats in zip(awake, found, strict=True):
        if isinstance(stats, EngineStats):
            states[id] = stats
        elif not isinstance(stats, AlizeError):
            raise stats
        elif id in here.parts.awake:  # it was not put to sleep meanwhile
            states[id] = None
    here.metrics.engines(states)
    return Response(here.metrics.text(), media_type=CONTENT_TYPE_LATEST)
