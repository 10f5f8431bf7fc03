"""Usage. In: a time. Out: what the workspace has used since, in all or request by request."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from starlette.responses import Response

from alize.api.auth import Admin, Here
from alize.api.documentation import described
from alize.api.pagination import Paging, as_list
from alize.api.schemas.usage import UsageList, UsageSum
from alize.storage.base import UsageRecord

__all__ = ["router"]

router = APIRouter(tags=["usage"])


@router.get("/api/usage", openapi_extra=described(UsageSum))
async def sum_usage(
    principal: Admin,
    here: Here,
    since: Annotated[AwareDatetime | None, Query(description="ISO 8601 with a time zone; everything, by default.")] = None,
) -> Response:
    """Add up what the workspace has used."""
    async with here.parts.database.transaction() as store:
        totals = await store.usage.totals(principal.workspace, since=since)
    return _json(
        {
            "object": "usage",
            "since": since,
            "requests": totals.requests,
            "prompt_tokens": totals.prompt_tokens,
            "cached_tokens": totals.cached_tokens,
            "completion_tokens": totals.completion_tokens,
            "total_tokens": totals.prompt_tokens + totals.completion_tokens,
        }
    )


@router.get("/api/usage/requests", openapi_extra=described(UsageList))
async def list_usage(principal: Admin, here: Here, page: Paging) -> Response:
    """List the workspace's requests, newest first."""
    async with here.parts.database.transaction() as store:
        found = await store.usage.list(principal.workspace, limit=page.limit, after=page.after)
    return _json(as_list(found, _row))


def _row(record: UsageRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "object": "usage.request",
        "principal": record.principal,
        "model": record.model,
        "endpoint": record.endpoint,
        "prompt_tokens": record.prompt_tokens,
        "cached_tokens": record.cached_tokens,
        "completion_tokens": record.completion_tokens,
        "outcome": record.outcome,
        "created": record.created,
        "seconds": record.seconds,
    }


def _json(body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
