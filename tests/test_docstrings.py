"""The examples in docstrings are true."""

import doctest
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"
OPTIONAL = {"torch", "triton"}  # of the extra for GPUs, adapters and training: a serving installation has neither
WITH_EXAMPLES = sorted(path for path in (SOURCE / "alize").rglob("*.py") if ">>> " in path.read_text("utf-8"))


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: str(path.relative_to(SOURCE / "alize")))
def test_every_example_gives_what_it_says(path: Path) -> None:
    try:
        module = importlib.import_module(".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"))
    except ModuleNotFoundError as error:
        if error.name not in OPTIONAL:
            raise
        pytest.skip(f"{error.name} is not installed")
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
