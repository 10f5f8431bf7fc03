"""Families of processors compute the same bits: those of this machine, and those of Arm, which are emulated."""

import shutil
from pathlib import Path

import pytest

from scripts import emulate


@pytest.mark.slow  # compiles
def test_this_machines_families_compute_the_same_bits(tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("no g++")
    assert len(set(emulate.here(tmp_path).values())) == 1


@pytest.mark.slow
def test_arm_computes_the_same_bits(tmp_path: Path) -> None:
    """With each set of instructions there is code for, and without; or emulate.arm raises."""
    if why := emulate.missing():
        pytest.skip(why)
    found = emulate.arm(tmp_path)
    assert {family for digests in found.values() for family in digests} == {"portable", *emulate.FAMILIES}
    digests = {digest for each in found.values() for digest in each.values()}
    assert digests == set(emulate.here(tmp_path).values())
