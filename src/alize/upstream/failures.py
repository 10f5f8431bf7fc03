"""What went wrong at the upstream. In: a status and a body, or an exception of the connection. Out: one of our errors, with our status.

    theirs                 ours
    400, 413, 422          400: what the client sent is wrong, and the upstream says why
    429                    429, with its Retry-After
    401, 402, 403          502 upstream_refused: this server's key or account is wrong, never the client's
    404, 405, 3xx          502 upstream_refused: the address or the model's name is wrong
    408, 5xx, anything     502 upstream_failed, with its Retry-After

Its words are passed on where they are about what the client sent; those about a key go to the log only, and no key is ever in either.
"""

import logging
import re
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from alize.errors import (
    AlizeError,
    InvalidModel,
    InvalidRequest,
    PromptTooLong,
    RateLimited,
    UpstreamFailed,
    UpstreamRefused,
    UpstreamTimeout,
)
from alize.reasons import because

__all__ = ["connection_failure", "failure_of", "retry_after"]

_log = logging.getLogger("alize.upstream")
_LONGEST = 500  # characters of its words that are passed on
_LONGEST_WAIT = 3600.0  # seconds
_ASKED_WRONGLY = (400, 413, 422)
_CODES: dict[str, type[InvalidRequest]] = {
    "1500": InvalidModel,
    "model_not_found": InvalidModel,
    "3051": PromptTooLong,
    "context_length_exceeded": PromptTooLong,
    "exceed_context_size_error": PromptTooLong,
}
"""Mistral's, OpenAI's and llama.cpp's names for what we have an error of its own for."""


def failure_of(status: int | None, body: object, host: str, *, headers: Mapping[str, str] | None = None, secret: str = "") -> AlizeError:
    """The error for a response that is no answer. `status` None: an event of a stream that had begun."""
    error = _error_in(body)
    words = _words(error, secret)
    says = f": {words}" if words else ""
    says += "" if says.endswith((".", "!", "?")) else "."  # a remedy may follow
    wait = retry_after((headers or {}).get("retry-after"))
    if status is None:
        return UpstreamFailed(f"{host} ended its answer with an error{says}", reason=because("upstream_ended", host=host, words=words))
    if status == 429:
        return RateLimited(
            f"{host} answers no more requests of this server now{says}",
            remedy="Wait, then ask again.",
            retry_after=wait,
            reason=because("upstream_busy", host=host, words=words),
        )
    if status in _ASKED_WRONGLY:
        code = str(error.get("code") or error.get("type") or "")
        kind = _CODES.get(code) or _CODES.get(str(error.get("type"))) or InvalidRequest
        return kind(f"{host} refuses the request{says}", reason=because("upstream_refuses", host=host, words=words))
    if status in (401, 402, 403):
        _log.error("%s answers %d: %s", host, status, words or "no reason given")
        remedy = "Whoever runs this server finds its reason in the log, and the key in upstream_key."
        return UpstreamRefused(
            f"{host} does not accept this server's key or account ({status}).",
            remedy=remedy,
            reason=because("upstream_key", host=host, status=str(status)),
        )
    if 300 <= status < 400:
        remedy = "Whoever runs this server must set upstream_url to where it leads; redirects are not followed, as the key would go along."
        return UpstreamRefused(
            f"{host} answers with a redirect ({status}).",
            remedy=remedy,
            reason=because("upstream_redirects", host=host, status=str(status)),
        )
    if status in (404, 405):
        remedy = "Is upstream_url its base, such as https://host.example/v1, and is the model still there?"
        return UpstreamRefused(
            f"{host} answers {status}{says}", remedy=remedy, reason=because("upstream_unknown", host=host, status=str(status), words=words)
        )
    return UpstreamFailed(
        f"{host} answers {status}{says}",
        remedy="Ask again.",
        retry_after=wait,
        reason=because("upstream_status", host=host, status=str(status), words=words),
    )


def connection_failure(error: Exception, host: str) -> UpstreamFailed:
    """The error for a connection that could not be made, or broke."""
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return UpstreamTimeout(
            f"{host} did not answer in time.",
            remedy="Ask again. upstream_timeout says how long is waited.",
            reason=because("upstream_silent", host=host),
        )
    certificate = next((one for one in _causes(error) if isinstance(one, ssl.SSLError)), None)
    if certificate is not None:
        reason = getattr(certificate, "verify_message", "") or certificate.reason or "no further reason"
        return UpstreamRefused(
            f"The TLS connection to {host} is not to be trusted: {reason}.",
            remedy="Is its certificate right?",
            reason=because("upstream_untrusted", host=host, words=reason),
        )
    if "Connect" in type(error).__name__:
        return UpstreamFailed(
            f"{host} cannot be reached.",
            remedy="Does it run, and is upstream_url right?",
            reason=because("upstream_unreachable", host=host),
        )
    return UpstreamFailed(f"The connection to {host} broke.", remedy="Ask again.", reason=because("upstream_broke", host=host))


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait, from a number or a date; None where it says neither. At most an hour.

    >>> retry_after("7"), retry_after("soon"), retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), retry_after("1e99")
    (7.0, None, 0.0, 3600.0)
    """
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            then = parsedate_to_datetime(value)
        except (ValueError, IndexError, TypeError):
            return None
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        seconds = (then - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_WAIT) if seconds == seconds else None


def _error_in(body: object) -> Mapping[str, Any]:
    """Mistral and Alizé put the error's fields at the top, OpenAI under `error`."""
    if not isinstance(body, Mapping):
        return {}
    body = cast("Mapping[str, Any]", body)
    nested = body.get("error")
    if isinstance(nested, Mapping):
        return cast("Mapping[str, Any]", nested)
    return {"message": nested} if isinstance(nested, str) else body


def _words(error: Mapping[str, Any], secret: str) -> str:
    message: object = error.get("message") or error.get("detail")
    if isinstance(message, Mapping):  # a 422 of Mistral's: {"message": {"detail": […]}}
        message = cast("Mapping[str, object]", message).get("detail")
    if isinstance(message, list):
        first: object = next(iter(cast("list[object]", message)), None)
        message = _detail(cast("Mapping[str, object]", first)) if isinstance(first, Mapping) else None
    if not isinstance(message, str):
        return ""
    line = " ".join(message.replace(secret, "…").split() if secret else message.split())
    line = re.sub(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]", "", line)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _detail(entry: Mapping[str, object]) -> str:
    place = entry.get("loc")
    where = ".".join(str(part) for part in cast("list[object]", place)[:10]) if isinstance(place, list) else ""
    said = entry.get("msg")
    return f"{where}: {said}" if isinstance(said, str) else where


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
