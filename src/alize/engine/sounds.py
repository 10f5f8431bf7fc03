"""Sounds of a request. In: spectrograms, and where in the prompt their tokens stand. Out: what each of these tokens lets hear.

A long sound is several: each is what its encoder hears together, half a minute for Voxtral, so that none waits for another to be encoded.
A stream is one sound under all tokens, those of the answer, too. It may still be coming when the answer begins: the engine then runs each
token when its sound is there.

    sound     0 1 2 3 4 5 6 7 8 …      5 tokens of it came with the request, 4 later
    tokens    p p p p p a b c d        5 of prompt; a is drawn at once, d when the token 7 of the sound is there: c is run with it
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alize.engine.media import Ints

__all__ = ["Coming", "Hearing", "Sound"]


@dataclass(frozen=True, slots=True)
class Hearing:
    """How a model takes sounds."""

    bands: int  # of a spectrogram
    frames: int  # its columns that one token is made of
    piece: int  # tokens that are heard together; 1 where any number can be
    loudest: float | None = None  # logarithm that counts as the loudest; None: each sound's own
    delay: int = 0  # tokens that the text is behind the sound, where a model writes while it hears; 0 where it hears first
    kept: int = 0  # bytes that a runner keeps of a sound that is still coming …
    kept_each: int = 0  # … and of each of its tokens

    @property
    def streams(self) -> bool:
        """Whether every token, those of the answer, too, comes with a piece of sound."""
        return self.delay > 0

    @property
    def token_bytes(self) -> int:
        """Of the spectrogram of one token."""
        return 4 * self.bands * self.frames


@dataclass(frozen=True, slots=True)
class Sound:
    """What is heard together, ready to be heard. Make it with `Sound.of`, or `Sound.begun` where more of it will come."""

    start: int  # index of its first token in the prompt
    length: int  # tokens it takes
    data: bytes  # float32, [length · frames, bands]: strengths as the model was trained on them
    key: bytes  # the same for the same sound, whatever prompt it stands in
    most: int = 0  # tokens that it may become, where more of it will come; 0 where it is whole

    @classmethod
    def of(cls, drawn: npt.NDArray[np.float32], frames: int, start: int) -> "Sound":
        """`drawn` is a spectrogram [bands, columns], a multiple of `frames`."""
        bands, columns = drawn.shape
        assert columns % frames == 0
        data = written(drawn)
        return cls(start, columns // frames, data, hashlib.blake2b(data, digest_size=24, person=b"%d bands" % bands).digest())

    @classmethod
    def begun(cls, drawn: npt.NDArray[np.float32], frames: int, most: int, key: bytes) -> "Sound":
        """What there is of a stream by now. `key`: of no other sound."""
        assert drawn.shape[1] % frames == 0
        return cls(0, drawn.shape[1] // frames, written(drawn), key, most)

    @property
    def held(self) -> int:
        return len(self.data) // max(1, self.length) * max(self.length, self.most)

    @property
    def shown(self) -> int:
        """All of them."""
        return self.length

    def array(self, bands: int) -> npt.NDArray[np.float32]:
        """The spectrogram again: [bands, length · frames]."""
        return np.frombuffer(self.data, np.float32).reshape(-1, bands).T

    def shows(self, tokens: Ints) -> Ints:
        """Every token has a row of its own."""
        return tokens


class Coming:
    """A stream whose sound is still coming, as the engine's process has it."""

    start = 0

    def __init__(self, sound: Sound, token_bytes: int) -> None:
        self.key, self.held, self._token_bytes = sound.key, sound.held, token_bytes
        self._most, self._data = sound.most, bytearray(sound.data)
        self.whole = False  # no more of it will come
        self.heard: object = None  # what a runner keeps of it; gone with the request

    @property
    def length(self) -> int:
        """Tokens that are there."""
        return len(self._data) // self._token_bytes

    @property
    def shown(self) -> int:
        """All that are there."""
        return self.length

    def add(self, data: bytes, *, last: bool) -> str | None:
        """The next tokens of it. What is wrong with them, where they cannot be: nothing is changed then."""
        if self.whole:
            return "it has ended"
        if len(data) % self._token_bytes:
            return f"{len(data)} bytes are no whole tokens of {self._token_bytes}"
        if len(self._data) + len(data) > self._most * self._token_bytes:
            return f"it would have more than the {self._most} tokens that were announced"
        self._data += data
        self.whole = last
        return None

    def array(self, bands: int, first: int, last: int) -> npt.NDArray[np.float32]:
        """The spectrogram of the tokens `first` … `last` - 1: [bands, columns]."""
        piece = bytes(self._data[first * self._token_bytes : last * self._token_bytes])
        return np.frombuffer(piece, np.float32).reshape(-1, bands).T

    def shows(self, tokens: Ints) -> Ints:
        return tokens


def written(drawn: npt.NDArray[np.float32]) -> bytes:
    """A spectrogram [bands, columns] as a request holds it: column after column, so that more can follow."""
    return np.ascontiguousarray(drawn.T, np.float32).tobytes()
