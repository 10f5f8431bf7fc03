"""The Makefile does again what has to be done again, and nothing else."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_the_program_is_installed_again_where_a_module_has_moved(tmp_path: Path) -> None:
    """An editable installation knows each module by its place: after a move, nothing that imports it would run any more."""
    for name in ("Makefile", "pyproject.toml", "CMakeLists.txt", "requirements.lock", "requirements-compiler.lock"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    for folder in (tmp_path / "src" / "alize", python.parent):
        folder.mkdir(parents=True)
    python.write_text('#!/bin/sh\ncase "$*" in *--editable*) echo x >> installations ;; esac\n')
    python.chmod(0o755)
    for stamp in (".made", ".locked"):
        (tmp_path / ".venv" / stamp).touch()
    module = tmp_path / "src" / "alize" / "page.py"

    def installations() -> int:
        subprocess.run(["make", ".venv/.installed"], cwd=tmp_path, check=True, capture_output=True)
        return len((tmp_path / "installations").read_text().split())

    module.touch()
    assert [installations(), installations()] == [1, 1]
    module.write_text("changed = True")
    assert installations() == 1
    module.rename(module.with_name("documentation_page.py"))
    assert [installations(), installations()] == [2, 2]
