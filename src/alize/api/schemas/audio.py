"""Transcription. In: the fields of a form. Out: a typed request; the shapes of an answer, whole and as events."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from alize.api.schemas.chat import UsageInfo
from alize.api.schemas.values import Schema

__all__ = ["AudioTranscriptionRequest", "TranscriptionEvent", "TranscriptionResponse"]


def _number(value: object) -> object:
    """Of a form's text."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _truth(value: object) -> object:
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


_Truth = Annotated[bool, BeforeValidator(_truth)]


class AudioTranscriptionRequest(Schema):
    """A sound to write down: `file`, or the address of one in `file_url`."""

    model: str = Field(description="Id or alias of a model of GET /v1/models that has audio_transcription.")
    file: str | None = Field(None, description="WAV, FLAC, Ogg or MP3.", json_schema_extra={"format": "binary"})
    file_url: Annotated[str, Field(min_length=1, max_length=2083)] | None = Field(None, description="Of a host in `outside_hosts`.")
    file_id: str | None = Field(None, description="Not supported yet.")
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] | None = Field(None, description="Two letters, where it is known.")
    temperature: Annotated[float, Field(ge=0, le=1.5), BeforeValidator(_number)] | None = Field(
        None, description="How freely to draw; 0, the default, always takes the likeliest token."
    )
    stream: _Truth = Field(False, description="Send the text as server-sent events while it is made.")
    diarize: _Truth = Field(False, description="Not supported: models that tell speakers apart are not served.")
    context_bias: list[str] = Field([], description="Not supported.")
    timestamp_granularities: list[Literal["segment", "word"]] = Field(
        [], description="`segment`, of a model that writes while it hears (Voxtral Realtime). No model here tells the times of words."
    )
    replay: _Truth = Field(False, description="Not supported: a record leaves sounds out.")
    response_format: Literal["json"] | None = Field(None, description="OpenAI's clients may send it; there is one format.")


class TranscriptionSegmentChunk(Schema):
    type: Literal["transcription_segment"] = "transcription_segment"
    text: str
    start: float
    end: float
    score: float | None = None
    speaker_id: str | None = None


class TranscriptionResponse(Schema):
    model: str = Field(description="The name that was asked for.")
    text: str
    language: str | None = Field(description="As the request gave it.")
    segments: list[TranscriptionSegmentChunk] = Field(description="What was said together, and when; none unless they were asked for.")
    usage: UsageInfo


class TranscriptionStreamTextDelta(Schema):
    type: Literal["transcription.text.delta"] = "transcription.text.delta"
    text: str


class TranscriptionStreamSegment(Schema):
    type: Literal["transcription.segment"] = "transcription.segment"
    text: str
    start: float
    end: float
    score: float | None = None
    speaker_id: str | None = None


class TranscriptionStreamDone(TranscriptionResponse):
    type: Literal["transcription.done"] = "transcription.done"


class TranscriptionEvent(Schema):
    event: Literal["transcription.text.delta", "transcription.segment", "transcription.done"]
    data: TranscriptionStreamTextDelta | TranscriptionStreamSegment | TranscriptionStreamDone
