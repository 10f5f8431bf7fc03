"""What holds an engine up, over real sockets: who leaves frees it at once, who reads slowly holds up nobody, and too many are told."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import House
from tests.house import KEY

pytestmark = pytest.mark.slow

MODEL = "smollm2-135m-instruct"


@pytest.fixture
def narrow(house: Callable[..., House]) -> House:
    """One answer at a time, and one that waits."""
    return house(max_running="1", max_waiting="1", speculation="false")


def body(length: int, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Write a very long story about the sea."}]
    return {"model": MODEL, "messages": messages, "max_tokens": length, "temperature": 0, "stream": True, "ignore_eos": True, **more}


def asked(house: House, **fields: Any) -> socket.socket:
    """A connection on which a question was sent, and nothing is read."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.settimeout(60)
    wire.connect(("127.0.0.1", house.port))
    data = json.dumps(body(**fields)).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
    wire.sendall(f"{head}Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data)
    return wire


def reached(house: House, **values: float) -> dict[str, float]:
    """Until the metrics are so."""

    def look() -> dict[str, float] | None:
        now = house.metrics()
        return now if all(now[name] == value for name, value in values.items()) else None

    return house.until(look)


@pytest.mark.parametrize("choices", [1, 3])
def test_a_socket_that_is_closed_frees_every_block_of_every_choice(house: Callable[..., House], choices: int) -> None:
    running = house()
    wire = asked(running, length=4000, n=choices)
    assert wire.recv(4096).startswith(b"HTTP/1.1 200")
    reached(running, num_requests_running=choices)
    wire.close()
    now = reached(running, num_requests_running=0, kv_cache_usage_perc=0)
    assert now["num_aborted_total"] == choices
    assert now["generation_tokens_total"] < 4000


def test_a_socket_that_is_closed_takes_a_request_out_of_the_queue(narrow: House) -> None:
    with closing(asked(narrow, length=4000)) as first:
        assert first.recv(4096).startswith(b"HTTP/1.1 200")
        waits = asked(narrow, length=5)
        reached(narrow, num_requests_running=1, num_requests_waiting=1)
        waits.close()
        reached(narrow, num_requests_running=1, num_requests_waiting=0, num_aborted_total=1)


def test_one_more_than_there_is_room_for_is_told_when_to_come_back_and_the_others_go_on(narrow: House) -> None:
    with ExitStack() as stack, narrow.client() as third:
        first = stack.enter_context(closing(asked(narrow, length=4000)))
        reached(narrow, num_requests_running=1)  # or the second might be first
        second = stack.enter_context(closing(asked(narrow, length=5)))
        reached(narrow, num_requests_running=1, num_requests_waiting=1)
        refused = third.post("/v1/chat/completions", json=body(5))
        assert refused.status_code == 429, refused.text
        assert int(refused.headers["Retry-After"]) >= 1
        reached(narrow, num_requests_running=1, num_requests_waiting=1)
        first.close()
        assert b"".join(read(second)).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


def test_readers_that_read_nothing_hold_up_nobody_and_get_all_of_their_answers_in_the_end(house: Callable[..., House]) -> None:
    running = house()
    with ExitStack() as stack, running.client() as client:
        slow = [stack.enter_context(closing(asked(running, length=1500, logprobs=True, top_logprobs=20))) for _ in range(3)]
        quick = client.post("/v1/chat/completions", json=body(20) | {"stream": False})
        assert quick.json()["usage"]["completion_tokens"] == 20
        reached(running, num_requests_running=0, kv_cache_usage_perc=0)  # their answers are computed though nobody reads them
        for wire in slow:
            events = [line for line in b"".join(read(wire)).split(b"\n") if line.startswith(b"data: {")]
            assert json.loads(events[-1][6:])["usage"]["completion_tokens"] == 1500


def test_an_answer_that_outgrows_the_cache_gives_way_and_goes_on(house: Callable[..., House]) -> None:
    """Two of 500 tokens, in blocks for 640."""
    running = house(cache_memory="0.0079", max_context="600", prefix_cache="false")
    with running.client() as client:
        expected = client.post("/v1/chat/completions", json=body(500) | {"stream": False}).json()["choices"][0]["message"]["content"]
        with ExitStack() as stack:
            wires = [stack.enter_context(closing(asked(running, length=500))) for _ in range(2)]
            for wire in wires:
                assert said(b"".join(read(wire))) == expected
    assert running.metrics()["num_preemptions_total"] > 0


def read(wire: socket.socket) -> Iterator[bytes]:
    while data := wire.recv(65536):
        yield data


def said(answer: bytes) -> str:
    events = [json.loads(line[6:]) for line in answer.split(b"\n") if line.startswith(b"data: {")]
    return "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])


def test_a_client_without_a_word_is_no_request(house: Callable[..., House]) -> None:
    """Connections that send nothing, or half a request, cost nobody anything."""
    running = house()
    wires = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(200)]
    try:
        for wire in wires[::2]:
            wire.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 100000\r\n\r\n{")
        with running.client() as client:
            assert client.post("/v1/chat/completions", json=body(3) | {"stream": False}, timeout=httpx.Timeout(60)).status_code == 200
    finally:
        for wire in wires:
            wire.close()
