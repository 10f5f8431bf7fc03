"""A matrix left in its file gives the rows that the whole decoded tensor has."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.weights.checkpoints.base import Scale, StoredTensor, TokenizerFiles
from alize.weights.checkpoints.kinds import KINDS
from alize.weights.checkpoints.mapped import MappedCheckpoint
from alize.weights.checkpoints.matrix import StoredMatrix

ROWS, HEADS = 48, 4
SCALES = {
    "one": Scale(np.full((1, 1), 0.5, np.float32), ROWS, 512),
    "of rows": Scale(np.linspace(0.1, 2, ROWS, dtype=np.float32)[:, None], 1, 512),
    "of blocks": Scale(np.linspace(0.1, 2, 20, dtype=np.float32).reshape(5, 4), 10, 128),  # the last one is a part of one
}


def tensor(kind: str, heads: int = 0, scale: Scale | None = None) -> StoredTensor:
    size = KINDS[kind].bytes_of((ROWS, 512))
    assert size is not None
    octets = np.random.default_rng(2).integers(0, 256, size, np.uint8)
    if kind in ("F32", "F16", "F64"):
        octets = np.random.default_rng(2).normal(size=(ROWS, 512)).astype(KINDS[kind].record).reshape(-1).view(np.uint8)
    return StoredTensor("layers.0.attention.wq.weight", kind, (ROWS, 512), octets, heads, scale=scale)


@pytest.mark.parametrize("heads", [0, HEADS])
@pytest.mark.parametrize("kind", KINDS)
@given(ends=st.lists(st.integers(0, ROWS), min_size=2, max_size=2, unique=True))
def test_any_rows_are_those_of_the_whole(kind: str, heads: int, ends: list[int]) -> None:
    same(tensor(kind, heads), *sorted(ends))


@pytest.mark.parametrize("heads", [0, HEADS])
@pytest.mark.parametrize("scale", SCALES)
@given(ends=st.lists(st.integers(0, ROWS), min_size=2, max_size=2, unique=True))
def test_any_rows_have_the_scales_of_their_place_in_the_file(scale: str, heads: int, ends: list[int]) -> None:
    same(tensor("F8_E4M3", heads, SCALES[scale]), *sorted(ends))


def same(stored: StoredTensor, start: int, stop: int) -> None:
    with np.errstate(all="ignore"):
        checkpoint = MappedCheckpoint("gguf", None, {}, {stored.name: stored}, TokenizerFiles(), {})  # type: ignore[arg-type]
        whole = checkpoint.array(stored.name).astype(np.float32)
        desk = np.full(ROWS * 512 + 7, 7, np.float32)
        rows = StoredMatrix(stored).rows(start, stop, desk)
    assert np.shares_memory(rows, desk)
    assert np.array_equal(rows, whole[start:stop], equal_nan=True)
    assert (desk[(stop - start) * 512 :] == 7).all()
