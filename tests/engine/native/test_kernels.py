"""Kernels compute what the contract says, to the bit, on every processor family that this one can be."""

from dataclasses import replace
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.runners.native.library import FORMATS, SIXTEEN
from tests.engine.native.blocks import SUPER, random_blocks, random_sixteen
from tests.engine.native.kernels import BLOCK, NAMES, Weights, exact_product, product, quantise

KINDS = tuple(FORMATS)
heights, widths = st.integers(1, 70), st.integers(1, 9)  # in the smallest that a kind comes in


def weights(kind: str, rows: int, width: int, seed: int, *, extreme: bool = False) -> Weights:
    rng = np.random.default_rng(seed)
    if kind in SIXTEEN:
        return Weights(random_sixteen(kind, rows, columns(kind, width), rng))
    return Weights(random_blocks(kind, rows, columns(kind, width), rng, extreme=extreme))


def columns(kind: str, width: int) -> int:
    return -(-width // 4) * 256 if kind in SUPER else width * 32


def activations(rows: int, columns: int, seed: int) -> npt.NDArray[np.float32]:
    """Ordinary numbers, and every kind that goes wrong: zeros, an outlier, ties, the smallest and the largest."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, columns)).astype(np.float32)
    for row in range(rows):
        match rng.integers(9):
            case 0:
                x[row] = 0
            case 1:
                x[row, rng.integers(columns)] = 1e4
            case 2:
                x[row] = rng.choice([-127, -0.5, 0.5, 1.5, 127], columns)  # a scale of 1, and halves to round
            case 3:
                x[row] *= np.float32(1e-38)
            case 4:
                x[row] *= np.float32(1e30)
            case 5:
                x[row, :] = 0
                x[row, 0] = -3  # alone, and so apart
            case 6:
                x[row, rng.integers(columns)] = 2 * np.abs(x[row]).max()  # just so large, and the more so in other blocks
            case _:
                pass
    return np.ascontiguousarray(x)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_product_is_the_chain_that_the_contract_writes_down(name: str, kind: str) -> None:
    w, x = weights(kind, 19, 3, 1), quantise(name, activations(17, columns(kind, 3), 2))  # 16 rows go together where there are tiles
    y = product(name, w, x)
    for row in (0, 1, 2, 15, 16):
        for output in (0, 1, 15, 16, 18):
            assert y[row, output] == exact_product(w, x, row, output)


@pytest.mark.parametrize("name", NAMES)
def test_rows_become_integers_that_are_nearest_ties_to_even(name: str) -> None:
    x = activations(40, 96, 3)
    made = quantise(name, x)
    for row in range(40):
        for block in range(96 // BLOCK):
            part = x[row, block * BLOCK : (block + 1) * BLOCK]
            most = np.abs(part).max()
            place = int(np.abs(part).argmax())
            others = np.delete(part, place)
            if most > 1e-36 and (np.float32(2) * np.abs(others) <= most).all():
                assert made.marks[row, block] == place + 1
                assert made.apart[row, block] == part[place]
                part = np.where(np.arange(BLOCK) == place, np.float32(0), part)
                most = np.abs(part).max()
            else:
                assert made.marks[row, block] == 0
            expected = np.rint(part * (np.float32(127) / most)) if most > 1e-36 else np.zeros(BLOCK)
            if most < 1e-36:
                most, expected = np.float32(0), np.zeros(BLOCK)
            assert made.scales[row, block] == most / np.float32(127)
            assert np.array_equal(made.integers[row, block * BLOCK : (block + 1) * BLOCK], expected)
            assert made.sums[row, block] == expected.sum()
            assert made.halves[row, block].tolist() == [expected[:16].sum(), expected[16:].sum()]


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    rows=heights,
    width=widths,
    count=st.integers(1, 21),
    seed=st.integers(0, 2**32 - 1),
    extreme=st.booleans(),
)
def test_every_family_computes_the_same_bits(kind: str, rows: int, width: int, count: int, seed: int, extreme: bool) -> None:
    w, x = weights(kind, rows, width, seed, extreme=extreme), activations(count, columns(kind, width), seed + 1)
    if extreme:
        x = np.where(np.random.default_rng(seed).random(x.shape) < 0.5, np.float32(-1), np.float32(1))  # the largest sums there are
    first, *others = ((quantise(name, x), product(name, w, quantise(name, x))) for name in NAMES)
    for other in others:
        assert same(first[0].integers, other[0].integers)
        assert same(first[0].scales, other[0].scales)
        assert same(first[0].sums, other[0].sums)
        assert same(first[0].halves, other[0].halves)
        assert same(first[0].marks, other[0].marks)
        assert same(first[0].apart, other[0].apart)
        assert same(first[1], other[1])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SIXTEEN])
def test_what_stands_apart_in_many_rows_is_multiplied_in_each(kind: str) -> None:
    w, x = weights(kind, 70, 9, 7), activations(150, columns(kind, 9), 8)
    x[:, ::40] *= 8
    rows = {name: quantise(name, x) for name in NAMES}
    together = {name: product(name, w, of) for name, of in rows.items()}
    first = rows[NAMES[0]]
    assert np.count_nonzero(first.marks) > 300
    assert all(same(together[name], together[NAMES[0]]) for name in NAMES)
    for row in (0, 63, 64, 149):
        assert same(product(NAMES[0], w, first, rows=1, first=row)[0], together[NAMES[0]][row])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SIXTEEN])
def test_the_largest_sums_that_there_can_be_are_exact(name: str, kind: str) -> None:
    made = random_blocks(kind, 16, columns(kind, 1), np.random.default_rng(0))
    w = Weights(replace(made, integers=np.full_like(made.integers, made.integers.max())))
    x = quantise(name, np.repeat(np.tile([[1], [-1]], (8, 1)).astype(np.float32), columns(kind, 1), axis=1))
    y = product(name, w, x)
    assert all(y[row, output] == exact_product(w, x, row, output) for row in range(2) for output in range(16))
    assert same(y[2:4], y[:2])


@pytest.mark.parametrize("groups", [31, 32, 33, 64, 65])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SIXTEEN])
def test_long_rows_are_the_same_in_every_family_however_many_they_are(kind: str, groups: int) -> None:
    """Tiles take so many groups of 16 rows, and up to four times as many rows, at a time."""
    w, x = weights(kind, 40, groups, 5), activations(81, columns(kind, groups), 6)
    rows = {name: quantise(name, x) for name in NAMES}
    whole = product(NAMES[-1], w, rows[NAMES[-1]])
    for name in NAMES:
        for first, count in ((0, 81), (1, 15), (3, 16), (0, 17), (2, 31), (5, 64), (7, 65)):
            assert same(product(name, w, rows[name], rows=count, first=first), whole[first : first + count])


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    kind=st.sampled_from(KINDS),
    rows=heights,
    width=widths,
    count=st.integers(1, 40),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_row_is_the_same_whatever_rows_are_beside_it(name: str, kind: str, rows: int, width: int, count: int, seed: int) -> None:
    w, x = weights(kind, rows, width, seed), quantise(name, activations(count, columns(kind, width), seed + 1))
    together = product(name, w, x)
    for row in range(count):
        assert same(product(name, w, x, rows=1, first=row)[0], together[row])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_looked_up_is_what_the_file_says(kind: str) -> None:
    w = weights(kind, 37, 2, 5)
    expected = gguf.dequantize(w.blocks.bytes, gguf.GGMLQuantizationType[kind]).reshape(37, -1)
    assert all(np.array_equal(w.row(row), expected[row]) for row in range(37))


def same(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> bool:
    """To the bit, so that two zeros of different signs are two."""
    return a.tobytes() == b.tobytes()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_number_spoils_its_own_row_and_no_other(name: str, bad: float, kind: str) -> None:
    x = activations(3, columns(kind, 3), 9)
    whole = product(name, w := weights(kind, 16, 3, 8), quantise(name, x))
    x[1, 40] = bad
    spoilt = product(name, w, quantise(name, x))
    assert (~np.isfinite(spoilt[1]) if kind in SIXTEEN else np.isnan(spoilt[1])).all()
    assert same(spoilt[[0, 2]], whole[[0, 2]])
