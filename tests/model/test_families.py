"""Every family against transformers: the same random weights give the same logits and the same text."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
from tests.model.agreement import compare
from tests.model.converter import as_gguf
from tests.model.families import FAMILIES, reference, saved
from tests.model.released import released

CONVERTED = (
    "dense",
    "dense, head_dim of its own, tied head",
    "experts",
    "YaRN and temperature",
    "latent attention, grouped experts",
    "Llama 3's stretching",
    "linear stretching",
    "biased queries, keys, values",
    "normed queries and keys",
    "normed queries and keys, experts",
    "unrotated layers in a dense model",
    "norms on both sides, two rotations",
    "state space",
)
RELEASED = (
    "dense",
    "dense, head_dim of its own, tied head",
    "experts",
    "YaRN and temperature",
    "latent attention, grouped experts",
)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-8), ("float32", 1e-4)])
def test_logits_are_those_of_transformers(family: str, dtype: str, tolerance: float, tmp_path: Path) -> None:
    theirs = reference(FAMILIES[family])
    compare(theirs, saved(theirs, tmp_path), dtype, tolerance)


@pytest.mark.parametrize("family", RELEASED)
def test_a_release_says_the_same(family: str, tmp_path: Path) -> None:
    theirs = reference(FAMILIES[family])
    compare(theirs, released(theirs, tmp_path), "float64", 1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["YaRN and temperature", "latent attention, grouped experts"])
def test_llama_cpp_reads_a_release_as_it_is_read_here(family: str, tmp_path: Path) -> None:
    theirs = reference(FAMILIES[family])
    folder = released(theirs, tmp_path / "theirs")
    (folder / "config.json").write_text("{}")  # looked for, and of no use here
    compare(theirs, as_gguf(folder, tmp_path / "model.gguf", more=("--mistral-format",)), "float64", 1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("family", CONVERTED)
def test_a_gguf_of_llama_cpp_s_converter_says_the_same(family: str, tmp_path: Path) -> None:
    changes: dict[str, Any] = {}
    if FAMILIES[family].kind == "Mistral4":  # the converter writes neither groups nor the temperature, and llama.cpp has neither then
        rope = {**FAMILIES[family].shape["rope_parameters"], "llama_4_scaling_beta": 0.0}
        changes = {"n_group": 1, "topk_group": 1, "rope_parameters": rope}
    theirs = reference(FAMILIES[family], **changes)
    folder = saved(theirs, tmp_path / "theirs")
    if FAMILIES[family].kind == "Mistral4":  # known to it only as it was released: as the text model of one that sees
        text = json.loads((folder / "config.json").read_text())
        del text["architectures"]
        whole = {"architectures": ["Mistral3ForConditionalGeneration"], "model_type": "mistral3", "text_config": text}
        (folder / "config.json").write_text(json.dumps(whole))
    if FAMILIES[family].kind == "Gemma3":  # it cuts the embeddings to the tokens that it finds named
        named = {"model": {"vocab": {str(token): token for token in range(97)}}, "added_tokens": []}
        (folder / "tokenizer.json").write_text(json.dumps(named))
    path = as_gguf(folder, tmp_path / "model.gguf")
    # Of a state space it keeps -exp of the decays, and of Gemma's norms 1 + the weights, which float32 rounds.
    rounded = FAMILIES[family].kind in ("Mamba2", "Gemma3")
    compare(theirs, path, *(("float32", 1e-4) if rounded else ("float64", 1e-8)))
