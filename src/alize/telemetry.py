"""What the server says about itself. In: events of requests and engines. Out: metrics in Prometheus' form, and structured logs.

Names are declared here and nowhere else, close to vLLM's (`vllm:num_requests_running` is `alize_num_requests_running` here), so that a
dashboard made for vLLM needs a change of prefix. docs/reference/metrics.md is made from `METRICS`.

Modules log through the standard library (`logging.getLogger("alize.…").info("event", extra={…})`); `configure_logging` gives that
its form. No text of a user is logged unless the setting `log_prompts` says so.
"""

import logging
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TextIO

import structlog
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client import Counter as CounterMetric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from alize.engine.base import EngineStats, TenantStats
from alize.engine.tenants import OTHER
from alize.series import MODEL, TENANT, Series, Tenants

__all__ = ["ACCESS", "LABELS", "METRICS", "Metric", "Metrics", "configure_logging", "declared"]

ACCESS = "alize.api.access"
"""The logger of requests."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it is named on /metrics."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = (MODEL,)
    buckets: tuple[float, ...] = ()  # in the unit that its name ends in


_FIRST_TOKEN = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_BETWEEN = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_WHOLE = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0)
_QUEUE = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_TOKENS = (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0)
_HTTP = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0)

_TENANT = (MODEL, TENANT)
_ADAPTER = (MODEL, "adapter")

METRICS: tuple[Metric, ...] = (
    # ── what engines say of themselves ──
    Metric("alize_engine_up", "gauge", "1 where the engine answers, 0 where it is being restarted."),
    Metric("alize_num_requests_running", "gauge", "Sequences computed together now."),
    Metric("alize_num_requests_waiting", "gauge", "Sequences that wait for their first step."),
    Metric("alize_kv_cache_usage_perc", "gauge", "Share of the cache's blocks in use, 0 to 1."),
    Metric("alize_engine_memory_bytes", "gauge", "Resident memory of the engine's process."),
    Metric("alize_prefix_cache_queries_total", "counter", "Prompt tokens looked up in the prefix cache."),
    Metric("alize_prefix_cache_hits_total", "counter", "Prompt tokens that the prefix cache held."),
    Metric("alize_prefix_disk_hits_total", "counter", "Prompt tokens that were read from the disk into the prefix cache."),
    Metric("alize_prefix_disk_saved_blocks_total", "counter", "Blocks of the prefix cache that were written to the disk."),
    Metric("alize_prefix_disk_corrupt_blocks_total", "counter", "Files there that were not what they should have been, and were removed."),
    Metric("alize_prefix_disk_bytes", "gauge", "Bytes that the prefix cache takes on the disk, of all models."),
    Metric("alize_spec_decode_num_draft_tokens_total", "counter", "Tokens computed before it was known whether they follow."),
    Metric("alize_spec_decode_num_accepted_tokens_total", "counter", "Of those, how many followed."),
    Metric("alize_prompt_tokens_total", "counter", "Prompt tokens accepted."),
    Metric("alize_generation_tokens_total", "counter", "Tokens generated."),
    Metric("alize_num_preemptions_total", "counter", "Sequences that had to give way to others and begin again."),
    Metric("alize_num_aborted_total", "counter", "Sequences ended because their client left or had enough."),
    Metric("alize_engine_restarts_total", "counter", "How often the engine ended by itself and was started again; 0 when its model wakes."),
    # ── and of their tenants ──
    Metric("alize_tenant_used_tokens_total", "counter", "What fairness weighs: prompt tokens computed, and drawn ones twice.", _TENANT),
    Metric("alize_tenant_preemptions_total", "counter", "Sequences of a tenant that had to give way.", _TENANT),
    Metric("alize_tenant_requests_running", "gauge", "Sequences of a tenant computed now.", _TENANT),
    Metric("alize_tenant_requests_waiting", "gauge", "Sequences of a tenant that wait for their first step.", _TENANT),
    Metric("alize_tenant_waiting_tokens", "gauge", "Tokens of these that are still to be computed.", _TENANT),
    # ── what the server sees of answers ──
    Metric("alize_tenant_prompt_tokens_total", "counter", "Prompt tokens of answers that began.", _TENANT),
    Metric("alize_tenant_cached_tokens_total", "counter", "Of those, how many the prefix cache held.", _TENANT),
    Metric("alize_tenant_generation_tokens_total", "counter", "Tokens of answers.", _TENANT),
    Metric("alize_tenant_draft_tokens_total", "counter", "Tokens computed for answers before it was known whether they follow.", _TENANT),
    Metric("alize_tenant_accepted_tokens_total", "counter", "Of those, how many followed.", _TENANT),
    Metric("alize_request_queue_time_seconds", "histogram", "From a sequence's arrival at its engine to its first step.", _TENANT, _QUEUE),
    Metric("alize_request_prefill_time_seconds", "histogram", "From its first step to its first token.", buckets=_FIRST_TOKEN),
    Metric("alize_request_decode_time_seconds", "histogram", "From a choice's first token to its last.", buckets=_WHOLE),
    Metric("alize_time_to_first_token_seconds", "histogram", "From a request's arrival to its first token.", _TENANT, _FIRST_TOKEN),
    Metric("alize_inter_token_latency_seconds", "histogram", "Between one token of an answer and the next.", _TENANT, _BETWEEN),
    Metric("alize_e2e_request_latency_seconds", "histogram", "From a request's arrival to the end of its answer.", buckets=_WHOLE),
    Metric("alize_request_prompt_tokens", "histogram", "Prompt tokens of each choice of a complete answer.", buckets=_TOKENS),
    Metric("alize_request_generation_tokens", "histogram", "Tokens of each choice of a complete answer.", buckets=_TOKENS),
    Metric("alize_embedded_texts_total", "counter", "Texts that became vectors.", _TENANT),
    Metric("alize_embedded_tokens_total", "counter", "Tokens of these texts.", _TENANT),
    Metric("alize_request_success_total", "counter", "Choices of complete answers by how they ended.", (MODEL, "finished_reason")),
    Metric("alize_model_state", "gauge", "1 for the state that a model is in, 0 for the others.", (MODEL, "state")),
    Metric("alize_model_reloading", "gauge", "1 where a model is being given other weights, whatever its state meanwhile."),
    Metric("alize_model_pinned", "gauge", "1 where a model is never put to sleep."),
    Metric("alize_model_memory_bytes", "gauge", "What a model takes of the budget of all models."),
    Metric(
        "alize_adapter_generation", "gauge", "How often an adapter's name was given something new, since its model was loaded.", _ADAPTER
    ),
    Metric("alize_model_loads_total", "counter", "How often a model's weights were loaded: its generation."),
    Metric("alize_model_load_failures_total", "counter", "How often they could not be."),
    Metric("alize_model_load_seconds_total", "counter", "Seconds that loading them took, all loads together."),
    Metric("alize_model_sleeps_total", "counter", "How often a model was put to sleep."),
    Metric("alize_model_swaps_total", "counter", "Of these, how often to make room for another model."),
    Metric("alize_http_requests_total", "counter", "Requests by route and status.", ("method", "route", "status")),
    Metric("alize_http_request_duration_seconds", "histogram", "From a request to the end of its response.", ("method", "route"), _HTTP),
)
"""Counters that an engine keeps begin again at 0 when it is restarted, as Prometheus expects of a counter; the server's do not."""

LABELS: dict[str, str] = {
    MODEL: "The id of a model of this server, of an adapter or of the upstream; never what a client wrote. What engines say of themselves "
    "has the model's own, whichever adapter was asked.",
    TENANT: "Whom fairness weighs: a workspace and, in it, a person or a key, by the ids that the server made of them (`ws_…/key_…`). The "
    "first to come are named, as many as `metrics_tenants` says, and keep their names until the server ends; the others are `other` "
    "together. `all`, where that is 0.",
    "adapter": "The name of an adapter of that model. Administrators give it; the setting `max_adapters` says how many there may be.",
    "finished_reason": "How an answer ended: `stop`, `length`, `model_length`, `tool_calls`, `error`, `content_filter` of an upstream, or "
    "`other`.",
    "method": "An HTTP method, or `OTHER`.",
    "route": "The pattern of a route, such as `/v1/models/{model_id}`, or `unmatched`; never a path.",
    "state": "Of a model: `asleep`, `loading`, `awake`, `draining` or `failed`.",
    "status": "An HTTP status; 499 where the client left before its answer, 101 for a WebSocket.",
}
"""What values labels may have. None holds what a user wrote, and each has a bounded number of them."""

_DECLARED = {metric.name: metric for metric in METRICS}
_SERIES = {
    "prompt": "alize_tenant_prompt_tokens_total",
    "cached": "alize_tenant_cached_tokens_total",
    "generated": "alize_tenant_generation_tokens_total",
    "guessed": "alize_tenant_draft_tokens_total",
    "accepted": "alize_tenant_accepted_tokens_total",
    "queue": "alize_request_queue_time_seconds",
    "prefill": "alize_request_prefill_time_seconds",
    "first": "alize_time_to_first_token_seconds",
    "between": "alize_inter_token_latency_seconds",
    "decode": "alize_request_decode_time_seconds",
    "prompt_sizes": "alize_request_prompt_tokens",
    "answer_sizes": "alize_request_generation_tokens",
}
"""By the fields of `Series`: labelled by model, or by model and tenant."""
_REASONS = frozenset({"stop", "length", "model_length", "tool_calls", "error", "content_filter"})
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


def declared(name: str) -> Metric:
    """What METRICS says of a name. Raises KeyError for one that is not there."""
    return _DECLARED[name]


class Metrics:
    """The numbers of one application. Each app has its own: nothing is global."""

    def __init__(self, tenants: int = 100) -> None:
        """`tenants`: how many are named in labels."""
        self.registry = CollectorRegistry()
        self._tenants = Tenants(tenants)
        self._engines = _Engines(self._tenants)
        self.registry.register(self._engines)
        self._answers = {field: self._made(name) for field, name in _SERIES.items()}
        self._series: dict[tuple[str, str], Series] = {}  # by model and the tenant's label
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

    def of(self, model: str, tenant: str) -> Series:
        """The series of a tenant's answers by a model of this server: never a name that a client may choose."""
        key = model, self._tenants.label(tenant)
        series = self._series.get(key)
        if series is None:
            found: dict[str, Any] = {
                field: metric.labels(*key[: len(_DECLARED[_SERIES[field]].labels)]) for field, metric in self._answers.items()
            }
            series = self._series[key] = Series(**found)
        return series

    def answered(self, model: str, reasons: Iterable[str], seconds: float | None) -> None:
        """One answer is complete; `reasons` are how its choices ended. `seconds`: where somebody waited for it."""
        for reason in reasons:
            self._success.labels(model, reason if reason in _REASONS else OTHER).inc()  # an upstream may say anything
        if seconds is not None:
            self._whole.labels(model).observe(seconds)

    def embedded(self, model: str, tenant: str, texts: int, tokens: int, seconds: float) -> None:
        """One request of a tenant for vectors is answered."""
        tenant = self._tenants.label(tenant)
        self._texts.labels(model, tenant).inc(texts)
        self._tokens.labels(model, tenant).inc(tokens)
        self._whole.labels(model).observe(seconds)

    def engines(self, states: Mapping[str, EngineStats | None]) -> None:
        """The state of every engine that there is now, by its model; None of one that does not answer: what it last said is not repeated.

        Of a model that sleeps there is none.
        """
        self._engines.latest = dict(states)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)

    def _made(self, name: str) -> CounterMetric | Histogram:
        return self._counter(name) if _DECLARED[name].kind == "counter" else self._histogram(name)

    def _counter(self, name: str) -> CounterMetric:
        metric = _DECLARED[name]
        return CounterMetric(metric.name, metric.help, metric.labels, registry=self.registry)

    def _histogram(self, name: str) -> Histogram:
        metric = _DECLARED[name]
        return Histogram(metric.name, metric.help, metric.labels, registry=self.registry, buckets=metric.buckets)


class _Engines(Collector):
    """What engines count themselves, passed on as they say it."""

    def __init__(self, tenants: Tenants) -> None:
        self.latest: dict[str, EngineStats | None] = {}
        self._tenants = tenants

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
        yield from self._of_tenants()

    def _of_tenants(self) -> Iterator[Family]:
        found: dict[tuple[str, str], Counter[str]] = {}
        for model, stats in self.latest.items():
            for tenant, each in stats.tenants.items() if stats is not None else ():
                numbers = found.setdefault((model, self._tenants.label(tenant)), Counter())
                numbers.update(_of_tenant(each))  # several may share a label
        for name in _of_tenant(TenantStats()):
            metric = _DECLARED[name]
            kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = kind(metric.name, metric.help, labels=metric.labels)
            for key, numbers in found.items():
                family.add_metric(key, numbers[name])
            yield family


def _of_engine(stats: EngineStats) -> dict[str, float]:
    return {
        "alize_num_requests_running": stats.running,
        "alize_num_requests_waiting": stats.waiting,
        "alize_kv_cache_usage_perc": stats.blocks_used / stats.blocks_total if stats.blocks_total else 0.0,
        "alize_engine_memory_bytes": stats.memory_bytes,
        "alize_prefix_cache_queries_total": stats.prompt_tokens,
        "alize_prefix_cache_hits_total": stats.cached_tokens,
        "alize_spec_decode_num_draft_tokens_total": stats.guessed_tokens,
        "alize_spec_decode_num_accepted_tokens_total": stats.accepted_tokens,
        "alize_prompt_tokens_total": stats.prompt_tokens,
        "alize_generation_tokens_total": stats.generated_tokens,
        "alize_num_preemptions_total": stats.preemptions,
        "alize_num_aborted_total": stats.aborted,
        "alize_engine_restarts_total": max(0, stats.generation - 1),  # the first start of each was planned
        "alize_prefix_disk_hits_total": stats.prefix_disk_tokens,
        "alize_prefix_disk_saved_blocks_total": stats.prefix_disk_saved,
        "alize_prefix_disk_corrupt_blocks_total": stats.prefix_disk_corrupt,
        "alize_prefix_disk_bytes": stats.prefix_disk_bytes,
    }


def _of_tenant(stats: TenantStats) -> dict[str, int]:
    return {
        "alize_tenant_used_tokens_total": stats.used,
        "alize_tenant_preemptions_total": stats.preemptions,
        "alize_tenant_requests_running": stats.running,
        "alize_tenant_requests_waiting": stats.waiting,
        "alize_tenant_waiting_tokens": stats.waiting_tokens,
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
