"""Each pre-tokenizer cuts as the release it is named after: against tiktoken, on Mistral's own ranks."""

import base64
import json
import unicodedata
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.tokenize import Tokenizer, load_tokenizer
from alize.tokenize.alphabet import byte_level_characters
from alize.tokenize.pretokenize import PRE_TOKENIZERS
from alize.weights.checkpoints.base import TokenizerFiles

GPT2 = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SIZE = 8000
Encode = Callable[[str], list[int]]


@pytest.fixture(scope="module")
def tekken(released: Callable[[str], Path]) -> tuple[dict[bytes, int], str]:
    """The first entries of Tekken, and its pattern."""
    document = json.loads(released("tekken_240911.json").read_bytes())
    entries = document["vocab"][:SIZE]
    return {base64.b64decode(entry["token_bytes"]): rank for rank, entry in enumerate(entries)}, document["config"]["pattern"]


def last_merge(piece: bytes, ranks: dict[bytes, int]) -> list[bytes]:
    """The two entries that become `piece`, found by merging with everything of a lower rank."""
    parts = [bytes([byte]) for byte in piece]
    while len(parts) > 2:
        pairs = [(ranks.get(parts[i] + parts[i + 1], SIZE), i) for i in range(len(parts) - 1)]
        rank, at = min(pairs)
        assert rank < ranks[piece]
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


@pytest.fixture(scope="module")
def both(tekken: tuple[dict[bytes, int], str]) -> dict[str, tuple[Tokenizer, Encode]]:
    """By name: our tokenizer from GGUF metadata, and tiktoken on the same ranks."""
    import tiktoken

    ranks, tekken_pattern = tekken
    characters = byte_level_characters()

    def spell(piece: bytes) -> str:
        return "".join(characters[byte] for byte in piece)

    metadata: dict[str, Any] = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [spell(piece) for piece in ranks],
        "tokenizer.ggml.token_type": [1] * SIZE,
        "tokenizer.ggml.merges": [" ".join(map(spell, last_merge(piece, ranks))) for piece in ranks if len(piece) > 1],
    }

    def made(name: str, pattern: str) -> tuple[Tokenizer, Encode]:
        encoding = tiktoken.Encoding(name=name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
        return load_tokenizer(TokenizerFiles(gguf=metadata | {"tokenizer.ggml.pre": name})), encoding.encode_ordinary

    ours, gpt2 = made("smollm", GPT2)

    def smollm(text: str) -> list[int]:
        runs = groupby(text, key=lambda character: unicodedata.category(character)[0] == "N")
        return [id for digits, run in runs for part in (run if digits else ["".join(run)]) for id in gpt2(part)]

    qwen_ours, qwen = made("qwen2", QWEN2)
    return {
        "gpt-2": made("gpt-2", GPT2),
        "smollm": (ours, smollm),
        "llama-bpe": made("llama-bpe", LLAMA3),
        "qwen2": (qwen_ours, lambda text: qwen(unicodedata.normalize("NFC", text))),
        "tekken": made("tekken", tekken_pattern),
    }


def test_every_pre_tokenizer_is_compared(both: dict[str, tuple[Tokenizer, Encode]]):
    assert set(both) == set(PRE_TOKENIZERS)


@pytest.mark.parametrize("name", sorted(PRE_TOKENIZERS))
@settings(max_examples=150)
@given(text=st.one_of(st.text(), st.text("aZé中 \n\r\t1²'sLl._-/!👍\u0301ǅʰ", max_size=40), st.text("'sStTREvM dDlL \n", max_size=20)))
def test_ids_equal_tiktoken_s(both: dict[str, tuple[Tokenizer, Encode]], name: str, text: str):
    ours, theirs = both[name]
    assert ours.encode(text) == theirs(text)


@pytest.mark.parametrize("name", sorted(PRE_TOKENIZERS))
def test_hard_cases_equal_tiktoken_s(both: dict[str, tuple[Tokenizer, Encode]], name: str):
    ours, theirs = both[name]
    for text in (
        "I'M we'Ll they'RE",
        "12345678901",
        "a  b   c\n\n  d\r\n\r\ne   ",
        "HTTPServer getHTTPResponse McDonald ΑΒγ",
        "//comment\n/path/to\n",
        "e\u0301te\u0301 e\u0323\u0302",
        "\u3000全角　空白\u2028x",
        "\x85\xa0\u200b\u200d",
    ):
        assert ours.encode(text) == theirs(text), text
