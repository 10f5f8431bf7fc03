"""Stored bytes become the values that ggml's own package reads from them."""

import doctest

import numpy as np
import pytest
from gguf import GGMLQuantizationType
from gguf.quants import dequantize as reference
from gguf.quants import quantize
from hypothesis import given
from hypothesis import strategies as st

from alize.weights.checkpoints import kinds
from alize.weights.checkpoints.dequantize import CHUNK, dequantize
from alize.weights.checkpoints.kinds import KINDS

QUANTISED = [name for name in KINDS if name.startswith("Q")]
WRITABLE = ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"]  # what gguf.quants can write


def same_bits(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Equal to the last bit, and no number where the other is none. Both sides multiply and add in float32 in the same order."""
    theirs = theirs.reshape(ours.shape)
    assert ours.dtype == np.float32
    numbers = ~np.isnan(theirs)
    assert np.array_equal(numbers, ~np.isnan(ours))
    assert np.array_equal(ours.view(np.uint32)[numbers], theirs.view(np.uint32)[numbers])


def expected(kind: str, raw: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return reference(raw, GGMLQuantizationType[kind])


@pytest.mark.parametrize("kind", QUANTISED)
def test_any_bytes_give_the_values_of_the_reference(kind: str) -> None:
    layout = KINDS[kind]
    blocks = 3 * CHUNK // layout.values + 5  # several chunks, and a rest
    raw = np.random.default_rng(7).integers(0, 256, blocks * layout.record.itemsize, np.uint8)
    same_bits(dequantize(kind, raw, (blocks, layout.values)), expected(kind, raw))


@pytest.mark.parametrize("kind", QUANTISED)
@given(data=st.data())
def test_every_single_block_gives_the_values_of_the_reference(kind: str, data: st.DataObject) -> None:
    size = KINDS[kind].record.itemsize
    raw = np.frombuffer(data.draw(st.binary(min_size=size, max_size=size)), np.uint8)
    same_bits(dequantize(kind, raw, (KINDS[kind].values,)), expected(kind, raw))


@pytest.mark.parametrize("kind", WRITABLE)
def test_what_the_reference_quantises_comes_back_within_half_a_level(kind: str) -> None:
    values = np.random.default_rng(3).normal(size=(48, 96)).astype(np.float32)
    raw = quantize(values, GGMLQuantizationType[kind]).reshape(-1)
    ours = dequantize(kind, raw, values.shape)
    levels = {"Q8_0": 127, "Q4_0": 8, "Q4_1": 7.5, "Q5_0": 16, "Q5_1": 15.5}[kind]  # per side of the range of a block
    reach = np.abs(values.reshape(-1, 32)).max(axis=1)
    assert (np.abs(ours - values).reshape(-1, 32).max(axis=1) <= reach / levels * 1.01).all()


@pytest.mark.parametrize(("kind", "dtype"), [("F32", np.float32), ("F16", np.float16), ("F64", np.float64)])
def test_plain_kinds_are_views_of_the_file(kind: str, dtype: type) -> None:
    values = np.arange(12, dtype=dtype).reshape(3, 4)
    raw = np.frombuffer(values.tobytes(), np.uint8)
    ours = dequantize(kind, raw, (3, 4))
    assert ours.dtype == dtype
    assert np.shares_memory(ours, raw)
    assert np.array_equal(ours, values)


@pytest.mark.parametrize("kind", [*QUANTISED, "BF16"])
def test_values_are_written_where_there_is_room_for_them(kind: str) -> None:
    layout = KINDS[kind]
    blocks = 2 * CHUNK // layout.values + 3
    raw = np.random.default_rng(5).integers(0, 256, blocks * layout.record.itemsize, np.uint8)
    room = np.full(blocks * layout.values + 7, 42, np.float32)
    ours = dequantize(kind, raw, (blocks, layout.values), room)
    assert np.shares_memory(ours, room)
    same_bits(ours, dequantize(kind, raw, (blocks, layout.values)))
    assert (room[-7:] == 42).all()


def test_every_bfloat16_becomes_the_float32_it_is_half_of() -> None:
    torch = pytest.importorskip("torch")
    every = np.arange(65536, dtype=np.uint16)
    ours = dequantize("BF16", every.view(np.uint8), (65536,))
    theirs = torch.from_numpy(every.view(np.int16)).view(torch.bfloat16).to(torch.float32).numpy()
    same_bits(ours, theirs)


def test_bytes_of_a_shape_are_whole_blocks_or_nothing() -> None:
    assert KINDS["Q6_K"].bytes_of((3, 512)) == 3 * 2 * 210
    assert KINDS["Q4_0"].bytes_of((3, 33)) is None
    assert KINDS["Q4_0"].bytes_of(()) is None
    assert KINDS["F32"].bytes_of(()) == 4
    assert doctest.testmod(kinds).failed == 0
