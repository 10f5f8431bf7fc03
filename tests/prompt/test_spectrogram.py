"""What a model hears of a sound is what transformers and mistral-common compute."""

import numpy as np
import pytest
from mistral_common.audio import mel_filter_bank

from alize.prompt.spectrogram import RATE, spectrogram, triangles


def sound(seconds: float) -> np.ndarray:
    """Loud and quiet, tones and noise."""
    time = np.arange(round(seconds * RATE)) / RATE
    numbers = np.random.default_rng(0)
    return (0.3 * np.sin(2 * np.pi * 440 * time * (1 + time)) + 0.01 * np.exp(-time) * numbers.standard_normal(len(time))).astype(
        np.float32
    )


@pytest.mark.parametrize("bands", [2, 64, 80, 128])
def test_the_bands_are_those_of_mistral_common(bands: int) -> None:
    assert np.abs(triangles(bands) - mel_filter_bank(201, bands, 0.0, 8000.0, RATE)).max() < 1e-12


@pytest.mark.parametrize("seconds", [0.0251, 1.0, 2.345, 31.0])
def test_a_sound_looks_as_transformers_numpy_draws_it_for_voxtral(seconds: float) -> None:
    from transformers import WhisperFeatureExtractor

    samples = sound(seconds)
    drawn = WhisperFeatureExtractor(128)._np_extract_fbank_features(samples[None].astype(np.float64), "cpu")[0]
    assert np.abs(spectrogram(samples, 128) - drawn[:, : len(samples) // 160]).max() < 1e-5


def test_a_stream_has_a_loudest_of_its_own() -> None:
    torch = pytest.importorskip("torch")
    from transformers import VoxtralRealtimeFeatureExtractor

    samples = sound(2.0)
    drawn = VoxtralRealtimeFeatureExtractor()([samples], sampling_rate=RATE)["input_features"][0]
    ours = spectrogram(samples, 128, loudest=1.5)
    assert np.abs(ours - torch.as_tensor(drawn).numpy()).max() < 1e-4  # theirs is float32
    assert ours.min() >= (1.5 - 8 + 4) / 4 - 1e-6


def test_silence_and_nothing_are_drawn_too() -> None:
    assert spectrogram(np.zeros(1600, np.float32), 128).tolist() == np.full((128, 10), -1.5).tolist()
