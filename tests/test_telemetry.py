"""Logs: one line for each event, in the form that was asked for, from wherever it comes."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from alize.telemetry import ACCESS, LABELS, METRICS, configure_logging


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    root, alize = logging.getLogger(), logging.getLogger("alize")
    handlers, levels = root.handlers[:], (root.level, alize.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    alize.setLevel(levels[1])


def logged(form: str, level: str = "info") -> list[str]:
    stream = io.StringIO()
    for _ in range(2):  # the second time replaces the first
        configure_logging(level, form, stream)
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        logging.getLogger("alize.somewhere").info("it happened %d times", 3, extra={"model": "tiny", "text": "line\nbreak"})
        logging.getLogger("alize.somewhere").debug("a detail")
        logging.getLogger("another.library").info("chatter")
        logging.getLogger("another.library").warning("something odd")
    return stream.getvalue().splitlines()


def test_json_lines_carry_every_fact() -> None:
    happened, odd = [json.loads(line) for line in logged("json")]
    assert happened.items() >= {"event": "it happened 3 times", "level": "info", "logger": "alize.somewhere", "model": "tiny"}.items()
    assert happened["text"] == "line\nbreak"
    assert happened["request_id"] == odd["request_id"] == "r-1"
    assert happened["timestamp"].endswith("Z")
    assert odd["event"] == "something odd"


def test_text_is_one_line_each_without_colors_where_nobody_looks() -> None:
    lines = logged("auto")  # a StringIO is no terminal
    assert all(line.startswith("{") for line in lines)
    lines = logged("text")
    assert len(lines) == 2
    assert "it happened 3 times" in lines[0]
    assert "\x1b" not in "".join(lines)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "level", "told"), [(Terminal(), "info", 0), (Terminal(), "debug", 1), (io.StringIO(), "info", 1)])
def test_requests_push_nothing_away_on_a_terminal(stream: io.StringIO, level: str, told: int) -> None:
    configure_logging(level, "auto", stream)
    logging.getLogger(ACCESS).info("request", extra={"status": 200})
    assert stream.getvalue().count("request") == told


def test_the_level_is_that_of_the_settings() -> None:
    assert len(logged("json", "debug")) == 3
    assert [json.loads(line)["event"] for line in logged("json", "error")] == ["something odd"]


def test_an_exception_is_part_of_its_line() -> None:
    stream = io.StringIO()
    configure_logging("info", "json", stream)
    try:
        raise ValueError("the reason")
    except ValueError:
        logging.getLogger("alize").exception("failed")
    (line,) = stream.getvalue().splitlines()
    assert "ValueError: the reason" in json.loads(line)["exception"]


def test_metrics_are_named_once_and_say_their_unit() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert metric.name.startswith("alize_")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert metric.name.endswith(("_seconds", "_tokens")) or metric.kind != "histogram"
        assert bool(metric.buckets) == (metric.kind == "histogram")


def test_labels_are_of_few_kinds() -> None:
    """Each multiplies a metric; what values it may have is written down (docs/reference/metrics.md)."""
    assert {label for metric in METRICS for label in metric.labels} == {*LABELS}
