"""Signing in and out. In: an address and a password, or a first visitor. Out: a session's cookie, and what the page must know."""

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.auth import Here, headers_of
from alize.api.body import read
from alize.api.browser import answer, forget, of_this_house, refused_setup, secret_of, setup_token, state, visit_of
from alize.api.documentation import described
from alize.api.schemas.session import SessionState, SetupRequest, SignInRequest
from alize.governance import csrf

__all__ = ["router"]

router = APIRouter(tags=["session"])


@router.get("/api/session", openapi_extra=described(SessionState, open=True))
async def get_session(request: Request, here: Here) -> Response:
    """Say who is signed in, and what the page must know before anybody is."""
    if not here.settings.auth:
        await here.parts.identity.identify(headers_of(request))  # refuses pages and names from elsewhere
    secret = secret_of(request, here) if here.settings.auth else None
    found = None if secret is None else await here.accounts.found(secret)
    body = await state(request, here, None if found is None or secret is None else (found[1], secret))
    response = Response(msgspec.json.encode(body), media_type="application/json")
    if secret is not None and found is None:
        forget(response, request, here)
    return response


@router.post("/api/setup", status_code=201, openapi_extra=described(SessionState, request=SetupRequest, status=201, open=True))
async def set_up(request: Request, here: Here) -> Response:
    """Make the first account, an owner's, and sign in with it. Of many at once, one succeeds."""
    of_this_house(request, here)
    wanted = await read(request, SetupRequest, strict=here.settings.strict)
    needed, token = setup_token(request, here)
    if needed and token is None and not await here.accounts.any():
        raise refused_setup()
    opened = await here.accounts.set_up(
        wanted.email, wanted.name, wanted.password, visit_of(request), token=wanted.token, expected=token if needed else None
    )
    return await answer(request, here, opened, 201)


@router.post("/api/session", openapi_extra=described(SessionState, request=SignInRequest, open=True))
async def sign_in(request: Request, here: Here) -> Response:
    """Sign in. The session that the browser came with, if any, ends, and its cookie is replaced."""
    of_this_house(request, here)
    wanted = await read(request, SignInRequest, strict=here.settings.strict)
    opened = await here.accounts.sign_in(wanted.email, wanted.password, visit_of(request), old=secret_of(request, here))
    return await answer(request, here, opened)


@router.delete("/api/session", status_code=204, openapi_extra=described(status=204, open=True))
async def sign_out(request: Request, here: Here) -> Response:
    """Sign out. A no-op without a session."""
    of_this_house(request, here)
    secret = secret_of(request, here)
    if secret is not None and await here.accounts.found(secret) is not None:
        csrf.check_token(headers_of(request), secret)
        await here.accounts.sign_out(secret)
    response = Response(status_code=204)
    forget(response, request, here)
    return response
