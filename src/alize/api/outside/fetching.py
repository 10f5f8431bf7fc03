"""A picture or a sound, fetched for a person. In: its address, hosts that may be asked. Out: it, from the very address that was looked at.

A name is looked up once a hop. All it resolves to must be public, and the connection goes to one of these addresses: asking the resolver
again when connecting would let a name change its answer in between. The Host header and the certificate are still the name's.

What is sent says nothing of the person: no cookie, no referrer, no language, no address of theirs, and no proxy of the environment.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version

import httpx

from alize.api.outside.addresses import why_refused
from alize.api.outside.pictures import PICTURES
from alize.api.outside.targets import Target, after, allowed, target_of
from alize.api.outside.wanted import File, Wanted
from alize.errors import InvalidRequest, OutsideFailed, OutsideRefused

__all__ = ["MOST_REDIRECTS", "SECONDS", "Wire", "fetch"]

SECONDS = 20.0  # for all of it, waiting included
MOST_REDIRECTS = 3
_AT_ONCE = 8  # files; each may hold as many bytes as are wanted
_TRIED = 3  # addresses of one name
_PAUSES = {"connect": 5.0, "read": 10.0, "write": 5.0, "pool": 5.0}  # seconds
_REDIRECTS = (301, 302, 303, 307, 308)
_ENOUGH = 256  # bytes that tell what a file is

Asking = Callable[[str], Awaitable[None]]

_log = logging.getLogger("alize.api.outside")


async def _resolved(host: str, port: int) -> Sequence[str]:
    """What the system's resolver says, best first. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _straight(address: str, port: int) -> tuple[str, int]:
    return address, port


@cache  # reading the certificates takes tens of milliseconds
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context()


@dataclass(frozen=True, slots=True)
class Wire:
    """How the network is reached. What is checked does not depend on it: a test puts its own server at the other end, as a router would."""

    resolve: Callable[[str, int], Awaitable[Sequence[str]]] = _resolved  # name, port → addresses
    dial: Callable[[str, int], tuple[str, int]] = _straight  # the address and port that were checked → where the cable leads
    trusted: Callable[[], ssl.SSLContext] = _trusted
    seconds: float = SECONDS
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))


async def _nobody(_: str) -> None:
    """Keeps no account of what is asked."""


async def fetch(
    url: str, hosts: Sequence[str], wire: Wire, *, offline: bool = False, asking: Asking = _nobody, wanted: Wanted = PICTURES
) -> File:
    """`hosts`: patterns of `outside_hosts`. `asking` is called with each host before anything is sent to it.

    Raises InvalidRequest for an address that cannot be followed, OutsideRefused where it may not be, OutsideFailed where nothing came that
    can be used.
    """
    target = target_of(url)
    if offline:
        raise OutsideRefused("This server is offline: the setting `offline` lets it ask nothing of other hosts.")
    try:
        async with asyncio.timeout(wire.seconds), wire.slots:
            for _ in range(MOST_REDIRECTS + 1):
                found = await _hop(target, hosts, wire, asking, wanted)
                if isinstance(found, File):
                    return found
                target = found
    except TimeoutError:
        raise OutsideFailed(f"{target.host} took longer than {wire.seconds:g} seconds.") from None
    raise OutsideFailed(f"{target.host} is the end of {MOST_REDIRECTS} redirects, and leads on.")


async def _hop(target: Target, hosts: Sequence[str], wire: Wire, asking: Asking, wanted: Wanted) -> File | Target:
    """The file, or where a redirect leads."""
    addresses = await _addresses(target, hosts, wire)
    await asking(target.host)
    for address in addresses:
        _log.info("asked", extra={"host": target.host, "address": address})
        try:
            async with _answer(target, address, wire, wanted) as answer:
                return await _read(target, answer, wanted)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
        except httpx.HTTPError as error:
            raise OutsideFailed(f"{target.host} broke off: {type(error).__name__}.") from error
    raise OutsideFailed(f"{target.host} could not be reached, or its certificate is not its own.")


async def _addresses(target: Target, hosts: Sequence[str], wire: Wire) -> Sequence[str]:
    if not allowed(target.host, hosts):
        raise OutsideRefused(
            f"Nothing is asked of {target.host}: the setting `outside_hosts` does not name it.", remedy="An administrator can add it."
        )
    try:
        found = await wire.resolve(target.host, target.port)
    except (OSError, UnicodeError):
        found = ()
    if not found:
        raise OutsideFailed(f"There is no address for {target.host}.")
    for address in found:  # one is enough: what else it says is then not to be believed either
        if why := why_refused(address):
            _log.warning("refused", extra={"host": target.host, "address": address, "why": why})
            raise OutsideRefused(f"{target.host} leads to an address that is not of the public internet ({why}).")
    return found[:_TRIED]


@asynccontextmanager
async def _answer(target: Target, address: str, wire: Wire, wanted: Wanted) -> AsyncGenerator[httpx.Response]:
    """The transport is used bare: above it, httpx follows redirects, keeps cookies and reads proxies from the environment."""
    host, port = wire.dial(address, target.port)
    request = httpx.Request(
        "GET",
        httpx.URL(scheme=target.scheme, host=host, port=port),
        headers={
            "Host": target.authority,
            "Accept": ", ".join(wanted.accepted),
            "Accept-Encoding": "identity",  # whatever is packed can unpack to more than it seems
            "User-Agent": f"Alize/{version('alize')}",
            "Connection": "close",
        },
        # The path goes as it was shown to the person: an address object would write it anew, and refuse some.
        extensions={"sni_hostname": target.host, "target": target.path.encode(), "timeout": _PAUSES},
    )
    async with httpx.AsyncHTTPTransport(verify=wire.trusted(), trust_env=False) as transport:
        answer = await transport.handle_async_request(request)
        try:
            yield answer
        finally:
            await answer.aclose()


async def _read(target: Target, answer: httpx.Response, wanted: Wanted) -> File | Target:
    location = answer.headers.get("location")
    if answer.status_code in _REDIRECTS and location is not None:
        try:
            return after(target, location)
        except InvalidRequest as error:
            raise OutsideRefused(f"{target.host} leads on to an address that is not followed. {error.text}") from None
    if answer.status_code != 200:
        raise OutsideFailed(f"{target.host} answered {answer.status_code}.")
    if int(answer.headers.get("content-length", "0")) > wanted.most:  # h11 has refused what is no number
        raise _too_large(target, wanted)
    data = bytearray()
    async for piece in answer.aiter_raw():
        data += piece
        if len(data) > wanted.most:
            raise _too_large(target, wanted)
        if len(data) >= _ENOUGH and wanted.kind_of(data) is None:
            break
    kind = wanted.kind_of(data)
    if kind is None:
        raise OutsideFailed(f"What {target.host} sent is no {wanted.what} of a kind that is taken: {wanted.names}.")
    return File(kind, bytes(data))


def _too_large(target: Target, wanted: Wanted) -> OutsideFailed:
    return OutsideFailed(f"The {wanted.what} of {target.host} is larger than {wanted.most // 2**20} MiB.")
