"""The library lets a model hear what a program brings: files, and what is written out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import alize
from alize.errors import AlizeError, InvalidMedia, UnsupportedParameter
from alize.prompt.sounds import drawn, samples_of
from tests.pictures import noise
from tests.pictures import written as picture
from tests.tiny_model import write_tiny_gguf
from tests.voxtral import REALTIME, sound, write_tiny_voxtral, written

torch = pytest.importorskip("torch")

WORDS = {"type": "text", "text": "What is it?"}


@pytest.fixture(scope="module")
def voxtral(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[alize.Model, Any]]:
    """Ours, and transformers' of the same weights."""
    folder = tmp_path_factory.mktemp("voxtral")
    theirs = write_tiny_voxtral(folder)
    loaded = alize.load(folder, home=folder, dtype="float32", cache_memory=0.05, max_context=1500, threads=1, max_audio_seconds=50)
    yield loaded, theirs
    loaded.close()


def asked(*sounds: Any) -> list[Any]:
    return [alize.Message("user", [*({"type": "input_audio", "input_audio": each} for each in sounds), WORDS])]


def test_what_it_says_of_a_sound_is_what_transformers_says(voxtral: tuple[alize.Model, Any]) -> None:
    model, theirs = voxtral
    data = sound(30.5, "FLAC", rate=44100, channels=2)
    answer = model.stream(asked(written(data)), temperature=0, max_tokens=6)
    assert "".join(answer) == answer.text
    mel = torch.stack(torch.tensor(drawn(samples_of(data, 100, ""), 128, 480_000)).split(3000, dim=1))
    tokens = model.tokenizer.template([{"role": "user", "content": [{"type": "audio", "tokens": 750}, WORDS]}])
    assert answer.prompt_tokens == len(tokens)
    prompt = len(tokens)
    with torch.no_grad():
        for _ in range(6):
            tokens.append(int(theirs(torch.tensor([tokens]), use_cache=False, input_features=mel).logits[0, -1].argmax()))
    assert answer.tokens == tokens[prompt:]


def test_a_sound_is_a_file_or_written_out_in_any_way(voxtral: tuple[alize.Model, Any], tmp_path: Path) -> None:
    model, _ = voxtral
    one, other = sound(0.5, seed=0), sound(0.5, seed=3)
    (tmp_path / "one.wav").write_bytes(one)
    (tmp_path / "plain").write_bytes(one)  # its name may be base64, too
    ways: list[Any] = [
        str(tmp_path / "one.wav"),
        str(tmp_path / "plain"),
        written(one),
        f"data:audio/wav;base64,{written(one)}",
        {"data": written(one), "format": "wav"},
        written(other),
    ]
    said: list[list[int]] = []
    for way in ways:
        answer = model.stream(asked(way), temperature=0, max_tokens=5)
        list(answer)
        said.append(answer.tokens)
    assert said[:-1] == [said[0]] * 5
    assert said[-1] != said[0]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("https://sounds.example/a.wav", "nothing is fetched"),
        ("nowhere.wav", "cannot be read"),
        ("a\0b.wav", "cannot be read"),
        ("~nobody-has-this-name/a.wav", "cannot be read"),
        (".", "cannot be read"),
        (__file__, "no sound"),
        ("", "empty"),
        ("AAAA", "no sound"),
        ("A", "base64"),
        ("=" * 5000, "base64"),
        ("data:audio/wav,plain", "not of the form"),
        (written(sound(1.0)[:44]), "no length"),
    ],
    ids=lambda given: given[:30],
)
def test_a_sound_that_cannot_be_had_is_refused_by_its_place(voxtral: tuple[alize.Model, Any], given: str, says: str) -> None:
    with pytest.raises(InvalidMedia, match=says) as refused:
        voxtral[0].chat(asked(given))
    assert refused.value.param == "messages.0.content.0"


def test_sounds_that_are_too_long_together_are_refused_and_models_that_do_not_hear_say_so(
    voxtral: tuple[alize.Model, Any], tmp_path: Path
) -> None:
    with pytest.raises(InvalidMedia, match="longer than") as refused:
        voxtral[0].chat(asked(written(sound(30)), written(sound(30))))
    assert refused.value.param == "messages.0.content.1"
    with pytest.raises(UnsupportedParameter, match="not images"):
        voxtral[0].chat([{"role": "user", "content": [{"type": "image_url", "image_url": picture(noise(8, 8, 1))}, WORDS]}])
    tiny = alize.load(write_tiny_gguf(tmp_path / "tiny.gguf"), home=tmp_path, dtype="float32", cache_memory=0.01, threads=1)
    with pytest.raises(UnsupportedParameter, match="reads text, not audio"):
        tiny.chat(asked(written(sound(0.1))))
    tiny.close()


def test_a_model_that_does_nothing_but_write_what_it_hears_refuses_a_chat(tmp_path: Path) -> None:
    write_tiny_voxtral(tmp_path, REALTIME)
    model = alize.load(tmp_path, home=tmp_path, dtype="float32", cache_memory=0.05, max_context=500, threads=1)
    with pytest.raises(AlizeError):
        model.chat(asked(written(sound(0.5))))
    model.close()
