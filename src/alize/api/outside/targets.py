"""Where an address leads. In: an address as a page or a redirect wrote it. Out: scheme, name, port and path, or why it is not followed.

Readers of addresses differ (WHATWG's turns `\\` into `/` and 0x7f.1 into 127.0.0.1, others do not), and each difference is a way past a
check. So only what all of them read alike is taken: ASCII without spaces, a name of plain labels whose last begins with a letter, and
nothing in front of it. That leaves out every spelling of a bare number (decimal, octal, hexadecimal, short), IP addresses altogether,
and names that are not in their ASCII form. Browsers write addresses in this form themselves.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urljoin

from alize.errors import InvalidRequest

__all__ = ["LONGEST", "Target", "after", "allowed", "target_of"]

LONGEST = 2048  # characters
PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#:\[\]\\]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>[/?][^#]*)?(?:#.*)?", re.IGNORECASE)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Target:
    """One address that may be looked up."""

    scheme: Literal["http", "https"]
    host: str  # lower case, ASCII
    port: int
    path: str  # with the query; begins with /

    def __str__(self) -> str:
        """
        >>> str(target_of("HTTP://A.example:80/x?y#z"))
        'http://a.example/x?y'
        """
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def authority(self) -> str:
        """What the Host header says."""
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"


def target_of(url: str) -> Target:
    """Raises InvalidRequest that says what is wrong with the address."""
    if len(url) > LONGEST:
        raise _refused(f"The address has {len(url)} characters, over {LONGEST}.")
    if not re.fullmatch(r"[\x21-\x7e]+", url):
        raise _refused("The address holds a character that is not plain ASCII.", "Write it as a browser does: xn--… and %…")
    if "@" in re.split(r"[/?#\\]", url.partition("://")[2], maxsplit=1)[0]:
        raise _refused("The address holds a user's name or password.", "Leave out what is before the @.")
    match = _URL.fullmatch(url)
    if match is None:
        raise _refused("The address is not of the form http(s)://NAME/PATH.")
    scheme, host = cast("Literal['http', 'https']", match["scheme"].lower()), match["host"].lower()
    if not _NAME.fullmatch(host) or len(host) > 253:
        raise _refused(f"'{host[:100]}' is not a host's full name.", "Numeric addresses, in whatever spelling, are not followed.")
    port = int(match["port"] or PORTS[scheme])
    if port not in PORTS.values():
        raise _refused(
            f"The address names port {port}.",
            "Only 80 and 443 are asked: others are mail, databases, administration, which a GET may harm.",
        )
    path = match["path"] or "/"
    return Target(scheme, host, port, path if path.startswith("/") else f"/{path}")


def after(target: Target, location: str) -> Target:
    """Where a redirect leads. Raises InvalidRequest."""
    try:
        return target_of(urljoin(str(target), location))
    except ValueError:  # urljoin's own, for a [ without its ]
        raise _refused("The redirect's address cannot be read.") from None


def allowed(host: str, patterns: Sequence[str]) -> bool:
    """Whether the setting `outside_hosts` lets this host be asked.

    >>> [allowed(host, ["*.example.org"]) for host in ("upload.example.org", "example.org", "badexample.org")]
    [True, False, False]
    """
    return any(
        pattern == "*" or (host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern)
        for pattern in (pattern.lower() for pattern in patterns)
    )


def _refused(message: str, remedy: str | None = None) -> InvalidRequest:
    return InvalidRequest(message, param="url", remedy=remedy)
