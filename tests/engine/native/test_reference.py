"""Logits of whole models are those of the contract, to the bit: of the core beside numpy that knows nothing of it."""

from contextlib import closing
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.engine.runners.native.runner import CacheNumbers
from tests.engine.native import kernels
from tests.engine.native.files import write_gguf
from tests.engine.native.kernels import NAMES
from tests.engine.native.reference import fma, reference_logits
from tests.engine.native.test_runner import logits, native, prompt

floats = st.floats(-1e9, 1e9, width=32).filter(lambda x: x == 0 or abs(x) > 1e-9)


@given(floats, floats, floats)
def test_a_product_and_a_sum_are_rounded_once(a: float, b: float, c: float) -> None:
    exact = kernels.fma(np.float32(a), np.float32(b), np.float32(c))
    assert Fraction(float(fma(a, b, c))) == Fraction(float(exact))


@pytest.mark.parametrize(
    ("format", "cache", "window", "length"),
    [
        ("Q4_1", "int8", 0, 70),
        ("Q4_1", "bfloat16", 0, 70),
        ("Q4_1", "int8", 40, 110),
        ("Q8_0", "int8", 0, 20),
        ("Q4_0", "bfloat16", 0, 20),
    ],
)
def test_whole_logits_are_those_of_the_contract_to_the_bit(
    tmp_path: Path, format: str, cache: CacheNumbers, window: int, length: int
) -> None:
    """The longer ones over two spans of keys; with a window, the first of them lies behind it in the end."""
    path, tokens = write_gguf(tmp_path / "tiny.gguf", format, window=window), prompt(length)
    expected = reference_logits(path, tokens, cache, window)
    for name in NAMES:
        with closing(native(path, kernels=name, cache=cache)) as runner:
            found = logits(runner, tokens)
        assert found.tobytes() == expected.tobytes(), f"{name}: {np.flatnonzero((found != expected).any(-1))[:5]}"
