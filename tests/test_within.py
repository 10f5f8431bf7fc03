"""`make quick`: as many tests as there is time for."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS = """
import time

def test_short():
    pass

def test_long():
    time.sleep(1)

def test_wrong():
    time.sleep(1)
    assert WRONG
"""


def counted(folder: Path, *given: str) -> dict[str, int]:
    """What pytest says in the end."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.within", "--rootdir", str(folder), *given, str(folder)]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    said = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True).stdout.splitlines()[-1]
    return {what: int(number) for number, what in re.findall(r"(\d+) (passed|failed|deselected)", said)}


def test_the_shortest_are_run_beside_what_is_new_and_what_failed_last(tmp_path: Path) -> None:
    file = tmp_path / "test_them.py"
    file.write_text(TESTS.replace("WRONG", "False"))
    assert counted(tmp_path, "--within", "0.5") == {"passed": 2, "failed": 1}, "none is known yet"
    assert counted(tmp_path, "--within", "0.5") == {"passed": 1, "failed": 1, "deselected": 1}
    file.write_text(TESTS.replace("WRONG", "True") + "\ndef test_new():\n    pass\n")
    assert counted(tmp_path, "--within", "0.5") == {"passed": 3, "deselected": 1}
    assert counted(tmp_path, "--within", "0.5") == {"passed": 2, "deselected": 2}
    assert counted(tmp_path) == {"passed": 4}
