"""A whole house for end-to-end tests: `alize up` in a process of its own, on the real model."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

KEY = "end-to-end-test-key-0001"


@dataclass
class House:
    """A running `alize up`."""

    process: subprocess.Popen[str]
    port: int
    home: Path
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60)

    def engine(self) -> psutil.Process:
        (child,) = [p for p in psutil.Process(self.process.pid).children() if "alize.engine.worker" in p.cmdline()]
        return child

    def wait_ready(self) -> None:
        """Until /health/ready says so; fails where the server ends instead."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if httpx.get(f"{self.url}/health/ready").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)  # between two looks, not instead of one
        raise TimeoutError(self.log.read_text())

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(60)


@pytest.fixture
def house(smollm2: Path, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """A function that starts a house on a home; the same home again continues it."""
    running: list[House] = []

    def start(home: Path | None = None, wait: bool = True, port: int | None = None, **settings: str) -> House:
        home = home or tmp_path / "home"
        if not home.is_file():
            (home / "models").mkdir(parents=True, exist_ok=True)
            mine = home / "models" / "smollm2-135m-instruct"
            if not mine.exists():
                mine.symlink_to(smollm2.parent, target_is_directory=True)
        port = port or _free_port()
        environment = {**os.environ, "ALIZE_API_KEY": KEY, "ALIZE_CACHE_MEMORY": "0.5", "ALIZE_OFFLINE": "true"}
        environment |= {f"ALIZE_{name.upper()}": value for name, value in settings.items()}
        log = tmp_path / f"log-{len(running)}.txt"
        with log.open("w") as output:
            process = subprocess.Popen(
                [str(Path(sys.executable).with_name("alize")), "up", "--home", str(home), "--port", str(port)],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        running.append(House(process, port, home, log))
        if wait:
            running[-1].wait_ready()
        return running[-1]

    yield start
    for house in running:
        house.stop(signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
