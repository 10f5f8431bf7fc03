"""Metrics. In: a scrape, from this machine or with an admin key. Out: Prometheus' text format."""

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


@router.get("/metrics", openapi_extra=described(text=CONTENT_TYPE_LATEST))
async def metrics(request: Request, here: Here) -> Response:
    """Report numbers about engines and requests. They name models and routes, never users."""
    if not on_this_machine(request):
        await admin(request, here)
    states: dict[str, EngineStats | None] = {}
    for id, served in here.parts.awake.items():
        try:
            states[id] = await stats_of(served.engine)
        except AlizeError:
            if id in here.parts.awake:  # it was not put to sleep meanwhile
                states[id] = None
    here.metrics.engines(states)
    return Response(here.metrics.text(), media_type=CONTENT_TYPE_LATEST)
