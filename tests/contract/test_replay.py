"""On the real model in a server of its own: what clients and the page are given under load, `alize replay` calls identical."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import openai
import pytest
from mistralai.client import Mistral

from alize.weights.pull import pull

pytestmark = pytest.mark.slow

MODEL = "smollm2-135m-instruct"
KEY = "a-key-for-this-test"


@dataclass(frozen=True)
class Place:
    url: str
    home: Path

    def replayed(self, record: object) -> tuple[int, str]:
        """What the command says of it, in a process of its own."""
        command = [sys.executable, "-m", "alize", "replay", "-", "--home", str(self.home)]
        done = subprocess.run(command, input=json.dumps(record), capture_output=True, text=True, env={**clean(), "ALIZE_OFFLINE": "true"})
        return done.returncode, done.stdout + done.stderr


def clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ALIZE_")}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, smollm2: Path) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("replay")
    pull(str(smollm2), home)
    # Small steps and a small cache: prompts are read in pieces, and answers give way to each other.
    given = {"HOME": str(home), "PORT": "0", "API_KEY": KEY, "CACHE_MEMORY": "0.02", "STEP_TOKENS": "64", "OFFLINE": "true"}
    environment = {**clean(), **{f"ALIZE_{name}": value for name, value in given.items()}}
    process = subprocess.Popen([sys.executable, "-m", "alize", "up"], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    found = next((match for line in process.stdout if (match := re.search(r"http://127[0-9.:]+", line))), None)
    assert found, "the server did not start"
    yield Place(found[0], home)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stdout.close()


def test_what_clients_are_given_in_a_crowd_comes_again(place: Place) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}
    formed = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    wishes: list[dict[str, Any]] = [
        {"content": "Write a story about rain.", "temperature": 1.2, "seed": 2**62 + 1},
        {"content": "Write a story about rain.", "temperature": 0.0},
        {"content": "Make up a person.", "temperature": 0.7, "response_format": formed},
        {"content": "Repeat: one two three four five six one two three four five six.", "temperature": 0.0, "stop": ["five"]},
        {"content": "Tell me about wind. " * 40, "temperature": 0.9, "top_p": 0.8, "frequency_penalty": 0.5},
        {"content": "Count to fifty.", "temperature": 0.3, "prediction": {"type": "content", "content": "1, 2, 3, 4, 5, 6, 7, 8, 9"}},
    ]
    with openai.OpenAI(api_key=KEY, base_url=f"{place.url}/v1", max_retries=0) as client, ThreadPoolExecutor(6) as others:

        def ask(wish: dict[str, Any]) -> Any:
            more = {name: value for name, value in wish.items() if name != "content"}
            body = {"model": MODEL, "max_tokens": 60, "messages": [{"role": "user", "content": wish["content"]}], **more}
            return client.chat.completions.create(**body, extra_body={"replay": True}).choices[0].model_extra["replay"]

        records = list(others.map(ask, wishes))
    assert records[0]["sampling"]["seed"] == str(2**62 + 1)
    status, said = place.replayed(records)
    assert (status, said.count("identical")) == (0, len(wishes)), said
    with Mistral(api_key=KEY, server_url=place.url) as mistral:
        asked: Any = [{"role": "user", "content": "Why is the sky blue?"}]
        plain = mistral.chat.complete(model=MODEL, messages=asked, temperature=0, max_tokens=8)
        assert plain.choices[0].finish_reason == "length"  # a client that does not know the field is not disturbed
    forged = {**records[0], "answer": [*records[0]["answer"][:5], 77, *records[0]["answer"][6:]]}
    status, said = place.replayed(forged)
    assert (status, said.startswith("Token 5 differs: 77 ")) == (1, True), said


def test_what_the_assistant_keeps_comes_again_also_where_it_was_continued(place: Place) -> None:
    with httpx.Client(base_url=place.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=120) as client:
        chat, question, answer, run, more = (uuid4().hex for _ in range(5))
        settings = {"temperature": 0.8, "max_tokens": 25}
        assert client.post("/api/conversations", json={"id": chat, "title": "mine", "settings": settings}).status_code == 201
        body = {"id": question, "parent": None, "content": "Tell me about snow.", "answer": {"id": answer, "run": run}}
        assert client.post(f"/api/conversations/{chat}/messages", json=body).status_code == 201
        client.get(f"/api/runs/{run}/events")
        assert client.post(f"/api/messages/{answer}/continue", json={"run": more}).status_code == 201
        client.get(f"/api/runs/{more}/events")
        found = client.get(f"/api/messages/{answer}/replay")
    told = found.json()
    assert (found.status_code, told["whole"], len(told["data"])) == (200, True, 2)
    first, rest = told["data"]
    assert len(first["answer"]) == 25
    assert rest["prompt"][: len(first["prompt"])] == first["prompt"]
    assert all(len(record["weights_sha256"]) == 64 for record in told["data"])
    status, said = place.replayed(told)
    assert (status, said.count("identical")) == (0, 2), said
    assert "weights" not in said


def test_an_answer_that_its_client_left_is_compared_as_far_as_it_came(place: Place) -> None:
    with httpx.Client(base_url=place.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=120) as client:
        chat, question, answer, run = (uuid4().hex for _ in range(4))
        assert client.post("/api/conversations", json={"id": chat, "title": "mine", "settings": {"max_tokens": 4000}}).status_code == 201
        body = {"id": question, "parent": None, "content": "Write a very long story.", "answer": {"id": answer, "run": run}}
        assert client.post(f"/api/conversations/{chat}/messages", json=body).status_code == 201
        with client.stream("GET", f"/api/runs/{run}/events") as events:
            lines = events.iter_lines()
            while "message.output.delta" not in next(lines):
                pass
            client.post(f"/api/runs/{run}/stop")
            for _ in lines:
                pass
        (record,) = client.get(f"/api/messages/{answer}/replay").json()["data"]
    assert record["answer"]
    status, said = place.replayed(record)
    assert (status, said.startswith("identical")) == (0, True), said
