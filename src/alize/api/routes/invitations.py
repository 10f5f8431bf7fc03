"""Invitations. In: an administrator who invites, or somebody with the link. Out: links, and accounts made with them."""

from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.auth import Admin, Here
from alize.api.body import read
from alize.api.browser import answer, of_this_house, secret_of, visit_of
from alize.api.documentation import described
from alize.api.pagination import Paging, as_list
from alize.api.schemas.invitations import (
    AcceptRequest,
    InvitationList,
    InvitationOffer,
    InvitationRequest,
    InvitationRevoked,
    LookRequest,
    NewInvitation,
)
from alize.api.schemas.session import SessionState
from alize.governance.invitations import invite, withdraw
from alize.storage.base import InvitationRecord

__all__ = ["router"]

router = APIRouter(tags=["accounts"])


@router.get("/api/invitations", openapi_extra=described(InvitationList))
async def list_invitations(principal: Admin, here: Here, page: Paging) -> Response:
    """List the workspace's invitations, newest first, used and ended ones included."""
    async with here.parts.database.transaction() as store:
        found = await store.accounts.invitations(principal.workspace, limit=page.limit, after=page.after)
    return _json(as_list(found, _shown))


@router.post("/api/invitations", status_code=201, openapi_extra=described(NewInvitation, request=InvitationRequest, status=201))
async def make_invitation(request: Request, principal: Admin, here: Here) -> Response:
    """Make a link with which one person may make an account, once. This answer alone has its token."""
    wanted = await read(request, InvitationRequest, strict=here.settings.strict)
    async with here.parts.database.transaction() as store:
        made = await invite(store, principal, wanted.role, wanted.name, wanted.days)
    return _json({**_shown(made.record), "link_token": made.token}, 201)


@router.delete("/api/invitations/{invitation_id}", openapi_extra=described(InvitationRevoked))
async def revoke_invitation(invitation_id: str, principal: Admin, here: Here) -> Response:
    """End an invitation that has not been used. It stays in the list."""
    async with here.parts.database.transaction() as store:
        await withdraw(store, principal.workspace, invitation_id)
    return _json({"id": invitation_id, "object": "invitation", "deleted": True})


@router.post("/api/invitations/look", openapi_extra=described(InvitationOffer, request=LookRequest, open=True))
async def look_at_invitation(request: Request, here: Here) -> Response:
    """Say what a link offers. The token comes in the body: addresses end up in logs."""
    of_this_house(request, here)
    wanted = await read(request, LookRequest, strict=here.settings.strict)
    offer = await here.accounts.offer(wanted.token)
    return _json({"object": "invitation.offer", "role": offer.role, "workspace": offer.workspace, "expires": offer.expires})


@router.post(
    "/api/invitations/accept", status_code=201, openapi_extra=described(SessionState, request=AcceptRequest, status=201, open=True)
)
async def accept_invitation(request: Request, here: Here) -> Response:
    """Make the account, and sign in with it."""
    of_this_house(request, here)
    wanted = await read(request, AcceptRequest, strict=here.settings.strict)
    opened = await here.accounts.accept(
        wanted.token, wanted.email, wanted.name, wanted.password, visit_of(request), old=secret_of(request, here)
    )
    return await answer(request, here, opened, 201)


def _shown(record: InvitationRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "object": "invitation",
        "role": record.role,
        "name": record.name,
        "made_by": record.made_by,
        "created": record.created,
        "expires": record.expires,
        "used": record.used,
        "revoked": record.revoked,
    }


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
