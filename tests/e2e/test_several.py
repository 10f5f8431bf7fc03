"""Two models that take turns in memory, in a house whose database is PostgreSQL: asked by programs and by conversations at once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.conftest import House
from tests.tiny_model import write_tiny_gguf

pytestmark = pytest.mark.slow
pytest.importorskip("torch")

NAMES = ("smollm2-135m-instruct", "tiny")


def said(client: httpx.Client, name: str) -> str:
    body = {"model": name, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 5, "temperature": 0}
    answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]["message"]["content"]


def talked(client: httpx.Client, name: str) -> dict[str, Any]:
    """The answer of a conversation with a model, once it has ended."""
    chat, question, answer, run = (uuid4().hex for _ in range(4))
    settings = {"temperature": 0, "max_tokens": 5}
    begun = client.post("/api/conversations", json={"id": chat, "model": name, "title": "mine", "settings": settings})
    assert begun.status_code == 201, begun.text
    body = {"id": question, "parent": None, "content": "hello", "answer": {"id": answer, "run": run}}
    assert client.post(f"/api/conversations/{chat}/messages", json=body).status_code == 201
    client.get(f"/api/runs/{run}/events")
    return client.get(f"/api/conversations/{chat}").json()["messages"][-1]


def test_two_models_of_one_house_are_asked_swapped_and_counted_on_postgresql(
    house: Callable[..., House], postgres: Callable[..., str], tmp_path: Path
) -> None:
    tiny = write_tiny_gguf(tmp_path / "tiny.gguf")
    given = {"models": str(tiny), "memory": "0.55", "pinned": "", "cache_memory": "0.01", "embedding_model": ""}
    running = house(database_url=postgres(), **given)
    with running.client() as client, ThreadPoolExecutor(8) as others:
        first = {name: said(client, name) for name in NAMES}
        again = [(name, others.submit(said, client, name)) for name in NAMES * 3]
        talks = [(name, others.submit(talked, client, name)) for name in NAMES]
        for name, answer in again:
            assert answer.result() == first[name]
        for name, talk in talks:
            assert (talk.result()["state"], talk.result()["model"]) == ("done", name)
        models = {one["id"]: one for one in client.get("/api/models").json()["data"]}
        assert sorted(one["state"] for one in models.values()) == ["asleep", "awake"], "there is room for one"
        assert sum(one["generation"] for one in models.values()) >= 3, "they took turns"
        rows = client.get("/api/usage/requests", params={"limit": 100}).json()["data"]
        counted = Counter(row["model"] for row in rows if row["endpoint"] == "/v1/chat/completions")
        assert counted == dict.fromkeys(NAMES, 4)
    assert running.stop() == 0
