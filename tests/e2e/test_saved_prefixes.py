"""A server that is killed: the one after it finds on the disk what was computed, and says so to whoever asks the same."""

import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import House

pytestmark = pytest.mark.slow

PROMPT = "Say in one word what this is about. " + "The lighthouse stood at the end of the pier, white and red. " * 30


def ask(client: httpx.Client) -> tuple[str, int, int]:
    """The answer, the prompt's tokens, and how many of them were cached."""
    body = {"model": "smollm2-135m-instruct", "temperature": 0, "max_tokens": 8, "messages": [{"role": "user", "content": PROMPT}]}
    answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    usage = said["usage"]
    return said["choices"][0]["message"]["content"], usage["prompt_tokens"], usage["prompt_tokens_details"]["cached_tokens"]


def metric(client: httpx.Client, name: str) -> float:
    found = re.search(rf"^{name}\S* (\S+)$", client.get("/metrics").text, re.MULTILINE)
    assert found is not None, name
    return float(found[1])


def test_what_was_computed_is_found_after_kill_9(house: Callable[..., House], tmp_path: Path) -> None:
    first = house()
    with first.client() as client:
        answer, tokens, cached = ask(client)
        assert cached == 0
        blocks = tokens // 16
        first.until(lambda: metric(client, "alize_prefix_disk_saved_blocks_total") >= blocks)
    first.stop(signal.SIGKILL)
    second = house()
    with second.client() as client:
        again, _, cached = ask(client)
        assert again == answer
        assert cached == (tokens - 1) // 16 * 16
        assert metric(client, "alize_prefix_disk_hits_total") == cached
        assert metric(client, "alize_prefix_disk_corrupt_blocks_total") == 0
        assert metric(client, "alize_prefix_disk_bytes") > 0
    second.stop()
    for path in (tmp_path / "home" / "prefixes").glob("*/*"):
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    third = house()
    with third.client() as client:
        again, _, cached = ask(client)
        assert (again, cached) == (answer, 0)
        assert metric(client, "alize_prefix_disk_corrupt_blocks_total") >= 1


def test_a_server_that_is_stopped_saves_what_was_asked_last(house: Callable[..., House]) -> None:
    first = house()
    with first.client() as client:
        _, tokens, _ = ask(client)
    assert first.stop() == 0
    with house().client() as client:
        assert ask(client)[2] == (tokens - 1) // 16 * 16


def test_where_the_setting_is_0_nothing_is_saved(house: Callable[..., House], tmp_path: Path) -> None:
    with house(prefix_disk="0").client() as client:
        ask(client)
    assert not (tmp_path / "home" / "prefixes").exists()


def test_what_a_model_computed_is_found_after_it_slept_and_after_it_got_weights_anew(house: Callable[..., House]) -> None:
    running = house(pinned="")
    with running.client() as client:

        def changed(act: str, generation: int, state: str) -> None:
            assert client.post(f"/api/models/smollm2-135m-instruct/{act}", json={}).is_success
            running.until(lambda: (now := model()) and (now["generation"], now["state"], now["reloading"]) == (generation, state, False))

        def model() -> dict[str, Any]:
            return next(one for one in client.get("/api/models").json()["data"] if one["default"])

        answer, tokens, _ = ask(client)
        begun = model()["generation"]
        running.until(lambda: metric(client, "alize_prefix_disk_saved_blocks_total") >= tokens // 16)
        changed("sleep", begun, "asleep")
        assert ask(client) == (answer, tokens, (tokens - 1) // 16 * 16)
        assert metric(client, "alize_prefix_disk_hits_total") == (tokens - 1) // 16 * 16
        changed("reload", begun + 2, "awake")
        assert ask(client) == (answer, tokens, (tokens - 1) // 16 * 16)
