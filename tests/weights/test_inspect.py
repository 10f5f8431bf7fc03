"""What is said of weights to a person."""

from pathlib import Path

import pytest

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import TokenizerFiles
from alize.weights.inspect import KindFacts, _tokenizer, inspect
from tests.weights.checkpoints.tiny_release import as_consolidated, saved_by_transformers


def test_the_default_model_is_said_in_numbers(smollm2: Path) -> None:
    facts = inspect(smollm2)
    assert (facts.format, facts.parameters, facts.chat_template) == ("gguf", 134_515_008, True)
    assert facts.tokenizer == "in the GGUF: gpt2, smollm"
    assert list(facts.kinds) == ["Q4_1", "Q8_0", "F32"]
    assert facts.kinds["Q4_1"].tensors == 210
    assert facts.kinds["Q4_1"].bits == 5.0  # four, and two halves of scale and offset for every 32
    assert facts.kinds["Q8_0"].bits == 8.5
    assert facts.bytes == sum(kind.bytes for kind in facts.kinds.values()) < smollm2.stat().st_size


def test_a_release_in_a_folder_is_said_in_numbers(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "ours").mkdir()
    model = saved_by_transformers(tmp_path / "theirs", dtype="bfloat16")
    as_consolidated(model, tmp_path / "ours")
    (tmp_path / "ours" / "tekken.json").write_text("{}")
    count = sum(parameter.numel() for parameter in model.parameters())
    theirs, ours = inspect(tmp_path / "theirs"), inspect(tmp_path / "ours")
    assert theirs.parameters == ours.parameters == count
    assert (theirs.kinds, theirs.bytes) == ({"BF16": KindFacts(len(list(model.parameters())), count, 2 * count)}, 2 * count)
    assert (theirs.tokenizer, ours.tokenizer, ours.chat_template) == (None, "Tekken (tekken.json)", False)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["tokenizer.model.v3", "tokenizer.json"], "SentencePiece (tokenizer.model.v3)"),
        (["tokenizer.model", "tokenizer.json"], "SentencePiece (tokenizer.model)"),
        (["tokenizer.json", "tokenizer_config.json"], "tokenizers (tokenizer.json)"),
        (["tokenizer_config.json"], None),
    ],
)
def test_the_kind_of_tokenizer_is_named(names: list[str], says: str | None) -> None:
    assert _tokenizer(TokenizerFiles(files={name: Path(name) for name in names})) == says


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".gguf", "a null \0 byte"])
def test_a_name_that_can_be_no_files_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointInvalid):
        inspect(tmp_path / name)
