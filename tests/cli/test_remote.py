"""Whatever a server sends, a person gets text or a sentence."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.cli.remote import RemoteModel, deltas
from alize.errors import AlizeError, AuthenticationFailed, EngineUnavailable, InvalidRequest, RateLimited

Reply = tuple[int, bytes]
Serve = Callable[[int, bytes], tuple[str, list[dict[str, Any]]]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that always gives one answer; returns its address and the bodies it was sent."""
    running: list[ThreadingHTTPServer] = []

    def start(status: int, answer: bytes) -> tuple[str, list[dict[str, Any]]]:
        received: list[dict[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                received.append({"path": self.path, "authorization": self.headers["Authorization"], "body": body})
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}", received

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def event(content: object) -> str:
    return "data: " + json.dumps({"id": "1", "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": None}]})


def ask(url: str, **sampling: Any) -> str:
    with closing(RemoteModel(url, "a-key", "some-model")) as model:
        return "".join(model.answer([{"role": "user", "content": "Hi"}], sampling))


@given(st.lists(st.text()))
def test_the_text_of_a_stream_is_the_sum_of_its_deltas(pieces: list[str]) -> None:
    lines = [line for piece in pieces for line in (event(piece), "", ": keep alive")]
    assert "".join(deltas([*lines, "data: [DONE]", "", event("after the end")])) == "".join(pieces)


def test_content_may_be_chunks_or_missing() -> None:
    lines = [
        event([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        event(None),
        'data: {"choices": [], "usage": {}}',
        'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}',
    ]
    assert "".join(deltas(lines)) == "ab"


@pytest.mark.parametrize(
    "line",
    [
        "data: [1]",
        "data: {",
        "data: null",
        'data: {"object": "error", "message": "It crashed."}',
        "data: " + "[" * 100_000,
        'data: {"choices": 5}',
        'data: {"choices": [null]}',
        'data: {"choices": [{"delta": "text"}]}',
        'data: {"choices": [{"delta": {"content": ["text"]}}]}',
    ],
)
def test_an_event_that_is_no_answer_ends_with_a_sentence(line: str) -> None:
    with pytest.raises(EngineUnavailable):
        list(deltas([event("Par"), line]))


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one() -> None:
    stream = deltas([event("The capital of France")])
    assert next(stream) == "The capital of France"
    with pytest.raises(EngineUnavailable, match="broke off"):
        next(stream)


def test_a_missing_key_is_said_with_the_option_that_gives_it(serve: Serve) -> None:
    url, _ = serve(401, json.dumps(AuthenticationFailed("No API key was sent.", remedy="Send the header.").body()).encode())
    with pytest.raises(AuthenticationFailed) as caught:
        ask(url)
    assert "--key" in caught.value.text


def test_the_request_is_what_the_api_expects(serve: Serve) -> None:
    url, received = serve(200, (event("Paris") + "\n\ndata: [DONE]\n\n").encode())
    assert ask(url + "/v1/", seed=3, max_tokens=5) == "Paris"
    (sent,) = received
    assert sent["path"] == "/v1/chat/completions"
    assert sent["authorization"] == "Bearer a-key"
    assert sent["body"] == {
        "model": "some-model",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "random_seed": 3,
        "max_tokens": 5,
    }


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (401, b'{"object": "error", "message": "Unauthorized"}', AuthenticationFailed, "Unauthorized"),
        (429, b'{"error": {"message": "Slow down"}}', RateLimited, "Slow down"),
        (422, b'{"detail": [{"loc": ["body"], "msg": "wrong", "type": "x"}]}', InvalidRequest, "wrong"),
        (503, b"", EngineUnavailable, "503"),
        (500, b"<html>", AlizeError, "500"),
        (418, b"[1, 2]", InvalidRequest, "418"),
    ],
)
def test_a_refusal_is_passed_on(serve: Serve, status: int, body: bytes, kind: type[AlizeError], said: str) -> None:
    url, _ = serve(status, body)
    with pytest.raises(kind, match=said):
        ask(url)


def test_without_a_key_a_person_is_told_of_the_option_and_not_of_a_header(serve: Serve) -> None:
    url, _ = serve(
        401, json.dumps(AuthenticationFailed("No API key.", remedy="Send the header Authorization: Bearer KEY.").body()).encode()
    )
    with closing(RemoteModel(url, "", "some-model")) as model, pytest.raises(AuthenticationFailed) as caught:
        list(model.answer([{"role": "user", "content": "Hi"}], {}))
    assert "--key" in caught.value.text
    assert "header" not in caught.value.text


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1", "alize up --port 1."),
        ("http://localhost:1/v1", "alize up --port 1."),
        ("http://no.such.host.invalid:8600", "Is the address right"),
    ],
)
def test_no_server_is_said_with_how_to_start_one_there(url: str, said: str) -> None:
    with pytest.raises(EngineUnavailable, match="Nothing answers at http") as raised:
        ask(url)
    assert said in raised.value.text


@pytest.mark.parametrize("url", ["127.0.0.1:8600", "ftp://host", "http://[::1", "http://host:notaport", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest, match="not an address"):
        RemoteModel(url, "", "some-model")


def test_a_key_that_no_header_can_carry_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        RemoteModel("http://127.0.0.1:1", "schlüssel\n", "some-model")
