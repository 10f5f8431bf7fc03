"""A transcription as JSON. In: the events of an answer. Out: the objects of the public API, also those of a session (live.py).

    event: transcription.text.delta      data: {"type": "transcription.text.delta", "text": " Bon"}
    event: transcription.done            data: {"type": "transcription.done", "text": " Bonjour", "usage": {…}, …}

A stream of these just ends: there is no [DONE].
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from alize.api.answers import Choice, Event, Finish, Text, Usage
from alize.api.completion import usage_of
from alize.api.segments import Segment, Segments
from alize.api.sse import event

__all__ = ["Transcript"]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What every object of one transcription repeats."""

    model: str  # as the client named it
    language: str | None
    audio_seconds: float
    timed: float = 0.0  # seconds that a token stands for, where the segments are asked for; 0 where they are not

    def whole(self, choices: Sequence[Choice], usage: Usage) -> dict[str, Any]:
        segments = self.segments()
        found = [segment for at, text in choices[0].pieces if segments for segment in segments.add(text, at)]
        return self.body(choices[0].text, usage, [*found, *(segments.end() if segments else ())])

    async def chunks(self, events: AsyncGenerator[Event, None], usage: Callable[[], Usage]) -> AsyncGenerator[bytes, None]:
        """As server-sent events. `usage` is asked at the end."""
        async for one in self.objects(events, usage, lambda: self.audio_seconds):
            yield f"event: {one['type']}\n".encode() + event(one)

    async def objects(
        self, events: AsyncGenerator[Event, None], usage: Callable[[], Usage], seconds: Callable[[], float]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """As objects that each name their type. `usage` and `seconds`, of the sound, are asked at the end."""
        text, segments, found = "", self.segments(), list[Segment]()
        async with aclosing(events):
            async for one in events:
                match one:
                    case Text(_, more, _, at) if more:
                        for segment in segments.add(more, at) if segments else ():
                            found.append(segment)
                            yield _timed("transcription.segment", segment)
                        text += more
                        yield {"type": "transcription.text.delta", "text": more}
                    case Finish():
                        for segment in segments.end() if segments else ():
                            found.append(segment)
                            yield _timed("transcription.segment", segment)
                        done = replace(self, audio_seconds=seconds())
                        yield {"type": "transcription.done", **done.body(text, usage(), found)}
                    case _:
                        pass

    def segments(self) -> Segments | None:
        return Segments(self.timed) if self.timed else None

    def body(self, text: str, usage: Usage, segments: Sequence[Segment]) -> dict[str, Any]:
        return {
            "model": self.model,
            "text": text,
            "language": self.language,
            "segments": [_timed("transcription_segment", segment) for segment in segments],
            "usage": usage_of(usage, self.audio_seconds),
        }


def _timed(kind: str, segment: Segment) -> dict[str, Any]:
    return {"type": kind, "text": segment.text, "start": segment.start, "end": segment.end, "score": None, "speaker_id": None}
