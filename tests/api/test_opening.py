"""While the model is being loaded the server answers already: it says how far that is. A stopped engine stands for a large model."""

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.api.test_serve import SERVE, environment
from tests.serving import Desk
from tests.tiny_model import write_tiny_gguf

pytest.importorskip("torch")

PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@dataclass
class Loading:
    process: asyncio.subprocess.Process
    engine: psutil.Process
    client: httpx.AsyncClient

    async def until(self, look: Callable[[httpx.Response], bool]) -> httpx.Response:
        """The first answer to /health that is looked for. The process must live."""
        while True:
            assert self.process.returncode is None
            try:
                answer = await self.client.get("/health")
                if look(answer):
                    return answer
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)  # between two looks, not instead of one


def child_of(pid: int) -> psutil.Process:
    while not (children := psutil.Process(pid).children()):
        time.sleep(0.01)  # between two looks
    return children[0]


@asynccontextmanager
async def loading(folder: Path) -> AsyncIterator[Loading]:
    """A server whose engine was stopped before it could load anything."""
    model = write_tiny_gguf(folder / "tiny.gguf")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = environment(folder / "home", model, ALIZE_PORT=str(port), ALIZE_AUTH="false")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVE, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        engine = await asyncio.to_thread(child_of, process.pid)
        engine.suspend()  # it needs a second and more to import PyTorch
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield Loading(process, engine, client)
    finally:
        if process.returncode is None:
            for child in psutil.Process(process.pid).children():
                child.kill()  # one that is stopped would hold the pipes open for ever
            process.kill()
        await process.communicate()


@pytest.mark.slow
async def test_it_answers_while_the_model_is_loaded_and_serves_then(tmp_path: Path) -> None:
    async with loading(tmp_path) as server:
        answer = await server.until(lambda answer: answer.status_code == 503)
        assert answer.json()["checks"]["database"] == "ok"
        assert {answer.json()["checks"][name] for name in ("engine tiny", "server")} == {"The model is being loaded.", "opening"}
        assert (await server.client.get("/health/live")).status_code == 200
        refused = await server.client.get("/v1/models")
        assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (503, "engine_unavailable", "2")
        server.engine.resume()
        await server.until(lambda answer: answer.status_code == 200)
        assert (await server.client.get("/v1/models")).status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert await server.process.wait() == 0


@pytest.mark.slow
async def test_a_server_that_is_told_to_stop_while_it_loads_ends_with_status_0(tmp_path: Path) -> None:
    async with loading(tmp_path) as server:
        await server.until(lambda answer: answer.status_code == 503)
        server.process.send_signal(signal.SIGTERM)
        assert await server.process.wait() == 0
        assert not server.engine.is_running()


async def test_a_person_sees_a_page_that_opens_by_itself(desk: Desk) -> None:
    desk.parts.opening.done = False
    answer = await desk.client.get("/", headers={**PAGE, "Accept-Language": "fr"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "Le modèle est en cours de chargement" in answer.text
    assert (await desk.client.get("/health")).json()["checks"]["server"] == "opening"
    desk.parts.opening.done = True
    assert (await desk.client.get("/v1/models")).status_code == 200
