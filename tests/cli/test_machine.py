"""What is said of the machine is what the operating system says."""

import doctest
import platform

import psutil
import pytest

from alize.cli import machine
from alize.cli.machine import describe, extensions_of
from alize.engine.cores import quota


def test_the_machine_describes_itself() -> None:
    here = describe()
    assert 1 <= here.cores <= here.cores_present
    assert 0 <= here.memory_free_bytes <= here.memory_bytes <= psutil.virtual_memory().total
    assert here.python == platform.python_version()
    assert here.torch is None or here.torch[0].isdigit()


@pytest.mark.parametrize(
    ("text", "cores"), [("200000 100000", 2.0), ("50000 100000", 0.5), ("max 100000", None), ("", None), ("1 0", None), ("nonsense", None)]
)
def test_a_control_group_grants_cores(text: str, cores: float | None) -> None:
    assert quota(text) == cores


def test_the_examples_hold() -> None:
    assert doctest.testmod(machine).failed == 0


def test_flags_are_known_in_each_spelling() -> None:
    assert extensions_of(frozenset({"avx512vnni"})) == extensions_of(frozenset({"avx512_vnni"})) == ("AVX-512 VNNI",)
    assert extensions_of(frozenset({"fpu"})) == ()
