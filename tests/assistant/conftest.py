"""The assistant over an engine without a model: what a page would do, and a way to wait for what it would see."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.serving import Desk, opened


def new_id() -> str:
    return uuid4().hex


class Page:
    """One browser tab."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.client, self.engine = desk, desk.client, desk.engine

    async def call(self, method: str, path: str, status: int, body: Any = None) -> dict[str, Any]:
        answer = await self.client.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def begin(self, **given: Any) -> str:
        return (await self.call("POST", "/api/conversations", 201, {"id": new_id(), **given}))["id"]

    async def ask(self, chat: str, content: str = "Hi", parent: str | None = None, **given: Any) -> dict[str, Any]:
        body = {"id": new_id(), "parent": parent, "content": content, "answer": {"id": new_id(), "run": new_id()}, **given}
        return await self.call("POST", f"/api/conversations/{chat}/messages", 201, body)

    async def upload(self, data: bytes, kind: str, name: str = "a") -> dict[str, Any]:
        """A picture or a sound, as a question then names it."""
        answer = await self.client.post("/api/attachments", params={"name": name}, content=data, headers={"Content-Type": kind})
        assert answer.status_code == 201, answer.text
        return {"id": answer.json()["id"]}

    async def follow(self, run: str, after: int = 0) -> list[tuple[int, dict[str, Any]]]:
        """Every event until the stream ends: (seq, data)."""
        answer = await self.client.get(f"/api/runs/{run}/events", params={"after": after})
        assert answer.status_code == 200, answer.text
        return events_of(answer.text)

    async def read(self, chat: str) -> dict[str, Any]:
        return await self.call("GET", f"/api/conversations/{chat}", 200)

    async def until(self, chat: str, holds: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Look at a conversation until something holds of it, for at most 30 s."""
        async with asyncio.timeout(30):
            while True:
                if holds(found := await self.read(chat)):
                    return found
                await asyncio.sleep(0.01)  # between two looks: what is waited for happens in the server


def events_of(text: str) -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            data = json.loads(fields["data"])
            assert fields["event"] == data["type"]
            found.append((int(fields.get("id", 0)), data))
    return found


def text_of(events: list[tuple[int, dict[str, Any]]]) -> str:
    return "".join(data["content"] for _, data in events if data["type"] == "message.output.delta")


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with opened(tmp_path) as desk:
        yield Page(desk)
