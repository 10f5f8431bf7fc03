"""This machine's families of processors compute the same bits. Those of Arm are emulated by `make check`: minutes beside other tests."""

import shutil
from pathlib import Path

import pytest

from scripts import emulate


@pytest.mark.slow  # compiles
def test_this_machines_families_compute_the_same_bits(tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("no g++")
    assert len(set(emulate.here(tmp_path).values())) == 1
