"""A sound on its way to the engine while somebody speaks. In: its samples' bytes. Out: a question once there is enough, then more for it.

The question is asked when the sound covers the prompt: for Voxtral Realtime after 0.6 s. What comes before the engine has begun waits here,
at most as much as one sound may be long.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from alize.api.asking import Asked, ask_live
from alize.api.hearing import Ears
from alize.api.parts import Served
from alize.engine.base import Sound
from alize.engine.sounds import written
from alize.errors import InvalidRequest
from alize.governance.identity import Principal
from alize.prompt.pcm import Floats, Pcm
from alize.prompt.spectrogram import RATE
from alize.prompt.streamed import Streamed

__all__ = ["Live", "Speech"]


@dataclass(frozen=True, slots=True)
class Speech:
    """Who is heard, and by what."""

    served: Served
    ears: Ears
    principal: Principal
    most: float  # seconds

    @property
    def delay(self) -> int:
        """Milliseconds that the text is behind the sound."""
        return 1000 * self.ears.marks.samples * self.ears.marks.delay // RATE

    @property
    def token(self) -> float:
        """Seconds that a token stands for."""
        return self.ears.marks.samples / RATE


class Live:
    """One sound."""

    def __init__(self, speech: Speech, encoding: str, rate: int) -> None:
        marks, hearing, self._speech = speech.ears.marks, speech.ears.hearing, speech
        assert hearing.streams, "a model that hears first has no use for half a sound"
        assert hearing.loudest is not None, "columns of a stream cannot wait for the loudest"
        around = marks.samples, marks.samples * marks.before, marks.samples * marks.behind
        self._streamed = Streamed(Pcm(encoding, rate), hearing.bands, hearing.loudest, *around, speech.most)
        self._prompt = tuple(speech.served.tokenizer.transcription(1))
        self._most = _longest(speech, len(self._prompt))
        self._drawn = [np.zeros((hearing.bands, 0), np.float32)]  # what the engine has not been told: joined once, when it is
        self._columns = 0  # of all that
        self._given = 0  # tokens that it has
        self._asked: str | None = None  # its request, once it has begun
        self._ended = False  # all of it was drawn
        self._whole = False  # the engine knows that no more comes
        self._enough = asyncio.Event()
        self._turn = asyncio.Lock()  # a server that stops ends a sound of which a piece is just being read

    @property
    def seconds(self) -> float:
        """How long the sound is by now."""
        return self._streamed.seconds

    async def push(self, data: bytes) -> None:
        """More of it. Raises InvalidMedia, and InvalidRequest behind the end."""
        await self._further(lambda: self._streamed.push(data), last=False)

    async def end(self) -> None:
        """That was all. Raises InvalidMedia where it was nothing, and InvalidRequest for a second end."""
        await self._further(self._streamed.end, last=True)

    async def question(self) -> Asked:
        """Once the sound covers the prompt. Raises PromptTooLong for a context that the prompt does not fit into."""
        await self._enough.wait()
        self._whole = self._ended
        most = 0 if self._whole else self._most
        begun = Sound.begun(self._take(), self._speech.ears.hearing.frames, most, secrets.token_bytes(24))
        return ask_live(self._prompt, begun, self._speech.served, self._speech.principal)

    def begin(self, request: str) -> None:
        """The engine has begun: from now on it is told at once."""
        self._asked = request
        self._tell()

    async def _further(self, work: Callable[[], Floats], *, last: bool) -> None:
        async with self._turn:
            if self._ended:
                raise InvalidRequest("The sound has ended: input_audio.end was sent.", remedy="Open another session for another one.")
            drawn = await asyncio.to_thread(work)
            if drawn.size:
                self._drawn.append(drawn)
            self._columns, self._ended = self._columns + drawn.shape[1], last
            if last or self._tokens >= len(self._prompt):
                self._enough.set()
            self._tell()

    @property
    def _tokens(self) -> int:
        return self._columns // self._speech.ears.hearing.frames

    def _take(self) -> Floats:
        """What was drawn since, as far as the context reaches: behind it the answer ends."""
        drawn, room = np.concatenate(self._drawn, axis=1), (self._most - self._given) * self._speech.ears.hearing.frames
        self._given, self._drawn, self._columns = self._given + self._tokens, [drawn[:, :0]], 0
        return drawn[:, : max(0, room)]

    def _tell(self) -> None:
        if self._asked is not None and not self._whole and (self._tokens or self._ended):
            self._whole = self._ended
            self._speech.served.engine.hear(self._asked, written(self._take()), last=self._whole)


def _longest(speech: Speech, prompt: int) -> int:
    """Tokens that a sound may become: those of the longest that is taken, or those of the context."""
    marks = speech.ears.marks
    tokens = marks.before + int(speech.most * RATE) // marks.samples + 2 + marks.behind
    return max(prompt, min(tokens, speech.served.engine.info.max_context))
