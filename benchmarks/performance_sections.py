"""Sections of docs/performance that are no table of works. In: what one script measured. Out: lines of Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["SECTIONS", "table"]

LARGE = {
    "seven-billion": "Mistral 7B's shape, Q4_0",
    "8-times-seven-billion-4-layers": "Mixtral 8x7B's shape, 4 of its 32 layers, Q4_0",
}


def window(document: Mapping[str, Any]) -> list[str]:
    """What a token costs behind a long text, where layers see all of it and where they do not."""
    size, rates = document["window"], document["tokens_per_s"]
    rows = [[f"{int(context):,}", f"{rates['window'][context]:,.0f}", f"{full:,.0f}"] for context, full in rates["full"].items()]
    what = (
        f"One stream of a random model of 39 million weights in 16 bits (`python benchmarks/window.py`), Alizé alone; {document['when']}, "
        f"{document['rounds']} rounds."
    )
    return _section("A window", what, ["tokens of context", f"tokens/s, a window of {size:,}", "tokens/s, every layer sees all"], rows)


def large(document: Mapping[str, Any]) -> list[str]:
    """Models whose weights no cache holds, and how near their reading comes to what memory gives."""
    limit = document["memory_gb_s"]
    rows: list[list[str]] = []
    for name, of in document["shapes"].items():
        for row in of["rows"]:
            side, peer = max(row["peers"].items(), key=lambda each: each[1])
            read = of["weights"]["alize"]["read"] * row["ours"] / 1e9
            limited = f"{read:.1f} GB/s: {100 * read / limit:.0f} %" if row["work"].startswith("decode") else ""
            memory = f"{row['memory']['ours'] / 2**30:.1f} / {row['memory']['peers'][side] / 2**30:.1f}"
            rows.append([LARGE[name], row["work"], f"{row['ours']:.1f}", f"{peer:.1f}", f"**{row['ratio_to_best']:.2f}**", memory, limited])
    return [
        "### Larger models",
        "",
        f"Random weights (`python benchmarks/large.py`), beside llama.cpp with the same file; {document['when']}, {document['rounds']} "
        f"rounds. Memory gives {limit:.0f} GB/s to as many threads that only read.",
        "",
        table(["model", "work", "Alizé, tokens/s", "llama.cpp", "ratio", "GiB", "weights read"], rows),
        "",
    ]


def start(document: Mapping[str, Any]) -> list[str]:
    """From a command to its first word."""
    medians = document["first_word_s"]
    ratio = f"**{medians['alize'] / medians['llama.cpp']:.2f}**"
    return [
        "### The first word",
        "",
        f"Seconds until a fresh process prints the first word of an answer, files in the page cache (`python benchmarks/cold_start.py`): "
        f"`alize run` beside llama.cpp's Python binding; {document['when']}, {len(document['rounds']['alize'])} rounds.",
        "",
        table(["", "Alizé", "llama.cpp", "times"], [["first word, s", f"{medians['alize']:.2f}", f"{medians['llama.cpp']:.2f}", ratio]]),
        "",
    ]


def overhead(document: Mapping[str, Any]) -> list[str]:
    """What Python does in a step."""
    names = ("step_us", "wire_us", "core_us")
    rows = [[str(row["streams"]), *(f"{row[name]:,}" for name in names)] for row in document["rows"]]
    what = f"Medians (`python benchmarks/engine_overhead.py` says what is counted); {document['when']}."
    heads = ["streams", "Python, µs a step", "to and from the server, µs", "the core, µs"]
    return _section("Python in a step", what, heads, rows)


def streamed(document: Mapping[str, Any]) -> list[str]:
    """What a token costs the server."""
    costs = [f"{document[name]:.0f}" for name in ("server_us", "engine_us")]
    rows = [[str(document["streams"]), *costs, f"{document['tokens_per_second']:,}"]]
    what = f"Processor time over HTTP, clients apart (`python benchmarks/stream_cost.py`); {document['when']}."
    return _section("A streamed token", what, ["streams", "the server, µs a token", "the engine, µs a token", "tokens/s"], rows)


def prefix(document: Mapping[str, Any]) -> list[str]:
    """What a prefix is worth that is known already, and what its times tell of others."""
    sides = {side: document[side]["ms"] for side in ("alize", "llama.cpp")}
    ways = ("uncached", "in memory", "from the disk")
    rows = [[way, *(f"{ms[way]:,.1f}: 1/{ms['uncached'] / ms[way]:.0f}" for ms in sides.values())] for way in ways]
    what = (
        f"Milliseconds to the first token of a prompt of {document['tokens']:,} tokens, and what part that is of the time without any "
        f"prefix (`python benchmarks/prefix.py`): Alizé over HTTP, the server killed and started again before the disk is asked; llama.cpp "
        f"by its binding, with the state that it saves to a file; {document['when']}, {document['rounds']} rounds."
    )
    return [*_section("A known prefix", what, ["the prompt is", "Alizé, ms", "llama.cpp, ms"], rows), *_tenants(document["tenants"])]


def _tenants(told: Mapping[str, Any]) -> list[str]:
    """Whether one workspace's times say what another has asked."""
    pairs, control = told["tenants"], told["control"]
    low, high = pairs["interval_ms"]
    return [
        f"A second workspace asked for {told['pairs']} prompts that the first had asked, and for as many that nobody had. Its times to the "
        f"first token differ by {pairs['difference_ms']:.2f} ms in their medians (95 %: {low:.2f} to {high:.2f}); Mann and Whitney's test "
        f"gives p = {pairs['p']:.2g}. The first workspace's own, asked again, beside those that nobody asked: p = {control['p']:.1g}.",
        "",
    ]


def _section(title: str, what: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"### {title}", "", what, "", table(heads, rows), ""]


SECTIONS = {"window": window, "large": large, "cold_start": start, "engine_overhead": overhead, "stream_cost": streamed, "prefix": prefix}
"""By the part's name, in the page's order."""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A column of numbers stands to the right."""
    numbers = [
        all(row[column][:1].isdigit() or row[column].startswith("**") for row in rows) and column > 0 for column in range(len(heads))
    ]
    rule = ["---:" if number else "---" for number in numbers]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, rule, *rows))
