"""Sessions of transcription for tests. In: an application behind a socket. Out: a client's side of them, message by message."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from alize.engine.base import Hearing
from alize.engine.fake import FakeEngine, saying
from alize.tokenize.bytes import ByteTokenizer
from tests.serving import CARD, Desk
from tests.voxtral import wave

PATH = "/v1/audio/transcriptions/realtime"
TOKENIZER = ByteTokenizer(streams=True)
EAR = Hearing(bands=8, frames=10, piece=1, loudest=1.5, delay=2)  # a token is a tenth of a second; 0.3 s cover the prompt
CARD_THAT_HEARS = replace(CARD, capabilities=frozenset({"audio_transcription"}))
TENTH = 3200  # bytes
SAYS = "Bonjour, le vent. " * 20


def spoken(seconds: float = 1.0) -> bytes:
    return (wave(seconds)[:, 0] * 32767).astype("<i2").tobytes()


def append(data: bytes) -> dict[str, Any]:
    return {"type": "input_audio.append", "audio": base64.b64encode(data).decode()}


END = {"type": "input_audio.end"}


@dataclass
class Talk:
    """One session, from the client's side."""

    socket: ClientConnection

    async def send(self, *messages: Any) -> None:
        for message in messages:
            await self.socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def read(self) -> dict[str, Any]:
        return json.loads(await self.socket.recv())

    async def until(self, kind: str) -> list[dict[str, Any]]:
        """The messages up to the first of a kind."""
        found = [await self.read()]
        while found[-1]["type"] != kind:
            assert found[-1]["type"] != "error", found[-1]
            found.append(await self.read())
        return found

    async def closed(self) -> int:
        with pytest.raises(ConnectionClosed):
            await self.read()
        return self.socket.close_code or 0


@dataclass
class Hall:
    """A desk behind a socket."""

    desk: Desk
    port: int

    @asynccontextmanager
    async def talk(self, query: str = "?model=fake", key: str | None = "", **more: Any) -> AsyncIterator[Talk]:
        """`key`: None sends none, "" the desk's own."""
        headers = {} if key is None else {"Authorization": f"Bearer {key or self.desk.key}"}
        async with connect(
            f"ws://127.0.0.1:{self.port}{PATH}{query}", additional_headers={**headers, **more.pop("headers", {})}, **more
        ) as one:
            yield Talk(one)

    async def refused(self, **more: Any) -> tuple[int, dict[str, Any]]:
        with pytest.raises(InvalidStatus) as caught:
            async with self.talk(**more):
                pass
        return caught.value.response.status_code, json.loads(caught.value.response.body)


def writing(text: str = SAYS, **more: Any) -> FakeEngine:
    """An engine whose model writes while it hears."""
    return FakeEngine(saying(text, TOKENIZER), vocab_size=267, hearing=EAR, **more)
