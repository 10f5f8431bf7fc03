"""The halves of what unpacks latents: joined, split, and refused where they do not fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.weights.checkpoints.unpacking import halves_of, joined, joined_shape, split

WIDTH = st.integers(1, 6)


@given(WIDTH, WIDTH, WIDTH, WIDTH)
def test_what_is_split_and_joined_is_the_same_again_head_by_head(heads: int, plain: int, value: int, rank: int) -> None:
    whole = np.arange(heads * (plain + value) * rank, dtype=np.float32).reshape(-1, rank)
    keys, values = split(whole, heads, plain)
    assert joined_shape(keys.shape, values.shape) == whole.shape
    assert (joined(keys, values) == whole).all()
    for head in range(heads):
        own = whole[head * (plain + value) : (head + 1) * (plain + value)]
        assert (keys[head] == own[:plain].T).all()
        assert (values[head] == own[plain:]).all()


@pytest.mark.parametrize(
    ("keys", "values"),
    [((2, 8, 3), (3, 5, 8)), ((2, 8, 3), (2, 5, 7)), ((2, 8, 3), (10, 8)), ((16, 3), (2, 5, 8)), ((), ())],
)
def test_halves_that_do_not_fit_have_no_shape(keys: tuple[int, ...], values: tuple[int, ...]) -> None:
    assert joined_shape(keys, values) is None


def test_nothing_else_has_halves() -> None:
    assert halves_of("layers.0.attention.wkv_a_with_mqa.weight") == halves_of("layers.0.attention.wkv_b.lora_A") == ()
