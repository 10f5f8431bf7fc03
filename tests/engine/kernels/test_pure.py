"""What the kernels are told, and which batches are padded how: no kernel runs here."""

import doctest

import numpy as np
import pytest

from alize.engine.batch import pack
from alize.engine.runners.base import CacheGroup

torch = pytest.importorskip("torch")
pytest.importorskip("triton", reason="the kernels need Triton, which is there for Linux alone")
from alize.engine.runners.torch_triton import attention, decode, experts, inputs, tiles  # noqa: E402


@pytest.mark.parametrize("module", [attention, decode, experts, inputs, tiles])
def test_the_examples_are_right(module) -> None:  # type: ignore[no-untyped-def]
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("length", [1, 8, 32])
def test_every_query_is_in_one_tile_at_its_own_place(length: int) -> None:
    numbers = np.random.default_rng(length)
    rows = [([1] * int(numbers.integers(1, 70)), int(numbers.integers(0, 100)), {}) for _ in range(6)]
    batch = pack(rows, (), [True] * 6)
    found: dict[int, tuple[int, int]] = {}
    for sequence, row, first, low, high in tiles.tiles(batch, length).tolist():
        assert first % length == 0
        assert first <= low < high <= first + length
        for position in range(low, high):
            assert row + position - first not in found
            found[row + position - first] = sequence, position
    owner = np.repeat(np.arange(6), batch.lengths)
    assert found == {row: (int(owner[row]), int(position)) for row, position in enumerate(batch.positions)}


def test_a_padded_batch_has_the_same_rows_and_behind_them_some_that_write_into_nobodys_block() -> None:
    groups = CacheGroup("full", "full", (0,), 0), CacheGroup("sliding", "sliding", (1,), 0, 20)
    rows = [
        ([91], 20, {"full": [4, 2], "sliding": [-1, 1]}),
        ([17], 8, {"full": [9], "sliding": [0]}),
        ([5], 0, {"full": [3], "sliding": [5]}),
    ]
    batch = pack(rows, groups, [True, False, True])
    padded = decode.padded(batch, decode.rows_recorded(3), {"full": 10, "sliding": 7})
    for name in ("tokens", "positions", "lengths", "contexts", "sample"):
        assert getattr(padded, name)[:3].tolist() == getattr(batch, name).tolist()
        assert len(getattr(padded, name)) == 4
    for name, scratch in (("full", 10), ("sliding", 7)):
        assert padded.tables[name][:3].tolist() == batch.tables[name].tolist()
        assert padded.tables[name][3].tolist() == [scratch, -1]
        assert inputs.inputs(padded, 8)[inputs.slots_of(name)][3] == scratch * 16
    assert padded.sample.tolist() == [True, False, True, False]
    assert [decode.rows_recorded(rows) for rows in (1, 2, 3, 129, 256)] == [1, 2, 4, 256, 256]
