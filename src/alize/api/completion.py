"""A chat answer as JSON. In: the events of an answer, or its choices put together. Out: the objects of the public API.

The usage is known only at the end, so a stream's last chunk is made after everything else, with `usage` in it.

Content is a string; of a model that thinks, a list of chunks, in a stream until the thought has ended:

    [thinking "So"]  [thinking " 8"]  [thinking "" closed, text "It"]  " is"  " 8."

A call of a tool is told by its index. Its id and name come once, its arguments as they are made; later pieces have an empty name, since
Mistral's client asks for one, and no id, since some clients put the pieces of all texts together:

    {id, index: 0, function: {name: "f", arguments: "{"}}  {index: 0, function: {name: "", arguments: "}"}}
"""

import math
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from alize.api.answers import Begun, Called, Choice, Event, Finish, Text, Thought, Token, Usage
from alize.api.sse import DONE, event
from alize.engine.record import ReplayRecord
from alize.prompt.parts import Call, Part
from alize.tokenize.base import Tokenizer

__all__ = ["Form", "usage_of"]

_LEAST = -9999.0  # what a log-probability of minus infinity is written as: JSON has no infinity


@dataclass(frozen=True, slots=True)
class Form:
    """What every object of one answer repeats."""

    id: str
    model: str  # as the client named it
    tokenizer: Tokenizer
    logprobs: bool = False
    tier: str | None = None  # service_tier, where the client asked for one
    audio_seconds: float | None = None  # of the prompt's sounds, where there are any
    replay: Callable[[int], ReplayRecord | None] | None = None  # of each choice, once it has ended; None: it was not asked for
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, choices: Sequence[Choice], usage: Usage) -> dict[str, Any]:
        """The body of a whole answer."""
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [
                {
                    "index": index,
                    "message": {"role": "assistant", "content": _content(choice.parts), "tool_calls": _calls(choice), "prefix": False},
                    **_logprobs(self, choice.tokens),
                    **_replay(self, index),
                    "finish_reason": choice.reason,
                    **_stop(choice.stop),
                }
                for index, choice in enumerate(choices)
            ],
            "usage": _usage(self, usage),
        }

    async def chunks(self, events: AsyncGenerator[Event, None], usage: Callable[[], Usage]) -> AsyncGenerator[bytes, None]:
        """The answer as server-sent events. `usage` is asked at the end."""
        ended: dict[int, Thought] = {}  # of each choice, the end of a thought: it is sent with the first text behind it
        async with aclosing(events):
            async for one in events:
                before = ended.pop(one.index, None)
                tokens = before.tokens if before is not None else ()
                thoughts = [_thinking(before.text, closed=True)] if before is not None else []
                match one:
                    case Begun(index):
                        yield event(_chunk(self, index, {"role": "assistant", "content": ""}))
                    case Thought(index, text, more, True):
                        ended[index] = Thought(index, text, (*tokens, *more), closed=True)
                        if before is not None:
                            yield event(_chunk(self, index, {"content": thoughts}))
                    case Thought(index, text, more, _):
                        yield event(_chunk(self, index, {"content": [*thoughts, _thinking(text, closed=False)]}, (*tokens, *more)))
                    case Text(index, text, more):
                        content = [*thoughts, {"type": "text", "text": text}] if thoughts else text
                        yield event(_chunk(self, index, {"content": content}, (*tokens, *more)))
                    case Called(index, call, more):
                        yield event(_chunk(self, index, {"content": thoughts or "", "tool_calls": [_piece(call)]}, (*tokens, *more)))
                    case Finish(index, reason, last, stop):
                        # The public API has no `model_length` in streams.
                        finish = "length" if reason == "model_length" else reason
                        chunk = _chunk(self, index, {"content": thoughts or ""}, tokens, finish)
                        chunk["choices"][0] |= _replay(self, index) | _stop(stop)
                        yield event({**chunk, "usage": _usage(self, usage())} if last else chunk)
        yield DONE


def _chunk(form: Form, index: int, delta: dict[str, Any], tokens: Sequence[Token] = (), finish: str | None = None) -> dict[str, Any]:
    return {
        "id": form.id,
        "object": "chat.completion.chunk",
        "created": form.created,
        "model": form.model,
        "choices": [{"index": index, "delta": delta, **_logprobs(form, tokens), "finish_reason": finish}],
    }


def _calls(choice: Choice) -> list[dict[str, Any]] | None:
    return [_piece(call) for call in choice.calls] or None


def _piece(call: Call) -> dict[str, Any]:
    function = {"name": call.name if call.begins else "", "arguments": call.arguments}
    return {**({"id": call.id, "type": "function"} if call.begins else {}), "function": function, "index": call.number}


def _content(every: Sequence[Part | Call]) -> str | list[dict[str, Any]]:
    """A text, unless something was thought. An empty thought is none."""
    parts = [part for part in every if isinstance(part, Part)]
    if not any(part.thought and part.text for part in parts):
        return "".join(part.text for part in parts)
    return [
        _thinking(part.text, closed=part.closed) if part.thought else {"type": "text", "text": part.text} for part in parts if part.text
    ]


def _thinking(text: str, *, closed: bool) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}] if text else [], "closed": closed}


def guessed_details(usage: Usage) -> dict[str, int]:
    """By OpenAI's names, whatever was guessed by: a prediction, the text itself, a grammar or a draft model."""
    return {"accepted_prediction_tokens": usage.accepted, "rejected_prediction_tokens": usage.guessed - usage.accepted}


def usage_of(usage: Usage, audio_seconds: float | None = None) -> dict[str, Any]:
    """As the public API counts: whole seconds of sound, begun ones too."""
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        **({"completion_tokens_details": guessed_details(usage)} if usage.predicted or usage.guessed else {}),
        **({} if audio_seconds is None else {"prompt_audio_seconds": math.ceil(audio_seconds)}),
    }


def _usage(form: Form, usage: Usage) -> dict[str, Any]:
    return usage_of(usage, form.audio_seconds) | ({} if form.tier is None else {"service_tier": form.tier})


def _replay(form: Form, index: int) -> dict[str, Any]:
    """{} where it was not asked for."""
    return {} if form.replay is None else {"replay": form.replay(index)}


def _stop(stop: str | None) -> dict[str, Any]:
    """{} where no stop string ended it."""
    return {} if stop is None else {"stop_reason": stop}


def _logprobs(form: Form, tokens: Iterable[Token]) -> dict[str, Any]:
    """{} where none were asked for."""
    if not form.logprobs:
        return {}
    content = [
        {
            **_scored(form.tokenizer, token.id, token.logprob.logprob),
            "top_logprobs": [_scored(form.tokenizer, *alternative) for alternative in token.logprob.top],
        }
        for token in tokens
    ]
    return {"logprobs": {"content": content}}


def _scored(tokenizer: Tokenizer, id: int, logprob: float) -> dict[str, Any]:
    return {
        "token": tokenizer.token_text(id),
        "logprob": max(logprob, _LEAST),
        "bytes": list(tokenizer.token_bytes(id)),
        "token_id": id,
    }
