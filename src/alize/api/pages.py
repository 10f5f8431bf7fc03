"""The page people talk to. In: the page as built, requests of browsers. Out: its files, and index.html for each of its addresses.

A browser that opens an address asks for text/html; whatever else asks for an unknown address gets the API's 404. The page's theme and
language are written into `<html>` before its first byte leaves, so that nothing flashes and a screen reader speaks the right language.
"""

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

__all__ = ["BUILT", "LANGUAGES", "Pages", "html_attributes", "is_page", "language_of", "look_of"]

BUILT = Path(__file__).parent.parent / "web"
"""Where the build of `web/` puts the page; absent in a clone where it was not built."""
LANGUAGES = ("en", "fr", "ja")
"""What the page is written in, the first for whoever prefers none of them."""
_THEMES = ("light", "dark")
_LOOK = "alize_look"  # a cookie of the page: "theme.language"
_API = ("api", "v1", "docs", "health", "metrics", "openapi.json")  # first segments that never are the page's
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))  # best first; the build leaves both beside what they make smaller
_TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_PAGE = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",  # with none, a form that is sent would have no Origin to be compared
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "private, no-cache",
    "Vary": "Accept, Accept-Language, Cookie",
}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}  # their names hold a digest of them
_A_WHILE = {"Cache-Control": "public, max-age=3600", "Vary": "Accept-Encoding"}


@dataclass(frozen=True, slots=True)
class _File:
    """One file of the page, with its smaller forms. In memory: whatever a new version puts in its place, this server shows one page."""

    kind: str
    content: bytes
    smaller: tuple[tuple[str, bytes], ...]  # (Content-Encoding, content)

    def answer(self, accepted: str, headers: dict[str, str]) -> Response:
        for encoding, content in self.smaller:
            if _accepts(accepted, encoding):
                return Response(content, 200, {**headers, "Content-Encoding": encoding}, self.kind)
        return Response(self.content, 200, headers, self.kind)


class Pages(BaseRoute):
    """The route of whatever is no API: to be added last. Matches nothing where no page was built."""

    path_format = "page"  # what log and metrics call it

    def __init__(self, folder: Path = BUILT) -> None:
        self.index = (folder / "index.html").read_text("utf-8") if (folder / "index.html").is_file() else None
        self.files = {path.relative_to(folder).as_posix(): _file(path) for path in _originals(folder)}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """GET of a file of the page, or of any address that is not the API's by whoever wants a page."""
        if self.index is None or scope["type"] != "http" or scope["method"] != "GET":
            return Match.NONE, {}
        name = _name(scope)
        if name in self.files:
            return Match.FULL, {"route": self}
        return (Match.FULL, {"route": self}) if is_page(scope, Headers(scope=scope)) else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, name = Request(scope), _name(scope)
        if name in self.files:
            headers = _FOREVER if name.startswith("assets/") else _A_WHILE
            answer = self.files[name].answer(request.headers.get("accept-encoding", ""), headers)
        else:
            answer = Response(self._page(request), 200, _PAGE, "text/html")
        await answer(scope, receive, send)

    def _page(self, request: Request) -> str:
        attributes = html_attributes(request.cookies.get(_LOOK, ""), request.headers.get("accept-language", ""))
        text = re.sub(r"<html\b[^>]*>", f"<html {attributes}>", self.index or "", count=1)
        return text.replace('"./', f'"{request.scope.get("root_path", "")}/')  # relative ones would break at /c/…


def is_page(scope: Scope, headers: Headers) -> bool:
    """Whether a browser asks for one of the page's addresses."""
    return scope["method"] == "GET" and _name(scope).split("/", 1)[0] not in (*_API, "assets") and "text/html" in headers.get("accept", "")


def html_attributes(look: str, accepted: str) -> str:
    """`lang` and, where one was chosen, `data-theme` of a page, from the cookie "theme.language" and the header Accept-Language."""
    language, theme = look_of(look, accepted)
    return f'lang="{language}"' + (f' data-theme="{theme}"' if theme else "")


def look_of(look: str, accepted: str) -> tuple[str, str]:
    """The language, and the theme that was chosen, if one was."""
    theme, _, language = look.partition(".")
    if language not in LANGUAGES:
        language = next((one for one in _preferred(accepted) if one in LANGUAGES), LANGUAGES[0])
    return language, theme if theme in _THEMES else ""


def language_of(request: Request) -> str:
    """What the page of this browser is written in; for other programs what they accept."""
    return look_of(request.cookies.get(_LOOK, ""), request.headers.get("accept-language", ""))[0]


def _preferred(accepted: str) -> list[str]:
    """Primary language tags, the most wanted first (RFC 9110, 12.5.4)."""
    wanted: list[tuple[float, str]] = []
    for part in accepted[:500].split(","):
        tag, _, weight = part.partition(";")
        wanted.append((_weight(weight), tag.strip().lower().split("-", 1)[0]))
    return [tag for weight, tag in sorted(wanted, key=lambda one: -one[0]) if weight > 0]


def _accepts(accepted: str, encoding: str) -> bool:
    """Whether an Accept-Encoding header names that one, and not with q=0."""
    for part in accepted[:500].split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() == encoding:
            return _weight(weight) > 0
    return False


def _weight(parameter: str) -> float:
    found = re.fullmatch(r"\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", parameter)
    return float(found[1]) if found else float(not parameter.strip())


def _name(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(scope.get("root_path", "")).lstrip("/")


def _originals(folder: Path) -> Iterator[Path]:
    smaller = tuple(suffix for _, suffix in _ENCODINGS)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "index.html" and path.suffix not in smaller:
            yield path


def _file(path: Path) -> _File:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    smaller = [(encoding, path.with_name(path.name + suffix)) for encoding, suffix in _ENCODINGS]
    return _File(kind, path.read_bytes(), tuple((encoding, small.read_bytes()) for encoding, small in smaller if small.is_file()))
