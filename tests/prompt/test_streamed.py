"""A sound in pieces: its spectrogram is that of the whole, whatever the pieces; its samples are what libsndfile reads."""

import io
import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.errors import InvalidMedia
from alize.prompt.pcm import ENCODINGS, Pcm
from alize.prompt.sounds import drawn
from alize.prompt.spectrogram import Drawing, spectrogram
from alize.prompt.streamed import Streamed

SUBTYPES = {
    **{"pcm_s16le": "PCM_16", "pcm_s32le": "PCM_32", "pcm_f32le": "FLOAT", "pcm_mulaw": "ULAW", "pcm_alaw": "ALAW"},
}


def noise(samples: int) -> Any:
    return np.random.default_rng(samples).standard_normal(samples).clip(-3, 3).astype(np.float32) / 4


@given(
    samples=st.integers(1, 9000),
    before=st.integers(0, 3),
    behind=st.integers(0, 3),
    cuts=st.lists(st.integers(0, 18_000), max_size=10),
)
@settings(deadline=None, max_examples=80)
def test_pieces_draw_what_the_whole_draws(samples: int, before: int, behind: int, cuts: list[int]) -> None:
    sent = (noise(samples) * 32767).astype("<i2")
    data = sent.tobytes()
    streamed = Streamed(Pcm("pcm_s16le", 16000), 16, 1.5, 1280, before * 1280, behind * 1280, 10)
    ends = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    got = [streamed.push(data[start:end]) for start, end in pairwise(ends)]
    assert all(piece.shape[1] % 8 == 0 for piece in got)
    got.append(streamed.end())
    whole = drawn(sent / np.float32(32768), 16, 1280, before * 1280, behind * 1280, 1.5)
    together = np.concatenate(got, axis=1)
    assert together.shape == whole.shape
    assert np.abs(together - whole).max() < 1e-5
    assert streamed.seconds == samples / 16000


def test_a_column_is_there_as_soon_as_all_of_it_was_heard() -> None:
    drawing, sound = Drawing(8, 1.5), noise(2000)
    columns = [drawing.push(sound[start : start + 40]).shape[1] for start in range(0, 2000, 40)]
    assert np.flatnonzero(columns).tolist() == [5, *range(8, 50, 4)]  # column i ends with sample 160 i + 200; the first looks at a mirror
    assert sum(columns) + drawing.end().shape[1] == 12
    assert spectrogram(sound, 8, 1.5).shape[1] == 12


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_samples_are_those_that_libsndfile_reads(encoding: str, rate: int) -> None:
    """In pieces that end anywhere. Of half precision, which it does not read, NumPy's are."""
    sound = noise(rate // 10)
    if encoding == "pcm_f16le":
        data, wanted = sound.astype("<f2").tobytes(), sound.astype("<f2").astype(np.float32)
    else:
        file = io.BytesIO()
        soundfile.write(file, sound, rate, format="RAW", subtype=SUBTYPES[encoding], endian="LITTLE")
        data = file.getvalue()
        raw: Any = {"format": "RAW", "subtype": SUBTYPES[encoding], "samplerate": rate, "channels": 1, "endian": "LITTLE"}
        wanted = soundfile.read(io.BytesIO(data), dtype="float32", **raw)[0]
    pcm = Pcm(encoding, rate)
    got = [pcm.push(data[start : start + 333]) for start in range(0, len(data), 333)]
    together = np.concatenate([*got, pcm.push(b"", last=True)])
    assert pcm.seconds == pytest.approx(0.1)
    if rate == 16000:
        assert np.array_equal(together, wanted)
    else:
        import soxr

        assert np.abs(together - soxr.resample(wanted, rate, 16000, quality="HQ")).max() < 1e-5


def test_what_is_no_sound_is_refused() -> None:
    for bad in (np.nan, np.inf):
        with pytest.raises(InvalidMedia, match="no numbers"):
            Pcm("pcm_f32le", 16000).push(np.array([0, bad], "<f4").tobytes())
    largest = np.random.default_rng(0).choice([-1, 1], 8000) * np.finfo(np.float32).max
    with pytest.raises(InvalidMedia, match="too large to be computed with"):
        Pcm("pcm_f32le", 8000).push(largest.astype("<f4").tobytes(), last=True)
    pcm = Pcm("pcm_s32le", 16000)
    pcm.push(b"abcde")
    with pytest.raises(InvalidMedia, match="within a sample"):
        pcm.push(b"", last=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loud = Streamed(Pcm("pcm_f32le", 16000), 8, 1.5, 1280, 0, 0, 1)
        loud.push(np.full(3000, 3e38, "<f4").tobytes())
    with pytest.raises(InvalidMedia, match=r"longer than 1 second\."):
        loud.push(bytes(4 * 14_000))
