"""Traces: what a collector that speaks OTLP is sent, and that no answer ever waits for it. The collectors here are real servers."""

import asyncio
import json
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from alize.api.collector import collector_of
from alize.api.trace import Parent, parent_of
from alize.engine.fake import FakeEngine, saying
from alize.errors import EngineCrashed, Missing, SettingInvalid
from alize.settings import Settings
from tests.assistant.conftest import Page
from tests.serving import TOKENIZER, Desk

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@dataclass
class Collector:
    """Takes spans over HTTP, and answers as it is told."""

    status: int = 200
    location: str = ""
    free: threading.Event = field(default_factory=threading.Event)  # it answers nothing until then
    asked: threading.Event = field(default_factory=threading.Event)  # somebody has
    bodies: list[bytes] = field(default_factory=list[bytes])
    paths: list[str] = field(default_factory=list[str])
    url: str = ""

    @property
    def spans(self) -> list[Any]:
        found: list[Any] = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                assert {"service.name": "alize"}.items() <= attributes(resource.resource).items()
                found += [span for scope in resource.scope_spans for span in scope.spans]
        return found


def attributes(span: Any) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        kind = value.WhichOneof("value")
        return [plain(each) for each in value.array_value.values] if kind == "array_value" else getattr(value, kind)

    return {each.key: plain(each.value) for each in span.attributes}


@pytest.fixture
def collectors() -> Iterator[Any]:
    servers: list[tuple[ThreadingHTTPServer, Collector]] = []

    def new(**given: Any) -> Collector:
        collector = Collector(**given)
        if not given.get("free"):
            collector.free.set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.paths.append(self.path)
                collector.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                collector.asked.set()
                collector.free.wait(60)
                self.send_response(collector.status)
                if collector.location:
                    self.send_header("Location", collector.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        collector.url = f"http://127.0.0.1:{server.server_port}"
        servers.append((server, collector))
        return collector

    yield new
    for server, collector in servers:
        collector.free.set()
        server.shutdown()
        server.server_close()


async def sent(desk: Desk) -> None:
    assert desk.parts.spans is not None
    await desk.parts.spans.close()


async def test_an_answer_is_a_tree_of_spans(new_desk: Any, collectors: Any, caplog: pytest.LogCaptureFixture) -> None:
    collector = collectors()
    desk: Desk = await new_desk(otlp_endpoint=collector.url)
    desk.client.headers["traceparent"] = f"00-{TRACE}-{SPAN}-01"
    with caplog.at_level("INFO", "alize.api.access"):
        answer = await desk.chat("What my doctor said", stream=False)
    await sent(desk)
    assert set(collector.paths) == {"/v1/traces"}
    spans = {span.name: span for span in collector.spans}
    assert set(spans) == {"POST /v1/chat/completions", "queue", "prefill", "decode"}
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
    root = spans["POST /v1/chat/completions"]
    assert root.parent_span_id.hex() == SPAN
    assert {span.parent_span_id for name, span in spans.items() if span is not root} == {root.span_id}
    usage, told = answer.json()["usage"], attributes(root)
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.request.model"] == "fake"
    assert told["gen_ai.response.id"] == answer.json()["id"]
    assert told["gen_ai.response.finish_reasons"] == ["stop"]
    assert told["gen_ai.usage.input_tokens"] == usage["prompt_tokens"]
    assert told["gen_ai.usage.output_tokens"] == usage["completion_tokens"]
    assert (told["http.route"], told["http.response.status_code"]) == ("/v1/chat/completions", 200)
    assert told["alize.workspace"] == desk.owner.workspace
    order = [spans[name] for name in ("queue", "prefill", "decode")]
    assert [each.start_time_unix_nano for each in order[1:]] == [each.end_time_unix_nano for each in order[:-1]]
    assert root.start_time_unix_nano <= order[0].start_time_unix_nano
    assert order[-1].end_time_unix_nano <= root.end_time_unix_nano
    (line,) = [record for record in caplog.records if getattr(record, "answer_id", "") == told["gen_ai.response.id"]]
    assert line.__dict__["trace_id"] == TRACE
    assert not any(b"doctor" in body or b"Hello" in body for body in collector.bodies)


async def test_an_answer_on_a_page_is_traced_as_one_over_the_api_is(collectors: Any, new_desk: Any) -> None:
    collector = collectors()
    desk: Desk = await new_desk(otlp_endpoint=collector.url)
    page = Page(desk)
    chat = await page.begin(title="Mine")
    await page.follow((await page.ask(chat, "What my doctor said"))["run"]["id"])
    await page.until(chat, lambda found: found["messages"][-1]["state"] == "done")
    await sent(desk)
    (told,) = [attributes(span) for span in collector.spans if span.name == "chat fake"]
    assert (told["gen_ai.operation.name"], told["gen_ai.request.model"]) == ("chat", "fake")
    assert told["gen_ai.response.finish_reasons"] == ["stop"]
    assert told["gen_ai.usage.output_tokens"] == 6
    assert told["alize.workspace"] == desk.owner.workspace
    assert not any(b"doctor" in body or b"Hello" in body for body in collector.bodies)


async def test_the_log_says_where_the_time_of_an_answer_went(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "alize.api.access"):
        await desk.chat("What my doctor said", n=2, max_tokens=2)
    (line,) = [record.__dict__ for record in caplog.records if record.name == "alize.api.access"]
    facts = {name: value for name, value in line.items() if name.endswith(("_seconds", "_tokens"))}
    assert {name: facts[name] for name in facts if name.endswith("_tokens")} == {
        "prompt_tokens": line["prompt_tokens"],
        "cached_tokens": 0,
        "completion_tokens": 4,
        "guessed_tokens": 0,
        "accepted_tokens": 0,
    }
    assert {name for name in facts if name.endswith("_seconds")} == {
        *("queue_seconds", "prefill_seconds", "first_token_seconds", "decode_seconds")
    }
    assert 0 < facts["first_token_seconds"] <= facts["first_token_seconds"] + facts["decode_seconds"] <= line["seconds"]
    assert line["preemptions"] == 0
    assert "doctor" not in json.dumps(line, default=str)


async def test_a_request_without_a_parent_begins_a_trace(new_desk: Any, collectors: Any) -> None:
    collector = collectors()
    desk: Desk = await new_desk(otlp_endpoint=collector.url + "/of/mine")
    await asyncio.gather(*(desk.chat(stream=number % 2 == 0) for number in range(8)))
    await desk.client.get("/v1/models")  # asks no model
    await sent(desk)
    assert set(collector.paths) == {"/of/mine"}
    traces: dict[bytes, list[Any]] = {}
    for span in collector.spans:
        traces.setdefault(span.trace_id, []).append(span)
    assert len(traces) == 8
    for spans in traces.values():
        (root,) = [span for span in spans if not span.parent_span_id]
        assert sorted(span.name for span in spans if span.parent_span_id == root.span_id) == ["decode", "prefill", "queue"]


async def test_what_its_sender_does_not_record_is_not_sent(new_desk: Any, collectors: Any) -> None:
    collector = collectors()
    desk: Desk = await new_desk(otlp_endpoint=collector.url)
    desk.client.headers["traceparent"] = f"00-{TRACE}-{SPAN}-00"
    await desk.chat()
    await sent(desk)
    assert collector.bodies == []


async def test_what_fails_is_told_with_its_code(new_desk: Any, collectors: Any) -> None:
    collector = collectors()
    desk: Desk = await new_desk(otlp_endpoint=collector.url, engine=FakeEngine(saying("Hello", TOKENIZER), max_requests=1))
    desk.engine.fail(EngineCrashed("The engine ended."), after=2)
    assert (await desk.chat()).status_code == 503
    desk.engine.hold()
    first = asyncio.create_task(desk.chat())
    await desk.engine.until(lambda stats: stats.waiting == 1)
    assert (await desk.chat()).status_code == 429
    desk.engine.release()
    await first
    await sent(desk)
    roots = [span for span in collector.spans if span.name.startswith("POST")]
    assert [attributes(root).get("error.type") for root in roots] == ["engine_crashed", "3505", None]
    assert [root.status.code for root in roots] == [2, 0, 0]  # 2: an error of the server
    under = [[span.name for span in collector.spans if span.parent_span_id == root.span_id] for root in roots]
    assert under == [["queue", "prefill", "decode"], [], ["queue", "prefill", "decode"]]


async def test_a_collector_that_is_away_or_fails_changes_no_answer(new_desk: Any, collectors: Any) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, and nobody listens
        for url in (f"http://127.0.0.1:{unused.getsockname()[1]}", collectors(status=400).url):
            desk: Desk = await new_desk(otlp_endpoint=url)
            for _ in range(3):
                assert (await desk.chat()).json()["choices"][0]["message"]["content"] == "Hello"
            await sent(desk)


async def test_a_collector_that_never_answers_holds_nobody_up(new_desk: Any, collectors: Any) -> None:
    """Its first batch is on its way, and stays so, while more are asked than fit into the queue; what is too much is dropped."""
    collector: Collector = collectors(free=threading.Event())
    desk: Desk = await new_desk(otlp_endpoint=collector.url)
    for _ in range(130):  # 4 spans each, and a batch has 512
        assert (await desk.chat(max_tokens=1)).status_code == 200
    assert await asyncio.to_thread(collector.asked.wait, 60)
    assert (await desk.chat()).status_code == 200
    assert not collector.free.is_set()
    await sent(desk)  # gives up after a few seconds, and the server ends


async def test_a_redirect_is_not_followed(new_desk: Any, collectors: Any) -> None:
    """What may be sent to one host is sent to no other."""
    other = collectors()
    first = collectors(status=307, location=other.url + "/v1/traces")
    desk: Desk = await new_desk(otlp_endpoint=first.url)
    assert (await desk.chat()).status_code == 200
    await sent(desk)
    assert first.asked.is_set()
    assert not other.asked.is_set()


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [""],
        ["00"],
        [f"00-{TRACE}-{SPAN}"],
        [f"00-{TRACE}-{SPAN}-01-more"],  # of version 00 there is no more
        [f"ff-{TRACE}-{SPAN}-01"],
        [f"00-{'0' * 32}-{SPAN}-01"],
        [f"00-{TRACE}-{'0' * 16}-01"],
        [f"00-{TRACE.upper()}-{SPAN}-01"],
        [f"00-{TRACE}-{SPAN}-01\n"],
        [f"00-{TRACE}-{SPAN}-01"] * 2,
        ["é" * 55],
        ["0" * 100_000],
    ],
)
def test_a_parent_that_is_none_begins_a_trace(headers: list[str]) -> None:
    found = parent_of(headers)
    assert found.span == 0
    assert found.trace not in (0, int(TRACE, 16))
    assert found.sampled


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    for version, more in (("00", ""), ("01", ""), ("01", "-more")):
        for flags, sampled in (("01", True), ("03", True), ("00", False), ("02", False)):
            assert parent_of([f"{version}-{TRACE}-{SPAN}-{flags}{more}"]) == Parent(int(TRACE, 16), int(SPAN, 16), sampled)


def settings(home: Path, **given: Any) -> Settings:
    return Settings.load({}, home=str(home), **given)


@pytest.mark.parametrize(
    "url", ["collector:4318", "ftp://a/b", "http://", "http://user:secret@a:4318", "http://a/?key=secret", "http://a b"]
)
def test_an_address_that_cannot_be_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingInvalid, match="otlp_endpoint") as refused:
        collector_of(settings(tmp_path, otlp_endpoint=url))
    assert "secret" not in refused.value.text


def test_offline_allows_this_machine_alone(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="not this machine, but offline"):
        collector_of(settings(tmp_path, otlp_endpoint="https://traces.example:4318", offline=True))
    for url in ("http://127.0.0.1:4318", "http://localhost:4318", "http://[::1]:4318"):
        assert collector_of(settings(tmp_path, otlp_endpoint=url, offline=True)) is not None
    assert collector_of(settings(tmp_path, offline=True)) is None


@pytest.mark.parametrize("lacking", ["opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http", "requests"])
def test_what_is_not_installed_is_said_before_the_server_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str) -> None:
    monkeypatch.setitem(sys.modules, lacking, None)  # as Python remembers what cannot be imported
    with pytest.raises(Missing, match="not installed") as refused:
        collector_of(settings(tmp_path, otlp_endpoint="http://127.0.0.1:4318"))
    assert refused.value.remedy == "pip install 'alize[otlp]'"
    assert collector_of(settings(tmp_path)) is None
