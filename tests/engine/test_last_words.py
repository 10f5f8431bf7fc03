"""What is left of an engine's process that ended."""

import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from alize.engine.base import Request, SamplingParams
from alize.engine.build import EngineConfig
from alize.engine.local import LocalEngine
from alize.engine.schedule import Limits
from alize.engine.wire import Add, Event, Failed, Start, decode_event, encode
from tests.engine.test_local import until

PANICS = """
import os
from alize.engine import worker
from alize.engine.core import Core

class PanicException(BaseException):
    pass

def step(core):
    raise PanicException("index out of bounds")

Core.step = step
os._exit(worker.main())  # as it does
"""
"""An engine in which something that is written in Rust panics: Python's class for that is no `Exception`."""


@pytest.fixture
def config(tiny_checkpoint: Path) -> EngineConfig:
    return EngineConfig(str(tiny_checkpoint), model="tiny", threads=1, cache_bytes=1 << 20, limits=Limits(max_context=256))


async def test_what_ends_an_engine_in_native_code_is_in_the_log(
    config: EngineConfig, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Where in Python each of its threads was, and the signal."""
    engine = await LocalEngine.start(config)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSEGV)
    await until(engine, lambda stats: stats.generation == 2)
    await engine.close()
    (ended,) = [record for record in caplog.records if record.getMessage() == "engine ended, restarting"]
    assert ended.__dict__["status"] == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in capfd.readouterr().err


def test_a_panic_is_told_as_every_other_error_is(config: EngineConfig) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(60)
        worker = subprocess.Popen([sys.executable, "-c", PANICS, str(theirs.fileno())], pass_fds=[theirs.fileno()])
        theirs.close()
        try:
            ours.sendall(encode(Start(config)) + encode(Add(Request("a", (1, 2, 3), 5, sampling=SamplingParams()))))
            *_, last = events(ours)
            assert worker.wait(60) == 1
        finally:
            worker.kill()
            worker.wait()
    assert isinstance(last, Failed)
    assert last.failure.message == "The engine failed: PanicException: index out of bounds."


def events(connection: socket.socket) -> list[Event]:
    """All until the other end closes."""
    with connection.makefile("rb") as file:
        data, found = file.read(), list[Event]()
    while data:
        (size,) = struct.unpack_from("<I", data)
        found.append(decode_event(data[4 : 4 + size]))
        data = data[4 + size :]
    return found
