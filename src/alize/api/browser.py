"""Requests of browsers. In: a request, a session that was opened. Out: where it comes from, what the page is told, the cookie."""

from importlib.metadata import version
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from alize.api.attachments import (
    ATTACHMENT_BYTES,
    ATTACHMENT_TYPES,
    ATTACHMENTS,
    AUDIO_BYTES,
    AUDIO_TYPES,
    IMAGE_BYTES,
    IMAGE_TYPES,
)
from alize.api.auth import headers_of, on_this_machine
from alize.api.parts import House
from alize.errors import AlizeError, AuthenticationFailed, Conflict
from alize.governance import csrf
from alize.governance.sessions import LIFETIME, Opened, Visit
from alize.reasons import because
from alize.storage.base import AccountRecord

__all__ = ["answer", "forget", "of_this_house", "refused_setup", "secret_of", "setup_token", "shown_account", "state", "visit_of"]


def visit_of(request: Request) -> Visit:
    """What a list of sessions says of it."""
    return Visit(request.headers.get("user-agent", ""), request.client.host if request.client else "")


def of_this_house(request: Request, here: House) -> None:
    """Whoever has no session yet has no token either: what their page asks, a page of another origin must not.

    Raises CsrfFailed, and Conflict where nobody signs in.
    """
    csrf.check_origin(headers_of(request))
    if not here.settings.auth:
        raise Conflict(
            "This server runs without accounts.", remedy="Start it without --no-auth to have some.", reason=because("no_accounts")
        )


def secret_of(request: Request, here: House) -> str | None:
    """The session's secret, if the request carries one that could be."""
    try:
        return here.cookie.secret(headers_of(request))
    except AuthenticationFailed:
        return None


def setup_token(request: Request, here: House) -> tuple[bool, str | None]:
    """(whether the first account asks for a token, which). One that is asked for and None cannot be given.

    A server that listens on loopback only prints none, and asks none of a browser on its machine. A proxy may bring it visitors from
    anywhere, and a page elsewhere may reach it by another name.
    """
    if here.parts.setup_token is None and on_this_machine(request):
        return False, None
    return True, here.parts.setup_token


async def state(request: Request, here: House, found: tuple[AccountRecord, str] | None) -> dict[str, Any]:
    """What the page must know before it shows anything. `found`: the account, and the secret of its session."""
    most = here.settings.max_body_bytes
    open_house = not here.settings.auth
    signed_in = open_house or found is not None
    setup = found is None and not open_house and not await here.accounts.any()
    return {
        "object": "session",
        "signed_in": signed_in,
        "setup": setup,
        "setup_token_needed": setup and setup_token(request, here)[0],
        "no_auth": open_house,
        "account": None if found is None else shown_account(found[0]),
        "csrf": "" if found is None else csrf.token_of(found[1]),
        "limits": {
            "attachment_bytes": ATTACHMENT_BYTES,
            "attachments": ATTACHMENTS,
            "attachment_types": ATTACHMENT_TYPES,
            "image_bytes": min(IMAGE_BYTES, most),
            "image_types": IMAGE_TYPES,
            "audio_bytes": min(AUDIO_BYTES, most),
            "audio_types": AUDIO_TYPES,
            "body_bytes": most,
        },
        "outside": {"hosts": here.settings.outside_hosts if signed_in else (), "offline": here.settings.offline},
        "version": version("alize"),
    }


async def answer(request: Request, here: House, opened: Opened, status: int = 200) -> Response:
    """The state of a session that was just opened, and its cookie."""
    body = await state(request, here, (opened.account, opened.secret))
    response = Response(msgspec.json.encode(body), status, media_type="application/json")
    _set(response, request, here, opened.secret, int(LIFETIME.total_seconds()))
    return response


def forget(response: Response, request: Request, here: House) -> None:
    """Have the browser drop the cookie."""
    _set(response, request, here, "", 0)


def shown_account(account: AccountRecord) -> dict[str, Any]:
    """An account without what verifies it."""
    return {
        "id": account.id,
        "object": "account",
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "language": account.language,
        "theme": account.theme,
        "created": account.created,
        "disabled": account.disabled,
    }


def refused_setup() -> AlizeError:
    """Where a token is asked for that nobody was told."""
    return Conflict(
        "This server makes its first account from its own machine only.",
        remedy="Open it there, or make an invitation with `alize accounts invite --owner`.",
        reason=because("setup_elsewhere"),
    )


def _set(response: Response, request: Request, here: House, value: str, seconds: int) -> None:
    secure = request.scope["scheme"] == "https"
    response.set_cookie(
        here.cookie.name(secure), value, max_age=seconds, path=here.cookie.path, secure=secure, httponly=True, samesite="lax"
    )
