"""The kernels compile for GPUs that are not here, and fit into what a multiprocessor shares."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("triton", reason="the kernels need Triton, which is there for Linux alone")
ROOT = Path(__file__).resolve().parents[3]
SHARED = 99 * 1024
"""Bytes that one program may have on the least of them, an Ampere for gamers."""


@pytest.mark.slow
def test_every_kernel_compiles_for_ampere_and_hopper(tmp_path: Path) -> None:
    environment = {**os.environ, "TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "tests.engine.kernels.compiled"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(made) == 12
    for kernel in made:
        assert kernel["shared"] <= SHARED, kernel
        assert kernel["mma"] == ("in 32 bits" not in kernel["kernel"]), kernel  # products of 32 bits are not rounded to fewer
