"""`alize merge` makes a folder that is a model, or says why not and makes none."""

import json
import shutil
from pathlib import Path

from alize.weights.checkpoints import open_checkpoint
from tests.adapters import write_release
from tests.cli.conftest import Alize


def test_a_merged_model_is_a_folder_like_the_one_it_was_made_of(alize: Alize, tiny_checkpoint: Path, tmp_path: Path) -> None:
    base = shutil.copytree(tiny_checkpoint, tmp_path / "base")
    path = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (32, 32)})
    for name, text in (("README.md", "---\nlicense: mit\n---\n"), ("LICENSE", "Do what you like.")):
        (base / name).write_text(text)
    said = json.loads(alize("merge", str(base), str(path), "-o", str(tmp_path / "merged"), "--json").stdout)
    assert (said["path"], said["layers"]) == (str(tmp_path / "merged"), 1)
    before, after = open_checkpoint(base), open_checkpoint(tmp_path / "merged")
    assert before.params == after.params
    assert {path.name for path in base.iterdir()} == {path.name for path in (tmp_path / "merged").iterdir()}
    assert after.metadata["license"] == "mit"
    different = [name for name in before if (before.array(name) != after.array(name)).any()]
    assert different == ["layers.0.attention.wq.weight"]
    again = alize("merge", str(base), str(path), "-o", str(tmp_path / "merged"))
    assert again.exit_code == 1
    assert "already" in again.stderr


def test_the_scale_may_be_given(alize: Alize, tiny_checkpoint: Path, tmp_path: Path) -> None:
    path = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (32, 32)})
    assert alize("merge", str(tiny_checkpoint), str(path), "-o", str(tmp_path / "none"), "--scale", "0").exit_code == 0
    before, after = open_checkpoint(tiny_checkpoint), open_checkpoint(tmp_path / "none")
    assert all((before.array(name) == after.array(name)).all() for name in before)


def test_what_cannot_be_merged_is_said(alize: Alize, tiny_checkpoint: Path, smollm2: Path, tmp_path: Path) -> None:
    path = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (8, 8)})
    for base, adapter, said in ((tiny_checkpoint, path, "lora_B"), (smollm2, path, "alize convert"), (tiny_checkpoint, tmp_path, "wq")):
        result = alize("merge", str(base), str(adapter), "-o", str(tmp_path / "merged"))
        assert result.exit_code == 1
        assert said in result.stderr
    assert not list(tmp_path.glob("merged*"))
