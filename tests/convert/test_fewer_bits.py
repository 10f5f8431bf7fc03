"""Fewer bits in a folder: read again by rows, as the specification says, and by no more than they may be off."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from alize.convert.fewer_bits import KINDS, quantize  # noqa: E402
from alize.errors import CheckpointInvalid, ConversionFailed  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from alize.weights.checkpoints.matrix import StoredMatrix  # noqa: E402
from tests.convert.test_release import arrays, logits  # noqa: E402
from tests.model.families import FAMILIES, reference, saved  # noqa: E402

WIDE = {"hidden_size": 128, "intermediate_size": 256, "head_dim": 32}
FOLDERS = [kind for kind, scheme in KINDS.items() if scheme is not None]
FAR = {"int8": 1 / 255, "int4-g32": 1 / 5, "int4-g64": 1 / 5, "int4-g128": 1 / 5, "fp8": 1 / 16}
SCALE = 1 / 256
"""Of a row's largest value: half a step, and what 16 bits round of a scale; FP8 is off by a share of each value, and of four bits there are
eight levels on one side and seven on the other, where the largest value of that side may be a step and a half away."""


def release(tmp_path: Path, family: str = "dense", **changes: Any) -> Path:
    return saved(reference(FAMILIES[family], **{**WIDE, **changes}), tmp_path / "theirs")


@pytest.mark.parametrize("to", FOLDERS)
def test_no_weight_is_far_from_itself(to: str, tmp_path: Path) -> None:
    source, target = release(tmp_path), tmp_path / "few"
    quantize(source, target, to)
    before, after = arrays(source), arrays(target)
    assert before.keys() == after.keys()
    for name, weights in before.items():
        if not name.startswith("layers.") or weights.ndim == 1:
            assert np.allclose(after[name], weights, rtol=2**-8), name
            continue
        assert not np.array_equal(after[name], weights), name
        largest = np.abs(weights).max(axis=1, keepdims=True)
        assert (np.abs(after[name] - weights) <= (FAR[to] + SCALE) * largest).all(), name


@pytest.mark.parametrize("family", ["dense", "experts", "latent attention, grouped experts"])
def test_every_family_is_the_nearer_to_itself_the_more_bits_it_has(family: str, tmp_path: Path) -> None:
    changes = {} if "latent" not in family else {"head_dim": 20, "moe_intermediate_size": 128, "kv_lora_rank": 128, "q_lora_rank": 128}
    source = release(tmp_path, family, **changes)
    before = logits(source, torch.float32).log_softmax(-1)
    apart: list[float] = []
    for to in ("int8", "fp8", "int4-g32"):
        quantize(source, tmp_path / to, to)
        after = logits(tmp_path / to, torch.float32).log_softmax(-1)
        apart.append(float((before.exp() * (before - after)).sum(-1).mean()))
    assert 0 < apart[0] < apart[1] < apart[2]


@pytest.mark.parametrize("to", FOLDERS)
def test_rows_are_read_without_the_rest(to: str, tmp_path: Path) -> None:
    target = tmp_path / "few"
    quantize(release(tmp_path), target, to)
    checkpoint = open_checkpoint(target)
    for name in ("layers.0.attention.wq.weight", "layers.1.feed_forward.w2.weight"):  # the first with its rows in halves
        whole = checkpoint.array(name)
        room = np.empty(whole.size, np.float32)
        matrix = StoredMatrix(checkpoint.stored(name))
        for start, stop in ((0, 1), (3, 20), (0, len(whole))):
            assert np.array_equal(matrix.rows(start, stop, room), whole[start:stop])
    checkpoint.close()


def test_rows_that_hold_no_whole_groups_stay_and_are_named(tmp_path: Path) -> None:
    target = tmp_path / "few"
    quantize(release(tmp_path, intermediate_size=160), target, "int4-g64")
    ignored = json.loads((target / "config.json").read_text())["quantization_config"]["ignore"]
    assert ignored == ["lm_head", *(f"model.layers.{layer}.mlp.down_proj" for layer in range(3))]
    checkpoint = open_checkpoint(target)
    assert checkpoint.stored("layers.0.feed_forward.w2.weight").kind == "BF16"
    assert checkpoint.stored("layers.0.feed_forward.w1.weight").kind == "INT4"


@pytest.mark.parametrize("to", [*FOLDERS, "q4_0", "q4_k_m"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused_by_name_and_nothing_is_left(to: str, value: float, tmp_path: Path) -> None:
    model = reference(FAMILIES["dense"], **WIDE)
    with torch.no_grad():
        model.model.layers[1].mlp.up_proj.weight[3, 5] = value
    target = tmp_path / ("few.gguf" if KINDS[to] is None else "few")
    with pytest.raises(ConversionFailed, match="no finite number"):
        quantize(saved(model, tmp_path / "theirs"), target, to)
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


@pytest.mark.parametrize("to", FOLDERS)
def test_rows_of_zeros_stay_zeros(to: str, tmp_path: Path) -> None:
    model = reference(FAMILIES["dense"], **WIDE)
    with torch.no_grad():
        model.model.layers[1].mlp.up_proj.weight[:40] = 0
    quantize(saved(model, tmp_path / "theirs"), tmp_path / "few", to)
    found = arrays(tmp_path / "few")["layers.1.feed_forward.w3.weight"]
    assert not found[:40].any()
    assert found[40:].any(axis=1).all()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("num_bits", 3, "num_bits 3"),
        ("symmetric", False, "symmetric False"),
        ("strategy", "block", "strategy 'block'"),
        ("group_size", 48, "group_size 48"),
        ("group_size", 32.0, r"group_size 32\.0"),
        ("num_bits", 4.0, r"num_bits 4\.0"),
        ("group_size", 64, "has no factor"),
        ("num_bits", 8, "holds no"),
        ("type", "float", "type 'float'"),
    ],
)
def test_a_configuration_that_lies_is_refused_by_name(key: str, value: Any, words: str, tmp_path: Path) -> None:
    target = tmp_path / "few"
    quantize(release(tmp_path), target, "int4-g32")
    config = json.loads((target / "config.json").read_text())
    config["quantization_config"]["config_groups"]["group_0"]["weights"][key] = value
    (target / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointInvalid, match=words):
        open_checkpoint(target)


@pytest.mark.parametrize("to", FOLDERS)
def test_rows_of_tiny_numbers_are_not_lost(to: str, tmp_path: Path) -> None:
    """Their scales are below what float16 holds."""
    model = reference(FAMILIES["dense"], **WIDE).half()
    weight = model.model.layers[1].mlp.up_proj.weight
    with torch.no_grad():
        weight[:8] = torch.linspace(-1e-6, 1e-6, weight.shape[1]).half()
    wanted = weight[:8].detach().float().numpy()
    quantize(saved(model, tmp_path / "theirs"), tmp_path / "few", to)
    found = arrays(tmp_path / "few")["layers.1.feed_forward.w3.weight"][:8]
    assert np.abs(found - wanted).max() < 2.0**-22  # a few steps of float16 there
    assert np.corrcoef(found[0], wanted[0])[0, 1] > 0.99
