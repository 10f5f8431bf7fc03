"""How the command line is called in tests: in this process for speed, or as a real process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

Alize = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def alize(home: Path, monkeypatch: pytest.MonkeyPatch) -> Alize:
    """Call a command in this process, on a state folder of its own: `alize("keys", "list")`."""
    from alize.cli.app import build

    for name in [name for name in os.environ if name.startswith("ALIZE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ALIZE_HOME", str(home))
    app = build()

    def call(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(app, [*arguments], prog_name="alize", **options)

    return call


@pytest.fixture
def process(home: Path) -> Callable[..., "subprocess.Popen[bytes]"]:
    """Start a command as a process, its streams in pipes."""

    def start(*arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ALIZE_")}
        return subprocess.Popen(
            [sys.executable, "-m", "alize", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**clean, "ALIZE_HOME": str(home), **environment},
        )

    return start
