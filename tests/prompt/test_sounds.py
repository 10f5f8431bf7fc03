"""Files of sounds: the samples are those that mistral-common reads, and what cannot be read is refused by what is wrong with it."""

import base64
import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from mistral_common.tokens.tokenizers.audio import Audio

from alize.errors import InvalidMedia
from alize.prompt.sounds import MOST_BYTES, drawn, samples_of, seconds_of, written_out
from tests.voxtral import sound, wave

FILES = {
    "wav": sound(1.3),
    "wav of 44,100 a second in stereo": sound(1.3, rate=44100, channels=2),
    "wav of floats, 8000 a second": sound(0.7, rate=8000, subtype="FLOAT"),
    "flac of 48,000 a second": sound(1.3, "FLAC", rate=48000),
    "ogg": sound(1.3, "OGG", rate=22050),
    "ogg, opus": sound(1.3, "OGG", rate=48000, channels=2, subtype="OPUS"),
    "mp3": sound(1.3, "MP3", rate=44100),
    "longer than is read at once": sound(30.0, rate=44100, channels=2),
}


@pytest.mark.parametrize("name", FILES)
def test_samples_are_those_of_mistral_common(name: str) -> None:
    theirs = Audio.from_bytes(FILES[name], strict=False)
    theirs.resample(16000)
    ours = samples_of(FILES[name], 100, "file")
    assert ours.dtype == np.float32
    assert len(ours) == len(theirs.audio_array)
    assert np.abs(ours - theirs.audio_array).max() < 1e-5


def header(rate: int = 16000, channels: int = 1, size: int = 8, claimed: int | None = None) -> bytes:
    """A wav of 16 bits, with what its head claims."""
    form = struct.pack("<HHIIHH", 1, channels, rate, (rate * channels * 2) % 2**32, (channels * 2) % 2**16, 16)
    head = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", size if claimed is None else claimed) + bytes(size)
    return b"RIFF" + struct.pack("<I", len(head)) + head


def with_nan() -> bytes:
    data = io.BytesIO()
    soundfile.write(data, np.array([0.0, np.nan, 1.0] * 100, np.float32), 16000, format="WAV", subtype="FLOAT")
    return data.getvalue()


def loudest(rate: int, channels: int = 1) -> bytes:
    """The largest numbers of 32 bits, in no order."""
    data, signs = io.BytesIO(), np.random.default_rng(0).choice([-1, 1], (800, 1)).repeat(channels, 1)
    soundfile.write(data, signs.astype(np.float32) * np.finfo(np.float32).max, rate, format="WAV", subtype="FLOAT")
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"", "empty"),
        (b"hello", "no sound of a kind that is read: WAV, FLAC, Ogg, MP3"),
        (b"<html></html>", "no sound"),
        (b"\x1aE\xdf\xa3" + bytes(100), "Matroska .webm, mka, mkv. is not read; WAV"),
        (b"\0\0\0\x20ftypM4A " + bytes(100), "MP4 .m4a"),
        (b"\xff\xf1\x50\x80" + bytes(100), "AAC is not read"),
        (b"RIFF", "no sound"),
        (sound(0.1, "AIFF"), "AIFF is not read"),
        (sound(0.1, "CAF"), "caf"),
        (sound(0.1, "AU"), "AU is not read"),
        (header(size=0), "no length"),
        (header(rate=0), "damaged|samples a second"),
        (header(rate=2**32 - 1), "samples a second|damaged"),
        (header(channels=0), "damaged|channels"),
        (header(channels=1000, size=4000), "channels|damaged"),
        (b"RIFF" + bytes(4) + b"WAVE", "damaged"),
        (sound(1.0, "FLAC")[:60], "damaged|no length"),
        (b"fLaC" + bytes(200), "damaged"),
        (b"OggS" + bytes(200), "damaged"),
        (b"ID3\x03\x00" + bytes(300), "damaged|no length"),
        (b"\xff\xfb\x90\x64" + bytes(1000), "damaged|no length|numbers"),
        (with_nan(), "no numbers"),
        (loudest(8000), "too large to be computed with"),
        (loudest(44100), "too large to be computed with"),
        (loudest(16000, channels=2), "too large to be computed with"),
        (sound(3.0), "longer than 2 seconds"),
        (sound(3.0, "MP3"), "longer than 2 seconds"),
    ],
)
def test_what_cannot_be_read_is_refused_by_what_is_wrong_with_it(data: bytes, wrong: str) -> None:
    with pytest.raises(InvalidMedia, match=wrong) as refused:
        samples_of(data, 2.0, "messages.0.content.1")
    assert refused.value.param == "messages.0.content.1"


def test_the_largest_numbers_of_one_channel_are_heard_where_nothing_is_made_of_them() -> None:
    assert np.isfinite(drawn(samples_of(loudest(16000), 1.0, "file"), 8, 1280)).all()


def test_a_head_that_claims_more_than_there_is_gives_what_there_is() -> None:
    """Who writes a file while it is recorded does not know its length."""
    assert len(samples_of(header(size=3200, claimed=2**32 - 1), 100, "file")) == 1600


@pytest.mark.parametrize("rate", [16000, 44100])
def test_a_flac_that_was_written_to_a_pipe_says_no_length_and_is_read_to_its_end(rate: int) -> None:
    whole = sound(3.0, "FLAC", rate=rate, channels=2)
    data = bytearray(whole)
    data[21] &= 0xF0  # the total of samples: 36 bits of STREAMINFO (RFC 9639, section 8.2)
    data[22:26] = bytes(4)
    assert np.array_equal(samples_of(bytes(data), 3.0, "file"), samples_of(whole, 3.0, "file"))
    assert seconds_of(bytes(data), 3.0, "file") == 3.0
    with pytest.raises(InvalidMedia, match="longer than 2 seconds"):
        samples_of(bytes(data), 2.0, "file")
    with pytest.raises(InvalidMedia, match="damaged"):
        samples_of(bytes(data[: len(data) // 2]), 3.0, "file")


def test_silence_that_packs_well_is_not_unpacked_past_the_longest_that_is_taken() -> None:
    data = io.BytesIO()
    soundfile.write(data, np.zeros(16000 * 600, np.int16), 16000, format="FLAC")
    assert len(data.getvalue()) < 100_000
    with pytest.raises(InvalidMedia, match="longer than 60 seconds"):
        samples_of(data.getvalue(), 60, "file")


def test_a_file_of_too_many_bytes_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidMedia, match="bytes"):
        samples_of(b"RIFF" + bytes(MOST_BYTES), 60, "file")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FILES)[:-2]), st.data())
def test_whatever_happens_to_a_file_it_is_read_or_refused(name: str, data: st.DataObject) -> None:
    damaged = bytearray(FILES[name][: data.draw(st.integers(1, 30_000))])
    for _ in range(data.draw(st.integers(0, 5))):
        damaged[data.draw(st.integers(0, min(len(damaged), 400) - 1))] = data.draw(st.integers(0, 255))
    try:
        samples = samples_of(bytes(damaged), 10, "file")
    except InvalidMedia:
        return
    assert 0 < len(samples) <= 10.1 * 16000
    assert np.isfinite(samples).all()


@pytest.mark.parametrize("head", ["", "data:audio/wav;base64,", "data:;base64,"])
def test_base64_may_be_an_address(head: str) -> None:
    assert written_out(head + base64.b64encode(b"RIFF").decode(), "a") == b"RIFF"


@pytest.mark.parametrize("written", ["data:audio/wav,x", "data:audio/wav", "é", "a b", "file:///etc/passwd", "====", "QQ"])
def test_what_is_no_base64_is_refused(written: str) -> None:
    with pytest.raises(InvalidMedia):
        written_out(written, "a")


def test_a_sound_is_filled_up_with_silence() -> None:
    samples = wave(0.5)[:, 0]
    picture = drawn(samples, 128, piece=480_000)
    assert picture.shape == (128, 3000)
    streamed = drawn(samples, 128, piece=1280, before=32 * 1280, behind=17 * 1280, loudest=1.5)
    assert streamed.shape == (128, 8 * (32 + 7 + 17))
