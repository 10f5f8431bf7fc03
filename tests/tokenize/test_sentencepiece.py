"""Sentencepiece vocabularies in a GGUF: against the sentencepiece library, and against its rule written out."""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.errors import CheckpointInvalid
from alize.tokenize import Tokenizer, load_tokenizer
from alize.weights.checkpoints.base import TokenizerFiles

UNKNOWN, CONTROL, BYTE = 2, 3, 6


@pytest.fixture(scope="module")
def library(released: Callable[[str], Path]) -> Any:
    """The sentencepiece library on Mistral's first vocabulary."""
    from sentencepiece import SentencePieceProcessor

    return SentencePieceProcessor(model_file=str(released("tokenizer.model.v1")))


@pytest.fixture(scope="module")
def metadata(library: Any) -> dict[str, Any]:
    """The same vocabulary as a GGUF carries it."""
    ids = range(library.vocab_size())
    kinds = [UNKNOWN if library.is_unknown(i) else CONTROL if library.is_control(i) else BYTE if library.is_byte(i) else 1 for i in ids]
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": [library.id_to_piece(i) for i in ids],
        "tokenizer.ggml.scores": [library.get_score(i) for i in ids],
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.bos_token_id": library.bos_id(),
        "tokenizer.ggml.eos_token_id": library.eos_id(),
        "tokenizer.chat_template": "{{ bos_token }}{% for m in messages %}{{ m['content'] }}{{ eos_token }}{% endfor %}",
    }


@pytest.fixture(scope="module")
def ours(metadata: dict[str, Any]) -> Tokenizer:
    return load_tokenizer(TokenizerFiles(gguf=metadata))


TEXTS = st.one_of(st.text(), st.text("ab er on\n▁é中👍<>0x", max_size=60), st.text(" ", max_size=60), st.text("a ", max_size=60))


@settings(max_examples=300)
@given(text=TEXTS)
def test_ids_equal_the_library_s(library: Any, ours: Tokenizer, text: str):
    text = text.replace("\0", "")  # the library ends a text there
    assert ours.encode(text) == library.encode(text)


def test_runs_of_every_character_equal_the_library_s(library: Any, ours: Tokenizer):
    characters = [piece for i in range(library.vocab_size()) if len(piece := library.id_to_piece(i)) == 1]
    for character in (*characters, " "):
        for length in (2, 3, 5, 8, 13, 16, 17, 33):
            assert ours.encode(character * length) == library.encode(character * length)


@settings(max_examples=300)
@given(data=st.data())
def test_any_ids_read_as_the_library_reads_them(library: Any, ours: Tokenizer, data: st.DataObject):
    # No control tokens (1 and 2) in between: to the library one ends a character of several bytes, here it is left out.
    ids = data.draw(st.lists(st.one_of(st.integers(3, 31999), st.sampled_from([3, 35, 259, 260, 28705])), max_size=8))
    ids = [*data.draw(st.sampled_from([[], [1], [1, 1]])), *ids, *data.draw(st.sampled_from([[], [2]]))]
    stream = ours.stream()
    streamed = "".join(stream.push([id]).text for id in ids) + stream.flush().text
    assert streamed == ours.decode(ids)
    # The library replaces each byte of a broken character, Python the bytes that belong together.
    assert re.sub("\ufffd+", "\ufffd", streamed) == re.sub("\ufffd+", "\ufffd", library.decode(ids))


def test_a_control_token_within_a_character_leaves_it_whole(library: Any, ours: Tokenizer):
    """As all control tokens are left out. To the library one ends the character before its last byte."""
    halves = [library.piece_to_id("<0xC3>"), 1, library.piece_to_id("<0xA9>")]
    assert ours.decode(halves) == "é"
    assert library.decode(halves) == "\ufffd\ufffd"


@settings(deadline=None)
@given(text=st.text())
def test_a_text_comes_back_whole(ours: Tokenizer, text: str):
    text = text.replace("▁", "_")  # the mark for a space cannot be told from a space
    assert ours.decode(ours.encode(text)) == text


def test_markers_in_a_text_are_text(ours: Tokenizer):
    for text in ("<s>", "</s>", "<unk>", "<0x0A>"):
        assert not {0, 1, 2, 13} & set(ours.encode(text))
        assert ours.decode(ours.encode(text)) == text


def test_a_text_begins_with_bos_where_the_file_says_nothing(ours: Tokenizer, metadata: dict[str, Any]):
    assert ours.bos_id == 1
    assert ours.stop_ids == {2}
    assert load_tokenizer(TokenizerFiles(gguf=metadata | {"tokenizer.ggml.add_bos_token": False})).bos_id is None


def test_a_space_is_put_before_each_stretch_of_a_conversation(ours: Tokenizer, library: Any):
    ids = ours.template([{"role": "user", "content": "Hi"}, {"role": "user", "content": "there </s>"}])
    assert ids == [1, *library.encode("Hi"), 2, *library.encode("there </s>"), 2]


def rule(text: str, scores: dict[str, float]) -> list[str]:
    """Sentencepiece's rule: of all neighbours whose union is a piece, join the best, leftmost first."""
    parts = list(text)
    while True:
        joins = [(-scores[parts[i] + parts[i + 1]], i) for i in range(len(parts) - 1) if parts[i] + parts[i + 1] in scores]
        if not joins:
            return parts
        _, at = min(joins)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]


def vocabulary(scores: dict[str, float], letters: str = "abc▁") -> dict[str, Any]:
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    tokens = [*bytes_, *letters, *scores]
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": [0.0] * 256 + [-1e6 - number for number in range(len(letters))] + list(scores.values()),
        "tokenizer.ggml.token_type": [BYTE] * 256 + [1] * (len(letters) + len(scores)),
        "tokenizer.ggml.add_space_prefix": False,
    }


WORDS = st.lists(st.text("ab", min_size=2, max_size=6) | st.text("abc", min_size=2, max_size=4), unique=True, max_size=12)


@settings(max_examples=400)
@given(words=WORDS, text=st.text("abc", max_size=30), runs=st.booleans(), seed=st.integers(0, 2**32))
def test_any_vocabulary_is_cut_by_the_rule(words: list[str], text: str, runs: bool, seed: int):
    scores = {word: -float(place) for place, word in enumerate(random.Random(seed).sample(words, len(words)))}
    if runs:  # as releases have them: all runs of one character share one very low score
        scores |= {word: -1e9 for word in words if set(word) == {"a"}}
    made = load_tokenizer(TokenizerFiles(gguf=vocabulary(scores)))
    assert [made.token_text(id) for id in made.encode(text)] == rule(text, scores)


@pytest.mark.parametrize("pieces", [("ab", "bc"), ("aa", "bb"), ("aa", "aab")])
def test_pieces_of_one_score_are_refused_unless_they_are_runs_of_one_character(pieces: tuple[str, str]):
    """`aa` and `bb` too: beside better `aab` and `bba`, one text wants the one first, another text the other."""
    load_tokenizer(TokenizerFiles(gguf=vocabulary({"aa": -1.0, "aaa": -1.0, "bb": -2.0})))
    with pytest.raises(CheckpointInvalid, match="share the score -1"):
        load_tokenizer(TokenizerFiles(gguf=vocabulary({"aa": -3.0, **dict.fromkeys(pieces, -1.0)})))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokenizer.ggml.scores": None}, "tokenizer.ggml.scores is missing"),
        ({"tokenizer.ggml.scores": [0.0]}, "has 1 entries"),
        ({"tokenizer.ggml.scores": [float("nan")] * 261}, "no number"),
        ({"tokenizer.ggml.token_type": [1] * 261}, "no byte piece <0x00>"),
        ({"tokenizer.ggml.precompiled_charsmap": [1]}, "precompiled_charsmap is set"),
        ({"tokenizer.ggml.remove_extra_whitespaces": True}, "remove_extra_whitespaces is set"),
        ({"tokenizer.ggml.add_space_prefix": 1}, "not a boolean"),
    ],
)
def test_what_is_damaged_or_unknown_is_refused_by_name(change: dict[str, Any], message: str):
    metadata = vocabulary({"ab": -1.0}) | change
    with pytest.raises(CheckpointInvalid) as caught:
        load_tokenizer(TokenizerFiles(gguf={key: value for key, value in metadata.items() if value is not None}))
    assert message in caught.value.message
