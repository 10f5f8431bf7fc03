"""Who acts where there are no keys. In: a request to `alize up --no-auth`. Out: the house's owner, for programs of this machine only.

That the server listens on loopback does not keep the web out: any page in a browser on this machine can call 127.0.0.1, and by
rebinding its name to that address even read the answer. So the name a request was sent to (Host), and the page that sent it
(Origin), must be of this machine.
"""

import ipaddress
from collections.abc import Collection
from dataclasses import replace
from urllib.parse import urlsplit

from alize.errors import AuthenticationFailed
from alize.governance.identity import Principal
from alize.reasons import because

__all__ = ["LocalIdentity"]

_REMEDY = "Call it as 127.0.0.1 or localhost, or use API keys (`auth = true`)."


class LocalIdentity:
    """`Identity` without proof, for loopback. Whatever key a client sends is ignored, so it must not be chained with others."""

    def __init__(self, owner: Principal, origins: Collection[str] = ()) -> None:
        """`origins`: further pages that may call (the `cors_origins` setting; `*` for all)."""
        self._principal = replace(owner, kind="local")
        self._origins = frozenset(origin.rstrip("/") for origin in origins)

    async def identify(self, headers: dict[str, str]) -> Principal:
        """Raises AuthenticationFailed for a request sent to another name, or by a page from elsewhere."""
        host = headers.get("host", "")
        if not _of_this_machine(f"//{host}"):
            raise AuthenticationFailed(
                f"Without keys only this machine is answered; the request was sent to '{host[:100]}'.",
                remedy=_REMEDY,
                reason=because("host_elsewhere", host=host[:100]),
            )
        origin = headers.get("origin")
        if origin is not None and not self._origins & {origin, "*"} and not _of_this_machine(origin):
            raise AuthenticationFailed(
                f"Without keys only pages of this machine may call; this one is from '{origin[:100]}'.",
                remedy="Name its origin in cors_origins, or use API keys.",
                reason=because("origin_elsewhere", origin=origin[:100]),
            )
        return self._principal


def _of_this_machine(address: str) -> bool:
    """
    >>> [_of_this_machine(a) for a in ("//localhost:8600", "//[::1]:8600", "//127.0.0.2", "http://evil.example", "null")]
    [True, True, True, False, False]
    """
    try:
        name = urlsplit(address).hostname or ""
        return name == "localhost" or name.endswith(".localhost") or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
