"""A session of transcription. In: the messages of a WebSocket as JSON. Out: typed messages; the shapes are those of Mistral's client."""

from typing import Annotated, Any, Literal

from pydantic import Field

from alize.api.schemas.values import JsonObject, Schema
from alize.prompt.pcm import RATES

__all__ = ["AudioFormat", "ClientMessage", "InputAudioAppend", "InputAudioEnd", "InputAudioFlush", "SessionUpdate"]


class AudioFormat(Schema):
    """How the samples are written. One channel."""

    encoding: Literal["pcm_s16le", "pcm_s32le", "pcm_f16le", "pcm_f32le", "pcm_mulaw", "pcm_alaw"] = "pcm_s16le"
    sample_rate: int = Field(default=16_000, ge=RATES[0], le=RATES[1])


class SessionPayload(Schema):
    """What a session is to do. What is left out, or null, stays as it is."""

    audio_format: AudioFormat | None = None
    target_streaming_delay_ms: Annotated[int, Field(ge=0, le=60_000)] | None = None
    diarize: bool | None = None
    context_bias: list[str] | None = None
    language: str | None = None
    speaker_references: dict[str, Any] | None = None
    turn_detection: JsonObject | None = None


class SessionUpdate(Schema):
    type: Literal["session.update"]
    session: SessionPayload


class InputAudioAppend(Schema):
    type: Literal["input_audio.append"]
    audio: str


class InputAudioFlush(Schema):
    type: Literal["input_audio.flush"]


class InputAudioEnd(Schema):
    type: Literal["input_audio.end"]


class ClientMessage(Schema):
    """One message of a client."""

    message: Annotated[SessionUpdate | InputAudioAppend | InputAudioFlush | InputAudioEnd, Field(discriminator="type")]
