"""The dashboard and the alerts say nothing that /metrics does not: each expression is parsed, each name and label looked up."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from alize.telemetry import METRICS, Metric

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
BOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "alize.json").read_text("utf-8"))
RULES: list[dict[str, Any]] = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text("utf-8"))["groups"][0]["rules"]

NOT_SHOWN: dict[str, str] = {}
"""Metrics that are on no panel, and why."""

SCRAPED = {"job", "instance"}
"""Labels that Prometheus adds."""


def panels() -> Iterator[dict[str, Any]]:
    for panel in BOARD["panels"]:
        yield panel
        yield from panel.get("panels", ())


def series_of(metric: Metric) -> Iterator[str]:
    yield metric.name
    if metric.kind == "histogram":
        yield from (f"{metric.name}_{part}" for part in ("bucket", "sum", "count"))


SERIES = {name: metric for metric in METRICS for name in series_of(metric) if name != metric.name or metric.kind != "histogram"}


def labels_of(name: str) -> set[str]:
    return {*SERIES[name].labels, *SCRAPED, *({"le"} if name.endswith("_bucket") else ())}


def parsed(expression: str) -> Any:
    return promql_parser.parse(expression.replace("$__rate_interval", "5m"))


def nodes(tree: Any) -> Iterator[Any]:
    """A tree and all below it."""
    yield tree
    below = [getattr(tree, name, None) for name in ("lhs", "rhs", "expr", "vector_selector", "param")]
    for child in (*below, *getattr(tree, "args", ())):
        if child is not None:
            yield from nodes(child)


def selectors(tree: Any) -> list[Any]:
    return [node for node in nodes(tree) if isinstance(node, promql_parser.VectorSelector)]


def wrong_with(expression: str) -> list[str]:
    """What an expression says that /metrics does not have."""
    tree = parsed(expression)
    found: list[str] = []
    if not selectors(tree):
        found.append("it looks at no metric")
    for selector in selectors(tree):
        if selector.name not in SERIES:
            found.append(f"there is no metric {selector.name}")
            continue
        for matcher in selector.matchers.matchers:
            if matcher.name not in labels_of(selector.name):
                found.append(f"{selector.name} has no label {matcher.name}")
    for aggregation in (node for node in nodes(tree) if isinstance(node, promql_parser.AggregateExpr)):
        by = set(re.findall(r"\w+", str(aggregation.modifier or "by ()").partition("(")[2]))
        for selector in selectors(aggregation):
            if selector.name in SERIES and by - labels_of(selector.name):
                found.append(f"{selector.name} cannot be summed by {by - labels_of(selector.name)}")
    return found


EXPRESSIONS = [
    *((panel["title"], target["expr"]) for panel in panels() for target in panel.get("targets", ())),
    *((rule["alert"], rule["expr"]) for rule in RULES),
]


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_every_expression_looks_at_what_there_is(where: str, expression: str) -> None:
    assert wrong_with(expression) == [], where


def test_a_name_or_a_label_that_is_not_there_is_found() -> None:
    """What this file is for: were a metric renamed, the dashboard would stay empty and say nothing."""
    for expression, wrong in (
        ("rate(alize_renamed_total[5m])", "no metric alize_renamed_total"),
        ("alize_e2e_request_latency_seconds", "no metric alize_e2e"),  # a histogram has no series of its own name
        ('alize_engine_up{tenant="a"}', "no label tenant"),
        ("sum by (status) (alize_engine_up)", "by {'status'}"),
        ("histogram_quantile(0.5, sum by (le) (rate(alize_request_queue_time_seconds_count[5m])))", "by {'le'}"),
        ("alize_engine_up > 0 and on (model_name) alize_nothing", "no metric alize_nothing"),
        ("1 + 1", "no metric"),
    ):
        assert wrong in " ".join(wrong_with(expression)), expression
    with pytest.raises(ValueError, match="parenthesis"):
        wrong_with("sum(rate(alize_engine_up[5m])")


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {
        SERIES[selector.name].name
        for panel in panels()
        for target in panel.get("targets", ())
        for selector in selectors(parsed(target["expr"]))
        if selector.name in SERIES
    }
    assert {metric.name for metric in METRICS} - shown == {*NOT_SHOWN}, "neither shown nor in NOT_SHOWN"


def test_variables_are_filled_from_labels_that_there_are() -> None:
    variables = {variable["name"]: variable for variable in BOARD["templating"]["list"]}
    assert [*variables] == ["datasource", "model", "tenant"]
    assert variables["datasource"]["query"] == "prometheus"
    for variable in (variables["model"], variables["tenant"]):
        found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
        assert found
        assert variable["definition"] == variable["query"]["query"]
        (selector,) = selectors(parsed(found[1]))
        assert wrong_with(found[1]) == []
        assert found[2] in labels_of(selector.name)
    used = set(re.findall(r"\$\{?(\w+)", json.dumps([BOARD["panels"], *(v.get("query", "") for v in variables.values())])))
    assert used == {*variables, "__rate_interval"}


def test_every_panel_with_a_tenant_can_be_narrowed_to_one() -> None:
    for where, expression in EXPRESSIONS[: -len(RULES)]:
        for selector in selectors(parsed(expression)):
            matched = {matcher.name for matcher in selector.matchers.matchers}
            assert matched == {"model_name", "tenant"} & {*SERIES[selector.name].labels}, where


def test_panels_have_ids_and_places_of_their_own() -> None:
    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)
    taken: dict[tuple[int, int], str] = {}
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] <= place["x"] + place["w"] <= 24
        for column in range(place["x"], place["x"] + place["w"]):
            for line in range(place["y"], place["y"] + place["h"]):
                assert (column, line) not in taken, f"{panel['title']} lies over {taken[column, line]}"
                taken[column, line] = panel["title"]


def test_panels_say_what_they_show() -> None:
    assert BOARD["schemaVersion"] >= 39
    assert BOARD["uid"] == "alize"
    titles = [(panel["type"], panel["title"]) for panel in panels()]
    assert len(set(titles)) == len(titles)
    for panel in panels():
        if panel["type"] == "row":
            continue
        unit = panel["fieldConfig"]["defaults"]["unit"]
        names = {selector.name for target in panel["targets"] for selector in selectors(parsed(target["expr"]))}
        seconds = any(name.endswith("_seconds_bucket") for name in names)
        share = any(" / " in target["expr"] or name.endswith("_perc") for target in panel["targets"] for name in names)
        assert (unit == "s") == seconds, panel["title"]
        assert (unit == "percentunit") == share, panel["title"]
        assert (unit == "bytes") == any(name.endswith("_bytes") for name in names), panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert all(target["datasource"] == panel["datasource"] and target["legendFormat"] for target in panel["targets"])
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_legends_name_labels_that_are_left() -> None:
    for panel in panels():
        for target in panel.get("targets", ()):
            left = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", target["expr"]))))
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= left, panel["title"]


def test_alerts_say_how_bad_it_is_and_where() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in ("critical", "warning")
        (label,) = re.findall(r"{{ \$labels\.(\w+) }}", rule["annotations"]["summary"])
        for selector in selectors(parsed(rule["expr"])):
            assert label in labels_of(selector.name), rule["alert"]
