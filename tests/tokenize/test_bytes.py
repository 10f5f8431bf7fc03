"""The tokenizer of `FakeEngine`: every byte a token, every text itself again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.errors import InvalidMessageOrder, InvalidRequest, UnsupportedParameter
from alize.tokenize import Tokenizer
from alize.tokenize.bytes import ByteTokenizer

TOKENIZER: Tokenizer = ByteTokenizer()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_is_as_many_tokens_as_bytes_and_comes_back(text: str):
    ids = TOKENIZER.encode(text)
    assert len(ids) == len(text.encode())
    assert TOKENIZER.decode(ids) == text


def test_half_a_surrogate_pair_is_refused_as_every_tokenizer_does():
    with pytest.raises(InvalidRequest, match="surrogate"):
        TOKENIZER.encode("a\ud800")
    with pytest.raises(InvalidRequest, match="surrogate"):
        TOKENIZER.template([{"role": "user", "content": "\udfff"}])


def test_no_text_becomes_a_control_token():
    text = "<begin><end><user>"
    assert max(TOKENIZER.encode(text)) < 256
    assert TOKENIZER.decode([256, 259, *TOKENIZER.encode(text), 257]) == text


def test_what_it_cannot_say_is_refused():
    with pytest.raises(InvalidMessageOrder):
        TOKENIZER.template([{"role": "wizard", "content": "Hi"}])
    with pytest.raises(UnsupportedParameter):
        TOKENIZER.template([{"role": "user", "content": "Hi"}], [{"type": "function"}])
    for token in (-1, 264):
        with pytest.raises(IndexError):
            TOKENIZER.decode([token])
