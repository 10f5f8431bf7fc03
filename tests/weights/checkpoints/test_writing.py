"""Files that are written are read again, by us and by others' libraries."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from safetensors.numpy import load_file

from alize.errors import ConversionFailed
from alize.weights.checkpoints.gguf_file import read_gguf
from alize.weights.checkpoints.gguf_write import write_gguf
from alize.weights.checkpoints.safetensors_file import read_safetensors
from alize.weights.checkpoints.safetensors_write import write_safetensors
from alize.weights.checkpoints.writing import NewTensor, new_tensor

TEXT = some.text(max_size=20).filter(lambda text: not any(0xD800 <= ord(character) < 0xE000 for character in text))
VALUES = some.one_of(
    some.booleans(),
    some.integers(0, 2**32 - 1),
    some.floats(width=32, allow_nan=False),
    TEXT,
    some.lists(some.integers(-(2**31), 2**31 - 1)),
    some.lists(some.floats(width=32, allow_nan=False), min_size=1),
    some.lists(TEXT),
    some.lists(some.booleans(), min_size=1),
)


def tensor(name: str, array: Any, kind: str = "F32", parts: int = 1) -> NewTensor:
    def made() -> Iterator[Any]:
        yield from np.split(array, parts)

    return new_tensor(name, kind, array.shape, made)


@given(some.dictionaries(TEXT.filter(bool), VALUES, max_size=8))
@settings(max_examples=50, deadline=None)
def test_metadata_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, metadata: dict[str, Any]) -> None:
    metadata.pop("general.alignment", None)
    path = tmp_path_factory.mktemp("written") / "model.gguf"
    with path.open("wb") as file:
        write_gguf(file, metadata, [tensor("a", np.zeros((1, 3), np.float32))])
    assert read_gguf(path).metadata == metadata


def test_a_gguf_is_read_by_its_makers_library(tmp_path: Path) -> None:
    arrays = {"first": np.arange(6, dtype=np.float32).reshape(2, 3), "second": np.arange(35, dtype=np.float32).reshape(5, 7)}
    path = tmp_path / "model.gguf"
    with path.open("wb") as file:
        write_gguf(file, {"general.architecture": "llama", "numbers": [1, 2]}, [tensor(name, array) for name, array in arrays.items()])
    theirs = gguf.GGUFReader(path)
    assert {found.name: found.data.tolist() for found in theirs.tensors} == {name: array.tolist() for name, array in arrays.items()}
    field = theirs.get_field("numbers")
    assert field
    assert field.contents() == [1, 2]


def test_safetensors_are_read_by_their_makers_library_and_ours(tmp_path: Path) -> None:
    arrays = {"half": np.arange(3, dtype=np.float16), "whole": np.arange(8, dtype=np.float32).reshape(4, 2), "wide": np.arange(2.0)}
    kinds = {"half": "F16", "whole": "F32", "wide": "F64"}
    path, told = tmp_path / "model.safetensors", list[int]()
    with path.open("wb") as file:
        write_safetensors(
            file, [tensor(name, array, kinds[name], 1 if name == "half" else 2) for name, array in arrays.items()], told.append
        )
    theirs = load_file(path)
    assert {name: array.tolist() for name, array in theirs.items()} == {name: array.tolist() for name, array in arrays.items()}
    assert {name: found.shape for name, found in read_safetensors(path).items()} == {name: array.shape for name, array in arrays.items()}
    assert told[-1] == 6 + 32 + 16


def test_what_does_not_fit_a_kind_is_refused_by_name() -> None:
    with pytest.raises(ConversionFailed, match="'odd' of shape"):
        new_tensor("odd", "Q4_0", (4, 33), lambda: iter(()))


@pytest.mark.parametrize("value", [None, [1, "a"], [[1]], {"a": 1}])
def test_metadata_that_has_no_place_is_refused_by_name(value: Any, tmp_path: Path) -> None:
    with pytest.raises(ConversionFailed, match=r"'some\.key'"), (tmp_path / "model.gguf").open("wb") as file:
        write_gguf(file, {"some.key": value}, [])


@pytest.mark.parametrize("value", [2**64 - 1, -(2**63) - 1, 1e300, [2**31], [0, -(2**40)]])
def test_a_number_that_has_no_room_in_a_gguf_is_refused_by_its_entry(value: Any, tmp_path: Path) -> None:
    with (tmp_path / "model.gguf").open("wb") as file, pytest.raises(ConversionFailed, match=r"'tokenizer\.far'"):
        write_gguf(file, {"tokenizer.far": value}, [])
