"""What is left of an engine's process that ended."""

import os
import signal
from pathlib import Path

import pytest

from alize.engine.build import EngineConfig
from alize.engine.local import LocalEngine
from alize.engine.schedule import Limits
from tests.engine.test_local import until


async def test_what_ends_an_engine_in_native_code_is_in_the_log(
    tiny_checkpoint: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Where in Python each of its threads was, and the signal."""
    config = EngineConfig(str(tiny_checkpoint), model="tiny", threads=1, cache_bytes=1 << 20, limits=Limits(max_context=256))
    engine = await LocalEngine.start(config)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSEGV)
    await until(engine, lambda stats: stats.generation == 2)
    await engine.close()
    (ended,) = [record for record in caplog.records if record.getMessage() == "engine ended, restarting"]
    assert ended.__dict__["status"] == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in capfd.readouterr().err
