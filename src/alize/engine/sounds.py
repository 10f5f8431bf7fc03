"""Sounds of a request. In: spectrograms, and where in the prompt their tokens stand. Out: what each of these tokens lets hear.

A long sound is several: each is what its encoder hears together, half a minute for Voxtral, so that none waits for another to be encoded.
A stream is one sound under all tokens, those of the answer, too.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alize.engine.media import Ints

__all__ = ["Hearing", "Sound"]


@dataclass(frozen=True, slots=True)
class Hearing:
    """How a model takes sounds."""

    bands: int  # of a spectrogram
    frames: int  # its columns that one token is made of
    piece: int  # tokens that are heard together; 1 where any number can be
    loudest: float | None = None  # logarithm that counts as the loudest; None: each sound's own
    delay: int = 0  # tokens that the text is behind the sound, where a model writes while it hears; 0 where it hears first

    @property
    def streams(self) -> bool:
        """Whether every token, those of the answer, too, comes with a piece of sound."""
        return self.delay > 0


@dataclass(frozen=True, slots=True)
class Sound:
    """What is heard together, ready to be heard. Make it with `Sound.of`."""

    start: int  # index of its first token in the prompt
    length: int  # tokens it takes
    data: bytes  # float32, [bands, length · frames]: strengths as the model was trained on them
    key: bytes  # the same for the same sound, whatever prompt it stands in

    @classmethod
    def of(cls, drawn: npt.NDArray[np.float32], frames: int, start: int) -> "Sound":
        """`drawn` is a spectrogram [bands, columns], a multiple of `frames`."""
        bands, columns = drawn.shape
        assert columns % frames == 0
        data = np.ascontiguousarray(drawn, np.float32).tobytes()
        return cls(start, columns // frames, data, hashlib.blake2b(data, digest_size=24, person=b"%d bands" % bands).digest())

    def array(self, bands: int) -> npt.NDArray[np.float32]:
        """The spectrogram again: [bands, length · frames]."""
        return np.frombuffer(self.data, np.float32).reshape(bands, -1)

    def shows(self, tokens: Ints) -> Ints:
        """Every token has a row of its own."""
        return tokens
