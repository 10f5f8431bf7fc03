"""Health. In: a probe, without a key. Out: 200 or 503, with the reason.

/health/live    the process answers: restart it where it does not
/health/ready   engines and database answer, and it is not shutting down: send requests where they do
/health         the same as ready
"""

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from alize.api.auth import Here
from alize.api.documentation import described
from alize.api.health import OK, checks, hinders
from alize.api.schemas.health import Health
from alize.errors import EngineUnavailable

__all__ = ["router"]

router = APIRouter(tags=["health"])


@router.get("/health/live", openapi_extra=described(Health, open=True))
async def live() -> Response:
    """Say that the process runs."""
    return Response(msgspec.json.encode({"status": "ready", "checks": {}}), media_type="application/json")


@router.get("/health/ready", openapi_extra=described(Health, open=True))
async def ready(here: Here) -> Response:
    """Say whether requests can be answered, and why not. A 503 is an error like any other that also has `checks`."""
    found = await checks(here.parts)
    failed = {name: state for name, state in found.items() if state != OK and hinders(name, here.parts)}
    if not failed:
        return Response(msgspec.json.encode({"status": "ready", "checks": found}), media_type="application/json")
    reason = "; ".join(f"{name}: {state}" for name, state in failed.items())
    body = EngineUnavailable(f"The server is not ready. {reason}").body()
    return Response(msgspec.json.encode({**body, "status": "unready", "checks": found}), 503, {"Retry-After": "2"}, "application/json")


router.add_api_route("/health", ready, methods=["GET"], name="health", openapi_extra=described(Health, open=True))
