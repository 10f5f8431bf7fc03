"""Who computes a row: the router's kernel, on every processor family, as csrc/contract.h defines it."""

import ctypes

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.runners.native.layout import router_lines
from alize.engine.runners.native.library import RouterC, library
from tests.engine.native.kernels import NAMES, fma, handle

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
ODD = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, 1.0, -1.0, 3e38, -3e38, 1e-40)


def route(name: str, weights: Floats, x: Floats, active: int, scale: float = 1.0) -> tuple[Floats, Ints, Floats]:
    """Logits, the experts that are chosen, and their shares."""
    lines = router_lines(weights)
    logits, chosen, shares = np.full(len(lines) * 16, 7, np.float32), np.full(active, -1, np.int32), np.empty(active, np.float32)
    router = RouterC(lines.ctypes.data, len(weights), active, weights.shape[1], scale)
    into = (each.ctypes.data for each in (x, logits, chosen, shares))
    library().alize_route(handle(name), ctypes.byref(router), *into)
    return logits[: len(weights)], chosen, shares


def of_logits(name: str, logits: Floats, active: int) -> tuple[Floats, Ints, Floats]:
    """The same for logits that are given: a row of one number, 1, and weights whose only column they are."""
    return route(name, np.ascontiguousarray(logits[:, None]), np.ones(1, np.float32), active)


def in_order(logits: Floats, active: int) -> list[int]:
    """The largest first, what is no number before all that are, of equal ones the lower expert first."""
    return sorted(range(len(logits)), key=lambda e: (not np.isnan(logits[e]), 0 if np.isnan(logits[e]) else -logits[e], e))[:active]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("experts", "active"), [(1, 1), (2, 1), (8, 2), (16, 4), (17, 17), (70, 8), (130, 20)])
def test_logits_are_chains_in_single_precision(name: str, experts: int, active: int) -> None:
    rng = np.random.default_rng(experts)
    weights, x = (rng.standard_normal(shape).astype(np.float32) for shape in ((experts, 32), 32))
    logits, chosen, shares = route(name, weights, x, active, 2.5)
    expected = np.zeros(experts, np.float32)
    for k in range(32):
        expected = np.array([fma(x[k], weight, acc) for weight, acc in zip(weights[:, k], expected, strict=True)], np.float32)
    assert logits.tobytes() == expected.tobytes()
    assert chosen.tolist() == in_order(expected, active)
    wide = np.exp(expected[chosen].astype(np.float64) - expected[chosen[0]])
    np.testing.assert_allclose(shares, 2.5 * wide / wide.sum(), rtol=1e-6)


numbers = st.lists(st.one_of(st.sampled_from(ODD), st.floats(-20, 20, width=32)), min_size=1, max_size=40)


@settings(deadline=None, max_examples=300)
@given(numbers, st.data())
def test_whatever_the_logits_experts_are_chosen_once_each_and_alike_on_every_processor(values: list[float], data: st.DataObject) -> None:
    logits, active = np.array(values, np.float32), data.draw(st.integers(1, len(values)))
    found = [of_logits(name, logits, active) for name in NAMES]
    seen, chosen, shares = found[0]
    assert chosen.tolist() == in_order(seen, active)
    assert [[part.tobytes() for part in each[1:]] for each in found] == [[chosen.tobytes(), shares.tobytes()]] * len(NAMES)
    if np.isfinite(seen[chosen[0]]):
        assert (shares >= 0).all()
        assert (np.diff(shares) <= 0).all()
        assert abs(shares.sum() - 1) < 1e-5
    else:
        assert np.isnan(shares).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("logits", "chosen", "shares"),
    [
        ([1, 3, 3, 2], [1, 2], [0.5, 0.5]),
        ([0, -0.0, 0, 0], [0, 1], [0.5, 0.5]),
        ([-np.inf, 0, -np.inf, -np.inf], [1, 0], [1, 0]),
        ([-200, 0, -300, -250], [1, 0], [1, 0]),  # further than e^-87, which is nothing
        ([0, np.inf, 1, 2], [1, 3], [np.nan, np.nan]),
        ([-np.inf] * 4, [0, 1], [np.nan, np.nan]),
        ([0, 1, 2, np.nan], [3, 2], [np.nan, np.nan]),
        ([np.inf, 1, np.nan, np.nan], [2, 3], [np.nan, np.nan]),
    ],
)
def test_ties_go_to_the_lower_expert_and_what_is_no_number_spoils_its_row(
    name: str, logits: list[float], chosen: list[int], shares: list[float]
) -> None:
    _, found, parts = of_logits(name, np.array(logits, np.float32), 2)
    assert found.tolist() == chosen
    np.testing.assert_allclose(parts, np.array(shares, np.float32), rtol=1e-6)
