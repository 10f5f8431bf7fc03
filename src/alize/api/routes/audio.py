"""Transcription. In: a sound, as a form's file or an address. Out: what is said in it, whole or as server-sent events.

body ─ form ─ schemas/audio ─ lending ─ hearing ─ asking ─ metering ─ delivering
"""

import asyncio
from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.asking import ask_transcription
from alize.api.auth import Caller, Here
from alize.api.delivering import delivered
from alize.api.documentation import described
from alize.api.form import read_form
from alize.api.hearing import ears_of, fetched, hear, hears
from alize.api.lending import lent
from alize.api.metering import Meter
from alize.api.naming import writer_named
from alize.api.parts import House, Served, Sleeping
from alize.api.schemas.audio import AudioTranscriptionRequest, TranscriptionEvent, TranscriptionResponse
from alize.api.trace import trace_of
from alize.api.transcript import Transcript
from alize.errors import InvalidRequest, UnsupportedParameter
from alize.prompt.sounds import seconds_of
from alize.prompt.spectrogram import RATE
from alize.upstream import UpstreamModel

__all__ = ["router"]

router = APIRouter(tags=["audio"])
_PATH = "/v1/audio/transcriptions"


@router.post(_PATH, openapi_extra=described(TranscriptionResponse, form=AudioTranscriptionRequest, stream=TranscriptionEvent))
async def transcribe(request: Request, principal: Caller, here: Here) -> Response:
    """Write down what is said in a sound."""
    wanted, file = await read_form(request, AudioTranscriptionRequest, strict=here.settings.strict)
    model, trace = writer_named(wanted.model, here.parts, here.settings), trace_of(request.scope)
    if isinstance(model, UpstreamModel):
        raise _deaf(wanted)
    served = await lent(model, request, partial(_check, wanted, file, here))
    ears = ears_of(served)
    if ears is None:
        raise _deaf(wanted)
    _refuse_unsupported(wanted, served.card.id, streams=ears.hearing.streams)
    _check_one(wanted, file)
    data, path = (file, "file") if file is not None else (await fetched(wanted.file_url or "", "file_url", here), "file_url")
    heard = await hear(data, here.settings.max_audio_seconds, path, ears, here)
    asked = await ask_transcription(wanted, heard, ears, served, principal, here.settings)
    timed = ears.marks.samples / RATE if wanted.timestamp_granularities else 0.0
    form = Transcript(wanted.model, wanted.language, heard.seconds, timed)
    return await delivered(Meter(here, asked, principal, trace, _PATH), form, request, stream=wanted.stream)


async def _check(wanted: AudioTranscriptionRequest, file: bytes | None, here: House, model: Served | Sleeping) -> None:
    """What is known of a model that is not awake, and of a file by its head."""
    if not hears(model):
        raise _deaf(wanted)
    ears = ears_of(model) if isinstance(model, Served) else None
    _refuse_unsupported(wanted, model.card.id, streams=ears is None or ears.hearing.streams)
    _check_one(wanted, file)
    if file is not None:
        await asyncio.to_thread(seconds_of, file, here.settings.max_audio_seconds, "file")


def _deaf(wanted: AudioTranscriptionRequest) -> UnsupportedParameter:
    return UnsupportedParameter(
        f"The model {wanted.model} cannot hear.", param="model", remedy="Choose one of GET /v1/models that has audio_transcription."
    )


def _check_one(wanted: AudioTranscriptionRequest, file: bytes | None) -> None:
    """Raises where it is not one sound."""
    if wanted.file_id is not None:
        raise UnsupportedParameter("file_id: files are not kept yet.", param="file_id", remedy="Send the sound as file.")
    if (file is None) == (wanted.file_url is None):
        raise InvalidRequest("A transcription takes one sound: file, or file_url.", param="file")


def _refuse_unsupported(wanted: AudioTranscriptionRequest, name: str, *, streams: bool) -> None:
    """Times are known of a model that writes while it hears: when it wrote a word, not when the word began."""
    asked = set(wanted.timestamp_granularities)
    for field, bad, why in (
        ("diarize", wanted.diarize, "the model does not tell speakers apart."),
        ("context_bias", wanted.context_bias, "words to expect are not supported."),
        ("replay", wanted.replay, "a record leaves sounds out, so nothing could be made again from it."),
        ("timestamp_granularities", asked and not streams, f"the model {name} writes no times."),
        ("timestamp_granularities", "word" in asked, f"the model {name} does not tell when a word begins; segment is served."),
    ):
        if bad:
            raise UnsupportedParameter(f"{field}: {why}", param=field, remedy="Leave it out.")
