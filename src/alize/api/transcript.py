"""A transcription as JSON. In: the events of an answer, or its one choice. Out: the objects of the public API.

    event: transcription.text.delta      data: {"type": "transcription.text.delta", "text": " Bon"}
    event: transcription.done            data: {"type": "transcription.done", "text": " Bonjour", "usage": {…}, …}

A stream of these just ends: there is no [DONE].
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from alize.api.answers import Choice, Event, Finish, Text, Usage
from alize.api.completion import usage_of
from alize.api.sse import event

__all__ = ["Transcript"]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What every object of one transcription repeats."""

    model: str  # as the client named it
    language: str | None
    audio_seconds: float

    def whole(self, choices: Sequence[Choice], usage: Usage) -> dict[str, Any]:
        return self._body(choices[0].text, usage)

    async def chunks(self, events: AsyncGenerator[Event, None], usage: Callable[[], Usage]) -> AsyncGenerator[bytes, None]:
        """As server-sent events. `usage` is asked at the end."""
        text = ""
        async with aclosing(events):
            async for one in events:
                match one:
                    case Text(_, more) if more:
                        text += more
                        yield _named("transcription.text.delta", {"text": more})
                    case Finish():
                        yield _named("transcription.done", self._body(text, usage()))
                    case _:
                        pass

    def _body(self, text: str, usage: Usage) -> dict[str, Any]:
        return {
            "model": self.model,
            "text": text,
            "language": self.language,
            "segments": [],
            "usage": usage_of(usage, self.audio_seconds),
        }


def _named(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\n".encode() + event({"type": name, **data})
