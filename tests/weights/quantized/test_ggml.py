"""Blocks are filled as their makers fill them."""

import hashlib

import gguf
import numpy as np
import pytest
from gguf import quants
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from alize.weights.checkpoints.dequantize import dequantize
from alize.weights.quantized.ggml import ENCODED, encode
from alize.weights.quantized.mix import MIXES, kind_in

WIDTH = 512
NEAR = {"Q8_0": 1 / 254, "Q4_0": 1 / 8, "Q5_0": 1 / 16, "Q5_1": 1 / 30, "Q4_K": 1 / 10, "Q5_K": 1 / 20, "Q6_K": 1 / 30}
"""Of the largest value in a block: no value may be further from itself than that."""
NUMBERS = some.floats(-8, 8, width=32).map(lambda number: number if abs(number) > 1e-30 else 0.0)  # less has no inverse
WEIGHTS = arrays(np.float32, (2, WIDTH), elements=NUMBERS, fill=some.just(0.0))


@pytest.mark.parametrize("kind", ["Q4_0", "Q5_0", "Q5_1", "Q8_0"])
@given(weights=WEIGHTS)
@settings(max_examples=40, deadline=None)
def test_blocks_of_32_are_those_of_the_gguf_library(kind: str, weights: np.ndarray) -> None:
    theirs = quants.quantize(weights, gguf.GGMLQuantizationType[kind])
    assert np.array_equal(encode(kind, weights), theirs.reshape(-1))


@pytest.mark.parametrize("kind", sorted(ENCODED))
@given(weights=WEIGHTS)
@settings(max_examples=40, deadline=None)
def test_no_value_is_far_from_itself_whoever_decodes_it(kind: str, weights: np.ndarray) -> None:
    encoded = encode(kind, weights)
    ours = dequantize(kind, encoded, weights.shape)
    theirs = quants.dequantize(encoded.reshape(len(weights), -1), gguf.GGMLQuantizationType[kind])
    assert np.array_equal(ours, theirs)
    largest = np.abs(weights).max()
    scale = 2**-11 * largest + 128 * 2**-25  # what 16 bits round of a scale, for the largest level; the least there is are in steps of 2⁻²⁴
    assert np.abs(ours - weights).max() <= NEAR[kind] * largest + scale


PINNED = {
    "Q4_K": "9ef0b82166467c69dcf7773095694ecf1634fb1e57e5c7efd2f8518b42f6b2d9",
    "Q5_K": "bc95d69624654685e81b0d9bab9c96fc986391160fd43e2280e960e8094de3b9",
    "Q6_K": "92a4fdc847bb545bd6ea3be3b3c5894cc0daab6f0fedfa8488982d4b4af3fdc9",
}
"""SHA-256 of what llama.cpp's own quantize_row_*_ref (llama-cpp-python 0.3.36) makes of these weights."""


@pytest.mark.parametrize("kind", PINNED)
def test_blocks_of_256_are_those_of_llama_cpp(kind: str) -> None:
    counts = np.arange(16 * 1024, dtype=np.uint32) * np.uint32(2654435761)  # no library's random numbers: the same for ever
    weights = (counts >> np.uint32(8)).astype(np.float32) / np.float32(2**24) - np.float32(0.5)
    weights = (weights * weights * weights).reshape(16, 1024)
    assert hashlib.sha256(encode(kind, weights).tobytes()).hexdigest() == PINNED[kind]


@pytest.mark.parametrize("kind", ["Q4_K", "Q5_K", "Q6_K"])
def test_blocks_of_zeros_and_of_one_value_are_exact(kind: str) -> None:
    for value in (0.0, 1e-30, -2.0, 0.5):
        weights = np.full((1, 256), value, np.float32)
        found = dequantize(kind, encode(kind, weights), weights.shape)
        assert np.isfinite(found).all()
        assert np.abs(found - weights).max() <= max(1e-7, abs(value) / 64)


@pytest.mark.parametrize(
    ("file", "name", "shape", "kind"),
    [
        ("q4_k_m", "blk.0.attn_v.weight", (1024, 4096), "Q6_K"),  # an end
        ("q4_k_m", "blk.4.attn_v.weight", (1024, 4096), "Q4_K"),
        ("q4_k_m", "blk.6.ffn_down.weight", (4096, 14336), "Q6_K"),  # every third
        ("q4_k_m", "blk.4.ffn_down_exps.weight", (8, 4096, 14336), "Q4_K"),
        ("q4_k_m", "blk.4.attn_q.weight", (576, 576), "Q5_0"),  # no whole blocks of 256
        ("q4_k_m", "blk.4.attn_q.weight", (576, 570), "F16"),  # nor of 32
        ("q4_k_m", "token_embd.weight", (32000, 4096), "Q4_K"),
        ("q4_k_m", "output.weight", (32000, 4096), "Q6_K"),
        ("q4_0", "output.weight", (32000, 576), "Q8_0"),
        ("q8_0", "output.weight", (32000, 4096), "Q8_0"),
        ("q4_0", "blk.4.attn_norm.weight", (4096,), None),
        ("q4_0", "blk.4.ffn_gate_inp.weight", (8, 4096), None),
    ],
)
def test_each_tensor_gets_the_kind_that_llama_cpp_gives_it(file: str, name: str, shape: tuple[int, ...], kind: str | None) -> None:
    assert kind_in(MIXES[file], name, shape, 32) == kind


def test_the_embeddings_get_the_head_s_kind_where_they_are_the_head() -> None:
    assert kind_in(MIXES["q4_0"], "token_embd.weight", (32000, 4096), 32, tied=True) == "Q6_K"


def test_mixtral_keeps_more_of_what_all_experts_share() -> None:
    kinds = [kind_in(MIXES["q4_k_m"], f"blk.4.attn_{part}.weight", (4096, 4096), 32, experts=8) for part in ("k", "v", "output")]
    assert kinds == ["Q8_0", "Q8_0", "Q5_K"]
