"""Samples without a head, as a microphone or a telephone line gives them. In: their bytes, piece by piece. Out: 16,000 samples a second.

A piece may end anywhere, also within a sample. Telephones send the logarithm of a sample in eight bits (ITU-T G.711): five bits of it,
shifted by three; µ-law in America and Japan, A-law elsewhere.
"""

from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.errors import InvalidMedia
from alize.prompt.spectrogram import RATE

__all__ = ["ENCODINGS", "RATES", "Pcm"]

Floats = npt.NDArray[np.float32]

RATES = 8_000, 96_000


def _mulaw() -> Floats:
    """
    >>> (_mulaw()[[0x00, 0x7F, 0x80, 0xFF]] * 32768).tolist()
    [-32124.0, 0.0, 32124.0, 0.0]
    """
    code = ~np.arange(256, dtype=np.int64) & 0xFF
    size = (((code & 15) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return (np.where(code & 0x80, -size, size) / 32768).astype(np.float32)


def _alaw() -> Floats:
    """
    >>> (_alaw()[[0x2A, 0x55, 0xD5, 0xAA]] * 32768).tolist()
    [-32256.0, -8.0, 8.0, 32256.0]
    """
    code = np.arange(256, dtype=np.int64) ^ 0x55
    shift, size = code >> 4 & 7, ((code & 15) << 4) + 8
    size = np.where(shift > 0, size + 0x100 << np.maximum(shift - 1, 0), size)
    return (np.where(code & 0x80, size, -size) / 32768).astype(np.float32)


ENCODINGS: dict[str, tuple[str, float | Floats]] = {
    "pcm_s16le": ("<i2", 2.0**15),
    "pcm_s32le": ("<i4", 2.0**31),
    "pcm_f16le": ("<f2", 1.0),
    "pcm_f32le": ("<f4", 1.0),
    "pcm_mulaw": ("u1", _mulaw()),
    "pcm_alaw": ("u1", _alaw()),
}
"""How a sample is written, and what its number is divided by; or a table of what each number means."""


class Pcm:
    """One sound of one channel."""

    def __init__(self, encoding: str, rate: int) -> None:
        """`encoding`: one of ENCODINGS. `rate`: samples a second, within RATES."""
        self._kind, self._scale = ENCODINGS[encoding]
        self._rate, self._samples = rate, 0
        self._rest: bytes = b""  # of a sample that is not whole
        soxr: Any = import_module("soxr") if rate != RATE else None  # here: it loads a library that few requests need
        self._stream: Any = soxr and soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality="HQ")

    @property
    def seconds(self) -> float:
        """How long the sound is by now."""
        return self._samples / self._rate

    def push(self, data: bytes, *, last: bool = False) -> Floats:
        """What is certain of the sound with these bytes; with `last`, all of it. Raises InvalidMedia."""
        there: bytes = self._rest + data
        whole = len(there) - len(there) % np.dtype(self._kind).itemsize
        self._rest = there[whole:]
        if last and self._rest:
            raise InvalidMedia("audio: the sound ends within a sample.", param="audio", remedy="Send whole samples of the audio_format.")
        numbers = np.frombuffer(there[:whole], self._kind)
        scale = self._scale
        samples = scale[numbers] if isinstance(scale, np.ndarray) else (numbers / scale).astype(np.float32)
        heard: Floats = samples if self._stream is None else self._stream.resample_chunk(samples, last=last)
        if not (np.isfinite(samples).all() and np.isfinite(heard).all()):  # between two of the largest numbers there is none
            raise InvalidMedia("audio: the sound has samples that are no numbers, or too large to be computed with.", param="audio")
        self._samples += len(samples)
        return heard
