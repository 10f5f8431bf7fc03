"""Releases for transformers: the weights that transformers saves come back in canonical names and layout."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints import open_checkpoint
from tests.weights.checkpoints.tiny_release import canonical, saved_by_transformers

pytest.importorskip("torch")


def same(checkpoint: Any, expected: dict[str, np.ndarray]) -> None:
    assert set(checkpoint) == set(expected)
    for name, array in expected.items():
        assert np.array_equal(checkpoint.array(name), array), name


def configured(folder: Path, **changes: Any) -> Path:
    """Change config.json. A value of ... takes the entry out."""
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not ...}))
    return folder


@pytest.mark.parametrize("kind", ["Mistral", "Llama"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "float64"])
def test_weights_come_back_exactly(kind: str, dtype: str, tmp_path: Path) -> None:
    model = saved_by_transformers(tmp_path, kind, dtype=dtype)
    checkpoint = open_checkpoint(tmp_path)
    assert checkpoint.format == "huggingface"
    same(checkpoint, canonical(model))
    assert checkpoint.array("norm.weight").dtype == np.dtype("float32" if dtype == "bfloat16" else dtype)


def test_what_is_stored_says_how_its_rows_lie(tmp_path: Path) -> None:
    model = saved_by_transformers(tmp_path)
    checkpoint = open_checkpoint(tmp_path)
    stored = checkpoint.stored("layers.1.attention.wq.weight")
    assert (stored.kind, stored.shape, stored.rotary_halves) == ("F32", (18, 12), 3)
    assert stored.data.tobytes() == model.model.layers[1].self_attn.q_proj.weight.detach().numpy().tobytes()
    assert checkpoint.stored("layers.1.attention.wk.weight").rotary_halves == 1
    assert checkpoint.stored("layers.1.attention.wv.weight").rotary_halves == 0


def test_shards_are_one_checkpoint(tmp_path: Path) -> None:
    model = saved_by_transformers(tmp_path, shard="3KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 2
    same(open_checkpoint(tmp_path), canonical(model))
    same(open_checkpoint(next(tmp_path.glob("model-00002-*"))), canonical(model))  # any of its files stands for the release
    (tmp_path / "model.safetensors.index.json").unlink()
    same(open_checkpoint(tmp_path), canonical(model))


@pytest.mark.parametrize("kind", ["Mistral", "Llama"])
def test_a_tied_head_is_not_there_twice(kind: str, tmp_path: Path) -> None:
    model = saved_by_transformers(tmp_path, kind, tie_word_embeddings=True)
    checkpoint = open_checkpoint(tmp_path)
    assert checkpoint.params["tied_embeddings"] is True
    assert "output.weight" not in checkpoint
    same(checkpoint, canonical(model))


def test_biases_of_queries_and_keys_are_permuted_like_their_rows(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    model = saved_by_transformers(tmp_path, "Llama", attention_bias=True)
    with pytest.raises(CheckpointInvalid, match=r"o_proj\.bias"):
        open_checkpoint(tmp_path)  # the specification has no bias there
    numbers = np.random.default_rng(0)
    arrays = load_file(tmp_path / "model.safetensors")
    kept = {name: numbers.normal(size=array.shape).astype("f4") for name, array in arrays.items() if not name.endswith("o_proj.bias")}
    save_file(kept, tmp_path / "model.safetensors")
    import torch

    model.load_state_dict({name: torch.from_numpy(array) for name, array in kept.items()}, strict=False)
    checkpoint = open_checkpoint(tmp_path)
    assert checkpoint.params["qkv_bias"] is True
    expected = {name: array for name, array in canonical(model).items() if not name.endswith("wo.bias")}
    same(checkpoint, expected)


def test_the_configuration_is_said_in_the_words_of_params_json(tmp_path: Path) -> None:
    saved_by_transformers(tmp_path, sliding_window=9, rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 5e5})
    assert open_checkpoint(tmp_path).params == {
        "dim": 12,
        "n_layers": 2,
        "n_heads": 3,
        "n_kv_heads": 1,
        "head_dim": 6,
        "hidden_dim": 20,
        "vocab_size": 11,
        "norm_eps": 1e-5,
        "rope_theta": 5e5,
        "max_position_embeddings": 32,
        "tied_embeddings": False,
        "sliding_window": 9,
        "qkv_bias": False,
    }


def test_a_configuration_as_older_versions_wrote_it_says_the_same(tmp_path: Path) -> None:
    saved_by_transformers(tmp_path, head_dim=4)
    older = {"rope_parameters": ..., "rope_theta": 1e6, "rope_scaling": None, "sliding_window": None, "head_dim": None}
    params = open_checkpoint(configured(tmp_path, **older)).params
    assert (params["rope_theta"], params["head_dim"]) == (1e6, 4)
    assert "sliding_window" not in params


def test_entries_that_are_left_out_are_what_transformers_takes_them_for(tmp_path: Path) -> None:
    saved_by_transformers(tmp_path)
    params = open_checkpoint(configured(tmp_path, rope_parameters=..., sliding_window=..., tie_word_embeddings=...)).params
    assert (params["rope_theta"], params["sliding_window"], params["tied_embeddings"]) == (10000.0, 4096, False)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another architecture": ({"model_type": "phi3"}, "model_type 'phi3'"),
    "no architecture": ({"model_type": ...}, "model_type None"),
    "an architecture that is an object": ({"model_type": {}}, "model_type {}"),
    "two architectures": ({"model_type": ["llama", "mistral"]}, "model_type ['llama', 'mistral']"),
    "another head": ({"architectures": ["MistralForSequenceClassification"]}, "MistralForSequenceClassification"),
    "another activation": ({"hidden_act": "gelu"}, "hidden_act' is 'gelu'"),
    "quantised weights": ({"quantization_config": {"quant_method": "awq"}}, "'quantization_config' is set"),
    "a stretched rotation": ({"rope_parameters": {"rope_type": "yarn", "factor": 4.0}}, "original_max_position_embeddings' is missing"),
    "a rotation stretched another way": (
        {"rope_parameters": {"rope_type": "longrope", "factor": 4.0}},
        "rope_parameters.rope_type' is 'longrope'",
    ),
    "an older stretched rotation": ({"rope_scaling": {"type": "dynamic", "factor": 2.0}}, "rope_scaling.type' is 'dynamic'"),
    "a rotation with more to it": ({"rope_parameters": {"rope_type": "default", "beta": 2}}, "rope_parameters.beta"),
    "a rotation that is a word": ({"rope_parameters": "default"}, "not an object"),
    "part of a head rotated": ({"partial_rotary_factor": 0.5}, "partial_rotary_factor' is 0.5"),
    "no width": ({"hidden_size": ...}, "'hidden_size' is missing"),
    "a width that is a word": ({"hidden_size": "12"}, "'hidden_size' is '12', not a whole number"),
    "a truth as width": ({"hidden_size": True}, "not a whole number"),
    "an infinite epsilon": ({"rms_norm_eps": float("inf")}, "'rms_norm_eps' is inf"),
    "a tie that is a word": ({"tie_word_embeddings": "no"}, "not true or false"),
    "other heads than the weights have": ({"num_attention_heads": 2}, "is not 2 heads of 6"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_run_is_refused_by_name(case: str, tmp_path: Path) -> None:
    saved_by_transformers(tmp_path)
    changes, says = REFUSED[case]
    with pytest.raises(CheckpointInvalid) as refused:
        open_checkpoint(configured(tmp_path, **changes))
    assert says in refused.value.message
    assert str(tmp_path) in refused.value.message


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b'{"a":' * 200_000])
def test_a_configuration_that_is_no_json_is_refused(content: bytes, tmp_path: Path) -> None:
    saved_by_transformers(tmp_path)
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(CheckpointInvalid, match=r"config\.json is not valid"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize(
    "shard", ["../model-00001-of-00002.safetensors", "/etc/passwd", "model-00009-of-00009.safetensors", 7, None, ["x"]]
)
def test_an_index_that_points_elsewhere_is_refused(shard: Any, tmp_path: Path) -> None:
    saved_by_transformers(tmp_path, shard="3KB")
    path = tmp_path / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    index["weight_map"]["model.norm.weight"] = shard
    path.write_text(json.dumps(index))
    with pytest.raises(CheckpointInvalid, match=r"which is no shard in this folder"):
        open_checkpoint(tmp_path)


def test_an_index_that_is_wrong_about_a_shard_is_refused(tmp_path: Path) -> None:
    saved_by_transformers(tmp_path, shard="3KB")
    path = tmp_path / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    index["weight_map"]["model.absent.weight"] = next(iter(index["weight_map"].values()))
    path.write_text(json.dumps(index))
    with pytest.raises(CheckpointInvalid, match=r"says 'model\.absent\.weight' is in"):
        open_checkpoint(tmp_path)
    path.write_text("{}")
    with pytest.raises(CheckpointInvalid, match="weight_map"):
        open_checkpoint(tmp_path)


def test_the_tokenizer_files_and_the_template_are_found(tmp_path: Path) -> None:
    saved_by_transformers(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "LICENSE").write_text("Apache")
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"chat_template": [{"name": "tools"}, {"name": "default", "template": "d"}]})
    )
    tokenizer = open_checkpoint(tmp_path).tokenizer
    assert set(tokenizer.files) == {"tokenizer.json", "tokenizer_config.json", "generation_config.json"}
    assert tokenizer.files["tokenizer.json"] == tmp_path / "tokenizer.json"
    assert tokenizer.chat_template == "d"
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "whole"}))
    assert open_checkpoint(tmp_path).tokenizer.chat_template == "whole"
    (tmp_path / "chat_template.jinja").write_text("newest ✓")
    assert open_checkpoint(tmp_path).tokenizer.chat_template == "newest ✓"
    (tmp_path / "chat_template.jinja").write_bytes(b"\xff")
    with pytest.raises(CheckpointInvalid, match=r"chat_template\.jinja"):
        open_checkpoint(tmp_path)
