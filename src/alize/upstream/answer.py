"""One answer of the upstream. In: its events, or its whole body. Out: chunks as our own streams have them, and what the answer took.

Whatever the upstream's habits, what comes out has: no chunk without choices, the usage in the last chunk and only there, and an end. The
rest of each chunk is passed on as it came, with fields that we do not know.

    theirs   {…"Hi"}  {…finish "stop"}  {choices: [], usage}  [DONE]
    ours     {…"Hi"}  {…finish "stop", usage}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from alize.errors import UpstreamFailed
from alize.reasons import because
from alize.upstream.failures import failure_of
from alize.upstream.frames import Frame

__all__ = ["Taking", "Tally", "broken", "prompt_estimate", "text_of", "thought_of"]

Chunk = dict[str, Any]
_BYTES = 3  # of UTF-8 to a token. Mistral's tekken took 3.9 to 4.3 in English, French, Japanese and Python: three is on the safe side
_AROUND = 8  # tokens a template puts around each message, at most
_COUNTED = frozenset({"content", "text", "thinking", "reasoning", "reasoning_content", "arguments"})
_MOST_CHOICES = 128
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


@dataclass(slots=True)
class Tally:
    """Tokens of an answer so far: the upstream's own figures once it gave them, an estimate until then."""

    prompt: int
    cached: int = 0
    completion: int = 0
    given: Mapping[str, Any] | None = None  # as the upstream says it
    _bytes: int = 0

    def add(self, part: object) -> None:
        """Count a delta or a message."""
        self._bytes += _weight(part)
        if self.given is None:
            self.completion = -(-self._bytes // _BYTES)

    def take(self, usage: object) -> None:
        """Believe a `usage` that has sound numbers; pass over any other."""
        if not isinstance(usage, Mapping):
            return
        usage = cast("Mapping[str, object]", usage)
        prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
        if prompt is None or completion is None:
            return
        cached = _count(_details(usage).get("cached_tokens"))
        self.prompt, self.completion, self.cached, self.given = prompt, completion, min(cached or 0, prompt), usage

    def as_usage(self) -> dict[str, Any]:
        """In the public API's form, with whatever else the upstream says of it."""
        return {
            **(self.given or {}),
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": {**_details(self.given), "cached_tokens": self.cached},
        }


@dataclass(slots=True)
class Taking:
    """An answer that is being taken in. `choices` is how many were asked for."""

    host: str
    tally: Tally
    choices: int = 1
    reasons: dict[int, str | None] = field(default_factory=dict[int, "str | None"])  # of each choice seen: how it ended
    done: bool = False
    _held: Chunk | None = None  # the last chunk, once a choice has ended: the usage may come behind it

    @property
    def complete(self) -> bool:
        """Whether every choice has ended; a usage may still come."""
        return len(self.reasons) >= self.choices and None not in self.reasons.values()

    def read(self, frame: Frame) -> list[Chunk]:
        """The chunks that can be passed on now. Raises UpstreamFailed and what an error event says."""
        if self.done or frame.data.strip() == b"[DONE]":
            self.done = True
            return []
        value = _object(frame.data, self.host)
        if frame.event == "error" or value.get("error") or value.get("object") == "error":
            raise failure_of(None, value, self.host)
        self.tally.take(value.pop("usage", None))
        choices = value.get("choices")
        if not isinstance(choices, list):
            raise _foreign(self.host)
        if not choices:
            return []
        ends = [self._seen(choice, "delta") for choice in cast("list[object]", choices)]
        holding = any(ends) or None not in self.reasons.values()  # a chunk may come behind the end of all that were begun
        released = [] if self._held is None else [self._held]
        self._held = value if holding else None
        return released if holding else [*released, value]

    def end(self) -> list[Chunk]:
        """The last chunks. Raises UpstreamFailed where the answer has none."""
        if not self.done and (not self.reasons or None in self.reasons.values()):
            raise broken(self.host)
        open_choices = [index for index, reason in self.reasons.items() if reason is None] if self.reasons else [0]
        for index in open_choices:  # it said that this is the end, but not of what kind
            self.reasons[index] = "stop"
        last = [{"index": index, "delta": {"content": ""}, "finish_reason": "stop"} for index in open_choices]
        chunks = [chunk for chunk in (self._held, {"object": "chat.completion.chunk", "choices": last} if last else None) if chunk]
        self._held = None
        return [*chunks[:-1], {**chunks[-1], "usage": self.tally.as_usage()}]

    def whole(self, body: bytes) -> Chunk:
        """An answer that came whole, with a usage. Raises UpstreamFailed and what an error in it says."""
        value = _object(body, self.host)
        choices = value.get("choices")
        if value.get("error") and not choices:
            raise failure_of(None, value, self.host)
        if not isinstance(choices, list) or not choices:
            raise _foreign(self.host)
        for choice in cast("list[object]", choices):
            self._seen(choice, "message")
        self.tally.take(value.get("usage"))
        self.done = True
        return {**value, "usage": self.tally.as_usage()}

    def _seen(self, choice: object, part: str) -> bool:
        """Count one choice's part. Whether it ends the choice."""
        if not isinstance(choice, dict):
            raise _foreign(self.host)
        choice = cast("dict[str, object]", choice)
        index, reason, said = choice.get("index", 0), choice.get("finish_reason"), choice.get(part)
        if not isinstance(index, int) or not 0 <= index < _MOST_CHOICES or not isinstance(said, dict | None):
            raise _foreign(self.host)
        self.tally.add(cast("object", said))
        ended = _UNPRINTABLE.sub("", str(reason))[:100] or "stop" if reason else None
        self.reasons[index] = ended or self.reasons.get(index)
        return ended is not None


def text_of(part: Mapping[str, Any] | None) -> str:
    """What a delta or a message says to a person: its content without reasoning, whether a text or Mistral's list of chunks.

    >>> text_of({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Paris"}]})
    'Paris'
    """
    content: object = (part or {}).get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts: list[object] = []
    for chunk in cast("list[object]", content):
        if isinstance(chunk, Mapping) and cast("Mapping[str, object]", chunk).get("type", "text") == "text":
            texts.append(cast("Mapping[str, object]", chunk).get("text"))
    return "".join(text for text in texts if isinstance(text, str))


def thought_of(part: Mapping[str, Any] | None) -> str:
    """What a delta says of a model's thinking: in chunks, as Mistral does, or in one of the fields that others have for it.

    >>> thought_of({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]})
    'Hm'
    """
    part = part or {}
    content, texts = part.get("content"), list[object]()
    for chunk in cast("list[object]", content) if isinstance(content, list) else []:
        inner: object = cast("Mapping[str, object]", chunk).get("thinking") if isinstance(chunk, Mapping) else None
        texts += [text_of({"content": inner})]
    texts += [part.get("reasoning_content") or part.get("reasoning")]
    return "".join(text for text in texts if isinstance(text, str))


def prompt_estimate(messages: list[dict[str, Any]]) -> int:
    """How many tokens a conversation may be, for a model whose tokenizer is elsewhere. Pictures and sounds in it are not counted.

    >>> prompt_estimate([{"role": "user", "content": "Bonjour"}]), prompt_estimate([{"role": "user", "content": "東京"}])
    (11, 10)
    """
    return sum(-(-_weight(message) // _BYTES) + _AROUND for message in messages)


def broken(host: str) -> UpstreamFailed:
    return UpstreamFailed(
        f"The answer of {host} broke off.", remedy="What came until then is kept; ask again.", reason=because("upstream_broke", host=host)
    )


def _foreign(host: str) -> UpstreamFailed:
    return UpstreamFailed(
        f"{host} sent what is no part of an answer.",
        remedy="Is upstream_url a Mistral or OpenAI compatible API?",
        reason=because("upstream_no_answer", host=host),
    )


def _object(data: bytes, host: str) -> Chunk:
    try:
        value: object = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _foreign(host) from None
    if not isinstance(value, dict):
        raise _foreign(host)
    return cast("Chunk", value)


def _details(usage: Mapping[str, Any] | None) -> Mapping[str, Any]:
    details: object = (usage or {}).get("prompt_tokens_details")
    return cast("Mapping[str, Any]", details) if isinstance(details, Mapping) else {}


def _weight(part: object, *, counted: bool = False, depth: int = 8) -> int:
    """Bytes of the texts in it, as deep as texts lie in any form of a message."""
    if isinstance(part, str):
        return len(part.encode("utf-8", "replace")) if counted else 0
    if depth and isinstance(part, Mapping):
        fields = cast("Mapping[object, object]", part).items()
        return sum(_weight(value, counted=name in _COUNTED, depth=depth - 1) for name, value in fields)
    if depth and isinstance(part, list):
        return sum(_weight(one, counted=counted, depth=depth - 1) for one in cast("list[object]", part))
    return 0


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40 else None
