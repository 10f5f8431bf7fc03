"""A command works with whatever streams it is started with: closed, full, or in another encoding. As real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def shell(line: str, home: Path, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """`$ALIZE` in the line is the command."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ALIZE_", "PYTHON"))}
    given = {**clean, "ALIZE_HOME": str(home), "ALIZE": f"{sys.executable} -m alize", **environment}
    return subprocess.run(["sh", "-c", line], capture_output=True, env=given, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_stops_no_command(closed: str, home: Path) -> None:
    assert shell(f"$ALIZE settings {closed}", home).returncode == 0


def test_nothing_that_is_printed_gets_into_a_file_that_took_a_closed_stream_s_number(home: Path) -> None:
    assert shell("$ALIZE keys create first >&- 2>&- && $ALIZE keys create second >&- 2>&-", home).returncode == 0
    listed = json.loads(shell("$ALIZE keys list --json", home).stdout)
    assert [key["name"] for key in listed] == ["second", "first"]


def test_a_chat_without_standard_input_ends_at_once(home: Path) -> None:
    done = shell("$ALIZE chat --url http://127.0.0.1:9 <&-", home)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has a device that is always full")
@pytest.mark.parametrize("command", ["settings", "settings --json", "models list"])
def test_output_that_cannot_be_written_is_said(command: str, home: Path) -> None:
    done = shell(f"$ALIZE {command} > /dev/full", home)
    assert done.returncode == 1
    assert b"There is no space left for what is written." in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("command", ["settings", "settings --json", "models list", "--help", "keys --help"])
def test_a_reader_who_leaves_early_hears_no_complaint(command: str, home: Path) -> None:
    done = shell(f"$ALIZE {command} | head -c 1 > /dev/null", home)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("command", ["--help", "settings", "models list", "doctor"])
def test_an_encoding_that_lacks_a_character_stops_no_command(command: str, encoding: str, home: Path) -> None:
    done = shell(f"$ALIZE {command}", home, PYTHONIOENCODING=encoding, ALIZE_MODEL="smollm2-135m-instruct")
    assert b"fault of the program" not in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout


def test_json_is_whole_in_every_encoding(home: Path) -> None:
    odd = "é 日本 😀"
    done = shell("$ALIZE settings --json", home, PYTHONIOENCODING="ascii", ALIZE_HUB_ENDPOINT=odd, PYTHONUTF8="1")
    assert json.loads(done.stdout)["hub_endpoint"]["value"] == odd
    done = shell(f"$ALIZE models inspect --json '{odd}'", home, PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert odd in json.loads(done.stderr)["message"]


def test_an_interrupt_before_the_command_has_begun_shows_no_code() -> None:
    code = """
import sys
class CtrlC:
    def find_spec(self, name, *_):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, CtrlC())
from alize.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
