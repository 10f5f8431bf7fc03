"""What the server says about itself. In: events of requests and engines. Out: metrics in Prometheus' form, and structured logs.

Names are declared here and nowhere else, close to vLLM's (`vllm:num_requests_running` is `alize_num_requests_running` here), so that a
dashboard made for vLLM needs a change of prefix. docs/reference/metrics.md is made from `METRICS`.

Modules log through the standard library (`logging.getLogger("alize.…").info("event", extra={…})`); `configure_logging` gives that
its form. No text of a user is logged unless the setting `log_prompts` says so.
"""

import logging
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from alize.engine.base import EngineStats

__all__ = ["ACCESS", "METRICS", "Metric", "Metrics", "configure_logging"]

ACCESS = "alize.api.access"
"""The logger of requests."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it is named on /metrics."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ("model_name",)
    buckets: tuple[float, ...] = ()  # seconds


_FIRST_TOKEN = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_BETWEEN = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_WHOLE = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0)
_HTTP = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0)

METRICS: tuple[Metric, ...] = (
    Metric("alize_engine_up", "gauge", "1 where the engine answers, 0 where it is being restarted."),
    Metric("alize_num_requests_running", "gauge", "Sequences computed together now."),
    Metric("alize_num_requests_waiting", "gauge", "Sequences that wait for their first step."),
    Metric("alize_kv_cache_usage_perc", "gauge", "Share of the cache's blocks in use, 0 to 1."),
    Metric("alize_engine_memory_bytes", "gauge", "Resident memory of the engine's process."),
    Metric("alize_prefix_cache_queries_total", "counter", "Prompt tokens looked up in the prefix cache."),
    Metric("alize_prefix_cache_hits_total", "counter", "Prompt tokens that the prefix cache held."),
    Metric("alize_prompt_tokens_total", "counter", "Prompt tokens accepted."),
    Metric("alize_generation_tokens_total", "counter", "Tokens generated."),
    Metric("alize_num_preemptions_total", "counter", "Sequences that had to give way to others and begin again."),
    Metric("alize_num_aborted_total", "counter", "Sequences ended because their client left or had enough."),
    Metric("alize_engine_starts_total", "counter", "How often the engine was started; above 1, it has ended unexpectedly."),
    Metric("alize_time_to_first_token_seconds", "histogram", "From a request's arrival to its first token.", buckets=_FIRST_TOKEN),
    Metric("alize_time_per_output_token_seconds", "histogram", "Between one token of an answer and the next.", buckets=_BETWEEN),
    Metric("alize_e2e_request_latency_seconds", "histogram", "From a request's arrival to the end of its answer.", buckets=_WHOLE),
    Metric("alize_embedded_texts_total", "counter", "Texts that became vectors."),
    Metric("alize_embedded_tokens_total", "counter", "Tokens of these texts."),
    Metric("alize_request_success_total", "counter", "Choices of complete answers by how they ended.", ("model_name", "finished_reason")),
    Metric("alize_http_requests_total", "counter", "Requests by route and status.", ("method", "route", "status")),
    Metric("alize_http_request_duration_seconds", "histogram", "From a request to the end of its response.", ("method", "route"), _HTTP),
)
"""The counters of an engine begin again at 0 when it is restarted, as Prometheus expects of a counter."""

_DECLARED = {metric.name: metric for metric in METRICS}
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Metrics:
    """The numbers of one application. Each app has its own: nothing is global."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._engines = _Engines()
        self.registry.register(self._engines)
        self._first_token = self._histogram("alize_time_to_first_token_seconds")
        self._between = self._histogram("alize_time_per_output_token_seconds")
        self._whole = self._histogram("alize_e2e_request_latency_seconds")
        self._success = self._counter("alize_request_success_total")
        self._texts = self._counter("alize_embedded_texts_total")
        self._tokens = self._counter("alize_embedded_tokens_total")
        self._http = self._counter("alize_http_requests_total")
        self._http_seconds = self._histogram("alize_http_request_duration_seconds")

    def responded(self, method: str, route: str, status: int, seconds: float) -> None:
        """One HTTP response is complete. `route` is a pattern, never a path: clients choose paths, and each label costs memory."""
        method = method if method in _METHODS else "OTHER"
        self._http.labels(method, route, str(status)).inc()
        self._http_seconds.labels(method, route).observe(seconds)

    def first_token(self, model: str, seconds: float) -> None:
        self._first_token.labels(model).observe(seconds)

    def next_tokens(self, model: str, seconds: float, count: int) -> None:
        """`count` tokens came together, `seconds` after those before them."""
        histogram = self._between.labels(model)
        for _ in range(count):
            histogram.observe(seconds / count)

    def answered(self, model: str, reasons: Iterable[str], seconds: float) -> None:
        """One answer is complete; `reasons` are how its choices ended."""
        for reason in reasons:
            self._success.labels(model, reason).inc()
        self._whole.labels(model).observe(seconds)

    def embedded(self, model: str, texts: int, tokens: int, seconds: float) -> None:
        """One request for vectors is answered."""
        self._texts.labels(model).inc(texts)
        self._tokens.labels(model).inc(tokens)
        self._whole.labels(model).observe(seconds)

    def engine(self, model: str, stats: EngineStats | None) -> None:
        """An engine's state now; None where it does not answer: what it last said is not repeated then."""
        self._engines.latest[model] = stats

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str) -> Counter:
        metric = _DECLARED[name]
        return Counter(metric.name, metric.help, metric.labels, registry=self.registry)

    def _histogram(self, name: str) -> Histogram:
        metric = _DECLARED[name]
        return Histogram(metric.name, metric.help, metric.labels, registry=self.registry, buckets=metric.buckets)


class _Engines(Collector):
    """What engines count themselves, passed on as they say it."""

    def __init__(self) -> None:
        self.latest: dict[str, EngineStats | None] = {}

    def collect(self) -> Iterator[Family]:
        up = _DECLARED["alize_engine_up"]
        family = GaugeMetricFamily(up.name, up.help, labels=up.labels)
        for model, stats in self.latest.items():
            family.add_metric([model], 0 if stats is None else 1)
        yield family
        for name in _of_engine(EngineStats()):
            metric = _DECLARED[name]
            kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = kind(metric.name, metric.help, labels=metric.labels)
            for model, stats in self.latest.items():
                if stats is not None:
                    family.add_metric([model], _of_engine(stats)[name])
            yield family


def _of_engine(stats: EngineStats) -> dict[str, float]:
    return {
        "alize_num_requests_running": stats.running,
        "alize_num_requests_waiting": stats.waiting,
        "alize_kv_cache_usage_perc": stats.blocks_used / stats.blocks_total if stats.blocks_total else 0.0,
        "alize_engine_memory_bytes": stats.memory_bytes,
        "alize_prefix_cache_queries_total": stats.prompt_tokens,
        "alize_prefix_cache_hits_total": stats.cached_tokens,
        "alize_prompt_tokens_total": stats.prompt_tokens,
        "alize_generation_tokens_total": stats.generated_tokens,
        "alize_num_preemptions_total": stats.preemptions,
        "alize_num_aborted_total": stats.aborted,
        "alize_engine_starts_total": stats.generation,
    }


def configure_logging(level: str, form: str, stream: TextIO | None = None) -> None:
    """Give every log line of this process one form: `json`, `text`, or `auto`: text on a terminal. Standard error by default.

    On a terminal requests are told at level `debug` only: a page that is open asks several times a minute, and the address that the server
    said at its start would be gone in no time.
    """
    out: TextIO = sys.stderr if stream is None else stream
    as_text = form == "text" or (form == "auto" and out.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_text:
        last.append(structlog.dev.ConsoleRenderer(colors=out.isatty()))
    else:
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    handler = logging.StreamHandler(out)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("alize").setLevel(level.upper())
    quiet = out.isatty() and level.lower() == "info"
    logging.getLogger(ACCESS).setLevel(logging.WARNING if quiet else logging.NOTSET)
