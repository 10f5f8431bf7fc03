"""The models of one server over the API: asked by name they wake, administrators see and change them, and nobody else does."""

import asyncio
import json
import logging
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alize.api.pool import Pool
from alize.errors import CheckpointInvalid
from tests.browser import browsing
from tests.serving import CARD, Desk, listening
from tests.sources import FakeSource, pool_of


def source(id: str, size: int, *failures: Exception, says: str = "Hello") -> FakeSource:
    return FakeSource(replace(CARD, id=id, aliases=(f"{id}-latest",), name=id.upper()), size, *failures, says=says)


@pytest.fixture
async def house(new_desk: Callable[..., Any]) -> Any:
    """A server with two further models of which one fits."""
    sources = {id: source(id, 2**29, says=f"I am {id}") for id in ("one", "two")}
    pool = Pool(2**29, seconds=5.0)
    for each in sources.values():
        pool.add(each)
    desk: Desk = await new_desk(pool=pool)
    return desk, pool, sources


async def said(desk: Desk, model: str, **more: Any) -> str:
    answer = await desk.chat(model=model, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]["message"]["content"]


async def listed(desk: Desk) -> dict[str, Any]:
    return {entry["id"]: entry for entry in (await desk.client.get("/api/models")).json()["data"]}


async def test_a_model_that_is_asked_by_name_wakes_and_the_other_gives_way(house: Any) -> None:
    desk, pool, _ = house
    cards = {card["id"]: card["state"] for card in (await desk.client.get("/v1/models")).json()["data"]}
    assert cards == {"fake": "awake", "one": "asleep", "two": "asleep"}
    assert await said(desk, "one") == "I am one"
    assert await said(desk, "two-latest") == "I am two"
    states = {id: (entry["state"], entry["bytes"], entry["generation"]) for id, entry in (await listed(desk)).items()}
    assert states == {"one": ("asleep", 0, 1), "two": ("awake", 2**29, 1)}
    assert pool.residents["two"].running == 0, "what was lent is given back when the answer has ended"
    card = (await desk.client.get("/v1/models/one")).json()
    assert (card["state"], card["max_context_length"]) == ("asleep", 4096)
    metrics = (await desk.client.get("/metrics")).text
    assert 'alize_model_state{model_name="one",state="asleep"} 1.0' in metrics
    assert 'alize_model_state{model_name="two",state="awake"} 1.0' in metrics
    assert 'alize_model_swaps_total{model_name="one"} 1.0' in metrics
    assert 'alize_model_loads_total{model_name="two"} 1.0' in metrics


async def test_what_is_pinned_reloaded_and_adapted_is_on_the_metrics(house: Any) -> None:
    desk, pool, _ = house
    one = pool.residents["one"]
    await said(desk, "one")
    await desk.client.post("/api/models/one/pin")
    for path in ("first", "second"):
        await pool.set_adapter(one, "law", path, 0)
    fresh = source("one", 1)
    fresh.go.clear()
    reloading = asyncio.create_task(pool.reload(one, fresh))
    await fresh.begun.wait()
    text = (await desk.client.get("/metrics")).text
    for name, wanted in (("pinned", {"one": 1, "two": 0}), ("reloading", {"one": 1, "two": 0}), ("loads_total", {"one": 1, "two": 0})):
        for id, number in wanted.items():
            assert f'alize_model_{name}{{model_name="{id}"}} {number}.0' in text
    assert 'alize_adapter_generation{adapter="law",model_name="one"} 2.0' in text
    fresh.go.set()
    await reloading
    text = (await desk.client.get("/metrics")).text
    assert 'alize_model_reloading{model_name="one"} 0.0' in text
    assert 'alize_model_loads_total{model_name="one"} 2.0' in text


async def test_a_stream_keeps_its_model_awake_to_its_last_event(house: Any) -> None:
    desk, pool, sources = house
    await said(desk, "one")
    engine = sources["one"].engines[0]
    engine.hold(after=2)
    streaming = asyncio.create_task(desk.chat(model="one", stream=True))
    await engine.until(lambda stats: stats.running == 1)
    other = asyncio.create_task(said(desk, "two"))
    async with asyncio.timeout(60):
        while len(pool.residents["two"].waiting) != 1:  # noqa: ASYNC110  the pool tells nobody of its lines
            await asyncio.sleep(0)
    assert (pool.residents["one"].running, pool.residents["one"].state) == (1, "awake")
    engine.release()
    assert "[DONE]" in (await streaming).text
    assert await other == "I am two"


def posted(desk: Desk, path: str, body: dict[str, Any], send: Any) -> tuple[asyncio.Queue[dict[str, Any]], asyncio.Task[None]]:
    """A request with a connection of its own: what it is told goes to `send`, and what is put into the queue happens to it."""
    happens = asyncio.Queue[dict[str, Any]]()
    happens.put_nowait({"type": "http.request", "body": json.dumps(body).encode(), "more_body": False})
    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {desk.key}".encode())]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": ""}
    scope |= {"headers": headers, "scheme": "http", "http_version": "1.1", "client": ("test", 1), "server": ("test", 80)}
    return happens, asyncio.create_task(desk.app(scope, happens.get, send))


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_reads_no_further_gives_its_model_back(
    new_desk: Callable[..., Any], stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """It counts as one that has left, and another model gets the memory. A whole answer is handed over at once, and holds no model."""
    caplog.set_level(logging.INFO, "alize.api")
    pool = Pool(2**29, seconds=30.0)
    pool.add(source("one", 2**29, says="far more than is taken at once. " * 100))
    pool.add(source("two", 2**29, says="I am two"))
    desk: Desk = await new_desk(pool=pool, stall_seconds=0.1)
    asked = {"model": "one", "messages": [{"role": "user", "content": "Hi"}], "stream": stream, "logprobs": True, "top_logprobs": 5}
    body = json.dumps(asked).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {desk.key}\r\nContent-Length: {len(body)}\r\n"
    async with listening(desk.app, send_buffer=4096) as port:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", port))
            await loop.sock_sendall(client, f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
            assert await loop.sock_recv(client, 12) == b"HTTP/1.1 200"  # and nothing more
            assert pool.residents["one"].running == stream
            assert await said(desk, "two") == "I am two"
            assert (pool.residents["one"].state, pool.residents["one"].running) == ("asleep", 0)
    assert any(record.__dict__.get("client") == "left" for record in caplog.records) == stream
    assert stream <= ("a client takes too little of its answer: its connection is cut" in caplog.messages)


async def test_whoever_leaves_while_a_pass_waits_for_its_model_waits_no_more(new_desk: Callable[..., Any]) -> None:
    listener = FakeSource(replace(CARD, id="one", aliases=(), capabilities=frozenset({"audio_transcription"})), 1)
    pool = pool_of(listener)
    desk: Desk = await new_desk(pool=pool)
    listener.go.clear()
    told: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    happens, asked = posted(desk, "/v1/client/sessions", {"purpose": "realtime", "model": "one"}, send)
    await listener.begun.wait()
    assert len(pool.residents["one"].waiting) == 1
    happens.put_nowait({"type": "http.disconnect"})
    await asked
    assert (told, len(pool.residents["one"].waiting)) == ([], 0)
    listener.go.set()


async def test_one_that_fails_is_a_503_that_names_no_paths_and_the_others_go_on(house: Any) -> None:
    desk, _, sources = house
    sources["one"].failures.append(CheckpointInvalid("/secret/place is damaged."))
    answer = await desk.chat(model="one")
    assert (answer.status_code, answer.json()["reason"], "Retry-After" in answer.headers) == (503, "model_failed", True)
    assert "secret" not in answer.text
    assert await said(desk, "two") == "I am two"
    assert await said(desk, "fake") == "Hello"
    health = (await desk.client.get("/health")).json()
    assert health["status"] == "ready"
    assert "could not be loaded" in health["checks"]["engine one"]
    assert "secret" not in str(health)
    entry = (await listed(desk))["one"]
    assert (entry["state"], entry["error"]) == ("failed", "/secret/place is damaged."), "administrators see why"


async def test_a_client_that_waited_too_long_is_told_what_is_in_the_way(new_desk: Callable[..., Any]) -> None:
    pool = Pool(2**29, seconds=0.05)
    sources = [source(id, 2**29) for id in ("one", "two")]
    for each in sources:
        pool.add(each)
    desk: Desk = await new_desk(pool=pool)
    await said(desk, "one")
    sources[0].engines[0].hold()
    running = asyncio.create_task(desk.chat(model="one"))
    await sources[0].engines[0].until(lambda stats: stats.waiting == 1)
    answer = await desk.chat(model="two")
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["reason"]) == (503, "5", "model_not_there")
    assert "one (1 running)" in answer.json()["message"]
    sources[0].engines[0].release()
    assert (await running).status_code == 200


async def test_one_that_can_never_fit_is_refused_with_both_numbers(new_desk: Callable[..., Any]) -> None:
    pool = Pool(2**30)
    pool.add(source("huge", 2**33))
    desk: Desk = await new_desk(pool=pool)
    answer = await desk.chat(model="huge")
    assert (answer.status_code, answer.json()["reason"]) == (503, "model_too_large")
    assert "it needs 8.0 GiB of a budget of 1.0 GiB" in answer.json()["message"]


async def test_administrators_load_pin_and_put_to_sleep(house: Any) -> None:
    desk, _, _ = house
    post = desk.client.post
    answer = await post("/api/models/one-latest/load")
    assert (answer.status_code, answer.json()["id"]) == (202, "one")
    await said(desk, "one")
    assert (await post("/api/models/one/pin")).json()["pinned"]
    refused = await post("/api/models/one/sleep")
    assert (refused.status_code, refused.json()["reason"]) == (409, "model_pinned")
    too_large = await desk.chat(model="two")
    assert (too_large.status_code, "one has 0.5 GiB and never sleeps" in too_large.json()["message"]) == (503, True)
    assert not (await post("/api/models/one/unpin")).json()["pinned"]
    assert (await post("/api/models/one/sleep")).status_code == 202
    assert await said(desk, "two") == "I am two"
    assert (await listed(desk))["one"]["state"] == "asleep"
    missing = await post("/api/models/oen/load")
    assert (missing.status_code, "one" in missing.json()["message"]) == (404, True)


async def test_a_model_that_was_told_to_sleep_and_still_answers_can_be_told_to_stay(house: Any) -> None:
    desk, pool, sources = house
    await said(desk, "one")
    sources["one"].engines[0].hold(after=2)
    running = asyncio.create_task(desk.chat(model="one"))
    await sources["one"].engines[0].until(lambda stats: stats.running == 1)
    assert (await desk.client.post("/api/models/one/sleep")).json()["state"] == "draining"
    assert (await desk.client.post("/api/models/one/load")).json()["state"] == "awake"
    sources["one"].engines[0].release()
    assert (await running).status_code == 200
    assert (pool.residents["one"].shown, pool.residents["one"].tally.sleeps) == ("awake", 0)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        *(("POST", f"/one/{what}") for what in ("load", "sleep", "pin", "unpin", "reload")),
        ("PUT", "/one/adapters/law"),
        ("DELETE", "/one/adapters/law"),
    ],
)
async def test_nobody_but_administrators_sees_or_changes_them(house: Any, method: str, path: str) -> None:
    desk, _, sources = house
    headers = {"Authorization": f"Bearer {await desk.make_key('inference')}"}
    async with desk.without_key() as client:
        assert (await client.request(method, f"/api/models{path}", headers=headers, json={})).status_code == 403
        assert (await client.request(method, f"/api/models{path}", json={})).status_code == 401
    assert sources["one"].asked == 0


async def test_a_page_must_prove_that_it_asks(house: Any) -> None:
    desk, _, _ = house
    async with browsing(desk) as ada:
        await ada.set_up()
        assert (await ada.client.post("/api/models/one/pin")).json()["code"] == "csrf_failed"
        assert (await ada.ask("POST", "/api/models/one/pin")).json()["pinned"]


async def test_a_conversation_wakes_its_model_and_stopping_it_while_it_loads_ends_it(house: Any) -> None:
    desk, pool, sources = house
    sources["one"].go.clear()
    async with browsing(desk) as ada:
        await ada.set_up()
        ids = [f"{number:032x}" for number in range(1, 5)]
        await ada.ask("POST", "/api/conversations", {"id": ids[0], "model": "one"})
        body = {"id": ids[1], "parent": None, "content": "Hi", "answer": {"id": ids[2], "run": ids[3]}}
        assert (await ada.ask("POST", f"/api/conversations/{ids[0]}/messages", body)).status_code == 201
        await sources["one"].begun.wait()
        assert (await ada.ask("GET", f"/api/conversations/{ids[0]}/context")).json()["reason"] == "model_asleep"
        assert (await ada.ask("POST", f"/api/runs/{ids[3]}/stop")).status_code < 300
        await ada.ask("GET", f"/api/runs/{ids[3]}/events")  # until it has ended
        messages = (await ada.ask("GET", f"/api/conversations/{ids[0]}")).json()["messages"]
        assert messages[-1]["state"] == "stopped"
        sources["one"].go.set()
        again = {"answer": {"id": f"{7:032x}", "run": f"{8:032x}"}}
        assert (await ada.ask("POST", f"/api/messages/{ids[2]}/regenerate", again)).status_code < 300
        await ada.ask("GET", f"/api/runs/{8:032x}/events")
        messages = (await ada.ask("GET", f"/api/conversations/{ids[0]}")).json()["messages"]
        assert [one["content"] for one in messages if one["id"] == f"{7:032x}"] == ["I am one"]
        assert sources["one"].asked == 1
        assert pool.residents["one"].running == 0


async def test_paths_outside_what_the_settings_allow_are_refused(new_desk: Callable[..., Any], tmp_path: Path) -> None:
    from alize.api.pool.source import LocalSource
    from alize.settings import Settings
    from tests.tiny_model import write_tiny_gguf

    inside, outside = tmp_path / "allowed", tmp_path / "elsewhere"
    inside.mkdir()
    outside.mkdir()
    write_tiny_gguf(outside / "tiny.gguf")
    (inside / "link.gguf").symlink_to(outside / "tiny.gguf")
    settings = Settings.load({}, home=tmp_path / "house")
    pool = Pool(2**30)
    pool.add(LocalSource(settings, str(outside / "tiny.gguf"), replace(CARD, id="tiny", aliases=())))
    desk: Desk = await new_desk(pool=pool, weight_folders=str(inside))
    for path in (outside / "tiny.gguf", inside / "link.gguf", inside / ".." / "elsewhere" / "tiny.gguf", Path("/etc/passwd")):
        for method, address in (("POST", "reload"), ("PUT", "adapters/law")):
            answer = await desk.client.request(method, f"/api/models/tiny/{address}", json={"path": str(path)})
            assert (answer.status_code, "weight_folders" in answer.text) == (403, True), answer.text
    for path, status in (("relative", 400), (str(inside / "nothing"), 400), ("/nul\0l", 400), ("", 422), (3, 422)):
        assert (await desk.client.post("/api/models/tiny/reload", json={"path": path})).status_code == status
    for nonsense in ("~nosuchuser/x", "x" * 300, str(inside / ("x" * 300)), "a/" * 450, "\0"):
        for what in ("path", "model"):
            answer = await desk.client.post("/api/models/tiny/reload", json={what: nonsense})
            assert answer.status_code == 400, answer.text
        answer = await desk.client.put("/api/models/tiny/adapters/law", json={"path": nonsense})
        assert answer.status_code == 400, answer.text
    name = await desk.client.put("/api/models/tiny/adapters/fake", json={"path": str(inside)})
    assert (name.status_code, "another model" in name.text) == (409, True)
    bad = await desk.client.put("/api/models/tiny/adapters/no%20name", json={"path": str(inside)})
    assert bad.status_code == 400
