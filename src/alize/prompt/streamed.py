"""A sound while it is spoken. In: its samples' bytes, piece by piece. Out: the spectrogram of whole tokens, as soon as it is certain.

    pcm ─ silence before it ─ spectrogram ─ columns of whole tokens ─ …  ─ filled up to a token, silence behind it

Put together it is what `sounds.drawn` makes of the whole. A token is certain 12.5 ms after it was spoken: its last column looks so far.
"""

import numpy as np

from alize.errors import InvalidMedia
from alize.prompt.pcm import Floats, Pcm
from alize.prompt.spectrogram import HOP, Drawing
from alize.wording import quantity

__all__ = ["Streamed"]


class Streamed:
    """One sound."""

    def __init__(self, pcm: Pcm, bands: int, loudest: float, token: int, before: int, behind: int, most: float) -> None:
        """`token`, `before`, `behind`: samples of a token, and of the silence around the sound. `most`: seconds."""
        self._pcm, self._most, self._token, self._behind = pcm, most, token, behind
        self._drawing = Drawing(bands, loudest)
        self._columns = self._drawing.push(np.zeros(before, np.float32))  # of a token that is not whole
        self._samples = 0

    @property
    def seconds(self) -> float:
        """How long it is by now, without silence."""
        return self._pcm.seconds

    def push(self, data: bytes) -> Floats:
        """[bands, columns] of the tokens that are certain now, which may be none. Raises InvalidMedia."""
        samples = self._pcm.push(data)
        if self.seconds > self._most:
            raise InvalidMedia(
                f"audio: the sound is longer than {quantity(self._most, 'second')}.",
                param="audio",
                remedy="Open another session for the rest, or have max_audio_seconds raised.",
            )
        self._samples += len(samples)
        return self._whole(self._drawing.push(samples))

    def end(self) -> Floats:
        """[bands, columns] of what is left. Raises InvalidMedia where there was nothing."""
        samples = self._pcm.push(b"", last=True)
        self._samples += len(samples)
        if not self._samples:
            raise InvalidMedia("audio: the sound has no length.", param="audio", remedy="Send some before input_audio.end.")
        silence = np.zeros(-self._samples % self._token + self._behind, np.float32)
        columns = self._drawing.push(np.concatenate([samples, silence]))
        return self._whole(np.concatenate([columns, self._drawing.end()], axis=1))

    def _whole(self, columns: Floats) -> Floats:
        columns = np.concatenate([self._columns, columns], axis=1)
        whole = columns.shape[1] - columns.shape[1] % (self._token // HOP)
        self._columns = columns[:, whole:]
        return columns[:, :whole]
