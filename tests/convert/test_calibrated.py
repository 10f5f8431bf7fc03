"""A model that was made easier to round computes what it did, and is nearer to itself once it is rounded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from alize.convert.calibrated import LEAST, balanced  # noqa: E402
from alize.convert.fewer_bits import KINDS, quantize  # noqa: E402
from alize.convert.layouts import pieces  # noqa: E402
from alize.errors import ConversionFailed  # noqa: E402
from alize.model.build import packed_memory  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.model.params import read_params  # noqa: E402
from alize.model.quantize import balance, rounded, spread  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from alize.weights.quantized.packed import Packed, levels_of, scales_of  # noqa: E402
from tests.convert.test_fewer_bits import WIDE  # noqa: E402
from tests.convert.test_release import arrays, logits  # noqa: E402
from tests.model.families import FAMILIES, reference, saved  # noqa: E402

TOKENS = np.random.default_rng(1).integers(0, 97, 300).tolist()


def stored_as(weights: np.ndarray, packed: Packed) -> np.ndarray:
    scales = scales_of(weights, packed)
    return (levels_of(weights, scales, packed).reshape(*scales.shape, -1) * scales[:, :, None]).reshape(weights.shape)


def troubled(rows: int) -> np.ndarray:
    """Weights of all sizes, some of them nothing."""
    weights = np.random.default_rng(0).standard_normal((rows, 128)).astype(np.float32)
    weights[2], weights[3, :64] = 0, 1e-30
    weights[4] *= np.float32(1e30)
    return weights


def test_the_files_hold_what_the_specification_rounds_to() -> None:
    weights = troubled(6)
    assert np.array_equal(stored_as(weights, Packed(8, 0)), rounded(torch.tensor(weights), 8).numpy())


@pytest.mark.parametrize("group", [32, 64, 128])
def test_a_searched_scale_is_the_specification_s_but_where_two_are_as_good(group: int) -> None:
    """Sums are taken in another order there, so that of two candidates with the same error either may be found."""
    weights = troubled(2000)
    files, theirs = stored_as(weights, Packed(4, group)), rounded(torch.tensor(weights), 4, group).numpy()
    alike = np.isclose(files, theirs, rtol=1e-5, atol=0).reshape(-1, group).all(axis=1)
    assert alike.mean() > 0.99
    largest = np.maximum(np.abs(weights).max(axis=1, keepdims=True), 1)
    lost = [np.square((found - weights) / largest).sum(dtype=np.float64) for found in (files, theirs)]
    assert np.isclose(*lost, rtol=1e-4)


@pytest.mark.parametrize("group", [32, 64, 128])
def test_no_group_of_four_bits_has_a_larger_error_than_with_its_furthest_weight_at_the_last_level(group: int) -> None:
    """Which is the rule of q4_0. The error is the one that the search weighs: by a weight's size and the group's mean."""
    weights = np.random.default_rng(2).standard_normal((300, 384)).astype(np.float32)
    weights[::7] **= 3
    groups = torch.tensor(weights).reshape(-1, group)
    weight = groups.abs() + groups.square().mean(-1, keepdim=True).sqrt()
    searched, plain = (
        (weight * (found.reshape(-1, group) - groups).square()).sum(-1)
        for found in (torch.tensor(stored_as(weights, Packed(4, group))), rounded(torch.tensor(weights), 4, group, search=False))
    )
    assert (searched <= plain * (1 + 1e-5)).all()
    assert searched.sum() < 0.98 * plain.sum()


def uneven(tmp_path: Path, family: str = "dense", **changes: Any) -> Path:
    """A model of whose inputs a few are far larger than the others, as of real ones."""
    model = reference(FAMILIES[family], **{**WIDE, **changes})
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 0.3 if parameter.ndim > 1 else 1.0
        for layer in model.model.layers:
            layer.input_layernorm.weight[::61] *= 25
            layer.post_attention_layernorm.weight[7::61] *= 25
            layer.mlp.up_proj.weight[::83] *= 25
    return saved(model, tmp_path / "theirs")


def test_what_is_computed_stays(tmp_path: Path) -> None:
    source = uneven(tmp_path)
    checkpoint = open_checkpoint(source)
    config, scheme = read_params(checkpoint.params), KINDS["int4-g32"]
    assert scheme is not None
    changed = balanced(TOKENS)(checkpoint, config, pieces(checkpoint, config), scheme, "BF16")
    model: Any = load_model(checkpoint, torch.float64)
    before = logits(source, torch.float64)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.tensor(np.asarray(changed[name].values(), np.float64)))
    moved = [name for name, array in arrays(source).items() if not np.array_equal(array, changed[name].values())]
    assert {name.split(".", 2)[2] for name in moved} == {
        *("attention_norm.weight", "ffn_norm.weight"),
        *(f"attention.{name}.weight" for name in ("wq", "wk", "wv", "wo")),
        *(f"feed_forward.{name}.weight" for name in ("w1", "w2", "w3")),
    }
    tokens = torch.tensor(np.random.default_rng(0).integers(0, 97, 40))
    with torch.no_grad():
        after = model.head(model(tokens, torch.arange(40), packed_memory(model.config, [40])))
    assert (before - after).abs().max() < 1e-4  # float32 rounds each changed weight


@pytest.mark.parametrize("to", ["int4-g32", "int4-g64", "int8"])
def test_calibrated_the_rounded_model_is_nearer_to_the_original(to: str, tmp_path: Path) -> None:
    source = uneven(tmp_path)
    before = logits(source, torch.float32).log_softmax(-1)
    apart: list[float] = []
    for name, how in (("plain", None), ("calibrated", balanced(TOKENS))):
        quantize(source, tmp_path / name, to, balance=how)
        after = logits(tmp_path / name, torch.float32).log_softmax(-1)
        apart.append(float((before.exp() * (before - after)).sum(-1).mean()))
    assert apart[1] < 0.9 * apart[0]


def test_no_change_is_the_choice_where_inputs_are_alike() -> None:
    weights = torch.tensor(np.random.default_rng(0).standard_normal((16, 64)), dtype=torch.float32)
    inputs = torch.ones(8, 64)
    assert torch.allclose(balance([weights], inputs, lambda weight: rounded(weight, 4, 32)), torch.ones(64))


def test_query_heads_of_one_value_head_get_its_factors() -> None:
    weights = torch.tensor(np.random.default_rng(0).standard_normal((16, 24)), dtype=torch.float32)
    inputs = torch.tensor(np.random.default_rng(1).standard_normal((8, 24)), dtype=torch.float32)
    inputs[:, 5] *= 50
    heads = (2, 3, 4)
    factors = balance([weights], inputs, lambda weight: rounded(weight, 4, 8), heads)
    assert factors.shape == (8,)
    assert spread(factors, heads).view(heads)[0, :, 1].eq(factors[1]).all()


@pytest.mark.parametrize(
    ("family", "tokens", "to", "words"),
    [
        ("dense", LEAST - 1, "int8", f"{LEAST - 1} tokens"),
        ("experts", LEAST, "int8", "dense models"),
        ("dense", LEAST, "q4_0", "none of them"),
    ],
)
def test_what_cannot_be_calibrated_says_why(family: str, tokens: int, to: str, words: str, tmp_path: Path) -> None:
    source = saved(reference(FAMILIES[family], **WIDE), tmp_path / "theirs")
    target = tmp_path / ("few.gguf" if to == "q4_0" else "few")
    with pytest.raises(ConversionFailed, match=words):
        quantize(source, target, to, balance=balanced([1] * tokens))
    assert not target.exists()


@pytest.mark.parametrize(
    "family", ["normed queries and keys", "unrotated layers in a dense model", "biased queries, keys, values", "state space"]
)
def test_what_cannot_be_written_is_refused_before_anything_is_looked_at(family: str, tmp_path: Path) -> None:
    def never(*_: Any) -> dict[str, Any]:
        raise AssertionError("looked at for minutes, for nothing")

    source = saved(reference(FAMILIES[family]), tmp_path / "theirs")
    with pytest.raises(ConversionFailed, match=r"cannot (be written|say)"):
        quantize(source, tmp_path / "few", "int8", balance=never)
    assert not (tmp_path / "few").exists()
