"""However a command ends, a person gets a sentence and a program gets a status."""

import errno
import json
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from alize.cli.report import reported
from alize.errors import AlizeError, HomeUnusable, InvalidRequest, QueueFull


def run(error: BaseException, *arguments: str) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    @reported
    def command(home: Path | None = None, as_json: bool = False) -> None:
        raise error

    return CliRunner().invoke(app, [*arguments])


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (HomeUnusable("The folder is read-only."), 1),
        (InvalidRequest("There is nothing to ask."), 1),
        (QueueFull("The line is full."), 75),
        (AlizeError("Something broke."), 1),
        (KeyboardInterrupt(), 130),
        (ValueError("boom"), 70),
        (typer.Exit(3), 3),
        (typer.BadParameter("no"), 2),
    ],
)
def test_each_end_has_its_status(error: BaseException, status: int, tmp_path: Path) -> None:
    assert run(error, "--home", str(tmp_path)).exit_code == status


def test_an_error_is_said_with_what_to_do_next() -> None:
    result = run(HomeUnusable("The folder is read-only.", remedy="Choose another."))
    assert result.stderr == "Error: The folder is read-only.\n  → Choose another.\n"
    assert result.stdout == ""


def test_an_error_is_json_where_json_was_asked_for() -> None:
    result = run(QueueFull("The line is full."), "--as-json")
    assert json.loads(result.stderr)["code"] == "3505"


def test_markup_in_a_message_is_text() -> None:
    assert "[bold]x[/bold] [/]" in run(InvalidRequest("No model [bold]x[/bold] [/]")).stderr


def test_a_fault_leaves_a_sentence_and_a_log(tmp_path: Path) -> None:
    result = run(ValueError("boom"), "--home", str(tmp_path))
    log = tmp_path / "logs" / "command.log"
    assert "ValueError: boom" in result.stderr
    assert str(log) in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in log.read_text()


def test_a_fault_is_told_even_where_no_log_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run(ValueError("boom"), "--home", str(tmp_path / "file"))
    assert result.exit_code == 70
    assert "ALIZE_DEBUG=1" in result.stderr


def test_debugging_shows_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ALIZE_DEBUG", "1")
    assert "Traceback" in run(ValueError("boom"), "--home", str(tmp_path)).stderr
    assert not (tmp_path / "logs").exists()


def test_a_full_disk_is_no_fault_of_the_program(tmp_path: Path) -> None:
    result = run(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "big.gguf"), "--home", str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no space left for big.gguf.\n  → Free some, then run it again.\n"
    assert not (tmp_path / "logs").exists()
