"""Deaths under load: what was acknowledged is kept, what was not gets an error, and the house comes back."""

import json
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import psutil
import pytest

from tests.e2e.conftest import House

pytestmark = pytest.mark.slow

ASK = {"model": "alize-small-latest", "messages": [{"role": "user", "content": "Count to one hundred."}], "temperature": 0, "stream": True}


@dataclass
class Load:
    """Chats in threads until the server is gone, and what each was told."""

    house: House
    acknowledged: list[tuple[str, dict[str, int]]] = field(default_factory=list)  # (id, usage) of answers told to be complete
    outcomes: list[str] = field(default_factory=list)
    finished: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))  # one more for each answer that ended
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self, streams: int, tokens: int) -> None:
        self.threads = [threading.Thread(target=self._talk, args=(tokens,)) for _ in range(streams)]
        for thread in self.threads:
            thread.start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a request hangs"

    def _talk(self, tokens: int) -> None:
        with self.house.client() as client:
            while True:
                try:
                    outcome = self._one(client, tokens)
                except httpx.TransportError:
                    outcome = "disconnected"
                self.outcomes.append(outcome)
                self.finished.release()
                if outcome != "done":
                    return

    def _one(self, client: httpx.Client, tokens: int) -> str:
        with client.stream("POST", "/v1/chat/completions", json={**ASK, "max_tokens": tokens}) as response:
            if response.status_code != 200:
                return f"status {response.status_code}"
            chunk: dict[str, object] = {}
            for line in response.iter_lines():
                if line == "data: [DONE]":
                    self.acknowledged.append((str(chunk["id"]), chunk["usage"]))  # type: ignore[arg-type]
                    return "done"
                if line.startswith("data: "):
                    chunk = json.loads(line[6:])
                    if chunk.get("object") == "error":
                        return f"error {chunk['code']}"
        return "cut"


def rows(house: House) -> dict[str, dict[str, int]]:
    """Usage rows by request."""
    found: dict[str, dict[str, int]] = {}
    with house.client() as client:
        after = ""
        while True:
            page = client.get("/api/usage/requests", params={"limit": 100, **({"after": after} if after else {})}).json()
            found |= {row["id"]: row for row in page["data"]}
            after = page.get("next") or ""
            if not after:
                return found


def test_a_killed_server_loses_nothing_it_acknowledged(house: Callable[..., House]) -> None:
    first = house()
    with first.client() as client:
        made = client.post("/api/keys", json={"name": "kept", "scopes": ["inference"]}).json()
    engine = first.engine()
    load = Load(first)
    load.start(streams=8, tokens=6)
    for _ in range(24):
        assert load.finished.acquire(timeout=60)
    first.stop(signal.SIGKILL)
    load.join()
    psutil.wait_procs([engine], timeout=30)
    assert not engine.is_running(), "the engine outlives its server"

    second = house(first.home)
    kept = rows(second)
    assert len(load.acknowledged) >= 24
    for request, usage in load.acknowledged:
        assert kept[request]["completion_tokens"] == usage["completion_tokens"]
        assert kept[request]["prompt_tokens"] == usage["prompt_tokens"]
    key = {"Authorization": f"Bearer {made['key']}"}
    assert httpx.get(f"{second.url}/v1/models", headers=key).status_code == 200
    assert second.stop() == 0


def test_a_killed_engine_ends_its_requests_with_an_error_and_comes_back(house: Callable[..., House]) -> None:
    running = house()
    load = Load(running)
    load.start(streams=6, tokens=400)
    running.wait_busy()
    running.engine().kill()
    load.join()
    assert set(load.outcomes) <= {"error engine_crashed", "status 503"}
    assert "error engine_crashed" in load.outcomes
    running.wait_ready()
    again = Load(running)
    with running.client() as client:
        assert again._one(client, 5) == "done"
    recorded = [row["outcome"] for row in rows(running).values()]
    assert recorded.count("error") == load.outcomes.count("error engine_crashed")
    assert running.stop() == 0


def test_a_terminated_server_finishes_what_runs(house: Callable[..., House]) -> None:
    running = house()
    load = Load(running)
    load.start(streams=3, tokens=40)
    running.wait_busy()
    assert running.stop(signal.SIGTERM) == 0
    load.join()
    assert load.acknowledged, (load.outcomes, running.log.read_text())
    assert all(outcome in ("done", "disconnected", "status 503") for outcome in load.outcomes)


def test_a_second_server_on_one_home_is_refused(house: Callable[..., House]) -> None:
    first = house()
    second = house(first.home, wait=False)
    assert second.process.wait(60) == 1
    assert str(first.process.pid) in second.log.read_text()
    assert first.process.poll() is None
