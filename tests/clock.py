"""A clock of a real server that is set while it runs. In: nothing. Out: settings for its process, and jumps.

It stands between the server and its system's library (clock.c), since no part of the server may be spared it.
"""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

__all__ = ["Clock"]


class Clock:
    """Of the processes that are started with `environment`."""

    def __init__(self, folder: Path) -> None:
        """Skips the test where nothing can be compiled."""
        compiler = shutil.which("cc") or pytest.skip("a server's clock is set by a library that is compiled here, and there is no cc")
        library, self._file = folder / "clock.so", folder / "clock"
        source = Path(__file__).with_suffix(".c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
        self.wrong_by(0)
        self.environment = ["env", f"LD_PRELOAD={library}", f"ALIZE_TEST_CLOCK={self._file}"]

    def wrong_by(self, seconds: float) -> None:
        """Set it, from now on."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:  # in place: it is mapped
            file.write(struct.pack("q", int(seconds)))
