"""What surrounds every request: ids, headers, origins, sizes, the log, and the end of the server."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from alize.engine.fake import FakeEngine, saying
from alize.telemetry import configure_logging
from tests.serving import TOKENIZER, Desk, listening

# ── ids and headers ──


async def test_each_response_has_an_id_of_its_own(desk: Desk) -> None:
    first, second = [(await desk.client.get("/health/live")).headers for _ in range(2)]
    assert len(first["x-request-id"]) == 32
    assert first["x-request-id"] == first["mistral-correlation-id"] != second["x-request-id"]


@pytest.mark.parametrize("name", ["X-Request-Id", "mistral-correlation-id"])
async def test_a_clients_own_id_is_kept(desk: Desk, name: str) -> None:
    response = await desk.client.get("/v1/models", headers={name: "trace-1.2:3_4"})
    assert response.headers["x-request-id"] == response.headers["mistral-correlation-id"] == "trace-1.2:3_4"


@pytest.mark.parametrize("id", ["", "a b", "x" * 129, 'a"b', "a\tb", "é".encode().decode("latin-1")])
async def test_an_id_that_could_harm_a_log_is_replaced(desk: Desk, id: str) -> None:
    response = await desk.client.get("/health/live", headers={"X-Request-Id": id.encode("latin-1")})
    assert len(response.headers["x-request-id"]) == 32


@pytest.mark.parametrize("path", ["/health/live", "/v1/models", "/nope", "/docs"])
async def test_security_headers_are_everywhere(desk: Desk, path: str) -> None:
    headers = (await desk.client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "server" not in headers
    assert "strict-transport-security" not in headers  # only over TLS


@pytest.mark.parametrize(
    "path", ["/health", "/health/live", "/v1/models", "/v1/models/fake", "/v1/models/nope", "/docs", "/openapi.json", "/"]
)
async def test_head_is_get_without_the_body(desk: Desk, path: str) -> None:
    whole, head = await desk.client.get(path), await desk.client.head(path)
    assert head.content == b""
    own = {"x-request-id", "mistral-correlation-id"}
    assert head.status_code == whole.status_code
    assert {name: value for name, value in head.headers.items() if name not in own} == {
        name: value for name, value in whole.headers.items() if name not in own
    }


async def test_head_is_allowed_where_get_is_and_counted_as_what_it_is(desk: Desk) -> None:
    assert (await desk.client.put("/v1/models")).headers["allow"] == "GET, HEAD"
    assert (await desk.client.head("/v1/chat/completions")).headers["allow"] == "POST"
    async with listening(desk.app) as port, httpx.AsyncClient() as client:
        assert (await client.head(f"http://127.0.0.1:{port}/health")).headers["content-length"] != "0"
    text = (await desk.client.get("/metrics")).text
    assert 'alize_http_requests_total{method="HEAD",route="/health",status="200"} 1.0' in text


# ── origins ──

PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


async def test_no_page_of_another_origin_may_call_by_default(desk: Desk) -> None:
    response = await desk.client.get("/v1/models", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in response.headers


async def test_pages_of_named_origins_may_call(new_desk: Any) -> None:
    desk = await new_desk(cors_origins="https://app.example")
    for origin, allowed in (("https://app.example", "https://app.example"), ("https://evil.example", None)):
        response = await desk.client.options("/v1/chat/completions", headers={"Origin": origin, **PREFLIGHT})
        assert response.headers.get("access-control-allow-origin") == allowed
    response = await desk.client.get("/v1/models", headers={"Origin": "https://app.example"})
    assert response.headers["access-control-allow-origin"] == "https://app.example"
    assert "x-request-id" in response.headers["access-control-expose-headers"]


async def test_errors_too_can_be_read_by_a_page(new_desk: Any) -> None:
    desk = await new_desk(cors_origins="https://app.example")
    response = await desk.client.post("/v1/chat/completions", content=b"{", headers={"Origin": "https://app.example"})
    assert response.status_code == 422
    assert response.headers["access-control-allow-origin"] == "https://app.example"


# ── sizes ──


async def test_a_stated_length_above_the_limit_is_refused_before_a_byte_is_read(new_desk: Any) -> None:
    desk = await new_desk(max_body_bytes=2000)
    response = await desk.chat("x" * 2000)
    assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")
    assert "2000 bytes" in response.json()["message"]
    assert (await desk.chat("x" * 1800)).status_code == 200


async def test_a_body_without_a_stated_length_is_counted_as_it_comes(new_desk: Any) -> None:
    desk = await new_desk(max_body_bytes=2000)
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 500
            yield b"x" * 500

    response = await desk.client.post("/v1/chat/completions", content=endless(), headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")
    assert read == 2500


async def test_ten_megabytes_over_a_socket_get_their_answer(desk: Desk) -> None:
    """Also where the client is still sending."""
    async with listening(desk.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"POST /v1/chat/completions HTTP/1.1\r\nHost: test\r\nContent-Length: {11 * 2**20}\r\n\r\n".encode())
        writer.write(b"x" * 4096)
        assert (await reader.readline()) == b"HTTP/1.1 413 Request Entity Too Large\r\n"
        writer.close()


async def test_the_largest_body_that_is_allowed_is_read(new_desk: Any) -> None:
    desk = await new_desk(engine=FakeEngine(saying("Hello", TOKENIZER), max_context=2**24))
    response = await desk.chat("x" * (10 * 2**20 - 200))
    assert response.json()["usage"]["prompt_tokens"] == 10 * 2**20 - 196


# ── the log ──


@pytest.fixture
def log() -> Any:
    """Every line logged, as objects."""
    stream = io.StringIO()
    configure_logging("debug", "json", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_each_request_is_one_line_that_names_the_route_and_never_the_words(desk: Desk, log: Any) -> None:
    await desk.chat("my secret question", max_tokens=3)
    await desk.client.get("/v1/models/my-secret-model?provider=secret", headers={"X-Request-Id": "r-2"})
    await desk.client.get("/secret/path")
    lines = [line for line in log() if line["event"] == "request"]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("/v1/chat/completions", 200),
        ("/v1/models/{model_id}", 404),
        ("unmatched", 404),
    ]
    assert lines[0] | {"model": "fake", "prompt_tokens": 22, "completion_tokens": 3, "outcome": "length"} == lines[0]
    assert lines[0]["workspace"] == desk.owner.workspace
    assert lines[1]["request_id"] == "r-2"
    assert "secret" not in json.dumps(log())


async def test_words_are_logged_where_the_setting_says_so(new_desk: Any, log: Any) -> None:
    desk = await new_desk(log_prompts=True)
    await desk.chat("my question")
    (line,) = [line for line in log() if line["event"] == "answer"]
    assert line["messages"] == [{"role": "user", "content": "my question"}]
    assert line["answer"] == "Hello"


# ── the end ──


async def test_while_it_drains_new_requests_are_refused_and_running_ones_finish(desk: Desk) -> None:
    desk.engine.hold(after=2)
    running = asyncio.create_task(desk.chat())
    await desk.engine.until(lambda stats: stats.generated_tokens == 2)
    desk.parts.draining.begin()
    response = await desk.client.get("/v1/models")
    assert (response.status_code, response.headers["retry-after"], response.headers["connection"]) == (503, "5", "close")
    assert (await desk.client.get("/health/live")).status_code == 200
    assert (await desk.client.get("/health/ready")).json()["checks"]["server"] == "shutting down"
    finished = asyncio.create_task(desk.parts.draining.finished())
    desk.engine.release()
    assert (await running).json()["choices"][0]["message"]["content"] == "Hello"
    await finished
