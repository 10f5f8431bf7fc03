"""A session of transcription on a WebSocket. In: messages of sound. Out: what is said in it, in messages that come while it is spoken.

    client                          server
                                    session.created
    session.update                  session.updated               before the first sound
    input_audio.append …            transcription.text.delta …    and transcription.segment, behind what was said together
    input_audio.end                 transcription.done, closes with 1000

A session has one sound. Whatever is wrong ends it: an `error`, then a close code that says whose fault it was. So does the end of the key
or the sign-in that it was opened with. A server that is told to stop takes no more sound, says what it has heard until then, and closes
with 1001.
"""

import asyncio
import base64
import binascii
import logging
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, ClassVar

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from alize.api.answers import Begun, Event, Finish
from alize.api.auth import check_still
from alize.api.body import json_of, parsed
from alize.api.errors import internal, told
from alize.api.live import Live, Speech
from alize.api.metering import Meter
from alize.api.parts import House
from alize.api.schemas.realtime import (
    AudioFormat,
    ClientMessage,
    InputAudioAppend,
    InputAudioEnd,
    SessionPayload,
    SessionUpdate,
)
from alize.api.sockets import REALTIME
from alize.api.trace import trace_of
from alize.api.transcript import Transcript
from alize.errors import AlizeError, InvalidRequest, PayloadTooLarge, PromptTooLong, RequestTimeout, UnsupportedParameter
from alize.prompt.spectrogram import RATE

__all__ = ["Dictation", "refused"]

MOST_BYTES = 262_144
"""Of the sound of a message, as the public API has it."""

_log = logging.getLogger("alize.api")

_DONE, _GOING, _FAULT, _FAILED, _LATER = 1000, 1001, 1008, 1011, 1013  # RFC 6455, and its registry


class Dictation:
    """One session, from the moment that it is accepted."""

    patience: ClassVar[float] = 60.0  # seconds without sound, before it has ended
    believed: ClassVar[float] = 1.0  # seconds for which whoever was let in is, without being asked again

    def __init__(self, socket: WebSocket, house: House, speech: Speech, model: str) -> None:
        """`model`: as the client named it."""
        self._socket, self._house, self._speech, self._model = socket, house, speech, model
        self._format = AudioFormat(sample_rate=RATE)
        self._live: Live | None = None  # once there is sound
        self._heard = asyncio.Event()
        self._ended = self._stopped = False

    async def run(self) -> None:
        """Until it is over. Whoever leaves ends what the engine does for them."""
        try:
            await self._send({"type": "session.created", "session": self._described()})
            await _first(self._write(), self._read(), self._stop())
            await self._socket.close(_GOING if self._stopped else _DONE)
        except (WebSocketDisconnect, WebSocketDisconnected):
            trace_of(self._socket.scope).facts["client"] = "left"
        except AlizeError as error:
            await refused(self._socket, error)
        except Exception:  # noqa: BLE001 - as middleware/failures.py does for a request
            _log.exception("session failed")
            await refused(self._socket, internal(trace_of(self._socket.scope).id))

    # ── what comes ──

    async def _read(self) -> None:
        now = asyncio.get_running_loop().time
        until, asked = now() + self.patience, now()
        while True:
            try:
                async with asyncio.timeout_at(None if self._ended else until):
                    written = await self._socket.receive_text()
            except TimeoutError:
                raise RequestTimeout(
                    f"No sound came for {self.patience:g} seconds.", remedy="Send silence while nobody speaks, or input_audio.end."
                ) from None
            except (KeyError, TypeError):  # a message of bytes
                raise InvalidRequest("Messages are JSON, sent as text.", remedy="Send sound as base64 in input_audio.append.") from None
            match parsed({"message": json_of(written.encode())}, ClientMessage, strict=self._house.settings.strict).message:
                case SessionUpdate(session=wanted):
                    await self._update(wanted)
                case InputAudioAppend() | InputAudioEnd() if self._stopped:
                    pass  # sent before the client could know
                case InputAudioAppend(audio=audio):
                    if now() - asked >= self.believed:
                        await check_still(self._socket, self._speech.principal, self._house)
                        asked = now()
                    await self._sound().push(_decoded(audio))
                    until = now() + self.patience if audio else until
                case InputAudioEnd():
                    await self._end()
                case _:
                    pass  # input_audio.flush: nothing waits for more than what makes a token whole

    async def _update(self, wanted: SessionPayload) -> None:
        _refuse_unsupported(wanted, self._speech)
        if self._live is not None:
            raise InvalidRequest("session.update came behind the first sound.", param="session", remedy="Send it before.")
        self._format = wanted.audio_format or self._format
        await self._send({"type": "session.updated", "session": self._described()})

    def _sound(self) -> Live:
        if self._live is None:
            self._live = Live(self._speech, self._format.encoding, self._format.sample_rate)
            self._heard.set()
        return self._live

    async def _end(self) -> None:
        self._ended = True
        await self._sound().end()

    async def _stop(self) -> None:
        """The server ends: what was heard until now is all."""
        await self._house.parts.draining.told.wait()
        self._stopped = True
        if self._live is None:
            return
        if not self._ended:
            await self._end()
        await asyncio.Event().wait()  # until what was heard is written

    # ── what goes ──

    async def _write(self) -> None:
        await self._heard.wait()
        live = self._sound()
        asked = await live.question()
        meter = Meter(self._house, asked, self._speech.principal, trace_of(self._socket.scope), REALTIME)
        form = Transcript(self._model, None, live.seconds, self._speech.token)

        async def events() -> AsyncGenerator[Event, None]:
            async with aclosing(meter.events()) as given:
                async for event in given:
                    if isinstance(event, Begun):
                        live.begin(asked.question.choices[0].id)
                    self._check_whole(event, live)
                    yield event

        async with aclosing(form.objects(events(), lambda: meter.usage, lambda: live.seconds)) as objects:
            async for one in objects:
                await self._send(one)

    def _check_whole(self, event: Event, live: Live) -> None:
        """Raise PromptTooLong where the context ended before the sound."""
        if isinstance(event, Finish) and event.reason == "model_length":
            context = self._speech.served.engine.info.max_context
            raise PromptTooLong(
                f"The context of {context} tokens is full: of {live.seconds:.1f} seconds of sound not all was heard.",
                param="audio",
                remedy="Open another session for the rest, or have max_context raised.",
            )

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send_text(msgspec.json.encode(message).decode())

    def _described(self) -> dict[str, Any]:
        return {
            "request_id": trace_of(self._socket.scope).id,
            "model": self._model,
            "audio_format": self._format.model_dump(),
            "target_streaming_delay_ms": self._speech.delay,
        }


async def refused(socket: WebSocket, error: AlizeError) -> None:
    """Say what was wrong, and close."""
    error = told(error, socket.scope)
    code = int(error.code) if error.code and error.code.isdecimal() else error.status
    detail = {"message": error.text, "code": code, "type": error.type, "param": error.param}
    try:
        await socket.send_text(msgspec.json.encode({"type": "error", "error": detail}).decode())
        await socket.close(_LATER if error.status in (429, 503) else _FAILED if error.status >= 500 else _FAULT)
    except (WebSocketDisconnect, WebSocketDisconnected):  # nobody listens any more
        trace_of(socket.scope).facts["client"] = "left"


def _refuse_unsupported(wanted: SessionPayload, speech: Speech) -> None:
    delay = speech.delay
    for field, bad, why in (
        (
            "target_streaming_delay_ms",
            wanted.target_streaming_delay_ms not in (None, delay),
            f"the model has {delay} ms of delay.",
        ),
        ("diarize", wanted.diarize, "the model does not tell speakers apart."),
        ("context_bias", wanted.context_bias, "words to expect are not supported."),
        ("language", wanted.language, "the model finds the language by itself."),
        ("speaker_references", wanted.speaker_references, "the model does not tell speakers apart."),
        ("turn_detection", wanted.turn_detection is not None, "the model does not tell when a turn ends."),
    ):
        if bad:
            raise UnsupportedParameter(f"{field}: {why}", param=field, remedy="Leave it out.")


def _decoded(audio: str) -> bytes:
    try:
        data = base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest("audio: what should be base64 is none.", param="audio") from error
    if len(data) > MOST_BYTES:
        raise PayloadTooLarge(f"audio: a message has at most {MOST_BYTES} bytes of sound.", param="audio", remedy="Send it in pieces.")
    return data


async def _first(*works: Coroutine[Any, Any, None]) -> None:
    """Wait until one of them ends, and end the others. Raises what it raises."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:  # the first in order, where several have ended
            if task in done:
                return task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
