"""Who calls. In: a request's headers. Out: the principal, with the scope that the route asks for, inside the workspace's limits.

Caller     may call models: scope `inference`, counted by the limits
Admin      may manage the workspace: scope `admin`, never limited, so that an administrator can always act
Person     is signed in with a browser, and manages what is their own: no scope, no key
speaker    is a Caller on a WebSocket, whose key may stand where a browser can send one

Who acts by a cookie and changes something must also prove that a page of ours asks (governance/csrf.py).
"""

import ipaddress
import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection, Request
from starlette.websockets import WebSocket

from alize.api.parts import House
from alize.api.trace import trace_of
from alize.errors import AuthenticationFailed, Conflict, PermissionDenied
from alize.governance import csrf
from alize.governance.identity import Principal, Scope
from alize.governance.key_identity import check_key
from alize.governance.passes import MARK
from alize.reasons import because

__all__ = ["SUBPROTOCOL", "Admin", "Caller", "Here", "Person", "check_still", "headers_of", "house", "on_this_machine", "speaker"]

SUBPROTOCOL = "realtime"
"""What a browser asks to speak on a WebSocket; behind it a pass or a key can stand: Sec-WebSocket-Protocol: realtime, PASS."""

_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def house(request: Request) -> House:
    """What the application was made with."""
    return request.app.state.house


Here = Annotated[House, Depends(house)]


async def caller(request: Request, here: Here) -> Principal:
    """Raises AuthenticationFailed, PermissionDenied, RateLimited."""
    principal = await _identified(request, here, "inference")
    try:
        here.limits.admit(principal.workspace)
    finally:
        trace_of(request.scope).headers.update(here.limits.headers(principal.workspace))
    return principal


async def speaker(socket: WebSocket, here: House) -> Principal:
    """Who opens a WebSocket. Raises what `caller` raises, and CsrfFailed where a page of another origin uses a person's cookie."""
    headers = headers_of(socket)
    asked = [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",")]
    if "authorization" not in headers and len(asked) == 2 and asked[0] == SUBPROTOCOL:
        headers["authorization"] = f"Bearer {asked[1]}"
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret.startswith(MARK):
        principal = trace_of(socket.scope).principal = here.parts.passes.holder(secret, socket.query_params.get("model", ""))
        await check_still(socket, principal, here)  # a pass knows neither when its key expires, nor of other servers that revoke it
    else:
        principal = _scoped(await _known(headers, socket, here), "inference")
    if principal.session:
        csrf.check_origin(headers)  # a WebSocket opens with a GET that carries no token
    here.limits.admit(principal.workspace)
    return principal


async def check_still(socket: WebSocket, principal: Principal, here: House) -> None:
    """Raise AuthenticationFailed where who opened a WebSocket was signed out since, or their key has ended."""
    if principal.kind == "key":
        await check_key(here.parts.database, principal, datetime.now(UTC))
    elif principal.session:
        now = await here.parts.identity.identify(headers_of(socket))
        if now is None or now.session != principal.session:
            raise AuthenticationFailed("Your session has ended.", remedy="Sign in again.", reason=because("session_ended"))


async def admin(request: Request, here: Here) -> Principal:
    """Raises AuthenticationFailed, PermissionDenied."""
    return await _identified(request, here, "admin")


async def person(request: Request, here: Here) -> Principal:
    """Its `session` is never empty. Raises AuthenticationFailed, PermissionDenied, and Conflict where nobody signs in."""
    principal = await _who(request, here)
    if principal.kind == "local":
        raise Conflict(
            "This server runs without accounts.", remedy="Start it without --no-auth to have some.", reason=because("no_accounts")
        )
    if not principal.session:
        raise PermissionDenied(
            "This is for a person who is signed in, not for a key.", remedy="Sign in with POST /api/session.", reason=because("people_only")
        )
    return principal


Caller = Annotated[Principal, Depends(caller)]
Admin = Annotated[Principal, Depends(admin)]
Person = Annotated[Principal, Depends(person)]


def on_this_machine(request: Request) -> bool:
    """Whether a program of this machine asks: from loopback, to a name of loopback, and not through a proxy.

    A page in a browser can reach loopback by another name, and a proxy passes on what comes from anywhere.
    """
    peer = request.client.host if request.client else ""
    named = re.sub(r":\d*$", "", request.headers.get("host", "")).strip("[]")
    return not any(name in request.headers for name in _FORWARDED) and _loopback(peer) and (named == "localhost" or _loopback(named))


def headers_of(request: HTTPConnection) -> dict[str, str]:
    """By lower-case name. One that was sent twice is joined, and so is no key: which of two was meant cannot be known."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found | {":scheme": "https" if request.scope["scheme"] in ("https", "wss") else "http"}


async def _identified(request: Request, here: House, scope: Scope) -> Principal:
    return _scoped(await _who(request, here), scope)


def _scoped(principal: Principal, scope: Scope) -> Principal:
    if scope not in principal.scopes:
        whose = "account" if principal.session else "key"
        raise PermissionDenied(
            f"This needs the scope '{scope}', which your {whose} does not have.",
            remedy="Ask your administrator.",
            reason=because("scope_lacking", scope=scope),
        )
    return principal


async def _who(request: Request, here: House) -> Principal:
    headers = headers_of(request)
    principal = await _known(headers, request, here)
    if principal.session and request.method not in _SAFE:
        csrf.check_token(headers, here.cookie.secret(headers) or "")
    return principal


async def _known(headers: dict[str, str], connection: HTTPConnection, here: House) -> Principal:
    principal = await here.parts.identity.identify(headers)
    if principal is None:
        raise AuthenticationFailed(
            "No API key was sent.", remedy="Send the header Authorization: Bearer KEY, or sign in.", reason=because("not_signed_in")
        )
    trace_of(connection.scope).principal = principal
    return principal


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
