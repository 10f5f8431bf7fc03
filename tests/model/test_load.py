"""Hostile and mistaken checkpoints: what a configuration says is checked before it is believed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from alize.errors import CheckpointInvalid
from alize.model.params import read_params
from alize.weights.checkpoints import open_checkpoint

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
    ],
)
def test_a_configuration_that_cannot_be_run_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(CheckpointInvalid, match=key.removeprefix("n_").replace("sliding_", "")):
        read_params({**PARAMS, key: value})


def test_what_is_not_said_has_a_default() -> None:
    config = read_params({**PARAMS, "norm_eps": None, "rope_theta": None, "sliding_window": None})
    assert (config.norm_eps, config.rope.theta, config.window) == (1e-5, 10000.0, None)


def test_every_tensor_has_its_own_values_in_every_dtype(smollm2: Path) -> None:
    torch = pytest.importorskip("torch")
    from alize.model.load import load_transformer

    checkpoint = open_checkpoint(smollm2)
    for dtype in (torch.float32, torch.bfloat16):
        for name, parameter in load_transformer(checkpoint, dtype).named_parameters():
            assert torch.equal(parameter, torch.tensor(checkpoint.array(name)).to(dtype)), name


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"n_layers": 10**12}, "1000000000000 layers"),
        ({"n_layers": 1}, "layers.1.attention"),
        ({"n_layers": 3}, "no tensor 'layers.2"),
        ({"hidden_dim": 63}, "feed_forward"),
    ],
)
def test_weights_and_configuration_must_agree(tiny_checkpoint: Path, tmp_path: Path, change: dict[str, Any], says: str) -> None:
    pytest.importorskip("torch")
    from alize.model.load import load_transformer

    folder = tmp_path / "changed"
    shutil.copytree(tiny_checkpoint, folder)
    params = json.loads((folder / "params.json").read_text())
    (folder / "params.json").write_text(json.dumps({**params, **change}))
    with pytest.raises(CheckpointInvalid, match=says):
        load_transformer(open_checkpoint(folder))
