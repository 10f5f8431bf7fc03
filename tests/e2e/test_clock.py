"""A clock that is set by hours while the server runs: who is in stays in, answers go on, and the order of things holds."""

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.clock import Clock
from tests.e2e.conftest import House
from tests.e2e.test_durable_answers import ask, text_of, watch
from tests.upstream.hostile import says
from tests.upstream.there import There

pytestmark = pytest.mark.slow

HOUR = 3600
JUMPS = (5 * HOUR, 0, -5 * HOUR, 7 * HOUR, 0)
LONG = "Tell me a very long story about a lighthouse keeper."
ADA = {"email": "ada@example.org", "name": "Ada", "password": "correct horse battery"}


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


def sign_in(client: httpx.Client, **given: str) -> int:
    return client.post("/api/session", json={"email": ADA["email"], "password": ADA["password"]} | given).status_code


def session(client: httpx.Client) -> dict[str, Any]:
    found = client.get("/api/session").json()
    client.headers["X-CSRF-Token"] = found["csrf"]
    return found


def now_of(client: httpx.Client) -> datetime:
    """What time the server believes it is: when it says that a conversation was made."""
    made = client.post("/api/conversations", json={"id": uuid4().hex, "title": "a watch"})
    assert made.status_code == 201, made.text
    return datetime.fromisoformat(made.json()["created"])


def test_a_session_a_key_and_an_answer_outlive_every_jump_of_the_clock(house: Callable[..., House], clock: Clock) -> None:
    running = house(within=clock.environment)
    with httpx.Client(base_url=running.url, timeout=60) as ada, running.client() as program:
        assert ada.post("/api/setup", json=ADA).status_code == 201
        session(ada)
        chat = uuid4().hex
        assert ada.post("/api/conversations", json={"id": chat, "settings": {"temperature": 0, "max_tokens": 200}}).status_code == 201
        asked = ask(ada, chat, LONG)
        run = asked["run"]["id"]
        events, last = watch(ada, run, events=2)
        for jump in JUMPS:
            clock.wrong_by(jump)
            assert abs(now_of(ada) - datetime.now(UTC) - timedelta(seconds=jump)) < timedelta(minutes=5)
            assert session(ada)["signed_in"]
            assert program.get("/v1/models").status_code == 200
            more, last = watch(ada, run, after=last, events=3)  # it still grows
            assert [event["type"] for event in more] == ["message.output.delta"] * 3
            events += more
        rest, _ = watch(ada, run, after=last)
        assert rest[-1]["type"] == "conversation.response.done"
        answer = ada.get(f"/api/conversations/{chat}").json()["messages"][-1]
        assert (answer["state"], answer["content"]) == ("done", text_of(events + rest))
        assert 0 < answer["seconds"] < HOUR
        (row,) = [row for row in program.get("/api/usage/requests").json()["data"] if row["id"] == run]
        assert row["completion_tokens"] == answer["completion_tokens"]
    assert running.stop() == 0


def test_messages_keep_their_order_and_a_conversation_its_day(house: Callable[..., House], clock: Clock) -> None:
    running = house(within=clock.environment)
    with running.client() as client:
        chat, other, parent, said = uuid4().hex, uuid4().hex, None, list[str]()
        for id in (chat, other):
            made = client.post("/api/conversations", json={"id": id, "title": "mine", "settings": {"temperature": 0, "max_tokens": 3}})
            assert made.status_code == 201
        for jump in (0, *JUMPS):
            clock.wrong_by(jump)
            asked = ask(client, chat, f"At {jump}", parent)
            assert watch(client, asked["run"]["id"])[0][-1]["type"] == "conversation.response.done"
            parent = asked["answer"]["id"]
            said += [asked["message"]["id"], parent]
        again = client.post(f"/api/messages/{parent}/regenerate", json={"answer": {"id": uuid4().hex, "run": uuid4().hex}}).json()
        watch(client, again["run"]["id"])
        found = client.get(f"/api/conversations/{chat}").json()
        assert [message["id"] for message in found["messages"]] == [*said, again["answer"]["id"]]
        assert abs(datetime.fromisoformat(found["updated"]) - datetime.now(UTC)) < timedelta(minutes=5)
        watch(client, ask(client, other, "Later")["run"]["id"])
        assert [one["id"] for one in client.get("/api/conversations").json()["data"]] == [other, chat]


def test_guesses_wait_no_longer_and_limits_hold_no_longer_for_it(house: Callable[..., House], clock: Clock) -> None:
    running = house(within=clock.environment, requests_per_minute="30")
    clock.wrong_by(5 * HOUR)
    with httpx.Client(base_url=running.url, timeout=60) as ada, running.client() as program:
        assert ada.post("/api/setup", json=ADA).status_code == 201
        for _ in range(5):
            assert sign_in(ada, password="a wrong guess") == 401
        assert sign_in(ada) == 429
        while program.get("/v1/models").status_code != 429:
            pass
        clock.wrong_by(0)
        assert sign_in(ada) == 200
        wait = int(program.get("/v1/models").headers["Retry-After"])
        assert wait <= 60
        clock.wrong_by(-5 * HOUR)
        assert sign_in(ada) == 200
        assert int(program.get("/v1/models").headers.get("Retry-After", "1")) <= 60


def test_servers_that_disagree_about_the_time_leave_each_others_answers_alone_and_bury_each_others_dead(
    house: Callable[..., House], clock: Clock, postgres: Callable[..., str], tmp_path: Path
) -> None:
    """Two of one database, one of them five hours ahead."""
    url, chat = postgres(), uuid4().hex
    clock.wrong_by(5 * HOUR)
    with There().running() as there:

        def ahead() -> House:
            return house(tmp_path / "ahead", database_url=url, within=clock.environment)

        dying = ahead()
        with dying.client() as client:
            settings = {"temperature": 0, "max_tokens": 1000}
            assert client.post("/api/conversations", json={"id": chat, "title": "mine", "settings": settings}).status_code == 201
            dead = ask(client, chat, LONG)["run"]["id"]
            events, last = watch(client, dead, events=4)
        dying.stop(signal.SIGKILL)

        right = house(tmp_path / "right", database_url=url, upstream_url=there.server.url, upstream_models="theirs")
        release = asyncio.Event()
        there.server.streams(says("Half"), release, says(" an answer", "stop"), "[DONE]")
        with right.client() as client:
            rest, _ = watch(client, dead, after=last)
            assert rest[-1]["type"] == "run.cut_off"
            (row,) = [row for row in client.get("/api/usage/requests").json()["data"] if row["id"] == dead]
            assert row["completion_tokens"] >= len(events) - 1
            other = uuid4().hex
            assert client.post("/api/conversations", json={"id": other, "title": "mine", "model": "theirs"}).status_code == 201
            living = ask(client, other, "Hello")["run"]["id"]
            watch(client, living, events=2)

            second = ahead()
            with second.client() as beside:
                short = uuid4().hex
                made = beside.post("/api/conversations", json={"id": short, "title": "mine", "settings": {"max_tokens": 3}})
                assert made.status_code == 201
                # It has been at work: who would take the other's run for dead has done so by now.
                assert watch(beside, ask(beside, short, "Hi")["run"]["id"])[0][-1]["type"] == "conversation.response.done"
            there.let(release)
            whole, _ = watch(client, living)
            assert (text_of(whole), whole[-1]["type"]) == ("Half an answer", "conversation.response.done")
