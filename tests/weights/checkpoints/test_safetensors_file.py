"""The safetensors reader agrees with the library, and refuses what lies."""

import json
import os
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.dequantize import dequantize
from alize.weights.checkpoints.safetensors_file import MAX_HEADER, read_safetensors


def saved(folder: Path, header: Any, data: bytes = b"", length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def tensor(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def test_what_the_library_writes_is_read_as_it_reads_it(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0)
    arrays = {f"t{rank}": numbers.normal(size=(3,) * rank).astype(dtype) for rank, dtype in enumerate(["f8", "f4", "f2", "f4"])}
    save_file(arrays, tmp_path / "model.safetensors", metadata={"format": "np"})
    theirs = load_file(tmp_path / "model.safetensors")
    ours = read_safetensors(tmp_path / "model.safetensors")
    assert set(ours) == set(theirs)
    for name, found in ours.items():
        assert found.shape == theirs[name].shape
        assert np.array_equal(dequantize(found.kind, found.data, found.shape), theirs[name])
        assert not found.data.flags.owndata  # mapped, not copied
        assert not found.data.flags.writeable


def test_bfloat16_is_read_as_pytorch_reads_it(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file as save

    values = torch.randn(5, 7).to(torch.bfloat16)
    save({"t": values}, tmp_path / "model.safetensors")
    found = read_safetensors(tmp_path / "model.safetensors")["t"]
    assert found.kind == "BF16"
    assert np.array_equal(dequantize(found.kind, found.data, found.shape), values.to(torch.float32).numpy())


LIES: dict[str, tuple[tuple[Any, ...], str]] = {
    "a header past the end": (({}, b"", 2**40), "claims 1099511627776 bytes"),
    "no JSON": ((b"{nope",), "not valid JSON"),
    "no UTF-8": ((b'{"\xff": 1}',), "not valid JSON"),
    "a list": (([1],), "no JSON object"),
    "JSON a million deep": ((b'{"a":' * 300_000,), "not valid JSON"),
    "a number of a million digits": ((b'{"a":' + b"9" * 300_000 + b"}",), "not valid JSON"),
    "a name twice": ((b'{"a": {"dtype": "F32", "dtype": "F16"}}',), "twice"),
    "a tensor that is a number": (({"a": 1},), "'a' has no dtype"),
    "no offsets": (({"a": {"dtype": "F32", "shape": [2]}},), "'a' has no dtype"),
    "three offsets": (({"a": tensor(offsets=(0, 4, 8))}, bytes(8)), "'a' has no dtype"),
    "an unknown dtype": (({"a": tensor("F7")}, bytes(8)), "unknown dtype 'F7'"),
    "a dtype that is a list": (({"a": tensor(["F32"])}, bytes(8)), "unknown dtype"),
    "a shape that is a word": (({"a": tensor(shape="22")}, bytes(8)), "the shape '22'"),
    "a shape of nine": (({"a": tensor(shape=[1] * 9)}, bytes(8)), "the shape"),
    "a negative shape": (({"a": tensor(shape=[-2, -1])}, bytes(8)), "the shape"),
    "a fraction": (({"a": tensor(shape=[2.0])}, bytes(8)), "the shape"),
    "a truth as size": (({"a": tensor(shape=[True, 2])}, bytes(8)), "the shape"),
    "a shape larger than its bytes": (({"a": tensor(shape=[2**40, 2**40])}, bytes(8)), "does not take the 8 bytes"),
    "a tensor past the end": (({"a": tensor()}, bytes(7)), "takes bytes 0 to 8 and the file has 7"),
    "a tensor over another": (({"a": tensor(), "b": tensor()}, bytes(8)), "begins at 0, where 8 is expected"),
    "a gap": (({"a": tensor(offsets=(4, 12))}, bytes(12)), "begins at 4, where 0 is expected"),
    "bytes nobody asked for": (({"a": tensor()}, bytes(9)), "followed by 1 byte."),
    "offsets backwards": (({"a": tensor(shape=[0], offsets=(8, 8))}, bytes(8)), "begins at 8"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_file_is_refused_by_name(lie: str, tmp_path: Path) -> None:
    arguments, says = LIES[lie]
    path = saved(tmp_path, *arguments)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointInvalid) as refused:
            read_safetensors(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert str(path) in refused.value.message
    assert says in refused.value.message
    assert len(refused.value.text) < 1000
    assert peak < 2**24  # some of these headers are megabytes themselves


def test_a_header_larger_than_any_releases_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path, b"", length=MAX_HEADER + 1)
    os.truncate(path, 2**30)
    with pytest.raises(CheckpointInvalid, match=rf"claims {MAX_HEADER + 1} bytes, more than"):
        read_safetensors(path)


def test_a_name_that_would_move_the_terminals_cursor_is_written_out(tmp_path: Path) -> None:
    with pytest.raises(CheckpointInvalid) as refused:
        read_safetensors(saved(tmp_path, {"\x1b[2J\ud800": 1}))
    assert r"'\x1b[2J\ud800' has no dtype" in refused.value.message


@pytest.mark.parametrize("content", [b"", b"\0\0\0"])
def test_a_file_too_short_for_a_header_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(CheckpointInvalid, match=r"model\.safetensors.*(is empty|too few)"):
        read_safetensors(tmp_path / "model.safetensors")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(data=st.data())
def test_changed_bytes_give_tensors_or_a_refusal_and_nothing_else(data: st.DataObject, tmp_path: Path) -> None:
    header = json.dumps({"a": tensor(), "b": tensor("BF16", [2, 2], [8, 16])}).encode()
    whole = bytearray(struct.pack("<Q", len(header)) + header + bytes(16))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + 1] = data.draw(st.binary(max_size=5))
    path = tmp_path / "model.safetensors"
    path.write_bytes(bytes(whole))
    try:
        found = read_safetensors(path)
    except CheckpointInvalid:
        return
    assert sum(entry.data.nbytes for entry in found.values()) <= len(whole)
