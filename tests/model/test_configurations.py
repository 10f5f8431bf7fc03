"""What changes a model of transformers is read or refused: no entry of a config.json that matters is passed over."""

import functools
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
from alize.errors import CheckpointInvalid
from alize.model.params import read_params
from alize.weights.checkpoints.huggingface_config import params_of
from tests.model.families import FAMILIES, configuration

TRAINING = {
    *("attention_dropout", "dropout", "initializer_range", "rescale_prenorm_residual", "time_step_max", "time_step_min"),
    *("time_step_floor", "output_router_logits", "router_aux_loss_coef", "router_jitter_noise", "pretraining_tp"),
}
TOKENS = {"bos_token_id", "eos_token_id", "pad_token_id"}  # the tokenizer's files say which they are
WAYS = {"use_cache", "chunk_size", "dtype", "torch_dtype", "transformers_version", "_attn_implementation"}
FOLLOWS = {  # from other entries, or is read only where another one is missing or says so
    *("rope_parameters.partial_rotary_factor", "qk_head_dim", "time_step_rank", "layer_types", "max_window_layers", "use_sliding_window"),
    *("no_rope_layer_interval", "_sliding_window_pattern", "image_token_index", "architectures"),
}
TENSORS = {"attention_bias", "mlp_bias"}  # biases that are there and have no place are refused by their own names


UNUSED = {
    "norms on both sides, capped logits": {"sliding_window"},  # no layer has one
    "indexer, unrotated layers, shared latents": {"tie_word_embeddings", "vision_config.architectures"},  # the file has a head or not
}


def other(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 2
        case float():
            return value * 2 + 1
        case str():
            return value + "s"
        case None:
            return True
        case list():
            return [other(entry) for entry in value] or [0]
    return value


@functools.cache
def _of_every_model() -> frozenset[str]:
    """Entries of any transformers' model, however it is made: labels of classes, what a call gives back."""
    from transformers import PreTrainedConfig

    return frozenset(PreTrainedConfig().to_dict()) - {"architectures"}


def changes(config: dict[str, Any], path: str = "") -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for key, value in config.items():
        if key in _of_every_model():
            continue
        if isinstance(value, dict):
            found += [(name, {**config, key: inner}) for name, inner in changes(value, f"{path}{key}.")]
        elif key not in TRAINING | TOKENS | WAYS | TENSORS:
            found.append((path + key, {**config, key: other(value)}))
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_an_entry_that_changes_the_model_changes_what_is_built_or_is_refused(family: str) -> None:
    path = Path("config.json")
    config = json.loads(json.dumps(configuration(FAMILIES[family]).to_dict()))
    built = read_params(params_of(config, path))
    known = FOLLOWS | UNUSED.get(family, set())
    ignored: list[str] = []
    for name, changed in changes(config):
        try:
            if read_params(params_of(changed, path)) == built and not {name, name.removeprefix("text_config.")} & known:
                ignored.append(name)
        except CheckpointInvalid:
            pass
    assert not ignored, str(ignored)


def test_older_forms_of_a_configuration_say_the_same() -> None:
    """As the files of the first releases have them, and as transformers 5 writes them."""
    path = Path("config.json")
    gemma = json.loads(json.dumps(configuration(FAMILIES["norms on both sides, two rotations"]).to_dict()))
    older = {key: value for key, value in gemma.items() if key not in ("rope_parameters", "layer_types", "_sliding_window_pattern")}
    older |= {"rope_theta": 1e6, "rope_local_base_freq": 1e4, "rope_scaling": {"factor": 8.0, "rope_type": "linear"}}
    assert read_params(params_of({**older, "sliding_window_pattern": 6}, path)) == read_params(params_of(gemma, path))
    llama = json.loads(json.dumps(configuration(FAMILIES["Llama 3's stretching"]).to_dict()))
    rope = llama.pop("rope_parameters")
    theta = rope.pop("rope_theta")
    assert (
        read_params(params_of({**llama, "rope_theta": theta, "rope_scaling": rope}, path)).rope
        == read_params(params_of({**llama, "rope_parameters": {**rope, "rope_theta": theta}}, path)).rope
    )
