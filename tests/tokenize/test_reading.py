"""Alphabets of models that only read: the ids of the tokenizers library, but for text that spells a control token."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from alize.errors import CheckpointInvalid, InvalidRequest, UnsupportedParameter
from alize.tokenize import load_tokenizer
from alize.tokenize.reading import ReadingTokenizer, load_reading
from alize.weights.checkpoints.base import TokenizerFiles
from tests.embedding import WORDS, wordpiece


def unigram() -> dict[str, Any]:
    """An XLM-R's tokenizer.json of a few pieces."""
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁the", -1.0), ("▁cat", -2.0), ("s", -3.0), ("<", -4.0)]
    pieces += [("/", -4.0), (">", -4.0), ("▁", -5.0), ("<mask>", 0.0)]
    special = [(name, id, name == "<mask>") for id, (name, _) in enumerate(pieces) if name in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")]
    return {
        "version": "1.0",
        "added_tokens": [
            {"id": id, "content": name, "special": True, "normalized": False, "single_word": False, "lstrip": strips, "rstrip": False}
            for name, id, strips in special
        ],
        "normalizer": {"type": "NFKC"},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {name: {"id": name, "ids": [id], "tokens": [name]} for name, id, _ in special if name in ("<s>", "</s>")},
        },
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": 3, "vocab": [list(piece) for piece in pieces], "byte_fallback": False},
    }


def library(document: dict[str, Any]) -> Tokenizer:
    return Tokenizer.from_str(json.dumps({**document, "truncation": None, "padding": None}))


@pytest.fixture(params=["wordpiece", "unigram"])
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    return wordpiece() if request.param == "wordpiece" else unigram()


def test_a_text_for_which_a_vocabulary_has_no_word_is_refused_alone() -> None:
    document = unigram()
    document["model"]["unk_id"] = None
    with pytest.raises(CheckpointInvalid, match="can read nothing with it"):
        load_reading(document)
    document["model"]["vocab"].append(["a", -3.0])
    tokenizer = load_reading(document)
    assert [tokenizer.token_text(id) for id in tokenizer.encode("s/s")] == [" ", "s", "/", "s"]
    with pytest.raises(InvalidRequest, match="cannot read the text"):
        tokenizer.encode("s 東京")


@pytest.mark.parametrize("text", ["the cats", "The CAT sat.", "Dogs barked a b", "unknown 東京", "", " the ", "the\ncat"])
def test_a_whole_text_has_the_ids_of_the_library(document: dict[str, Any], text: str) -> None:
    assert load_reading(document).enclosed(text) == library(document).encode(text).ids


@given(st.text("thecasdogbrk .<s/>[]SEP東é\u0301\n", max_size=40))
def test_no_text_reaches_a_control_token(text: str) -> None:
    for tokenizer in (load_reading(wordpiece()), load_reading(unigram())):
        control = {token for token in range(tokenizer.vocab_size) if not tokenizer.token_bytes(token)}
        unknown = {token for token in control if "unk" in tokenizer.token_text(token).lower()}
        assert not set(tokenizer.encode(text)) & (control - unknown)


@pytest.mark.parametrize("kind", ["BertProcessing", "RobertaProcessing"])
def test_older_files_say_what_is_put_around_in_another_way(kind: str) -> None:
    processor = {"type": kind, "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
    assert load_reading({**wordpiece(), "post_processor": processor}).enclosed("the cat") == [2, 5, 6, 3]


def test_a_file_without_such_a_step_puts_nothing_around() -> None:
    assert load_reading({**wordpiece(), "post_processor": None}).enclosed("the cat") == [5, 6]


def test_ids_turn_into_text_again(document: dict[str, Any]) -> None:
    tokenizer = load_reading(document)
    assert tokenizer.decode(tokenizer.enclosed("the cats")) == "the cats"


def test_it_neither_talks_nor_fills_gaps(document: dict[str, Any]) -> None:
    tokenizer = load_reading(document)
    with pytest.raises(InvalidRequest):
        tokenizer.template([{"role": "user", "content": "Hi"}])
    with pytest.raises(UnsupportedParameter):
        tokenizer.infill("a", "b")
    with pytest.raises(InvalidRequest):
        tokenizer.encode("\ud800")


def test_the_file_of_a_release_is_enough(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps(wordpiece()))
    found = load_tokenizer(TokenizerFiles({"tokenizer.json": tmp_path / "tokenizer.json"}))
    assert isinstance(found, ReadingTokenizer)
    assert found.enclosed("a b") == [WORDS.index(word) for word in ("[CLS]", "a", "b", "[SEP]")]


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("model", {"type": "WordPiece", "vocab": ["a"]}, "model.vocab"),
        ("model", {"type": "WordPiece", "vocab": {"a": -1}}, "model.vocab"),
        ("model", {"type": "WordPiece", "vocab": {"a": 0}, "unk_token": "?"}, "unk_token"),
        ("model", {"type": "WordPiece", "vocab": {"a": 0}, "unk_token": ["a"]}, "unk_token"),
        ("model", {"type": "WordPiece", "vocab": {"a": 2**40, "?": 0}, "unk_token": "?"}, "ids up to"),
        ("model", {"type": "Unigram", "vocab": [["a"]]}, "model.vocab"),
        ("model", {"type": "Unigram", "vocab": []}, "model.vocab"),
        ("model", {"type": "Unigram", "vocab": [["a", "b"]]}, "model.vocab"),
        ("normalizer", {"type": "Nonsense"}, "library"),
        ("post_processor", {"type": "BertProcessing", "sep": ["[NO]", 1], "cls": ["[CLS]", 2]}, r"\[NO\]"),
        ("post_processor", {"type": "BertProcessing"}, "post_processor"),
        ("added_tokens", [3], "added_tokens"),
    ],
)
def test_what_is_damaged_is_refused_by_name(part: str, value: Any, said: str) -> None:
    with pytest.raises(CheckpointInvalid, match=said):
        load_reading({**wordpiece(), part: value})
