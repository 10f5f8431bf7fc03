"""API keys. In: an administrator's wish. Out: keys listed, made and ended, all of the administrator's own workspace."""

from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.auth import Admin, Here
from alize.api.body import read
from alize.api.documentation import described
from alize.api.pagination import Paging, as_list
from alize.api.schemas.keys import KeyDeleted, KeyList, KeyRequest, NewKey
from alize.governance.keys import make_key, revoke_key
from alize.storage.base import KeyRecord

__all__ = ["router"]

router = APIRouter(tags=["keys"])


@router.get("/api/keys", openapi_extra=described(KeyList))
async def list_keys(principal: Admin, here: Here, page: Paging) -> Response:
    """List the workspace's keys, newest first, ended ones included."""
    async with here.parts.database.transaction() as store:
        found = await store.keys.list(principal.workspace, limit=page.limit, after=page.after)
    return _json(as_list(found, _key))


@router.post("/api/keys", status_code=201, openapi_extra=described(NewKey, request=KeyRequest, status=201))
async def create_key(request: Request, principal: Admin, here: Here) -> Response:
    """Make a key. The answer is the only place where its secret is ever shown."""
    wanted = await read(request, KeyRequest, strict=here.settings.strict)
    async with here.parts.database.transaction() as store:
        made = await make_key(store, principal, wanted.name, scopes=wanted.scopes, expires=wanted.expires)
    return _json({**_key(made.record), "key": made.secret}, 201)


@router.delete("/api/keys/{key_id}", openapi_extra=described(KeyDeleted))
async def delete_key(key_id: str, principal: Admin, here: Here) -> Response:
    """End a key for good. It stays in the list, since usage rows name it."""
    async with here.parts.database.transaction() as store:
        await revoke_key(store, principal.workspace, key_id)
    return _json({"id": key_id, "object": "key", "deleted": True})


def _key(record: KeyRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "object": "key",
        "name": record.name,
        "prefix": record.prefix,
        "scopes": record.scopes,
        "created": record.created,
        "last_used": record.last_used,
        "expires": record.expires,
        "revoked": record.revoked,
    }


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
