"""What fits into memory, and how. Memory is a number here: nothing is filled."""

import doctest
from pathlib import Path

import psutil
import pytest

from alize.engine import fit
from alize.engine.available import available
from alize.engine.fit import ITEMSIZE, OVERHEAD, Fit, choose_fit
from alize.errors import OutOfMemory
from alize.model.memory import cached_bytes
from alize.model.params import read_params
from alize.weights.checkpoints import open_checkpoint
from alize.weights.footprint import expanded_bytes, stored_bytes

GIB = 2**30


def test_the_examples_hold() -> None:
    assert doctest.testmod(fit).failed == 0


def fitted(path: Path, free: int, wanted: str = "auto", dtypes: tuple[str, ...] = ("float32", "bfloat16"), cache: int = 0) -> Fit:
    checkpoint = open_checkpoint(path)
    return choose_fit(checkpoint, read_params(checkpoint.params), dtypes, wanted, free, cache)


def least(path: Path, dtype: str) -> int:
    """Everything beside the weights."""
    return OVERHEAD + cached_bytes(read_params(open_checkpoint(path).params), 2048, ITEMSIZE[dtype])


def test_weights_are_expanded_to_the_best_type_where_there_is_room(smollm2: Path) -> None:
    assert fitted(smollm2, 16 * GIB) == Fit(False, "float32", 651_306_240, "weights expanded, 0.6 GiB of the 16.0 GiB that are free")


def test_a_narrower_type_comes_before_slow_products(smollm2: Path) -> None:
    found = fitted(smollm2, int(0.9 * GIB))
    assert (found.stored, found.dtype) == (False, "bfloat16")
    assert "0.6 GiB" in found.reason  # what float32 would take


def test_quantised_weights_stay_stored_where_nothing_else_is_comfortable(smollm2: Path) -> None:
    found = fitted(smollm2, int(0.6 * GIB))
    assert (found.stored, found.dtype) == (True, "float32")
    assert found.weights == stored_bytes(open_checkpoint(smollm2), 4) < 100e6
    assert "in bfloat16 they would take" in found.reason


def test_plain_weights_may_take_all_that_is_free(tiny_checkpoint: Path) -> None:
    weights = expanded_bytes(open_checkpoint(tiny_checkpoint), 2)
    assert not fitted(tiny_checkpoint, 2 * weights + least(tiny_checkpoint, "bfloat16")).stored


def test_a_model_that_is_larger_than_memory_is_refused_with_the_numbers(smollm2: Path) -> None:
    with pytest.raises(OutOfMemory) as raised:
        fitted(smollm2, 300 * 2**20)
    assert "its weights take 92.1 MiB as stored" in raised.value.message
    assert "computing 0.2 GiB" in raised.value.message
    assert "0.3 GiB are free" in raised.value.message
    assert raised.value.remedy is not None
    assert "smaller file" in raised.value.remedy


def test_who_wants_expanded_weights_is_told_of_stored_ones(smollm2: Path) -> None:
    with pytest.raises(OutOfMemory) as raised:
        fitted(smollm2, int(0.55 * GIB), "expanded")
    assert raised.value.remedy == "Set weights_in_memory to auto: as stored they take 92.0 MiB."


def test_who_wants_a_large_cache_is_told_of_it(smollm2: Path) -> None:
    with pytest.raises(OutOfMemory, match=r"its cache at least 4\.0 GiB") as raised:
        fitted(smollm2, 4 * GIB, cache=4 * GIB)
    assert raised.value.remedy == "Set cache_memory to fewer GiB."


def test_what_is_asked_for_is_done(smollm2: Path) -> None:
    assert fitted(smollm2, 16 * GIB, "stored").stored
    assert not fitted(smollm2, int(0.9 * GIB), "expanded", ("bfloat16",)).stored


def test_a_control_group_limits_what_is_free_and_its_files_do_not_count(tmp_path: Path) -> None:
    machine = psutil.virtual_memory()
    assert available(tmp_path).total == machine.total  # no limit said
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("12345\n")
    assert available(tmp_path).total == machine.total
    (tmp_path / "memory.max").write_text(f"{100 << 20}\n")
    (tmp_path / "memory.current").write_text(f"{90 << 20}\n")
    assert (available(tmp_path).total, available(tmp_path).free) == (100 << 20, 10 << 20)
    (tmp_path / "memory.stat").write_text(f"anon 1\nactive_file {20 << 20}\ninactive_file {30 << 20}\n")
    assert available(tmp_path).free == 60 << 20
    (tmp_path / "memory.current").write_text(f"{200 << 20}\n")
    assert available(tmp_path).free == 0
