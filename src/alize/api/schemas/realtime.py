"""A session of transcription. In: the messages of a WebSocket as JSON. Out: typed messages; the shapes are those of Mistral's client."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from alize.api.schemas.values import WHOLE, JsonObject, Reply, Schema
from alize.prompt.pcm import RATES

__all__ = [
    "AudioFormat",
    "ClientMessage",
    "ClientSession",
    "ClientSessionRequest",
    "InputAudioAppend",
    "InputAudioEnd",
    "InputAudioFlush",
    "SessionUpdate",
]


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


class ClientSessionRequest(Schema):
    """A pass for a page, which opens sessions of one model for a while."""

    purpose: Literal["realtime"]
    model: str = Field(description="Id or alias of a model of GET /v1/models that has audio_transcription_realtime.", min_length=1)
    ttl_seconds: Annotated[int, Field(ge=1, le=600), WHOLE] | None = Field(None, description="How long it may open them; 60 by default.")


class ClientSecret(Reply):
    value: str = Field(description="The pass. It is shown here only.")
    expires_at: datetime


class ClientSession(Reply):
    object: Literal["client.session"] = "client.session"
    purpose: Literal["realtime"] = "realtime"
    expires_at: datetime
    client_secret: ClientSecret
