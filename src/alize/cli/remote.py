"""A model behind a server. In: a conversation. Out: text as it comes, from any Mistral- or OpenAI-compatible API."""

import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from alize.errors import AlizeError, AuthenticationFailed, EngineUnavailable, InvalidRequest, NotFound, PermissionDenied, RateLimited

__all__ = ["RemoteModel", "deltas", "nobody", "refusal"]

_CONNECT_SECONDS = 10.0
_ERRORS: dict[int, type[AlizeError]] = {
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    429: RateLimited,
    502: EngineUnavailable,
    503: EngineUnavailable,
}
_NO_KEY = 401
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_REMEDIES = {
    _NO_KEY: "Give the server's key with --key, or set ALIZE_API_KEY. A lost one is replaced by: alize keys replace-admin",
    404: "Is the address right? --url takes the server's root, such as http://127.0.0.1:8600.",
    429: "Wait a moment, then send it again.",
}


class RemoteModel:
    """Answers through an API at `url`, which may end in /v1."""

    def __init__(self, url: str, key: str, model: str) -> None:
        """Raises InvalidRequest for an address that is none."""
        self.name = model
        root = url.rstrip("/").removesuffix("/v1")
        if not root.startswith(("http://", "https://")):
            raise InvalidRequest(f"'{url}' is not an address.", remedy="Write it whole: --url http://127.0.0.1:8600")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            # No limit on reading: a long prompt on a small machine may take minutes to its first token.
            self._client = httpx.Client(base_url=root, headers=headers, timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS))
        except (httpx.InvalidURL, UnicodeError) as error:
            raise InvalidRequest(f"'{url}' is not an address, or the key has characters that no key has: {error}.") from error

    def answer(self, messages: Sequence[Mapping[str, Any]], sampling: Mapping[str, Any]) -> Generator[str, None, None]:
        """Pieces of the answer. Closing the generator ends the connection, and with it the computing.

        Raises what the server answered, and EngineUnavailable where nothing answers or the connection broke.
        """
        body = {"model": self.name, "messages": list(messages), "stream": True, **sampling}
        if "seed" in body:
            body["random_seed"] = body.pop("seed")
        try:
            with self._client.stream("POST", "/v1/chat/completions", json=body) as response:
                if response.status_code != 200:
                    raise refusal(response)
                yield from deltas(response.iter_lines())
        except httpx.ConnectError as error:
            raise nobody(str(self._client.base_url)) from error
        except httpx.HTTPError as error:
            what = f"{error}" or type(error).__name__
            raise EngineUnavailable(f"The connection to {self._client.base_url} broke: {what}.", remedy="Send it again.") from error

    def close(self) -> None:
        self._client.close()


def deltas(lines: Iterable[str]) -> Iterator[str]:
    """The text in a stream of events.

    >>> list(deltas(['data: {"choices": [{"index": 0, "delta": {"content": "Par"}}]}', '', ': still here', 'data: [DONE]']))
    ['Par']
    """
    ended = False
    for line in lines:
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        event = _object(data)
        if event is None:
            raise _foreign()
        if event.get("object") == "error" or "error" in event:
            raise EngineUnavailable(_message(event, "The server ended the answer with an error."), remedy="Send it again.")
        text, finished = _choices(event)
        ended = ended or finished
        if text:
            yield text
    if not ended:
        raise EngineUnavailable("The server's answer broke off: its stream has no end.", remedy="Send it again.")


def _foreign() -> EngineUnavailable:
    return EngineUnavailable("The server sent an event that is no part of an answer.", remedy="Is --url a Mistral-compatible API?")


def _choices(event: dict[str, Any]) -> tuple[str, bool]:
    """The text in one event, and whether an answer is complete with it."""
    choices = cast("list[Any]", event.get("choices") or [])
    try:
        parts: list[Any] = [choice.get("delta") for choice in choices]
        text = "".join(_text(part.get("content")) for part in parts if part)
        return text, any(choice.get("finish_reason") is not None for choice in choices)
    except (TypeError, AttributeError) as error:
        raise _foreign() from error


def _text(content: Any) -> str:
    """A delta's content: text, or chunks such as {"type": "text", "text": "…"}."""
    if isinstance(content, list):
        return "".join(str(chunk.get("text", "")) for chunk in cast("list[dict[str, Any]]", content))
    return str(content or "")


def _object(data: str) -> dict[str, Any] | None:
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def nobody(url: str) -> EngineUnavailable:
    """Why a server cannot be reached, and what to do."""
    address = urlsplit(url)
    if address.hostname in _THIS_MACHINE:
        remedy = f"Start a server there: alize up{f' --port {address.port}' if address.port else ''}. Or is it on another port?"
    else:
        remedy = "Is the address right, and does the server listen on more than loopback?"
    return EngineUnavailable(f"Nothing answers at {url}.", remedy=remedy)


def refusal(response: httpx.Response) -> AlizeError:
    """What a server answered that is no success."""
    response.read()
    body = _object(response.text) or {}
    message = _message(body, f"The server answered {response.status_code} {response.reason_phrase}.")
    if response.status_code == _NO_KEY and "authorization" not in response.request.headers:
        message = "The server asks for an API key."  # it says which header to send, and a terminal sends none
    kind = _ERRORS.get(response.status_code, AlizeError if response.status_code >= 500 else InvalidRequest)
    said = "raw_status_code" in body and response.status_code != _NO_KEY  # Alizé's own name a remedy, but a header is none in a terminal
    return kind(message, remedy=None if said else _REMEDIES.get(response.status_code))


def _message(body: dict[str, Any], otherwise: str) -> str:
    """Mistral puts the message at the top, OpenAI under `error`; a 422 may hold only `detail`."""
    nested = body.get("error")
    error = cast("dict[str, Any]", nested) if isinstance(nested, dict) else body
    message = error.get("message") or error.get("detail")
    return message if isinstance(message, str) else json.dumps(message) if message else otherwise
