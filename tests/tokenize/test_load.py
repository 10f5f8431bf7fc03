"""Which tokenizer is chosen, and what choosing costs."""

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alize.errors import CheckpointInvalid
from alize.tokenize import load_tokenizer
from alize.weights.checkpoints.base import TokenizerFiles


def test_without_files_there_is_no_tokenizer():
    with pytest.raises(CheckpointInvalid, match="No tokenizer was found") as caught:
        load_tokenizer(TokenizerFiles())
    assert "tekken.json" in (caught.value.remedy or "")


def test_an_unversioned_sentencepiece_file_is_not_guessed_to_be_mistral_s(released: Callable[[str], Path]):
    with pytest.raises(CheckpointInvalid, match="No tokenizer was found"):
        load_tokenizer(TokenizerFiles(files={"tokenizer.model": released("tokenizer.model.v1")}))


def test_mistral_s_own_file_comes_before_a_converted_one(released: Callable[[str], Path], made_folder: Path):
    files = {"tokenizer.json": made_folder / "tokenizer.json", "tokenizer.model.v3": released("mistral_instruct_tokenizer_240323.model.v3")}
    assert load_tokenizer(TokenizerFiles(files=files)).vocab_size == 32768


def test_of_several_versions_the_latest_is_taken(released: Callable[[str], Path]):
    files = {
        "tokenizer.model.v1": released("tokenizer.model.v1"),
        "tokenizer.model.v7": released("mistral_instruct_tokenizer_241114.model.v7"),
        "tokenizer.model.v3": released("mistral_instruct_tokenizer_240323.model.v3"),
    }
    assert "[SYSTEM_PROMPT]" in map(load_tokenizer(TokenizerFiles(files=files)).token_text, range(20))


@pytest.mark.parametrize("name", ["tokenizer.json", "tekken.json", "tokenizer.model.v3"])
def test_a_file_larger_than_any_release_s_is_refused_before_it_is_read(name: str, tmp_path: Path):
    (tmp_path / name).touch()
    os.truncate(tmp_path / name, 2**40)
    with pytest.raises(CheckpointInvalid, match=rf"{name} cannot be read: it (is larger|holds more) than"):
        load_tokenizer(TokenizerFiles(files={name: tmp_path / name}))


def test_lists_that_take_many_times_their_bytes_are_refused_before_they_are_made(tmp_path: Path):
    (tmp_path / "tokenizer.json").write_bytes(b'{"a": [' + b"[]," * 2**23 + b"[]]}")
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointInvalid, match="holds more than"):
            load_tokenizer(TokenizerFiles(files={"tokenizer.json": tmp_path / "tokenizer.json"}))
        assert tracemalloc.get_traced_memory()[1] < 2**27
    finally:
        tracemalloc.stop()


def test_files_come_before_metadata(made_metadata: dict[str, Any], made_folder: Path):
    chosen = load_tokenizer(TokenizerFiles(files={"tokenizer.json": made_folder / "tokenizer.json"}, gguf=made_metadata))
    assert chosen.vocab_size == 801


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import alize.tokenize", ["tokenizers", "jinja2", "mistral_common", "torch", "sentencepiece", "pydantic", "transformers"]),
        (
            "import pathlib, sys\nfrom alize.tokenize import load_tokenizer\nfrom alize.weights.checkpoints import open_checkpoint\n"
            "load_tokenizer(open_checkpoint(pathlib.Path(sys.argv[1])).tokenizer).encode('x')",
            ["mistral_common", "torch", "sentencepiece", "pydantic", "transformers", "huggingface_hub"],
        ),
    ],
    ids=["nothing loaded", "SmolLM2 loaded"],
)
def test_only_what_is_needed_is_imported(smollm2: Path, code: str, absent: list[str]):
    check = f"{code}\nimport sys\nprint([name for name in {absent} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check, str(smollm2)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
