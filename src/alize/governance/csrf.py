"""Whether a page of ours asks. In: a request's headers and its session's secret. Out: nothing, or CsrfFailed.

A browser sends cookies along whoever made it ask. The token is derived from the cookie's secret, which no page can read; only
GET /api/session tells it, and only to pages of the same origin. So it needs no storage, and ends with its session.
"""

import hashlib
import hmac
from urllib.parse import urlsplit

from alize.errors import CsrfFailed
from alize.reasons import because

__all__ = ["HEADER", "check_fetched", "check_origin", "check_token", "token_of"]

HEADER = "x-csrf-token"
_PORTS = {"http": 80, "https": 443}


def token_of(secret: str) -> str:
    """64 hexadecimal digits. The secret cannot be computed from it."""
    return hmac.digest(secret.encode(), b"alize csrf", hashlib.sha256).hex()


def check_token(headers: dict[str, str], secret: str) -> None:
    """Raise CsrfFailed where the request does not carry its session's token, or was made by a page of another origin."""
    check_origin(headers)
    sent = headers.get(HEADER, "")
    if not hmac.compare_digest(sent.encode(), token_of(secret).encode()):
        raise CsrfFailed(
            "The X-CSRF-Token header is not this session's." if sent else "The X-CSRF-Token header is missing.",
            remedy="Send `csrf` of GET /api/session in it.",
            reason=because("token_wrong"),
        )


def check_origin(headers: dict[str, str]) -> None:
    """Raise CsrfFailed where a page of another origin asks. Programs and old browsers send no Origin, and are let through."""
    origin, host = headers.get("origin"), headers.get("host", "")
    if origin is not None and not _same(origin, host, secure=headers.get(":scheme") == "https"):
        raise CsrfFailed(
            f"A page of '{origin[:100]}' asks, and this is '{host[:100]}'.",
            remedy="Behind a proxy, have it pass the Host header on as the browser sent it.",
            reason=because("origin_other", origin=origin[:100], host=host[:100]),
        )


def check_fetched(headers: dict[str, str]) -> None:
    """Raise CsrfFailed where a page of another origin has the browser fetch something: also by an image or a link, which say no Origin."""
    check_origin(headers)
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):  # none: a person typed it
        raise CsrfFailed(
            "A page from elsewhere asks for this.", remedy="It is for the server's own page.", reason=because("page_elsewhere")
        )


def _same(origin: str, host: str, *, secure: bool) -> bool:
    """The scheme is compared where it is known: behind a proxy that is not trusted, TLS looks like plain HTTP.

    >>> _same("https://a.example", "a.example:443", secure=False), _same("http://a.example", "a.example", secure=True)
    (True, False)
    """
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"//{host}")
        port = _PORTS[theirs.scheme]
        same_place = (theirs.hostname, theirs.port or port) == (ours.hostname, ours.port or port)
    except (ValueError, KeyError):
        return False
    return same_place and bool(theirs.hostname) and not (secure and theirs.scheme != "https")
