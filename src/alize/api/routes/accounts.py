"""Everybody's accounts. In: an administrator's wish. Out: the workspace's accounts, listed; their role, and whether they may sign in."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.auth import Admin, Here
from alize.api.body import read
from alize.api.browser import shown_account
from alize.api.documentation import described
from alize.api.pagination import Paging, as_list
from alize.api.schemas.session import Account, AccountList, AccountPatch
from alize.errors import NotFound
from alize.reasons import because

__all__ = ["router"]

router = APIRouter(tags=["accounts"])


@router.get("/api/accounts", openapi_extra=described(AccountList))
async def list_accounts(principal: Admin, here: Here, page: Paging) -> Response:
    """List the workspace's accounts, oldest first, disabled ones included."""
    async with here.parts.database.transaction() as store:
        found = await store.accounts.list(principal.workspace, limit=page.limit, after=page.after)
    return _json(as_list(found, shown_account))


@router.patch("/api/accounts/{account_id}", openapi_extra=described(Account, request=AccountPatch))
async def change_member(account_id: str, request: Request, principal: Admin, here: Here) -> Response:
    """Change an account's role, disable it or let it in again. The last owner who can sign in stays."""
    wanted = await read(request, AccountPatch, strict=here.settings.strict)
    async with here.parts.database.transaction() as store:
        account = await store.accounts.get(principal.workspace, account_id)
        if account is None:
            raise NotFound(f"There is no account '{account_id[:100]}' in this workspace.", reason=because("account_gone"))
        disabled = account.disabled
        if wanted.disabled is not None:
            disabled = (account.disabled or datetime.now(UTC)) if wanted.disabled else None
        await store.accounts.set_role(principal.workspace, account_id, wanted.role or account.role, disabled)
        changed = await store.accounts.get(principal.workspace, account_id)
    return _json(shown_account(changed or account))


def _json(body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
