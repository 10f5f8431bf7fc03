"""An upload that was acknowledged outlives its server, with its bytes; one that was not is not there at all."""

import io
import signal
import sqlite3
import wave
from collections.abc import Callable, Iterator
from contextlib import closing
from uuid import uuid4

import httpx
import pytest

from tests.e2e.conftest import House
from tests.pictures import plain

pytestmark = pytest.mark.slow
PNG = plain(8, 4)


def silence() -> bytes:
    """Some 4 MB of it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes(bytes(4_000_000))
    return file.getvalue()


def upload(client: httpx.Client, data: bytes, kind: str) -> str:
    answer = client.post("/api/attachments", params={"name": "a"}, content=data, headers={"Content-Type": kind})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_what_was_uploaded_before_the_server_was_killed_is_sent_after_it(house: Callable[..., House]) -> None:
    running, sound = house(), silence()
    with running.client() as client:
        files = [upload(client, PNG, "image/png"), upload(client, sound, "audio/wav"), upload(client, PNG, "image/png")]
    running.stop(signal.SIGKILL)
    running = house(running.home)
    chat = uuid4().hex
    with running.client() as client:
        assert client.post("/api/conversations", json={"id": chat}).status_code == 201
        attached = [{"id": id} for id in files]
        body = {"id": uuid4().hex, "content": "What?", "attachments": attached, "answer": {"id": uuid4().hex, "run": uuid4().hex}}
        assert client.post(f"/api/conversations/{chat}/messages", json=body).status_code == 201
        assert [client.get(f"/api/attachments/{id}").content for id in files] == [PNG, sound, PNG]


def test_an_upload_that_the_kill_cut_off_leaves_nothing(house: Callable[..., House]) -> None:
    running, sound = house(), silence()

    def cut_off() -> Iterator[bytes]:
        yield sound[:2_000_000]
        running.stop(signal.SIGKILL)
        yield sound[2_000_000:]

    with running.client() as client, pytest.raises(httpx.TransportError):
        client.post("/api/attachments", params={"name": "a"}, content=cut_off(), headers={"Content-Type": "audio/wav"})
    running = house(running.home)
    with running.client() as client:
        assert client.get("/api/conversations").json()["data"] == []
    running.stop()
    assert tables(running) == {"objects": 0, "attachments": 0, "message_attachments": 0}


def tables(house: House) -> dict[str, int]:
    with closing(sqlite3.connect(house.home / "alize.db")) as database:
        names = ("objects", "attachments", "message_attachments")
        return {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
