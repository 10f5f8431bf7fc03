"""Asks the upstream. In: a request in the public API's form, by one of its models' names. Out: chunks or a whole answer; a list of models.

The key goes to `upstream_url` and nowhere else: no redirect is followed, and on loopback no proxy of the environment is used. Closing a
stream closes its connection, and with it the upstream's work. The list of models is fetched in the background: a server starts while its
upstream is down, and keeps the last list it had.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import certifi
import httpx
import msgspec

from alize.errors import AlizeError, EngineUnavailable, SettingInvalid, UpstreamFailed
from alize.reasons import because
from alize.settings import Settings
from alize.upstream.address import Address, upstream_of
from alize.upstream.answer import Taking, broken
from alize.upstream.failures import connection_failure, failure_of
from alize.upstream.frames import Frames
from alize.upstream.models import UpstreamModel, models_of

__all__ = ["Upstream", "reaching"]

_log = logging.getLogger("alize.upstream")
_CONNECT = 10.0  # seconds
_LIST = 10.0  # seconds for the list of models
_FRESH = 300.0  # seconds a list is believed
_AGAIN = (1.0, 2.0, 5.0, 15.0, 60.0)  # seconds after the first, second, … failure in a row
_LONGEST_ERROR = 64 * 1024  # bytes of a refusal that are read
_LONGEST_LIST = 8 * 2**20
_LONGEST_ANSWER = 64 * 2**20
_AFTERWARDS = 2.0  # seconds for a usage behind an answer whose end has come


class _Listing(msgspec.Struct):
    data: list[Any]


class Upstream:
    """One upstream. `models` holds what it offers now, by the names they have here."""

    def __init__(self, address: Address, settings: Settings, taken: Iterable[str] = ()) -> None:
        """`taken` are names of models here: they are never an upstream's."""
        self.address = address
        self.error: AlizeError | None = None  # why the list could not be fetched, the last time
        self.models: dict[str, UpstreamModel] = {}
        self._taken, self._hidden = frozenset(taken), frozenset[str]()
        self._wanted, self._context, self._key = settings.upstream_models, settings.upstream_context, settings.upstream_key
        self._silence, self._closed = settings.upstream_timeout, False
        headers = {"Accept-Encoding": "identity", "User-Agent": "Alize"}  # not compressed: a little of it can become anything
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(self._silence, connect=_CONNECT),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none is kept: it would tie the questions of many people together
            trust_env=not address.loopback,
            verify=_trusted() if address.base.startswith("https:") else False,  # False: there is nothing to verify
        )
        try:
            httpx.URL(address.base)
        except httpx.InvalidURL as error:
            raise SettingInvalid(f"upstream_url{settings.came('upstream_url')} cannot be used: {error}.", param="upstream_url") from None
        self._offer(())

    def find(self, name: str) -> UpstreamModel | None:
        """The model of an id or alias here."""
        return self.models.get(name) or next((model for model in self.models.values() if name in model.aliases), None)

    async def stream(self, body: Mapping[str, Any], taking: Taking, request_id: str) -> AsyncGenerator[dict[str, Any], None]:
        """The chunks of an answer, the usage in the last. Closing it ends the upstream's work.

        Raises UpstreamFailed, RateLimited, and InvalidRequest for what the upstream finds wrong with the request.
        """
        async with self._sent(body, request_id) as response:
            if "text/event-stream" not in response.headers.get("content-type", ""):
                raise UpstreamFailed(
                    f"{self.address.host} did not stream its answer.",
                    remedy="Is upstream_url the base of an API?",
                    reason=because("upstream_no_answer", host=self.address.host),
                )
            frames, size = Frames(), 0
            async with aclosing(self._pieces(response, taking)) as pieces:
                async for piece in pieces:
                    size += len(piece)
                    if size > _LONGEST_ANSWER:
                        raise self._too_long()
                    for frame in frames.push(piece):
                        for chunk in taking.read(frame):
                            yield chunk
                    if taking.done:
                        break
            if not taking.done:
                for frame in frames.end():
                    for chunk in self._last(taking, frame):
                        yield chunk
        for chunk in taking.end():
            yield chunk

    async def whole(self, body: Mapping[str, Any], taking: Taking, request_id: str) -> dict[str, Any]:
        """The answer, whole. Raises as `stream` does."""
        async with self._sent(body, request_id) as response:
            return taking.whole(await self._read(response, _LONGEST_ANSWER))

    async def refresh(self) -> None:
        """Fetch the list of models. Raises what `stream` raises; the list from before is kept then."""
        try:
            async with asyncio.timeout(_LIST):
                async with self._answered(self._client.build_request("GET", f"{self.address.base}/models")) as response:
                    content = await self._read(response, _LONGEST_LIST)
            self._offer(msgspec.json.decode(content, type=_Listing).data)
            self.error = None
        except (TimeoutError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.error = (
                connection_failure(error, self.address.host)
                if isinstance(error, TimeoutError)
                else UpstreamFailed(f"{self.address.host} lists no models.", remedy="Is upstream_url the base of an API?")
            )
            raise self.error from None
        except AlizeError as error:
            self.error = error
            raise

    async def keep_fresh(self) -> None:
        """Fetch the list again and again, until cancelled. A failure is logged once, until it changes."""
        failures, said = 0, ""
        while True:
            try:
                await self.refresh()
                if said:
                    _log.info("the upstream answers again", extra={"host": self.address.host, "models": len(self.models)})
                failures, said = 0, ""
            except AlizeError as error:
                if error.text != said:
                    _log.warning("the upstream's list of models could not be fetched: %s", error.text)
                failures, said = failures + 1, error.text
            await asyncio.sleep(_AGAIN[min(failures, len(_AGAIN)) - 1] if failures else _FRESH)

    async def close(self) -> None:
        """End every answer that still runs: each raises EngineUnavailable. A second call is a no-op."""
        self._closed = True
        await self._client.aclose()

    def _offer(self, listing: Sequence[object]) -> None:
        offered = {model.id: model for model in models_of(listing, self._wanted, self.address, self._context)}
        hidden = offered.keys() & self._taken
        if hidden - self._hidden:
            names = ", ".join(sorted(hidden))
            _log.warning("not offered, as models here have these names: %s; upstream_models can rename them, here=there", names)
        self._hidden = frozenset(hidden)
        self.models = {
            id: replace(model, aliases=tuple(alias for alias in model.aliases if alias not in self._taken))
            for id, model in offered.items()
            if id not in hidden
        }

    @asynccontextmanager
    async def _sent(self, body: Mapping[str, Any], request_id: str) -> AsyncGenerator[httpx.Response]:
        headers = {"X-Request-Id": request_id, "Content-Type": "application/json"}
        content = msgspec.json.encode(body)
        async with self._answered(
            self._client.build_request("POST", f"{self.address.base}/chat/completions", content=content, headers=headers)
        ) as response:
            yield response

    @asynccontextmanager
    async def _answered(self, request: httpx.Request) -> AsyncGenerator[httpx.Response]:
        """A response with status 200; whatever fails on the way, or while it is read, is one of our errors."""
        host = self.address.host
        if self._closed:
            raise EngineUnavailable("The server is being stopped.", reason=because("shutting_down"))
        try:
            response = await self._client.send(request, stream=True)
            try:
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise UpstreamFailed(
                        f"{host} sends its answer compressed, which it was not asked to.", reason=because("upstream_no_answer", host=host)
                    )
                if response.status_code != 200:
                    raise await self._refusal(response)
                yield response
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.StreamError) as error:
            if self._closed:
                raise EngineUnavailable("The server is being stopped.", reason=because("shutting_down")) from None
            raise connection_failure(error, host) from error

    async def _refusal(self, response: httpx.Response) -> AlizeError:
        try:
            body: object = msgspec.json.decode(await self._read(response, _LONGEST_ERROR))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, UpstreamFailed):
            body = None  # a proxy's page, or nothing: the status says enough
        return failure_of(response.status_code, body, self.address.host, headers=response.headers, secret=self._key)

    async def _read(self, response: httpx.Response, limit: int) -> bytes:
        content = bytearray()
        async for piece in response.aiter_raw():
            content += piece
            if len(content) > limit:
                raise self._too_long()
        return bytes(content)

    async def _pieces(self, response: httpx.Response, taking: Taking) -> AsyncGenerator[bytes, None]:
        """The body as it comes. Where the answer is complete, a server that then says nothing more is not waited for."""
        source = response.aiter_raw()
        async with aclosing(source):  # pyright: ignore[reportArgumentType] - an async generator, typed as an iterator
            while True:
                try:
                    async with asyncio.timeout(_AFTERWARDS if taking.complete else None):
                        piece = await anext(source)
                except (StopAsyncIteration, TimeoutError):
                    return
                yield piece

    def _last(self, taking: Taking, frame: Any) -> list[dict[str, Any]]:
        """Of an event without an end: it may be half of one."""
        try:
            return taking.read(frame)
        except UpstreamFailed as error:
            raise (error if frame.event == "error" else broken(self.address.host)) from None

    def _too_long(self) -> UpstreamFailed:
        return UpstreamFailed(
            f"{self.address.host} sent more than an answer may have.", reason=because("upstream_too_long", host=self.address.host)
        )


@asynccontextmanager
async def reaching(settings: Settings, taken: Iterable[str]) -> AsyncGenerator[Upstream | None]:
    """The upstream of the settings, None where there is none, with its list kept fresh until the block ends. Raises SettingInvalid.

    `taken` are the names of models here.
    """
    address = upstream_of(settings)
    if address is None:
        yield None
        return
    upstream = Upstream(address, settings, taken)
    if settings.upstream_key and not address.loopback and address.base.startswith("http:"):
        _log.warning("the key and all texts for %s are sent unencrypted: upstream_url is not https", address.host)
    fresh = asyncio.create_task(upstream.keep_fresh())
    try:
        yield upstream
    finally:
        fresh.cancel()
        await asyncio.gather(fresh, return_exceptions=True)
        await upstream.close()


def _trusted() -> ssl.SSLContext:
    """Certificates that this machine trusts (SSL_CERT_FILE names others), and those of browsers, as a small system may have none."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context
