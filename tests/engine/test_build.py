"""From a path to an engine that answers, and what that costs."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

ANSWER = """
import sys
from alize.engine.base import Request
from alize.engine.build import EngineConfig, build_core
core = build_core(EngineConfig(sys.argv[1], threads=1, cache_bytes=1 << 20))
core.add(Request("a", (1, 2, 3), 4))
while core.busy:
    core.step()
assert core.stats().generated_tokens == 4
sys.exit("torch._dynamo" in sys.modules)
"""


def test_an_engine_answers_without_pytorch_s_compiler(tiny_checkpoint: Path) -> None:
    """Importing it takes a second, as much as all the rest of PyTorch."""
    subprocess.run([sys.executable, "-c", ANSWER, str(tiny_checkpoint)], check=True, timeout=120)
