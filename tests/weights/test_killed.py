"""A pull that is killed at any moment loses nothing that was whole, and the next one ends as if nothing had been."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alize.errors import AlizeError
from alize.weights.pull import located, pull, verify
from tests.weights.hub_server import Hub, serving
from tests.weights.test_hub import consolidated

NAME = "owner/tiny"
STEP = 7  # lines; each single one takes seven times as long

DRIVER = """
import os, sys
from pathlib import Path
from alize.weights import hub, keep
from alize.weights.pull import pull

watched = tuple(os.path.join("weights", name) for name in ("files.py", "hub.py", "keep.py"))

def killed_at(line):
    def trace(frame, event, _):
        nonlocal line
        if not frame.f_code.co_filename.endswith(watched) or frame.f_code.co_name == "<genexpr>":
            return None
        line -= event == "line"
        if line == 0:
            os.kill(os.getpid(), 9)
        return trace
    return trace

os.fsync = lambda _: None  # a power cut is not tried, and the disk is slow
for asked in sys.stdin:
    line, home = asked.rstrip("\\n").split(" ", 1)
    child = os.fork()  # a process a moment, without the half second of starting one
    if child == 0:
        sys.settrace(killed_at(int(line)))
        pull(sys.argv[1], Path(home), endpoint=sys.argv[2])
        sys.settrace(None)
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    files = consolidated()
    with serving(Hub(files=files, large=frozenset(name for name in files if name.endswith(".safetensors")))) as server:
        yield server


def whole_files(hub: Hub, home: Path) -> set[str]:
    """Files of the model that are in `home` under their names."""
    return {path.name for path in home.rglob("*") if path.is_file() and hub.files.get(path.name) == path.read_bytes()}


@pytest.mark.slow
def test_a_pull_killed_at_any_line_goes_on_without_fetching_anything_again(hub: Hub, tmp_path: Path) -> None:
    pipe, line, status = subprocess.PIPE, 1, 9
    with subprocess.Popen([sys.executable, "-c", DRIVER, NAME, hub.url], stdin=pipe, stdout=pipe, text=True) as driver:
        assert driver.stdin is not None
        assert driver.stdout is not None
        while status == 9:
            home = tmp_path / str(line)
            driver.stdin.write(f"{line} {home}\n")
            driver.stdin.flush()
            status = int(driver.stdout.readline())
            assert status in (0, 9)
            there = whole_files(hub, home)
            try:
                here = located(NAME, home, {})[1]
            except AlizeError:
                here = None
            hub.asked.clear()
            path = pull(NAME, home, endpoint=hub.url)
            again = {asked.path.rpartition("/")[2] for asked in hub.asked if "/resolve/" in asked.path}
            assert not there & again, f"killed at line {line}"
            assert here in (None, path)
            assert {file.name for file in path.iterdir()} == whole_files(hub, path) | {"manifest.json"}
            verify(home, NAME)
            line += STEP
        driver.stdin.close()
    assert line > 100
