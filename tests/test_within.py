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
    alone = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"} | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
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


def test_workers_choose_the_same_and_each_has_the_time(tmp_path: Path) -> None:
    (tmp_path / "test_them.py").write_text(TESTS.replace("WRONG", "True"))
    shared = ("-p", "xdist", "-n", "2")
    assert counted(tmp_path, *shared) == {"passed": 3}
    assert counted(tmp_path, "--within", "0.9", *shared) == {"passed": 2}  # 1.8 seconds, of 2


def test_only_whole_runs_say_how_long_a_test_takes(tmp_path: Path) -> None:
    file = tmp_path / "test_them.py"
    file.write_text("def test_ends_early():\n    raise KeyboardInterrupt\n")
    assert counted(tmp_path) == {}
    file.write_text("import time\ndef test_ends_early():\n    time.sleep(1)\n")
    assert counted(tmp_path, "--within", "0.5") == {"passed": 1}, "how long it takes is not known"
    assert counted(tmp_path, "--within", "0.5") == {"deselected": 1}
    file.write_text("def test_ends_early():\n    assert False\n")
    assert counted(tmp_path) == {"failed": 1}
    file.write_text("import time\ndef test_ends_early():\n    time.sleep(1)\n")
    assert counted(tmp_path, "--within", "0.5") == {"passed": 1}, "it failed last"
    assert counted(tmp_path, "--within", "0.5") == {"deselected": 1}
