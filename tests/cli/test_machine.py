"""What is said of the machine is what the operating system says."""

import platform

import psutil
import pytest

from alize.cli.machine import describe, extensions_of
from alize.engine.cores import quota


def test_the_machine_describes_itself() -> None:
    machine = describe()
    assert 1 <= machine.cores <= machine.cores_present
    assert 0 <= machine.memory_free_bytes <= machine.memory_bytes <= psutil.virtual_memory().total
    assert machine.python == platform.python_version()
    assert machine.torch is None or machine.torch[0].isdigit()


@pytest.mark.parametrize(
    ("text", "cores"), [("200000 100000", 2.0), ("50000 100000", 0.5), ("max 100000", None), ("", None), ("1 0", None), ("nonsense", None)]
)
def test_a_control_group_grants_cores(text: str, cores: float | None) -> None:
    assert quota(text) == cores


def test_flags_are_known_in_each_spelling() -> None:
    assert extensions_of(frozenset({"avx512vnni"})) == extensions_of(frozenset({"avx512_vnni"})) == ("AVX-512 VNNI",)
    assert extensions_of(frozenset({"fpu"})) == ()
