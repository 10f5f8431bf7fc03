"""A house where PyTorch is not installed: the native core answers, and what it does not run is refused in words."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import House
from tests.engine.native.files import write_gguf

pytestmark = pytest.mark.slow

HIDDEN = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

sys.meta_path.insert(0, Hidden())
"""
"""A `sitecustomize.py`: whatever Python begins with that folder on its path has no PyTorch."""


@pytest.fixture(autouse=True)
def no_pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "sitecustomize.py").write_text(HIDDEN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hidden"))


def test_chat_and_page_are_served_by_the_native_core(house: Callable[..., House]) -> None:
    with house().client() as client:
        asked = {
            "model": "alize-small-latest",
            "messages": [{"role": "user", "content": "What is the capital of France?"}],
            "max_tokens": 20,
        }
        answer = client.post("/v1/chat/completions", json=asked | {"temperature": 0})
        assert answer.status_code == 200
        assert "Paris" in answer.json()["choices"][0]["message"]["content"]
        assert '<div id="root"' in client.get("/", headers={"Accept": "text/html"}).text


def test_a_model_that_only_pytorch_runs_says_so(house: Callable[..., House], tmp_path: Path) -> None:
    begun = house(wait=False, model=str(write_gguf(tmp_path / "tiny.gguf", "F32")))
    begun.until(lambda: "PyTorch is not installed" in begun.log.read_text())
    assert "is stored as F32" in begun.log.read_text()
