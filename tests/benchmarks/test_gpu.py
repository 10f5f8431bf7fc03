"""benchmarks/gpu.py takes both sides' figures on any device that a tiny model fits on, and says so where there is no GPU."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
BENCHMARKS = str(Path(__file__).resolve().parents[2] / "benchmarks")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield importlib.import_module("gpu")
    for name in ("gpu", "load"):
        sys.modules.pop(name, None)


def test_both_sides_are_measured_at_the_same_work(gpu: Any, tiny_checkpoint: Path) -> None:
    work = {"streams": (1, 3), "prompt": 5, "answer": 20, "long": 40}
    mine, why = gpu.ours(tiny_checkpoint, "cpu", **work)
    assert why
    theirs = gpu.peer(tiny_checkpoint, "cpu", **work)
    assert list(mine) == list(theirs) == ["decode-1", "decode-3", "prefill-40"]
    assert min(mine.values()) > 0
    assert gpu.read_by_a_step(tiny_checkpoint) > 0
    assert gpu.memory_rate("cpu", 2**20) > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(gpu: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu.py", "--folder", str(tmp_path)])
    assert gpu.main() == 1
    assert "There is no GPU that the installed PyTorch can use, so nothing was measured." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
