"""Spans of answers, by OTLP over HTTP. In: what the trace of a request knows when it has ended. Out: spans, sent in the background.

    POST /v1/chat/completions ─┬─ queue      waiting for the engine, which says how long
                               ├─ prefill    from there to the first token
                               └─ decode     from the first token to the last

Attributes are those of OpenTelemetry's conventions for generative AI, and `alize.…` where they have none; none has a user's text. Spans
wait in a queue of a thread's; where the collector is slow or away it fills up, the oldest are dropped and the log says so. No answer
waits for it.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from alize.api.collector import collector_of
from alize.api.trace import Trace
from alize.settings import Settings
from alize.upstream.address import Address

if TYPE_CHECKING:
    from opentelemetry.context import Context

__all__ = ["Spans", "spans_of"]

_log = logging.getLogger("alize.api")

_PATH = "/v1/traces"  # where the address has none
_PATIENCE = 5.0  # seconds for a batch, and for the last one when the server ends
_MOST = 2048  # spans that wait
_ATTRIBUTES = {
    "model": "gen_ai.request.model",
    "answer_id": "gen_ai.response.id",
    "prompt_tokens": "gen_ai.usage.input_tokens",
    "completion_tokens": "gen_ai.usage.output_tokens",
    "cached_tokens": "gen_ai.usage.cache_read.input_tokens",
    "first_token_seconds": "gen_ai.response.time_to_first_chunk",
    "guessed_tokens": "alize.usage.guessed_tokens",
    "accepted_tokens": "alize.usage.accepted_tokens",
    "preemptions": "alize.preemptions",
    "error": "error.type",
}
"""Attributes by the names of facts (trace.py)."""


def spans_of(settings: Settings) -> "Spans | None":
    """What sends the spans of a server; `close` must follow. Raises as `collector_of` does."""
    address = collector_of(settings)
    return None if address is None else Spans(address)


class Spans:
    """Sends to one collector. Of one event loop."""

    def __init__(self, collector: Address) -> None:
        import requests
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        session = requests.Session()
        session.trust_env = not collector.loopback  # no proxy on the way to this machine itself
        endpoint = collector.base if urlsplit(collector.base).path else collector.base + _PATH
        exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_PATIENCE, session=session)
        resource = Resource({"service.name": "alize", "service.version": version("alize")})
        self._numbers = _numbers()
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False, id_generator=self._numbers)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=_MOST))
        self._tracer = self._provider.get_tracer("alize")
        self._closed = False

    def write(self, trace: Trace, name: str, about: Mapping[str, Any], *, failed: bool = False) -> None:
        """Queue the spans of a request that has ended, where it asked a model, and where whoever sent it wants it recorded.

        `about`: attributes that the trace does not have.
        """
        if "model" not in trace.facts or not trace.parent.sampled:
            return
        from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

        ended, facts = time.time_ns(), trace.facts
        began = ended - _nanoseconds(trace.seconds)
        self._numbers.trace = trace.parent.trace
        root = self._tracer.start_span(name, _context(trace), SpanKind.SERVER, {**_attributes(trace), **about}, start_time=began)
        if failed or facts.get("outcome") == "error":
            root.set_status(Status(StatusCode.ERROR))
        within = set_span_in_context(root)
        for name, start, end in _phases(facts, began):
            self._tracer.start_span(name, within, start_time=start).end(end)
        root.end(ended)

    async def close(self) -> None:
        """Send what waits, within a few seconds. A thread that takes longer ends with the process. A no-op when closed."""
        if self._closed:
            return
        self._closed = True
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def work() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # nobody waited for so long
                loop.call_soon_threadsafe(done.set)

        threading.Thread(target=work, name="last-spans", daemon=True).start()
        try:
            async with asyncio.timeout(_PATIENCE):
                await done.wait()
        except TimeoutError:
            _log.warning("the last traces could not be sent")


def _attributes(trace: Trace) -> dict[str, Any]:
    facts = trace.facts
    found: dict[str, Any] = {
        "gen_ai.provider.name": "alize",
        "alize.request_id": trace.id,
        **({} if trace.principal is None else {"alize.workspace": trace.principal.workspace}),
        **{name: facts[fact] for fact, name in _ATTRIBUTES.items() if fact in facts},
    }
    if "outcome" in facts:
        found["gen_ai.response.finish_reasons"] = facts["outcome"].split(",")
    return found


def _phases(facts: Mapping[str, Any], began: int) -> list[tuple[str, int, int]]:
    """(name, first nanosecond, last one). An engine says how long, not when: the first token is what both sides know."""
    if "first_token_seconds" not in facts:
        return []
    first = began + _nanoseconds(facts["first_token_seconds"])
    prefill = first - _nanoseconds(facts.get("prefill_seconds", 0.0))
    queue = prefill - _nanoseconds(facts.get("queue_seconds", 0.0))
    decoded = first + _nanoseconds(facts.get("decode_seconds", 0.0))
    waited = [("queue", queue, prefill), ("prefill", prefill, first)] if "prefill_seconds" in facts else []
    return [*waited, *([("decode", first, decoded)] if "decode_seconds" in facts else [])]


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)


def _context(trace: Trace) -> "Context":
    """Under the span of whoever sent the request, where they said which."""
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    parent = trace.parent
    if not parent.span:
        return Context()
    remote = SpanContext(parent.trace, parent.span, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(remote), Context())


def _numbers() -> Any:
    """Gives a trace the number that the log has for it."""
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Numbers(RandomIdGenerator):
        trace = 0

        def generate_trace_id(self) -> int:
            return self.trace

    return Numbers()
