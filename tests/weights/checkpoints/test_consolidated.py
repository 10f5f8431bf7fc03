"""Mistral's own releases."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints import open_checkpoint
from tests.weights.checkpoints.tiny_release import as_consolidated, canonical, saved_by_transformers

pytest.importorskip("torch")


@pytest.fixture
def model(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    return saved_by_transformers(tmp_path_factory.mktemp("release"))


@pytest.mark.parametrize("shards", [1, 3])
def test_weights_and_configuration_are_taken_as_they_are(shards: int, model, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    checkpoint = open_checkpoint(as_consolidated(model, tmp_path, shards, sliding_window=5, tied_embeddings=False))
    assert checkpoint.format == "consolidated"
    expected = canonical(model)
    assert set(checkpoint) == set(expected)
    for name, array in expected.items():
        assert np.array_equal(checkpoint.array(name), array)
        assert checkpoint.stored(name).rotary_halves == 0
    assert (checkpoint.params["sliding_window"], checkpoint.params["tied_embeddings"], checkpoint.params["qkv_bias"]) == (5, False, False)


def test_the_same_model_is_the_same_in_both_forms(model, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    model.save_pretrained(tmp_path / "a")
    one, other = open_checkpoint(tmp_path / "a"), open_checkpoint(as_consolidated(model, tmp_path / "b", sliding_window=4096))
    assert {key: value for key, value in one.params.items() if key != "tied_embeddings"} == other.params
    assert all(np.array_equal(one.array(name), other.array(name)) for name in other)


def test_numbers_that_releases_name_otherwise_or_leave_out(model, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    as_consolidated(model, tmp_path)
    path = tmp_path / "params.json"
    params = json.loads(path.read_text())
    del params["vocab_size"], params["max_position_embeddings"]
    path.write_text(json.dumps(params | {"max_seq_len": 77}))
    found = open_checkpoint(tmp_path).params
    assert (found["vocab_size"], found["max_position_embeddings"]) == (11, 77)


def test_a_vocabulary_that_is_not_the_tables_is_refused(model, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CheckpointInvalid, match=r"params\.json says vocab_size 12, and the table has 11"):
        open_checkpoint(as_consolidated(model, tmp_path, vocab_size=12))


@pytest.mark.parametrize(
    "name",
    ["layers.0.block_sparse_moe.experts.0.w1.weight", "vision_encoder.ln_post.weight", "layers.0.attention.wo.bias", "model.norm.weight"],
)
def test_a_tensor_of_no_known_part_is_refused_by_name(name: str, model, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = as_consolidated(model, tmp_path) / "consolidated.safetensors"
    save_file({**load_file(file), name: np.zeros(2, "f4")}, file)
    with pytest.raises(CheckpointInvalid, match=name):
        open_checkpoint(tmp_path)


def test_weights_in_a_form_that_cannot_be_read_are_refused_by_name(model, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = as_consolidated(model, tmp_path) / "consolidated.safetensors"
    save_file({**load_file(file), "norm.weight": np.zeros(12, "i1")}, file)
    with pytest.raises(CheckpointInvalid, match=r"'norm\.weight' is stored as I8"):
        open_checkpoint(tmp_path)


def test_a_tensor_in_two_shards_is_refused(model, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    as_consolidated(model, tmp_path, 2)
    second = tmp_path / "consolidated-00002-of-00002.safetensors"
    save_file({**load_file(second), "tok_embeddings.weight": np.zeros((11, 12), "f4")}, second)
    with pytest.raises(CheckpointInvalid, match="there twice"):
        open_checkpoint(tmp_path)


def test_a_release_without_embeddings_is_no_language_model(model, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = as_consolidated(model, tmp_path) / "consolidated.safetensors"
    save_file({"norm.weight": np.zeros(12, "f4")}, file)
    with pytest.raises(CheckpointInvalid, match="tok_embeddings"):
        open_checkpoint(tmp_path)
