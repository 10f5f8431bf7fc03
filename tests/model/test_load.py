"""Hostile and mistaken checkpoints: what a configuration says is checked before it is believed."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alize.errors import CheckpointInvalid
from alize.model.params import read_params
from alize.weights.checkpoints import open_checkpoint
from alize.weights.checkpoints.base import StoredTensor
from alize.weights.checkpoints.mapped import MappedCheckpoint

PARAMS = {"dim": 32, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "head_dim": 8, "hidden_dim": 64, "vocab_size": 101}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("norm_eps", "small"),
        ("norm_eps", 0),
        ("norm_eps", True),
        ("rope_theta", float("inf")),
        ("rope_theta", -1.0),
        ("rope_theta", []),
        ("sliding_window", 0),
        ("sliding_window", -4),
        ("sliding_window", "4"),
        ("n_layers", 0),
        ("n_heads", 3),
        ("head_dim", 7),
        ("dim", None),
        ("vocab_size", 2.5),
        ("moe", []),
        ("rope_theta", 10**400),
        ("norm_eps", 1e300),
        ("sliding_window", [[1], [2]]),
        ("sliding_window", [4, [4]]),
    ],
)
def test_a_configuration_that_cannot_be_run_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(CheckpointInvalid, match=key.removeprefix("n_").replace("sliding_", "")):
        read_params({**PARAMS, key: value})


YARN = {"factor": 4.0, "original_max_position_embeddings": 32}
LLAMA3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
MOE = {"num_experts": 4, "num_experts_per_tok": 2}
INDEX = {"topk": 4, "n_heads": 2, "head_dim": 8}
LATENT = {"kv_lora_rank": 8, "qk_nope_head_dim": 4, "qk_rope_head_dim": 4, "v_head_dim": 4}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"n_layers": 10**12}, "1000000000000 layers"),
        ({"yarn": {**YARN, "original_max_position_embeddings": 0}}, "context of 0"),
        ({"yarn": YARN, "rope_theta": 1}, "rope_theta of 1"),
        ({"yarn": {**YARN, "beta": 1e-320}}, "beta"),
        ({"yarn": {**YARN, "factor": float("nan")}}, "factor"),
        ({"llama_4_scaling": {"beta": 0.1, "original_max_position_embeddings": 0}}, "every 0 tokens"),
        ({"moe": {**MOE, "num_expert_groups": 4, "num_expert_groups_per_tok": 2}}, "best two"),
        ({"moe": {**MOE, "routed_scale": 1e300}}, "routed_scale"),
        ({"activation": "relu"}, "activation = 'relu'"),
        ({"embedding_scale": "wide"}, "embedding_scale"),
        ({"sliding_rope_theta": 0}, "sliding_rope_theta"),
        ({"linear_scaling": {"factor": -2}}, "factor"),
        ({"llama_3_scaling": {**LLAMA3, "high_freq_factor": 1.0}}, "cannot be left alone"),
        ({"llama_3_scaling": {**LLAMA3, "original_max_position_embeddings": 0}}, "context of 0"),
        ({"rope_divisors": [1.0, 2.0]}, "2 pairs of a head that has 4"),
        ({"rope_divisors": [1.0, 2.0, 0.0, 1.0]}, "rope_divisors"),
        ({"rope_divisors": 5}, "rope_divisors"),
        ({"rope_divisors": [1.0] * 4, **LATENT}, "plain norms, scores and rotation"),
        ({**LATENT, "qk_norm": True}, "plain norms"),
        ({**LATENT, "kv_lora_rank": 7}, "rank of 7"),
        ({**LATENT, "qk_nope_head_dim": 3}, "3 numbers before"),
        ({"indexer": INDEX}, "latent attention"),
        ({**LATENT, "indexer": INDEX, "sliding_window": 8}, "sees everything"),
        ({**LATENT, "indexer": {**INDEX, "topk": 0}}, "top = 0"),
        ({**LATENT, "indexer": {**INDEX, "n_heads": 0}}, "heads = 0"),
        ({**LATENT, "indexer": {**INDEX, "head_dim": 0}}, "head_dim = 0"),
        ({**LATENT, "indexer": {**INDEX, "head_dim": 2}}, "no room for the 4"),
        ({**LATENT, "indexer": {**INDEX, "full_layers": [0, 1]}}, "first layer"),
        ({**LATENT, "no_rope_layers": [1]}, "no_rope_layers"),
        ({**LATENT, "no_rope_layers": "ab"}, "no_rope_layers"),
    ],
)
def test_parts_that_cannot_be_run_are_refused_by_name(changes: dict[str, Any], says: str) -> None:
    """Most of these would break, or say nothing but NaN, at the first token only: when the server has begun to answer with the model."""
    with pytest.raises(CheckpointInvalid, match=says):
        read_params({**PARAMS, **changes})


def test_what_is_not_said_has_a_default() -> None:
    config = read_params({**PARAMS, "norm_eps": None, "rope_theta": None, "sliding_window": None})
    assert (config.norm_eps, config.rope.theta, config.window) == (1e-5, 10000.0, None)


def test_every_tensor_has_its_own_values_in_every_dtype(smollm2: Path) -> None:
    torch = pytest.importorskip("torch")
    from alize.model.load import load_model

    checkpoint = open_checkpoint(smollm2)
    for dtype in (torch.float32, torch.bfloat16):
        for name, parameter in load_model(checkpoint, dtype).named_parameters():
            assert torch.equal(parameter, torch.tensor(checkpoint.array(name)).to(dtype)), name


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"n_layers": 10**12}, "1000000000000 layers"),
        ({"n_layers": 1}, "layers.1.attention"),
        ({"n_layers": 3}, "no tensor 'layers.2"),
        ({"hidden_dim": 63}, "feed_forward"),
        ({"moe": {"num_experts": 10**9, "num_experts_per_tok": 1}}, "2000000000 experts"),
        ({"hidden_dim": 2**60}, "cannot be as large"),
        ({"moe": {**MOE, "num_shared_experts": 2**62}}, "cannot be as large"),
    ],
)
def test_weights_and_configuration_must_agree(tiny_checkpoint: Path, tmp_path: Path, change: dict[str, Any], says: str) -> None:
    pytest.importorskip("torch")
    from alize.model.load import load_model

    folder = tmp_path / "changed"
    shutil.copytree(tiny_checkpoint, folder)
    params = json.loads((folder / "params.json").read_text())
    (folder / "params.json").write_text(json.dumps({**params, **change}))
    with pytest.raises(CheckpointInvalid, match=says):
        load_model(open_checkpoint(folder))


def in_halves(folder: Path) -> MappedCheckpoint:
    """A latent model whose wkv_b are split as llama.cpp's converter splits them."""
    from tests.model.families import FAMILIES, LATENT, reference, saved

    checkpoint = open_checkpoint(saved(reference(FAMILIES["latent attention, grouped experts"]), folder))
    heads, plain = 4, LATENT["qk_nope_head_dim"]
    tensors: dict[str, StoredTensor] = {}
    for name in checkpoint:
        if not name.endswith("wkv_b.weight"):
            tensors[name] = checkpoint.stored(name)
            continue
        whole = checkpoint.array(name).reshape(heads, -1, LATENT["kv_lora_rank"])
        for half, array in (("wk_b", whole[:, :plain].swapaxes(1, 2)), ("wv_b", whole[:, plain:])):
            stored = StoredTensor(
                name.replace("wkv_b", half), "F32", array.shape, np.ascontiguousarray(array, np.float32).view(np.uint8).ravel()
            )
            tensors[stored.name] = stored
    return MappedCheckpoint("gguf", folder, checkpoint.params, tensors, checkpoint.tokenizer, {})


def test_what_unpacks_latents_is_put_together_where_it_is_split(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from alize.model.load import load_model

    split = load_model(in_halves(tmp_path)).state_dict()
    whole = load_model(open_checkpoint(tmp_path)).state_dict()
    assert set(split) == set(whole)
    assert all(torch.equal(split[name], whole[name]) for name in whole)


@pytest.mark.parametrize(
    ("half", "shape", "says"),
    [
        ("wk_b", (4, 12, 16), "they do not fit"),
        ("wk_b", (4, 16, 12, 1), "they do not fit"),
        ("wk_b", (4, 16, 2**40), "the configuration says"),
        ("wv_b", (4, 2**40, 16), "the configuration says"),
        ("wv_b", None, "no tensor 'layers.1.attention.wkv_b.weight'"),
    ],
)
def test_halves_that_do_not_fit_are_refused_before_they_are_read(
    half: str, shape: tuple[int, ...] | None, says: str, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    from alize.model.load import load_model

    checkpoint = in_halves(tmp_path)
    name = f"layers.1.attention.{half}.weight"
    tensors = {other: checkpoint.stored(other) for other in checkpoint}
    del tensors[name]
    if shape is not None:
        tensors[name] = replace(checkpoint.stored(name), shape=shape)  # its bytes are too few: reading them would fail in another way
    changed = MappedCheckpoint("gguf", tmp_path, checkpoint.params, tensors, checkpoint.tokenizer, {})
    with pytest.raises(CheckpointInvalid, match=says):
        load_model(changed)
