"""A disk that is full: the server says so and goes on, what it acknowledged is there, and nothing is there twice once there is space."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.conftest import House
from tests.e2e.test_durable_answers import text_of, watch
from tests.full_disk import can_be_small, filled, out_of_quota, small_disk

pytestmark = pytest.mark.slow

LONG = "Tell me a very long story about a lighthouse keeper."


@dataclass
class Disk:
    """A house, how its disk becomes full, and what its server then says."""

    house: House
    full: Callable[[House], AbstractContextManager[None]]
    status: int
    code: str
    words: str


@pytest.fixture(params=["quota", "disk"])
def disk(request: pytest.FixtureRequest, house: Callable[..., House], tmp_path: Path, smollm2: Path) -> Disk:
    if request.param == "quota":
        return Disk(house(), out_of_quota, 503, "storage_failed", "A quota may be used up: free some space.")
    if not can_be_small(tmp_path):
        pytest.skip("nobody may make a file system here; the quota is tried in its place")
    within: Sequence[str] = small_disk(tmp_path / "home")
    return Disk(house(within=within, model=str(smollm2)), filled, 507, "disk_full", "Free some space")


def begin(client: httpx.Client, **settings: Any) -> str:
    made = client.post("/api/conversations", json={"id": uuid4().hex, "title": "mine", "settings": {"temperature": 0, **settings}})
    assert made.status_code == 201, made.text
    return made.json()["id"]


def question(content: str, parent: str | None = None) -> dict[str, Any]:
    return {"id": uuid4().hex, "parent": parent, "content": content, "answer": {"id": uuid4().hex, "run": uuid4().hex}}


def say(client: httpx.Client, chat: str, body: dict[str, Any]) -> httpx.Response:
    return client.post(f"/api/conversations/{chat}/messages", json=body)


def messages(client: httpx.Client, chat: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/conversations/{chat}")
    assert answer.status_code == 200, answer.text
    return answer.json()["messages"]


def test_nothing_that_was_acknowledged_is_lost_and_nothing_is_doubled(disk: Disk) -> None:
    house = disk.house
    with house.client() as client:
        chat, other = begin(client, max_tokens=1500), begin(client, max_tokens=5)
        asked, unsent = question(LONG), question("Is there space?")
        assert say(client, chat, asked).status_code == 201
        run = asked["answer"]["run"]
        events, last = watch(client, run, events=5)

        with disk.full(house):
            refused = house.until(lambda: (said := say(client, other, unsent)).status_code != 201 and said)
            assert (refused.status_code, refused.json()["code"]) == (disk.status, disk.code)
            assert disk.words in refused.json()["message"]

            def stuck() -> httpx.Response | None:
                """What is said instead of events, once all there are have been read."""
                nonlocal events, last
                with client.stream("GET", f"/api/runs/{run}/events", params={"after": last}) as stream:
                    if stream.status_code != 200:
                        stream.read()
                        return stream
                more, last = watch(client, run, after=last, events=1)
                events += [event for event in more if "type" in event and event.get("object") != "error"]
                return None

            said = house.until(stuck)
            assert (said.status_code, said.json()["code"]) == (disk.status, disk.code)
            assert disk.words in said.json()["message"]
            # What needs no space still works, and tells no tales.
            assert client.get("/health/live").status_code == 200
            assert messages(client, other) == []
            assert messages(client, chat)[-1]["content"] == text_of(events)

        rest = house.until(lambda: watch(client, run, after=last)[0])  # the end is written at the next try
        assert (rest[-1]["type"], rest[-1]["code"]) == ("conversation.response.error", disk.code)
        first, answer = messages(client, chat)
        assert (first["id"], first["content"]) == (asked["id"], LONG)
        assert (answer["state"], answer["content"]) == ("failed", text_of(events) + text_of(rest))
        assert disk.words in answer["error"]
        (row,) = [row for row in client.get("/api/usage/requests").json()["data"] if row["id"] == run]
        assert (row["completion_tokens"], row["outcome"]) == (answer["completion_tokens"], "error")
        assert row["completion_tokens"] >= len([event for event in events if event["type"] == "message.output.delta"])

        assert say(client, other, unsent).status_code == 201  # the same request, sent again
        assert say(client, other, unsent).status_code == 201
        assert watch(client, unsent["answer"]["run"])[0][-1]["type"] == "conversation.response.done"
        assert [message["id"] for message in messages(client, other)] == [unsent["id"], unsent["answer"]["id"]]
    assert house.stop() == 0
