"""Tokenizers of the models that people bring, as transformers' own classes of them write them, with a vocabulary learned here."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.tokenize import Tokenizer, load_tokenizer
from alize.weights.checkpoints.base import TokenizerFiles

PROSE = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
CONTROL = {
    "Qwen2": ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
    "Gemma": ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>"],
}
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
TEXTS = st.one_of(
    st.text(max_size=40), st.lists(st.sampled_from([*PROSE.split(" "), " ", "  ", "\n\n", "\t", "é", "漢字", "1234"])).map("".join)
)


def learned(kind: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A vocabulary and merges, learned the way the family cuts."""
    from tokenizers import Tokenizer as Library
    from tokenizers import models, normalizers, pre_tokenizers, trainers

    library = Library(models.BPE())
    special, alphabet = list(CONTROL[kind]), pre_tokenizers.ByteLevel.alphabet()
    if kind == "Gemma":
        library.normalizer = normalizers.Replace(" ", "▁")
        special, alphabet = [*special, *BYTES], []
    else:
        library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.train_from_iterator(PROSE.splitlines(), trainers.BpeTrainer(vocab_size=900, special_tokens=special, initial_alphabet=alphabet))
    model = json.loads(library.to_str())["model"]
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Tokenizer, Any]]:
    """By family: ours from the files, and theirs."""
    import transformers

    pairs: dict[str, tuple[Tokenizer, Any]] = {}
    for kind, control in CONTROL.items():
        vocab, merges = learned(kind)
        theirs = getattr(transformers, f"{kind}Tokenizer")(vocab=vocab, merges=merges, extra_special_tokens=control[-2:])
        folder = tmp_path_factory.mktemp(kind)
        theirs.save_pretrained(folder)
        files = {name: folder / name for name in ("tokenizer.json", "tokenizer_config.json")}
        pairs[kind] = load_tokenizer(TokenizerFiles(files=files)), theirs
    return pairs


def of_gguf(kind: str) -> Tokenizer:
    """The same, in the words of a GGUF."""
    vocab, merges = learned(kind)
    tokens = sorted(vocab, key=lambda text: vocab[text])
    metadata: dict[str, Any] = {
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3 if token in CONTROL[kind] else 6 if token in BYTES else 1 for token in tokens],
    }
    if kind == "Gemma":
        ranks = {left + right: -float(rank + 1) for rank, (left, right) in enumerate(merges)}
        metadata |= {
            "tokenizer.ggml.model": "llama",
            "tokenizer.ggml.pre": "default",
            "tokenizer.ggml.scores": [ranks.get(token, -1e6 - vocab[token]) for token in tokens],
            "tokenizer.ggml.add_space_prefix": False,
            "tokenizer.ggml.bos_token_id": vocab["<bos>"],
        }
    else:
        metadata |= {
            "tokenizer.ggml.model": "gpt2",
            "tokenizer.ggml.pre": "qwen2",
            "tokenizer.ggml.merges": [f"{left} {right}" for left, right in merges],
        }
    return load_tokenizer(TokenizerFiles(gguf=metadata))


@pytest.fixture(scope="module")
def ggufs() -> dict[str, Tokenizer]:
    return {kind: of_gguf(kind) for kind in CONTROL}


@pytest.mark.parametrize("kind", CONTROL)
@settings(max_examples=200, deadline=None)
@given(text=TEXTS.filter(lambda text: "<" not in text))
def test_ids_and_texts_equal_theirs(kind: str, both: dict[str, tuple[Tokenizer, Any]], ggufs: dict[str, Tokenizer], text: str) -> None:
    ours, theirs = both[kind]
    expected = theirs.encode(text, add_special_tokens=False)
    assert ours.encode(text) == expected
    assert ggufs[kind].encode(text) == expected
    assert ours.decode(expected) == theirs.decode(expected)
