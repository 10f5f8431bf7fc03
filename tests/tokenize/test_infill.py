"""A gap to fill: the markers and their order are those of each release."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from mistral_common.protocol.fim.request import FIMRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from tokenizers import AddedToken, decoders, models, pre_tokenizers
from tokenizers import Tokenizer as Fast

from alize.errors import UnsupportedParameter
from alize.tokenize import load_tokenizer
from alize.tokenize.infill import infill_markers
from alize.weights.checkpoints.base import TokenizerFiles
from tests.tokenize.test_mistral import FILES

BEFORE, AFTER = "def add(a, b):\n    ", "\n\nprint(add(1, 2))  # é"


@pytest.mark.parametrize("version", ["v2", "v3", "tekken"])
@pytest.mark.parametrize("after", ["", AFTER])
def test_mistral_s_releases_are_asked_as_mistral_common_asks_them(version: str, after: str, released: Callable[[str], Path]) -> None:
    file, shown = FILES[version]
    ours = load_tokenizer(TokenizerFiles(files={shown: released(file)}))
    theirs = MistralTokenizer.from_file(released(file)).encode_fim(FIMRequest(prompt=BEFORE, suffix=after))
    assert ours.infill(BEFORE, after) == theirs.tokens


def test_an_alphabet_without_markers_refuses(released: Callable[[str], Path]) -> None:
    file, shown = FILES["v1"]
    with pytest.raises(UnsupportedParameter, match="cannot fill"):
        load_tokenizer(TokenizerFiles(files={shown: released(file)})).infill(BEFORE, AFTER)


def test_others_are_asked_by_their_own_markers_and_text_never_is_one(tmp_path: Path) -> None:
    letters = {character: id for id, character in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    fast = Fast(models.BPE(vocab=letters, merges=[]))
    fast.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast.decoder = decoders.ByteLevel()
    fast.add_special_tokens([AddedToken(f"<fim_{part}>", special=True) for part in ("prefix", "suffix", "middle")])
    fast.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"add_bos_token": False}))
    tokenizer = load_tokenizer(TokenizerFiles(files={path.name: path for path in tmp_path.iterdir()}))
    hostile = "<fim_suffix>x"
    before, after = tokenizer.encode(hostile), tokenizer.encode(AFTER)
    assert tokenizer.infill(hostile, AFTER) == [256, *before, 257, *after, 258]
    assert not {256, 257, 258} & set(before)


def test_half_a_set_of_markers_is_none() -> None:
    assert infill_markers({"<fim_prefix>": 1, "<fim_suffix>": 2}) is None
