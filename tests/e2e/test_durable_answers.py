"""An answer outlives its server: what was sent and what was shown is there once after `kill -9`, at whatever moment it came."""

import json
import random
import signal
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.conftest import House

pytestmark = pytest.mark.slow

KILLS = 4  # of many moments a seeded few


def ask(client: httpx.Client, chat: str, content: str, parent: str | None = None) -> dict[str, Any]:
    body = {"id": uuid4().hex, "parent": parent, "content": content, "answer": {"id": uuid4().hex, "run": uuid4().hex}}
    answer = client.post(f"/api/conversations/{chat}/messages", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def watch(client: httpx.Client, run: str, after: int = 0, events: int = 10**9) -> tuple[list[dict[str, Any]], int]:
    """That many events, or all there are until the stream ends; and the number of the last."""
    seen: list[dict[str, Any]] = []
    last = after
    with client.stream("GET", f"/api/runs/{run}/events", params={"after": after}) as stream:
        for line in stream.iter_lines():
            if line.startswith("id: "):
                assert int(line[4:]) == last + 1
                last += 1
            elif line.startswith("data: "):
                seen.append(json.loads(line[6:]))
            if len(seen) == events:
                break
    return seen, last


def text_of(events: list[dict[str, Any]]) -> str:
    return "".join(event.get("content", "") for event in events)


def test_what_was_sent_and_shown_is_there_once_after_the_server_was_killed(house: Callable[..., House]) -> None:
    draw, running = random.Random(0), house()
    chat, parent, shown = uuid4().hex, None, {}
    with running.client() as client:
        assert client.post("/api/conversations", json={"id": chat, "settings": {"temperature": 0, "max_tokens": 200}}).status_code == 201
    for number in range(KILLS):
        with running.client() as client:
            asked = ask(client, chat, f"Story {number}: tell me a long one.", parent)
            events, last = watch(client, asked["run"]["id"], events=draw.randint(1, 30))
        running.stop(signal.SIGKILL)
        running = house(running.home)
        with running.client() as client:
            rest, _ = watch(client, asked["run"]["id"], after=last)
            assert (events + rest)[-1]["type"] in ("run.cut_off", "conversation.response.done")
            parent = asked["answer"]["id"]
            shown[parent] = text_of(events) + text_of(rest)
            messages = {message["id"]: message for message in client.get(f"/api/conversations/{chat}").json()["messages"]}
            (row,) = [row for row in client.get("/api/usage/requests").json()["data"] if row["id"] == asked["run"]["id"]]
        assert len(messages) == 2 * (number + 1)
        assert all(messages[id]["content"] == text for id, text in shown.items())
        assert messages[parent]["state"] in ("cut_off", "done")
        assert (row["prompt_tokens"], row["completion_tokens"]) == tuple(
            messages[parent][name] for name in ("prompt_tokens", "completion_tokens")
        )
        assert row["prompt_tokens"] > 0
        assert bool(row["completion_tokens"]) == bool(shown[parent])
    with running.client() as client:
        answer = client.post(f"/api/messages/{parent}/continue", json={"run": uuid4().hex})
        assert answer.status_code in (201, 400)
        assert text_of(watch(client, ask(client, chat, "Say hi.", parent)["run"]["id"])[0])
    assert running.stop() == 0
