"""What a configuration claims is run or refused, whatever it claims: nothing else breaks, and nothing large is made room for."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
from alize.errors import CheckpointInvalid  # noqa: E402
from alize.model.build import packed_memory  # noqa: E402
from alize.model.load import load_transformer  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from tests.model.families import FAMILIES, SEEING, reference, saved  # noqa: E402
from tests.model.released import released  # noqa: E402
from tests.weights.hostile import hostile  # noqa: E402

TRANSFORMERS = {**FAMILIES, **SEEING}
RELEASES = ("dense, sliding window", "experts", "YaRN and temperature", "latent attention, grouped experts")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Any, Path], Path]], Path]:
    """A function that writes a family's model once."""
    folders: dict[tuple[str, Any], Path] = {}

    def make(family: str, write: Callable[[Any, Path], Path]) -> Path:
        if (family, write) not in folders:
            folders[family, write] = write(reference(TRANSFORMERS[family]), tmp_path_factory.mktemp("model") / "whole")
        return folders[family, write]

    return make


def tried(folder: Path) -> None:
    """Three tokens of it; a refusal is as good."""
    refusal = ""
    try:
        checkpoint = open_checkpoint(folder)
        model = load_transformer(checkpoint)
    except CheckpointInvalid as refused:
        refusal = refused.text
    if refusal:
        assert refusal.replace("\n", "").isprintable()
        assert len(refusal) < 2000
        return
    checkpoint.close()
    with torch.inference_mode():
        model.head(model(torch.tensor([1, 2, 3]), torch.arange(3), packed_memory(model.config, [3])))


def replaced(folder: Path, name: str, entries: dict[str, Any]) -> Path:
    changed = folder.parent / "changed"
    if not changed.exists():
        shutil.copytree(folder, changed)
    (changed / name).write_text(json.dumps(entries))
    return changed


FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.mark.slow
@pytest.mark.parametrize("family", TRANSFORMERS)
@FUZZ
@given(data=st.data())
def test_any_config_json_is_run_or_refused(family: str, made: Any, data: st.DataObject) -> None:
    folder = made(family, saved)
    config = json.loads((folder / "config.json").read_text())
    tried(replaced(folder, "config.json", data.draw(hostile(config))))


@pytest.mark.slow
@pytest.mark.parametrize("family", RELEASES)
@FUZZ
@given(data=st.data())
def test_any_params_json_is_run_or_refused(family: str, made: Any, data: st.DataObject) -> None:
    folder = made(family, released)
    params = json.loads((folder / "params.json").read_text())
    tried(replaced(folder, "params.json", data.draw(hostile(params))))
