"""Rotary positions of the core beside the specification's, for every way in which releases stretch them."""

import numpy as np
import pytest

from alize.engine.runners.native.library import Arena
from alize.engine.runners.native.turns import speeds, turns
from alize.model.config import Rope

ROPES = {
    "plain": Rope(theta=100000.0),
    "yarn": Rope(theta=1e6, factor=16.0, original_context=16384, beta_fast=32.0, beta_slow=1.0, attention_scale=1.2),
    "llama3": Rope(theta=500000.0, factor=8.0, stretch="llama3", original_context=8192, beta_fast=4.0, beta_slow=1.0),
    "linear": Rope(factor=4.0, stretch="linear"),
    "divided": Rope(theta=500000.0, divisors=tuple(np.linspace(1, 32, 32).tolist())),
}


@pytest.mark.parametrize("name", ROPES)
def test_pairs_turn_as_fast_as_the_specification_says(name: str) -> None:
    pytest.importorskip("torch")
    from alize.model.rope import speeds as specified

    assert np.allclose(speeds(ROPES[name], 64), specified(ROPES[name], 64).numpy(), rtol=2e-7, atol=0)


@pytest.mark.parametrize("name", ROPES)
def test_cosines_and_sines_are_right_to_single_precision_at_any_position(name: str) -> None:
    rope, positions = ROPES[name], 40_000
    angles = (np.arange(positions, dtype=np.float32)[:, None] * speeds(rope, 64)[None]).astype(np.float64)  # rounded as everywhere
    for found, exact in zip(turns(rope, 64, positions, Arena()), (np.cos(angles), np.sin(angles)), strict=True):
        assert np.abs(found.reshape(positions, 32) - exact * rope.attention_scale).max() < 1.5e-7 * rope.attention_scale
