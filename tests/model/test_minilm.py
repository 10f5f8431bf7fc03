"""The default embedding model, as it was released: transformers' vectors, and what is left of their order when they are made smaller."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from alize import load  # noqa: E402
from alize.engine.vectors import shaped  # noqa: E402
from alize.model.build import packed_memory  # noqa: E402
from alize.model.embedder import pooled  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.tokenize import load_tokenizer  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402

pytestmark = pytest.mark.slow

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def texts(minilm: Path) -> list[str]:
    """300 paragraphs of our own documentation that the model can read whole."""
    checkpoint = open_checkpoint(minilm)
    tokenizer = load_tokenizer(checkpoint.tokenizer)
    found = [part.replace("\n", " ") for page in sorted(DOCS.rglob("*.md")) for part in page.read_text("utf-8").split("\n\n")]
    return [part for part in found if 80 < len(part) < 700 and len(tokenizer.enclosed(part)) <= 256][:300]


@pytest.fixture(scope="module")
def vectors(minilm: Path, texts: list[str]) -> Any:
    model = load(minilm, threads=1)
    try:
        return model.embed(texts)
    finally:
        model.close()


def test_its_rows_are_those_of_transformers(minilm: Path, texts: list[str]) -> None:
    """In float64 to 1e-8, for real sentences, their tokens from the release's own tokenizer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers
        from tokenizers import Tokenizer
    reference = transformers.AutoModel.from_pretrained(minilm).eval().double()
    released = Tokenizer.from_file(str(minilm / "tokenizer.json"))
    released.no_padding()
    released.no_truncation()
    checkpoint = open_checkpoint(minilm)
    model, tokenizer = load_model(checkpoint, torch.float64), load_tokenizer(checkpoint.tokenizer)
    for text in texts[:12]:
        tokens = tokenizer.enclosed(text)
        assert tokens == released.encode(text).ids
        with torch.no_grad():
            wanted = reference(torch.tensor([tokens])).last_hidden_state[0]
        found = model(torch.tensor(tokens), torch.arange(len(tokens)), packed_memory(model.config, [len(tokens)]))
        assert (found - wanted).abs().max() < 1e-8
        mean = wanted.mean(0)
        assert (pooled(found, [len(tokens)], "mean")[0] - mean / mean.norm()).abs().max() < 1e-8


def test_the_library_gives_the_same_vectors_in_float32(minilm: Path, texts: list[str], vectors: Any) -> None:
    checkpoint = open_checkpoint(minilm)
    model, tokenizer = load_model(checkpoint, torch.float64), load_tokenizer(checkpoint.tokenizer)
    for text, vector in zip(texts[:5], vectors, strict=False):
        tokens = tokenizer.enclosed(text)
        hidden = model(torch.tensor(tokens), torch.arange(len(tokens)), packed_memory(model.config, [len(tokens)]))
        assert np.abs(pooled(hidden, [len(tokens)], "mean")[0].numpy() - vector).max() < 1e-6


def test_what_means_the_same_lies_near(minilm: Path) -> None:
    said = ["A cat sleeps on the sofa.", "The kitten is napping on the couch.", "Interest rates rose again in March."]
    model = load(minilm, threads=1)
    near = (lambda v: v @ v.T)(model.embed(said))
    model.close()
    assert near[0, 1] > 0.5 > 0.2 > max(near[0, 2], near[1, 2])


def spearman(left: Any, right: Any) -> float:
    """Of two lists of numbers without many ties: the correlation of their ranks."""
    ranks = [np.argsort(np.argsort(each, kind="stable"), kind="stable") for each in (left, right)]
    return float(np.corrcoef(*ranks)[0, 1])


LEFT = {
    "int8": (None, 0.999, 0.95),
    "uint8": (None, 0.999, 0.95),
    "ubinary": (None, 0.85, 0.65),
    "binary": (None, 0.85, 0.65),
    "float": (192, 0.90, 0.72),
}
"""What is left at least: of the order of all pairs (Spearman), and of the ten nearest of each text. docs/models/embeddings.md says what was
measured; the texts change with the documentation, and the figures with them by a hundredth or two."""


@pytest.mark.parametrize("kind", LEFT)
def test_smaller_vectors_keep_most_of_the_order(kind: str, vectors: Any) -> None:
    dimension, least_order, least_near = LEFT[kind]
    made = shaped(vectors, kind, dimension)
    if kind.endswith("binary"):
        bits = np.unpackbits((made.astype(np.int16) + (128 if kind == "binary" else 0)).astype(np.uint8), axis=1).astype(np.float64)
        rows = 2 * bits - 1  # the cosine of these is 1 - 2 · (bits that differ) / bits
    else:
        rows = made.astype(np.float64) - (128 if kind == "uint8" else 0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    wide = vectors.astype(np.float64)
    pairs = np.triu_indices(len(wide), 1)
    exact, smaller = wide @ wide.T, rows @ rows.T
    order = spearman(exact[pairs], smaller[pairs])
    for near in (exact, smaller):
        np.fill_diagonal(near, -2)
    ten = [np.argsort(-near, axis=1)[:, :10] for near in (exact, smaller)]
    kept = float(np.mean([len({*a} & {*b}) / 10 for a, b in zip(*map(np.ndarray.tolist, ten), strict=True)]))
    assert order > least_order
    assert kept > least_near


def test_its_card_says_what_its_files_say(minilm: Path) -> None:
    from alize.weights.catalog import find

    card = find("alize-embed-latest", {})
    assert card is not None
    assert card.context == json.loads((minilm / "sentence_bert_config.json").read_text())["max_seq_length"]
    assert card.size == (minilm / "model.safetensors").stat().st_size
    assert card.languages == ("en",)
