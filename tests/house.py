"""A whole house for end-to-end tests. In: a folder, the real model's. Out: `alize up` in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import psutil

KEY = "end-to-end-test-key-0001"
Found = TypeVar("Found")


@dataclass
class House:
    """A running `alize up`."""

    process: subprocess.Popen[str]
    home: Path
    log: Path

    @property
    def port(self) -> int:
        """The one that it says it listens on."""
        return self.until(lambda: (said := re.search(r"https?://127\.0\.0\.1:(\d+)", self.log.read_text())) and int(said[1]))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60)

    def engine(self) -> psutil.Process:
        (child,) = [p for p in psutil.Process(self.process.pid).children() if "alize.engine.worker" in p.cmdline()]
        return child

    @contextmanager
    def held(self) -> Iterator[None]:
        """While the engine computes nothing: what is being written stays so, however fast the machine."""
        engine = self.engine()
        engine.suspend()
        try:
            yield
        finally:
            engine.resume()

    def metrics(self) -> dict[str, float]:
        """By name without `alize_`; of several labels the last."""
        with self.client() as client:
            lines = client.get("/metrics").text.splitlines()
        found = (line.rsplit(" ", 1) for line in lines if line.startswith("alize_") and "_bucket" not in line)
        return {name.partition("{")[0].removeprefix("alize_"): float(value) for name, value in found}

    def wait_ready(self) -> None:
        """Until /health/ready says so."""
        with httpx.Client(base_url=self.url, timeout=60) as client:
            self.until(lambda: client.get("/health/ready").status_code == 200)

    def wait_busy(self) -> None:
        """Until an answer is being computed."""
        with self.client() as client:
            self.until(lambda: re.search(r"^alize_num_requests_running\S* [1-9]", client.get("/metrics").text, re.MULTILINE))

    def until(self, look: Callable[[], Found]) -> Found:
        """What `look` finds, as soon as it finds something. Fails where the server ends first, or after a minute."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            with suppress(httpx.TransportError):
                if found := look():
                    return found
            time.sleep(0.02)  # between two looks, not instead of one
        raise TimeoutError(self.log.read_text())

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(60)


def start(home: Path, log: Path, weights: Path, /, port: int = 0, within: Sequence[str] = (), **settings: str) -> House:
    """Start one on a home, a folder with the real model's `weights` in it or a file that is none. It may not be ready yet.

    `within`: a command that makes its surroundings and then becomes what stands after it.
    """
    if not home.is_file():
        (home / "models").mkdir(parents=True, exist_ok=True)
        mine = home / "models" / "smollm2-135m-instruct"
        if not mine.exists():
            mine.symlink_to(weights.parent, target_is_directory=True)
    environment = {
        **os.environ,
        "ALIZE_API_KEY": KEY,
        "ALIZE_CACHE_MEMORY": "0.5",
        "ALIZE_OFFLINE": "true",
        "ALIZE_THREADS": "1",  # several engines that share two cores mostly wait for their own threads
    } | {f"ALIZE_{name.upper()}": value for name, value in settings.items()}
    with log.open("w") as output:
        process = subprocess.Popen(
            [*within, str(Path(sys.executable).with_name("alize")), "up", "--home", str(home), "--port", str(port)],  # 0: whichever is free
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return House(process, home, log)
