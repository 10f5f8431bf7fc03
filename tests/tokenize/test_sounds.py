"""Where sounds stand in a prompt: as mistral-common places them, which decodes them to know."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.protocol.transcription.request import TranscriptionRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer as Theirs

from alize.convert.words import entries_of
from alize.errors import CheckpointInvalid, InvalidRequest, UnsupportedParameter
from alize.tokenize import Tokenizer, load_tokenizer
from alize.tokenize.bytes import ByteTokenizer
from alize.weights.checkpoints.base import TokenizerFiles
from tests.pixtral import TEMPLATE
from tests.voxtral import STREAM, WHOLE, sound, write_tekken, written

SECONDS = [0.01, 1.0, 29.999, 30.0, 30.01]


@dataclass(frozen=True)
class Both:
    """One file, as mistral-common and as we read it: once, since either takes seconds."""

    theirs: Any
    ours: Tokenizer


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return read(write_tekken(tmp_path_factory.mktemp("whole") / "tekken.json", WHOLE))


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return read(write_tekken(tmp_path_factory.mktemp("stream") / "tekken.json", STREAM))


def read(path: Path) -> Both:
    return Both(Theirs.from_file(path), load_tokenizer(TokenizerFiles(files={"tekken.json": path})))


def tokens_of(seconds: float) -> int:
    return 375 * (-(-round(seconds * 16000) // 480_000))


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("language", [None, "fr"])
def test_a_transcription_is_asked_for_as_mistral_common_does(whole: Both, seconds: float, language: str | None) -> None:
    request = TranscriptionRequest(model="served", audio=sound(seconds), language=language)
    theirs = whole.theirs.encode_transcription(request).tokens
    assert whole.ours.transcription(tokens_of(seconds), language) == theirs


@pytest.mark.parametrize("seconds", SECONDS)
def test_sounds_in_a_conversation_stand_where_mistral_common_places_them(whole: Both, seconds: float) -> None:
    data = sound(seconds)
    theirs = [
        {"role": "user", "content": [{"type": "input_audio", "input_audio": written(data)}, {"type": "text", "text": "What is this?"}]},
        {"role": "assistant", "content": "A tone."},
        {"role": "user", "content": [{"type": "text", "text": "And"}, {"type": "input_audio", "input_audio": written(sound(2.0))}]},
    ]
    expected = whole.theirs.encode_chat_completion(ChatCompletionRequest(model="served", messages=theirs)).tokens
    ours = [
        {"role": "user", "content": [{"type": "audio", "tokens": tokens_of(seconds)}, {"type": "text", "text": "What is this?"}]},
        {"role": "assistant", "content": "A tone."},
        {"role": "user", "content": [{"type": "text", "text": "And"}, {"type": "audio", "tokens": 375}]},
    ]
    assert whole.ours.template(ours) == expected


@pytest.mark.parametrize("seconds", SECONDS)
def test_a_stream_begins_as_in_mistral_common_and_takes_as_much_sound(stream: Both, seconds: float) -> None:
    request = TranscriptionRequest(model="served", audio=sound(seconds), streaming="offline")
    theirs = stream.theirs.encode_transcription(request)
    tokenizer = stream.ours
    marks = tokenizer.audio_marks
    assert marks is not None
    assert tokenizer.transcription(1) == theirs.tokens
    samples = round(seconds * 16000)
    filled = samples + -samples % marks.piece + (marks.before + marks.behind) * marks.samples
    assert filled == len(theirs.audios[0].audio_array)
    with pytest.raises(UnsupportedParameter, match="by itself"):
        tokenizer.transcription(1, "fr")


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same vocabulary in the metadata of a GGUF."""
    path = write_tekken(tmp_path_factory.mktemp("gguf") / "tekken.json", WHOLE)
    return entries_of(TokenizerFiles(files={"tekken.json": path}))


@pytest.mark.parametrize("language", [None, "fr"])
def test_a_transcription_is_asked_for_alike_where_the_vocabulary_is_in_a_gguf(
    language: str | None, whole: Both, entries: dict[str, Any]
) -> None:
    ours = load_tokenizer(TokenizerFiles(gguf=entries))
    assert ours.audio_marks == whole.ours.audio_marks
    assert ours.transcription(750, language) == whole.ours.transcription(750, language)
    for none in ("f", "fra", "F1", "", "fr\n"):
        with pytest.raises(InvalidRequest, match="two letters"):
            ours.transcription(375, none)


@pytest.mark.parametrize("place", ["[IMG]", "[AUDIO]", "[BEGIN_AUDIO][AUDIO]"])
def test_a_sound_stands_where_a_template_has_a_place_for_it_or_for_an_image(place: str, whole: Both, entries: dict[str, Any]) -> None:
    template = TEMPLATE.replace("[IMG]", place) if place == "[IMG]" else TEMPLATE.replace("[IMG]", f"{{# audio #}}{place}")
    ours = load_tokenizer(TokenizerFiles(gguf=entries, chat_template=template))
    messages = [
        {"role": "user", "content": [{"type": "audio", "tokens": 375}, {"type": "text", "text": "What is this?"}]},
        {"role": "assistant", "content": "A tone."},
        {"role": "user", "content": [{"type": "audio", "tokens": 750}, {"type": "text", "text": "And [AUDIO] this?"}]},
    ]
    assert ours.template(messages) == whole.ours.template(messages)


def test_a_template_without_a_place_for_sounds_is_said(entries: dict[str, Any]) -> None:
    template = "{{ bos_token }}{% for message in messages %}{{ message['role'] }}{% endfor %}"
    ours = load_tokenizer(TokenizerFiles(gguf=entries, chat_template=template))
    with pytest.raises(UnsupportedParameter, match="no place for these sounds"):
        ours.template([{"role": "user", "content": [{"type": "audio", "tokens": 375}]}])


def test_a_tokenizer_without_marks_has_no_place_for_sounds() -> None:
    tokenizer = ByteTokenizer()
    assert tokenizer.audio_marks is None
    with pytest.raises(UnsupportedParameter, match="transcription"):
        tokenizer.transcription(3)


def test_a_language_that_is_none_is_refused(whole: Both) -> None:
    with pytest.raises(InvalidRequest, match="language"):
        whole.ours.transcription(375, "xx")


@pytest.mark.parametrize(
    ("audio", "change"),
    [
        (WHOLE, {"chunk_length_s": 1e7}),
        (STREAM, {"streaming_n_left_pad_tokens": 10**12}),
        (STREAM, {"streaming_n_left_pad_tokens": -40}),
        (STREAM, {"transcription_delay_ms": 8e8}),
    ],
)
def test_a_file_that_makes_every_sound_a_long_one_is_refused(audio: dict[str, Any], change: dict[str, Any], tmp_path: Path) -> None:
    path = write_tekken(tmp_path / "tekken.json", {**audio, **change})
    with pytest.raises(CheckpointInvalid, match="a sound would be filled up"):
        load_tokenizer(TokenizerFiles(files={"tekken.json": path}))
