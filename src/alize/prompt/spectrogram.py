"""Sounds as a model takes them. In: samples, 16,000 a second. Out: how strong each pitch is, 100 times a second.

For every hundredth of a second, the 25 ms around it are faded in and out (Hann) and taken apart into waves of 0, 40, 80 … 8000 Hz. What an
ear tells apart is coarser: triangles as wide as its steps, even below 1000 Hz and ever wider above (the mel scale, as Slaney drew it),
gather them into bands.

    strength │  ╱╲ ╱╲   ╱╲     ╱ ╲        band 0: up to 8 Hz … band 127: around 7900 Hz, for 128 bands
             │ ╱  ╳  ╲ ╱  ╲  ╱    ╲
             └──────────────────────── Hz

The logarithm of each is kept, no further below the loudest than a hundred million times, and shifted to be about -1 … 1.
"""

import functools

import numpy as np
import numpy.typing as npt

__all__ = ["HOP", "RATE", "Drawing", "spectrogram"]

RATE = 16_000
HOP = 160  # samples from column to column
_WINDOW = 400
_FLOOR, _RANGE = 1e-10, 8.0
_STEP_HZ, _KNEE_HZ, _OCTAVES = 200 / 3, 1000.0, np.log(6.4) / 27  # a mel is 66.7 Hz, above 1000 Hz a 27th of what takes 1000 to 6400
_AT_ONCE = 3000  # columns: half a minute takes 10 MB

Floats = npt.NDArray[np.float32]


def spectrogram(samples: Floats, bands: int, loudest: float | None = None) -> Floats:
    """[bands, samples / 160]. `loudest`: the logarithm that counts as the loudest; None takes the sound's own.

    Computed in float64: in float32, as others do it, what is quiet beside something loud is off by up to a thousandth.
    """
    around = np.pad(samples.astype(np.float64), _WINDOW // 2, mode="reflect")  # column i is the middle of what it hears
    strength = _strength(around, len(samples) // HOP, bands)
    return _shifted(strength, np.float32(loudest) if loudest is not None else strength.max(initial=-10.0))


class Drawing:
    """A spectrogram while its samples come: every column once all of its 25 ms are there."""

    def __init__(self, bands: int, loudest: float) -> None:
        self._bands, self._loudest = bands, np.float32(loudest)
        self._around = np.zeros(0)  # what the next column hears, and all behind it
        self._begun, self._columns, self._samples = False, 0, 0

    def push(self, samples: Floats) -> Floats:
        """[bands, columns], which may be none."""
        self._samples += len(samples)
        self._around = np.concatenate([self._around, samples.astype(np.float64)])
        if not self._begun and self._samples > _WINDOW // 2:
            self._begun, self._around = True, np.concatenate([self._around[_WINDOW // 2 : 0 : -1], self._around])
        return self._drawn(max(0, (len(self._around) - _WINDOW) // HOP + 1) if self._begun else 0)

    def end(self) -> Floats:
        """The last columns. There have been 201 samples at least."""
        self._around = np.concatenate([self._around, self._around[-2 : -_WINDOW // 2 - 2 : -1]])
        return self._drawn(self._samples // HOP - self._columns)

    def _drawn(self, columns: int) -> Floats:
        drawn = _shifted(_strength(self._around, columns, self._bands), self._loudest)
        self._around, self._columns = self._around[columns * HOP :], self._columns + columns
        return drawn


def _strength(around: npt.NDArray[np.float64], columns: int, bands: int) -> Floats:
    if not columns:
        return np.zeros((bands, 0), np.float32)
    fade = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
    heard = np.lib.stride_tricks.sliding_window_view(around, _WINDOW)[::HOP][:columns]
    strength = np.empty((bands, columns), np.float32)
    for start in range(0, columns, _AT_ONCE):
        waves = np.fft.rfft(heard[start : start + _AT_ONCE] * fade)
        power = waves.real**2 + waves.imag**2
        strength[:, start : start + _AT_ONCE] = np.log10(np.maximum(triangles(bands).T @ power.T, _FLOOR))
    return strength


def _shifted(strength: Floats, top: np.float32) -> Floats:
    np.maximum(strength, top - np.float32(_RANGE), out=strength)
    return (strength + np.float32(4)) / np.float32(4)


@functools.lru_cache(maxsize=4)
def triangles(bands: int) -> npt.NDArray[np.float64]:
    """How much of each wave is in each band, [201, bands]: triangles of the same area.

    >>> triangles(2).shape, [int(band.argmax()) * 40 for band in triangles(2).T]
    ((201, 2), [1000, 2840])
    """
    corners = _hertz(np.linspace(0.0, _mels(RATE / 2), bands + 2))  # of each triangle: its left one, its top, its right one
    waves = np.linspace(0, RATE / 2, _WINDOW // 2 + 1)
    width = np.diff(corners)
    away = corners[None, :] - waves[:, None]
    rising, falling = -away[:, :-2] / width[:-1], away[:, 2:] / width[1:]
    return np.maximum(0, np.minimum(rising, falling)) * (2.0 / (corners[2:] - corners[:-2]))


def _mels(hertz: float) -> float:
    return hertz / _STEP_HZ if hertz < _KNEE_HZ else _KNEE_HZ / _STEP_HZ + float(np.log(hertz / _KNEE_HZ)) / _OCTAVES


def _hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    knee = _KNEE_HZ / _STEP_HZ
    return np.where(mels < knee, mels * _STEP_HZ, _KNEE_HZ * np.exp(_OCTAVES * (mels - knee)))
