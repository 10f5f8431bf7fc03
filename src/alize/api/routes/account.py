"""One's own account. In: who is signed in, and what shall change. Out: the account, its sessions, listed and ended."""

from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.auth import Here, Person
from alize.api.body import read
from alize.api.browser import forget, secret_of, shown_account, visit_of
from alize.api.documentation import described
from alize.api.pagination import Paging, Slice, as_list
from alize.api.parts import House
from alize.api.schemas.session import Account, AccountChange, BrowserSessionList, Ended, PasswordChange
from alize.errors import AuthenticationFailed, InvalidRequest, NotFound
from alize.governance.identity import Principal
from alize.governance.people import checked_name
from alize.reasons import because
from alize.storage.base import AccountRecord, Page, SessionRecord

__all__ = ["router"]

router = APIRouter(tags=["session"])


@router.patch("/api/account", openapi_extra=described(Account, request=AccountChange))
async def change_account(request: Request, _: Person, here: Here) -> Response:
    """Change one's name, language or theme."""
    wanted = await read(request, AccountChange, strict=here.settings.strict)
    name = None if wanted.name is None else checked_name(wanted.name)
    mine = await _mine(request, here)
    async with here.parts.database.transaction() as store:
        await store.accounts.change(mine.workspace, mine.id, name=name, language=wanted.language, theme=wanted.theme)
        changed = await store.accounts.get(mine.workspace, mine.id)
    return _json(shown_account(changed or mine))


@router.post("/api/account/password", status_code=204, openapi_extra=described(request=PasswordChange, status=204))
async def change_password(request: Request, principal: Person, here: Here) -> Response:
    """Set another password. All other sessions end."""
    wanted = await read(request, PasswordChange, strict=here.settings.strict)
    mine = await _mine(request, here)
    await here.accounts.change_password(mine, wanted.old, wanted.new, visit_of(request), but=principal.session)
    return Response(status_code=204)


@router.get("/api/sessions", openapi_extra=described(BrowserSessionList))
async def list_sessions(principal: Person, here: Here, page: Paging) -> Response:
    """List the browsers one is signed in with, the last seen first."""
    async with here.parts.database.transaction() as store:
        found = await store.accounts.sessions(principal.workspace, principal.id, here.accounts.now())
    return _json(as_list(_page(list(found), page), lambda session: _shown(session, principal)))


@router.delete("/api/sessions", openapi_extra=described(Ended))
async def end_other_sessions(principal: Person, here: Here) -> Response:
    """Sign out everywhere else."""
    async with here.parts.database.transaction() as store:
        ended = await store.accounts.close_sessions(principal.workspace, principal.id, but=principal.session)
    return _json({"ended": ended})


@router.delete("/api/sessions/{session_id}", status_code=204, openapi_extra=described(status=204))
async def end_session(session_id: str, request: Request, principal: Person, here: Here) -> Response:
    """End one of one's own sessions."""
    async with here.parts.database.transaction() as store:
        if not await store.accounts.close_session(principal.workspace, principal.id, session_id):
            raise NotFound(f"You have no session '{session_id[:100]}'.", reason=because("session_gone"))
    response = Response(status_code=204)
    if session_id == principal.session:
        forget(response, request, here)
    return response


async def _mine(request: Request, here: House) -> AccountRecord:
    secret = secret_of(request, here)
    found = None if secret is None else await here.accounts.found(secret)
    if found is None:
        raise AuthenticationFailed("Your session has ended.", remedy="Sign in again.", reason=because("session_ended"))
    return found[1]


def _page(sessions: list[SessionRecord], page: Slice) -> Page[SessionRecord]:
    """Sessions are few and read whole; the cursor is the id of the last one shown."""
    ids = [session.id for session in sessions]
    if page.after is not None and page.after not in ids:
        raise InvalidRequest(
            "The cursor is none of this list.", param="after", remedy="Begin again without `after`.", reason=because("list_changed")
        )
    rest = sessions[0 if page.after is None else ids.index(page.after) + 1 :]
    return Page(rest[: page.limit], rest[page.limit - 1].id if len(rest) > page.limit else None)


def _shown(session: SessionRecord, principal: Principal) -> dict[str, Any]:
    return {
        "id": session.id,
        "object": "browser_session",
        "user_agent": session.user_agent,
        "address": session.address,
        "created": session.created,
        "last_seen": session.last_seen,
        "expires": session.expires,
        "current": session.id == principal.session,
    }


def _json(body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
