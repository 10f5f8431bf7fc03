"""Sounds as they are sent. In: the bytes of a file. Out: samples, 16,000 a second, of one channel, or the spectrograms a model takes.

A file is read in pieces: what is mixed and resampled already is all that is held of it, so a small file that unpacks to hours is found out
after the longest that is taken, and not by the memory it would need.

    bytes ─ kind by how they begin ─ libsndfile ─ mean of the channels ─ soxr ─ 16 kHz ─ padded with silence ─ spectrogram

libsndfile and soxr are what mistral-common decodes with, too: the samples are the same.
"""

import base64
import binascii
import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.errors import InvalidMedia
from alize.prompt.spectrogram import RATE, spectrogram
from alize.reasons import Reason, because
from alize.wording import quantity

__all__ = ["KINDS", "MOST_BYTES", "drawn", "kind_of", "samples_of", "seconds_of", "written_out"]

KINDS = ("WAV", "FLAC", "Ogg", "MP3")
_UNREAD = (  # where the mark of a kind stands, and what people call it
    (4, (b"ftyp",), "MP4 (m4a, mp4, mov)"),
    (0, (b"\x1aE\xdf\xa3",), "Matroska (webm, mka, mkv)"),
    (0, (b"\xff\xf0", b"\xff\xf1", b"\xff\xf8", b"\xff\xf9", b"ADIF"), "AAC"),
    (0, (b"FORM",), "AIFF"),
    (0, (b"caff",), "Core Audio (caf)"),
    (0, (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",), "Windows Media (wma)"),
    (0, (b"#!AMR",), "AMR"),
    (0, (b".snd",), "AU"),
)
MOST_BYTES = 64 * 2**20  # of a file: half an hour of the plainest one
_AT_ONCE = 2**20  # values of all channels
_RATES = 1000, 768_000
_CHANNELS = 64

Floats = npt.NDArray[np.float32]


def written_out(written: str, path: str) -> bytes:
    """The bytes in base64, alone or in a `data:` address. `path` is where it stands in the request. Raises InvalidMedia.

    >>> written_out("data:audio/wav;base64,UklGRg==", "messages.0.content.1")
    b'RIFF'
    """
    if written[:5].lower() == "data:":
        head, comma, written = written.partition(",")
        if not comma or not head.lower().endswith(";base64"):
            raise _invalid(path, "the address is not of the form data:audio/…;base64,…", None, because("sound_unknown", kinds=list(KINDS)))
    if len(written) * 3 // 4 > MOST_BYTES + 3:
        raise _too_large(path)
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _invalid(path, "what should be base64 is none.", None, because("sound_damaged", words="")) from error


def kind_of(data: bytes | bytearray) -> str | None:
    """
    >>> kind_of(b"fLaC"), kind_of(b"<html>")
    ('audio/flac', None)
    """
    if data[:4] in (b"RIFF", b"RIFX", b"RF64") and data[8:12] == b"WAVE":
        return "audio/wav"
    if data.startswith(b"fLaC"):
        return "audio/flac"
    if data.startswith(b"OggS"):
        return "audio/ogg"
    if data.startswith(b"ID3"):
        return "audio/mpeg"
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0 and data[1] & 6:  # eleven ones begin a frame; layer 0 is AAC's
        return "audio/mpeg"
    return None


def samples_of(data: bytes, most: float, path: str) -> Floats:
    """16,000 samples a second. `most`: seconds. Raises InvalidMedia."""
    with _opened(data, path) as file:
        kept = list(_resampled(file, most, path))
    samples = np.concatenate(kept) if kept else np.zeros(0, np.float32)
    if not len(samples):
        raise _invalid(path, "the sound has no length.", None, because("sound_empty"))
    return samples


def seconds_of(data: bytes, most: float, path: str) -> float:
    """How long a sound is, as its head says; where that is nothing or more than `most`, it is not believed, and the sound read.

    Raises InvalidMedia, also for one that is longer.
    """
    with _opened(data, path) as file:
        said = int(file.frames) / max(1, int(file.samplerate))
    return said if 0 < said <= most else len(samples_of(data, most, path)) / RATE


@contextmanager
def _opened(data: bytes, path: str) -> Generator[Any]:
    """A file of a kind and size that is read. What its reader says of it within the block becomes InvalidMedia."""
    if len(data) > MOST_BYTES:
        raise _too_large(path)
    if not data:
        raise _invalid(path, "the file is empty.", None, because("sound_empty"))
    if kind_of(data) is None:
        raise _unread(data, path)
    soundfile: Any = import_module("soundfile")  # here: it loads a library that few requests need
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            # It is read from front to back. SoundFile seeks behind every block, which a FLAC whose head gives no length does not bear.
            file.seekable = lambda: False
            yield file
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, OverflowError) as error:  # as its readers raise
        raise _invalid(
            path, f"the sound is damaged: {error}", "Send it again, whole.", because("sound_damaged", words=str(error))
        ) from error


def drawn(samples: Floats, bands: int, piece: int, before: int = 0, behind: int = 0, loudest: float | None = None) -> Floats:
    """The spectrogram of a sound with silence around it: `before` samples, then what fills the last `piece`, then `behind`.

    >>> drawn(np.ones(1000, np.float32), bands=8, piece=1280, before=1280).shape
    (8, 16)
    """
    return spectrogram(np.pad(samples, (before, -len(samples) % piece + behind)), bands, loudest)


def _resampled(file: Any, most: float, path: str) -> Iterator[Floats]:
    rate, channels = int(file.samplerate), int(file.channels)
    if not _RATES[0] <= rate <= _RATES[1] or channels > _CHANNELS:
        raise _invalid(
            path,
            f"the sound has {channels} channels of {rate} samples a second; at most {_CHANNELS} of {_RATES[1]} are read.",
            None,
            because("sound_channels", channels=channels, rate=rate, most_channels=_CHANNELS, most_rate=_RATES[1]),
        )
    soxr: Any = import_module("soxr")

    stream = None if rate == RATE else soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality="HQ")
    read = 0
    while True:
        block: Floats = file.read(max(1, _AT_ONCE // channels), dtype="float32", always_2d=True)
        read += len(block)
        if read > most * rate:
            raise _invalid(
                path,
                f"the sound is longer than {quantity(most, 'second')}.",
                "Send a part of it, or have max_audio_seconds raised.",
                because("sound_too_long", most_seconds=most),
            )
        with np.errstate(over="ignore"):  # looked for below
            mixed = block.mean(axis=1, dtype=np.float32) if channels > 1 else block[:, 0]
        heard = mixed if stream is None else stream.resample_chunk(np.ascontiguousarray(mixed), last=not len(block))
        # Of the largest numbers there are, neither a sum nor what is between two of them is one.
        if not (np.isfinite(block).all() and np.isfinite(heard).all()):
            raise _invalid(
                path,
                "the sound has samples that are no numbers, or too large to be computed with.",
                None,
                because("sound_damaged", words=""),
            )
        yield heard
        if not len(block):
            return


def _unread(data: bytes, path: str) -> InvalidMedia:
    for at, marks, name in _UNREAD:
        if data.startswith(marks, at):
            remedy = "Convert it, for example with: ffmpeg -i IN -vn OUT.flac"
            return _invalid(
                path, f"{name} is not read; {', '.join(KINDS)} are.", remedy, because("sound_kind", kind=name, kinds=list(KINDS))
            )
    kinds = because("sound_unknown", kinds=list(KINDS))
    return _invalid(path, f"this is no sound of a kind that is read: {', '.join(KINDS)}.", None, kinds)


def _too_large(path: str) -> InvalidMedia:
    reason = because("sound_too_large", most_bytes=MOST_BYTES)
    return _invalid(path, f"the sound has more than {MOST_BYTES} bytes.", "Send a smaller one.", reason)


def _invalid(path: str, why: str, remedy: str | None, reason: Reason) -> InvalidMedia:
    return InvalidMedia(f"{path}: {why}", param=path, remedy=remedy, reason=reason)
