"""The plots of docs/performance. In: what was measured on one machine. Out: SVG texts, by what they show."""

import io
import re
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib
from performance_page import NAMES, best, engines

__all__ = ["first_tokens", "plots"]

matplotlib.use("svg")
matplotlib.rcParams |= {"svg.hashsalt": "alize", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}
from matplotlib import pyplot  # noqa: E402  the backend is chosen first

COLOURS = {"alize": "#d9480f", "llama.cpp": "#1c7ed6", "openvino": "#2b8a3e", "ik_llama.cpp": "#845ef7"}
Series = dict[str, dict[int, float]]  # engine → x → y


def plots(parts: Mapping[str, Any]) -> dict[str, str]:
    """Only those for which there are two points or more."""
    documents = [document for document in parts.values() if "weights" in document]  # runs of `alize bench`
    context = r"decode-1(?:@(\d+))?"
    wanted = {
        "concurrency": (_series(documents, r"decode-(\d+)", _rate, 1), "streams", "tokens/s, all streams"),
        "context": (_series(documents, context, _rate, 128), "tokens of context", "tokens/s, one stream"),
        "memory": (_series(documents, context, _mebibytes, 128), "tokens of context", "MiB resident at most, one stream"),
        "first-token": (_series(documents, r"prefill-(\d+)", _seconds, 1), "tokens of the prompt", "seconds to the first token"),
    }
    drawn = {kind: _drawn(*each) for kind, each in wanted.items() if any(len(points) > 1 for points in each[0].values())}
    if "window" in parts:
        size, rates = parts["window"]["window"], parts["window"]["tokens_per_s"]
        names = {"window": f"a window of {size:,} tokens", "full": "every layer sees all"}
        by_context = {names[name]: {int(context): rate for context, rate in of.items()} for name, of in rates.items()}
        drawn["window"] = _drawn(by_context, "tokens of context", "tokens/s, one stream")
    if "fairness" in parts:
        drawn["fairness"] = first_tokens(parts["fairness"]["seconds"])
    if "soak_engine" in parts:
        drawn["soak_engine"] = memory(parts["soak_engine"])
    return drawn


def first_tokens(seconds: Mapping[str, Any]) -> str:
    """The share of a quiet client's first tokens by time. `seconds`: engine → tokens of the prompt → alone, beside a flood → each."""
    sizes = list(next(iter(seconds.values())))
    figure, axes = pyplot.subplots(1, len(sizes), figsize=(8, 3.4), sharey=True, layout="constrained", squeeze=False)
    for axis, size in zip(axes[0], sizes, strict=True):
        for engine, of in seconds.items():
            for which, style in (("alone", ":"), ("beside", "-")):
                values = sorted(of[size][which])
                shares = [(index + 1) / len(values) for index in range(len(values))]
                name = "Alizé" if engine == "alize" else NAMES.get(engine, engine)
                label = f"{name}, {'alone' if which == 'alone' else 'beside the flood'}"
                family = engine.partition(",")[0]
                paler = 0.5 if family in [other.partition(",")[0] for other in seconds if other < engine] else 1.0
                axis.step(values, shares, style, marker=".", markersize=3, where="post", color=COLOURS[family], alpha=paler, label=label)
        axis.set(xscale="log", xlabel="seconds to the first token", title=f"prompts of {size} tokens")
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel("share of requests")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return _text(figure)


def memory(document: Mapping[str, Any]) -> str:
    """Of a server and its engine, by time; lines where the engine was killed."""
    figure, axis = pyplot.subplots(figsize=(8, 3), layout="constrained")
    moments, *sizes = zip(*document["memory_mib"], strict=True)
    for values, label, colour in zip(sizes, ("the server", "its engine"), ("#1c7ed6", COLOURS["alize"]), strict=True):
        axis.plot([moment / 60 for moment in moments], values, color=colour, label=label)
    for place, moment in enumerate(document["kills_at_s"]):
        axis.axvline(moment / 60, color="#868e96", linestyle=":", label="" if place else "kill -9 of the engine")
    axis.set(xlabel="minutes", ylabel="MiB resident", ylim=(0, None))
    axis.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return _text(figure)


def _series(documents: list[Any], pattern: str, value: Callable[[Any, str, int], float], otherwise: int) -> Series:
    """`otherwise` is x where the name of a work does not say it."""
    series: Series = {}
    for document in documents:
        for row in document["rows"]:
            match = re.fullmatch(pattern, row["work"])
            if match is None:
                continue
            x = int(match[1] or otherwise)
            for engine in ("alize", *engines(document)):
                side = engine if engine == "alize" else best(row["peers"], engine)
                series.setdefault(engine, {})[x] = value(row, side, x)
    return series


def _rate(row: Any, side: str, x: int) -> float:
    return row["ours"] if side == "alize" else row["peers"][side]


def _mebibytes(row: Any, side: str, x: int) -> float:
    return (row["memory"]["ours"] if side == "alize" else row["memory"]["peers"][side]) / 2**20


def _seconds(row: Any, side: str, x: int) -> float:
    return x / _rate(row, side, x)


def _drawn(series: Series, across: str, up: str) -> str:
    figure, axes = pyplot.subplots(figsize=(6.4, 3.4), layout="constrained")
    for engine, points in series.items():
        name = "Alizé" if engine == "alize" else NAMES.get(engine, engine)
        axes.plot(*zip(*sorted(points.items()), strict=True), marker="o", markersize=3, label=name, color=COLOURS.get(engine))
    every = sorted({x for points in series.values() for x in points})
    axes.set_xscale("log", base=2)
    axes.set_xticks(every, [f"{x:,}" for x in every])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    return _text(figure)


def _text(figure: Any) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
