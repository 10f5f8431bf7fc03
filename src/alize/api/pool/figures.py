"""What /metrics says of the models of a pool. In: the pool, at every scrape. Out: metrics in Prometheus' form."""

from collections.abc import Iterator
from typing import get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from alize.api.pool.base import State
from alize.api.pool.pool import Pool
from alize.telemetry import declared

__all__ = ["Figures"]

_GAUGES = {
    "alize_model_reloading": "reloading",
    "alize_model_pinned": "pinned",
    "alize_model_memory_bytes": "held",
}
_COUNTED = {
    "alize_model_loads_total": "loads",
    "alize_model_load_failures_total": "failures",
    "alize_model_load_seconds_total": "load_seconds",
    "alize_model_sleeps_total": "sleeps",
    "alize_model_swaps_total": "swaps",
}


class Figures(Collector):
    """Of one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def collect(self) -> Iterator[Family]:
        residents = self._pool.residents.items()
        state = declared("alize_model_state")
        family = GaugeMetricFamily(state.name, state.help, labels=state.labels)
        for id, resident in residents:
            for one in get_args(State):
                family.add_metric([id, one], 1 if resident.shown == one else 0)
        yield family
        for name, field in _GAUGES.items():
            metric = declared(name)
            family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            for id, resident in residents:
                family.add_metric([id], getattr(resident, field))
            yield family
        adapter = declared("alize_adapter_generation")
        family = GaugeMetricFamily(adapter.name, adapter.help, labels=adapter.labels)
        for id, resident in residents:
            for info in resident.adapters:
                family.add_metric([id, info.name], info.generation)
        yield family
        for name, field in _COUNTED.items():
            metric = declared(name)
            counter = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
            for id, resident in residents:
                counter.add_metric([id], getattr(resident.tally, field))
            yield counter
