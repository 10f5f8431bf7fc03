"""What a config.json says, and what it may not leave out, of families whose entries follow from one another."""

from pathlib import Path
from typing import Any

import pytest

from alize.errors import CheckpointInvalid
from alize.model.params import read_params
from alize.weights.checkpoints.huggingface_config import params_of

PLAIN = {
    "hidden_size": 32,
    "num_hidden_layers": 5,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "intermediate_size": 48,
    "vocab_size": 97,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-6,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e4},
}
LARGE4 = PLAIN | {
    "kv_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 12,
    "v_head_dim": 10,
    "n_routed_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 20,
    "index_topk": 6,
    "index_head_dim": 16,
    "index_n_heads": 2,
}
PATH = Path("config.json")


def large4(**changes: Any) -> dict[str, Any]:
    text = {key: value for key, value in {**LARGE4, **changes}.items() if value is not ...}
    eye = {"model_type": "pixtral", "hidden_size": 16, "num_attention_heads": 2, "hidden_act": "silu"}
    return {"model_type": "mistral_large4", "text_config": text, "vision_config": eye}


def test_layers_that_are_not_described_are_what_transformers_takes_them_for() -> None:
    config = read_params(params_of(large4(), PATH))
    assert config.latent is not None
    assert config.index is not None
    assert config.latent.unrotated == {3}
    assert [config.latent.source(layer) for layer in range(5)] == [0, 1, 2, 3, 4]
    assert config.index.layers == {0, 1, 2, 3, 4}
    assert config.experts is not None
    assert config.experts.first_layer == 1


def test_layers_that_are_described_are_taken_for_what_they_are_said_to_be() -> None:
    given = large4(
        indexer_types=["full", "shared"] * 2 + ["full"],
        index_topk_freq=2,  # says nothing beside the list
        no_rope_layers=[1] * 5,
        kv_source_layers=[0, 0, 2, 2, 4],
        mlp_layer_types=["dense"] * 2 + ["sparse"] * 3,
    )
    config = read_params(params_of(given, PATH))
    assert config.latent is not None
    assert config.latent.unrotated == frozenset()
    assert config.latent.sources == (0, 0, 2, 2, 4)
    assert config.index is not None
    assert config.index.layers == {0, 2, 4}
    assert [config.routed(layer) for layer in range(5)] == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"indexer_types": 1}, "indexer_types"),
        ({"indexer_types": "fffff"}, "indexer_types"),
        ({"indexer_types": []}, "indexer_types"),
        ({"indexer_types": ["full"] * 4}, "indexer_types"),
        ({"indexer_types": ["full"] * 4 + ["ful"]}, "indexer_types"),
        ({"indexer_types": ["full"] * 4 + [["full"]]}, "indexer_types"),
        ({"index_topk_freq": 2}, "index_topk_freq"),
        ({"index_topk_pattern": "FSFSF"}, "index_topk_pattern"),
        ({"no_rope_layer_interval": 3}, "no_rope_layer_interval"),
        ({"no_rope_layers": []}, "no_rope_layers"),
        ({"no_rope_layers": 7}, "no_rope_layers"),
        ({"kv_source_layers": "01234"}, "kv_source_layers"),
        ({"kv_source_layers": [0, 0, 1, 3, 4]}, "latents of layer 1"),
        ({"mlp_layer_types": ["sparse"]}, "mlp_layer_types"),
        ({"mlp_layer_types": ["dense", "sparse", "dense", "sparse", "sparse"]}, "first layers"),
        ({"num_hidden_layers": 2**31 - 1}, "num_hidden_layers"),
        ({"index_head_dim": 4}, "no room"),
        ({"rope_parameters": ...}, "rope_parameters' is missing"),
    ],
)
def test_layers_that_are_described_wrongly_are_refused_by_name(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(CheckpointInvalid, match=says):
        read_params(params_of(large4(**changes), PATH))


@pytest.mark.parametrize("kind", ["mistral", "smollm3", "gemma3_text", "mamba2"])
def test_no_more_layers_are_believed_than_can_have_names(kind: str) -> None:
    with pytest.raises(CheckpointInvalid, match="num_hidden_layers"):
        params_of({**PLAIN, "model_type": kind, "num_heads": 1, "num_hidden_layers": 2**31 - 1}, PATH)


@pytest.mark.parametrize("kind", ["ministral3", "mistral4"])
def test_a_rotation_is_not_guessed(kind: str) -> None:
    with pytest.raises(CheckpointInvalid, match="rope_parameters' is missing"):
        params_of({**LARGE4, "model_type": kind, "rope_parameters": None}, PATH)
