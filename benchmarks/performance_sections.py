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
    what = f"Medians (`python benchmarks/engine_overhead.py` says what is counted). {_taken(document)}"
    heads = ["streams", "Python, µs a step", "to and from the server, µs", "the core, µs"]
    return _section("Python in a step", what, heads, rows)


def streamed(document: Mapping[str, Any]) -> list[str]:
    """What a token costs the server."""
    costs = [f"{document[name]:.0f}" for name in ("server_us", "engine_us")]
    rows = [[str(document["streams"]), *costs, f"{document['tokens_per_second']:,}"]]
    what = f"Processor time over HTTP, clients apart (`python benchmarks/stream_cost.py`). {_taken(document)}"
    return _section("A streamed token", what, ["streams", "the server, µs a token", "the engine, µs a token", "tokens/s"], rows)


def prefix(document: Mapping[str, Any]) -> list[str]:
    """What a prefix is worth that is known already, and what its times tell of others."""
    sides = {side: document[side]["ms"] for side in ("alize", "llama.cpp")}
    ways = ("uncached", "in memory", "from the disk")
    rows = [[way, *(f"{ms[way]:,.1f}: 1/{ms['uncached'] / ms[way]:.0f}" for ms in sides.values())] for way in ways]
    what = (
        f"Milliseconds to the first token of a prompt of {document['tokens']:,} tokens, and what part that is of the time without any "
        f"prefix (`python benchmarks/prefix.py`): Alizé over HTTP, the server killed and started again before the disk is asked; llama.cpp "
        f"by its binding, with the state that it saves to a file. {_taken(document)}"
    )
    return [*_section("A known prefix", what, ["the prompt is", "Alizé, ms", "llama.cpp, ms"], rows), *_tenants(document["tenants"])]


def _tenants(told: Mapping[str, Any]) -> list[str]:
    """Whether the times of one key say what another of its workspace has asked."""
    pairs, control = told["tenants"], told["control"]
    low, high = pairs["interval_ms"]
    return [
        f"A second key of the same workspace asked for {told['pairs']} prompts that the first had asked, half of them after a restart, "
        f"and for as many that nobody had. Its times to the "
        f"first token differ by {pairs['difference_ms']:.2f} ms in their medians (95 %: {low:.2f} to {high:.2f}); Mann and Whitney's test "
        f"gives p = {pairs['p']:.2g}. The first key's own, asked again, beside those that nobody asked: p = {control['p']:.1g}.",
        "",
    ]


def guesses(document: Mapping[str, Any]) -> list[str]:
    """What computing several tokens at once is worth, by what is asked for."""
    by_task: dict[str, dict[int, Any]] = {}
    for row in document["rows"]:
        by_task.setdefault(row["task"], {})[row["streams"]] = row
    streams, rows = list(dict.fromkeys(row["streams"] for row in document["rows"])), list[list[str]]()
    for task, of in by_task.items():
        cells = [f"{of[streams[0]]['plain']:,.0f}"]
        for count in streams:
            row, with_guesses = of[count], of[count]["guessing"]
            bound = f"{row['least']}" + ("" if with_guesses["ratio"] >= row["least"] else ": missed")
            cells += [f"**{with_guesses['ratio']:.2f}**", bound, f"{with_guesses['accepted']:,} of {with_guesses['guessed']:,}"]
        peer = document["llama.cpp"].get(task)
        rows.append([task, *cells, f"{peer['guessing'] / peer['plain']:.2f}" if peer else ""])
    heads = ["asked for", f"tokens/s without, {_streams(streams[0])}"]
    for count in streams:
        heads += [f"with / without, {_streams(count)}", "at least, as claimed", "guesses that were right"]
    what = (
        "Greedy answers of the default model with guesses and without (`python benchmarks/speculation.py`), the same to the token, prompts "
        "read; guesses that were right are those of one round and all its streams. llama.cpp by its binding, with its prompt lookup and "
        f"without, one stream; it has no predictions. {_taken(document)}"
    )
    return _section("Guesses", what, [*heads, "llama.cpp with / without"], rows)


def drafts(document: Mapping[str, Any]) -> list[str]:
    """What a draft model is worth, a good one and a bad one."""
    rows: list[list[str]] = []
    for row in document["rows"]:
        guessing, drafting = row["guessing"], row["drafting"]
        bound = f"{document['least']}" + ("" if drafting["ratio"] >= document["least"] else ": missed")
        right = f"{drafting['accepted']:,} of {drafting['guessed']:,}"
        ratios = [f"{guessing['ratio']:.2f}", f"**{drafting['ratio']:.2f}**", bound, right]
        rows.append([row["draft"], row["task"], str(row["streams"]), f"{row['plain']:,.0f}", *ratios])
    what = (
        "The default model drafts for itself (`python benchmarks/drafts.py` says why, and what that does not show); the same tokens with "
        f"guesses and without. {_taken(document)}"
    )
    heads = ["draft model", "asked for", "streams", "tokens/s without guesses", "with guesses of the text"]
    return _section("A draft model", what, [*heads, "and a draft model", "at least, as claimed", "guesses that were right"], rows)


def _streams(count: int) -> str:
    return f"{count} stream{'s' if count > 1 else ''}"


def schemas(document: Mapping[str, Any]) -> list[str]:
    """Whether answers match their schemas, and what holding them to it costs."""
    peer, most = document["llama.cpp"], document["most_tokens"]
    sides = [("Alizé, every schema" if peer else "Alizé", document)]
    if peer:
        sides += [("Alizé, the sample", {"schemas": peer["schemas"], "ends": peer["ours"]}), ("llama.cpp, the sample", peer)]
    kinds = list(dict.fromkeys(["valid", "wrong", "cut", "refused", *(kind for _, side in sides for kind in side["ends"])]))
    ends = [[name, f"{side['schemas']:,}", *(f"{side['ends'].get(kind, 0):,}" for kind in kinds)] for name, side in sides]
    what = (
        f"Answers of the default model to a schema each, at a temperature of 0.7 and of at most {most:,} tokens (`python "
        "benchmarks/schemas.py` says which). *Cut*: that limit came before an end."
    )
    if peer:
        what += (
            f" llama.cpp {peer['version']} is given a sample of them, the same prompts, and the grammars that its binding makes of the "
            f"schemas; *slow*: after {peer['seconds']:.0f} s there was no end, *died*: its process ended."
        )
    lines = _section("Answers held to schemas", f"{what} {_taken(document)}", ["", "schemas", *kinds], ends)
    refused = [[name, _cell(reason), f"{count:,}"] for name, side in sides for reason, count in side.get("refused", {}).items()]
    lines += [table(["", "refused, since", "schemas"], refused), ""] if refused else []
    works = {"records": "a list of records", "several": "eight schemas of the corpus"}
    costs = [
        ["Alizé" if row["guesses"] else "Alizé without guesses", works[row.get("of", "records")], *_cost(row)] for row in document["cost"]
    ]
    costs += [["llama.cpp", works["records"], *_cost(row)] for row in (peer.get("cost"),) if row]
    heads = ["tokens/s", "of", "streams", "free", "held", "costs", "at most, as claimed", "that is, ms for a token of each"]
    told = [
        f"of {works[of]} {took['p50']:.0f} in the middle, {took['mean']:.0f} in the mean and {took['p95']:.0f} at 95 %"
        for of, took in document.get("masks_us", {}).items()
    ]
    profile = [
        f"A mask takes, in microseconds, one after the other: {'; '.join(told)}. Where a step does not need them first, they are computed "
        "beside it, by the threads that compute its product: nobody waits for them, and the product has so much less of the cores.",
        "",
    ]
    return [*lines, table(heads, costs), "", *(profile if told else [])] if costs else lines


def _cost(row: Mapping[str, Any]) -> list[str]:
    """No claim of a peer's; and no time of a token of each where streams end at different lengths."""
    bound = _bounded(row["cost_percent"], 5) if "guesses" in row else ""
    each = f"{1e3 * row['streams'] * (1 / row['held'] - 1 / row['free']):.2f}" if row.get("of", "records") == "records" else ""
    return [str(row["streams"]), f"{row['free']:,.1f}", f"{row['held']:,.1f}", f"{row['cost_percent']:.1f} %", bound, each]


def _bounded(percent: float, most: float) -> str:
    return f"{most:g} %" + ("" if percent <= most else ": missed")


def _cell(text: str) -> str:
    """A text that somebody else wrote, as a cell of a table: one line, and no mark of Markdown."""
    return "`" + " ".join(text.replace("|", "/").replace("`", "'").split()) + "`"


def order(document: Mapping[str, Any]) -> list[str]:
    """What it costs that floats are added in one order."""
    costs = [100 * (1 - row["held"] / row["free"]) for row in document["rows"]]
    rows = [
        [row["work"], f"{row['held']:,.0f}", f"{row['free']:,.0f}", f"{cost:.1f} %", _bounded(cost, 5)]
        for row, cost in zip(document["rows"], costs, strict=True)
    ]
    same = document["same"]
    what = (
        "The core as it is, and built with a compiler that may reorder and contract floats, in turns (`python benchmarks/determinism.py`); "
        f"{document['runner']}. Of {same['answers']} answers, {same['held_in_company']} of the core and {same['free_in_company']} of the "
        f"one left free were in company as alone; {same['free_as_held']} were the same in both. {_taken(document)}"
    )
    return _section("A fixed order of additions", what, ["tokens/s", "held", "free", "costs", "at most, as claimed"], rows)


def tools(document: Mapping[str, Any]) -> list[str]:
    """How often the right tools are called, with calls held to their schemas and without."""
    by_name: dict[str, dict[str, Any]] = {}
    for row in document["rows"]:
        by_name.setdefault(row["of"], {})[row["side"]] = row
    rows: list[list[str]] = []
    for name, of in by_name.items():
        held = of["held"]
        counts = [str(held[what]) for what in ("tasks", "called", "valid", "tool", "arguments")]
        rows.append([name, *counts, f"**{held['whole']}**", f"{held['low']:.1f} to {held['high']:.1f} %", str(of["free"]["whole"])])
    what = (
        f"Tasks of seed {document['seed']} (`python benchmarks/tools.py` says what counts), {document['model']}, greedily: calls held to "
        "the schemas of the tools, over HTTP; and the same prompts without a grammar. With calls held: tasks with a call, whose calls are "
        f"valid, are of the right tools, have the right arguments, are all there is; Wilson's 95 % of the last. {document['when']}."
    )
    heads = ["tasks", "of", "called", "valid", "right tools", "right arguments", "right", "95 %", "right without a grammar"]
    return _section("Tools", what, heads, rows)


def flood(document: Mapping[str, Any]) -> list[str]:
    """How long a quiet client waits for its first token while another one floods."""
    rows: list[list[str]] = []
    for row in document["rows"]:
        alone, beside = (f"{row[f'{which}_p50']:.3f}, {row[f'{which}_p95']:.3f}" for which in ("alone", "beside"))
        beside += " (the longest)" if row["requests"] < 20 else ""
        asked = f"{row['requests']}" + (f", {row['unanswered']} without an answer" if row["unanswered"] else "")
        bound = f"{row['bound']:.3f}" + ("" if row["within"] or row["engine"] != "alize" else ": missed")
        rows.append([_name(row["engine"]), str(row["prompt"]), asked, alone, beside, bound])
    took, counts = document.get("flood_seconds"), document["flood_answered"]
    paces = [f"{60 * counts[engine] / seconds:,.1f} by {_name(engine)}" for engine, seconds in (took or {}).items()]
    pace = f" Of the flood were answered in a minute meanwhile: {'; '.join(paces)}." if paces else ""
    what = (
        f"Seconds to the first token of a quiet client over HTTP, alone and beside {document['flood']} requests of another key that are "
        f"always open (`python benchmarks/fairness.py`). Claimed of Alizé: the 95th percentile beside the flood is at most the bound, "
        f"twice the one alone and a step of {document['step_seconds']} s. A question that is given up without a first token counts as long "
        f"as it was waited for.{pace} {_taken(document)}"
    )
    heads = ["", "tokens of the prompt", "asked beside the flood", "alone: median, 95 %", "beside the flood", "bound"]
    return _section("Beside a flood", what, heads, rows)


def refused(document: Mapping[str, Any]) -> list[str]:
    """What those were told for whom there was no place, and what came."""
    rows = [
        [
            "all alike" if name == "alike" else name,
            f"{row['refused']}",
            f"{row['told_s']:.1f}, {row['came_s']:.1f}",
            " / ".join(f"{row['ratio'][at]:.2f}" for at in ("p5", "p50", "p95")),
            f"{row['refused_in_ms']['p50']:.0f}, {row['refused_in_ms']['p99']:.0f}",
            f"{row['computed']:.1f}" if "computed" in row else "",
        ]
        for name, row in document["rows"].items()
    ]
    back, full = document["coming_back"], document["rows"]["mixed"]["tokens_per_second"]
    busy = f"{back['computed']:.1f} are computed at a time, and " if "computed" in back else ""
    what = (
        f"{document['running']} requests are computed and {document['waiting']} wait, all the time; one more is refused, with a "
        f"`Retry-After` of whole seconds, 1 at least (`python benchmarks/overload.py`). What came: the seconds until those that waited "
        f"before it had their first token; claimed is that of the median both differ by a fifth at most. Where {back['clients']} clients "
        f"come back when they are told to, each request is sent {back['sent_mean']:.2f} times, {back['sent_most']} at most; "
        f"{busy}{back['tokens_per_second']:,} tokens are drawn a second then, and {full:,} with all places taken all the time. "
        f"{_taken(document)}"
    )
    heads = ["requests", "refused", "told, came: median, s", "told / came: 5 %, median, 95 %", "refused within: median, 99 %, ms"]
    return _section("No room", what, [*heads, "computed"], rows)


def soak(document: Mapping[str, Any]) -> list[str]:
    """Half an hour of everything: what was asked, what went wrong, and what memory did."""
    done, (middle, last) = document["done"], document["most_mib"]
    what = (
        f"{document['clients']} clients ask for all that the engine does, in a cache that is too small for them, for "
        f"{document['seconds'] / 60:.0f} minutes; the engine is killed amid it (`python benchmarks/soak_engine.py` says what is asked, and "
        f"what fails it). {_taken(document)}"
    )
    rows = [
        ["requests done as asked", f"{sum(count for name, count in done.items() if name != 'cut'):,}"],
        ["cut by a kill, each told so", f"{done.get('cut', 0):,}"],
        ["errors that nobody asked for, and what else was wrong", "; ".join(document["wrong"]) or "none"],
        ["seconds from `kill -9` to the last error of what was open (2 at most)", ", ".join(map(str, document["errors_within_s"]))],
        ["sequences that gave way to others", f"{document['preemptions']:,}"],
        ["MiB of server and engine at most, in the second and the last third (a fiftieth more at most)", f"{middle:.0f} and {last:.0f}"],
    ]
    return _section("Half an hour of everything", what, ["", ""], rows)


def _name(engine: str) -> str:
    return "Alizé" if engine == "alize" else engine


def _taken(document: Mapping[str, Any]) -> str:
    """When, how often, and beside what."""
    rounds = f", {document['rounds']} rounds" if "rounds" in document else ""
    busy = f" **Taken beside other work** ({document['load']:.1f} cores busy before the run): figures are rough."
    return f"{document['when']}{rounds}.{busy if document['load'] > document.get('cores', 2) / 4 else ''}"


def _section(title: str, what: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"### {title}", "", what, "", table(heads, rows), ""]


SECTIONS = {
    "window": window,
    "large": large,
    "cold_start": start,
    "engine_overhead": overhead,
    "stream_cost": streamed,
    "prefix": prefix,
    "speculation": guesses,
    "drafts": drafts,
    "schemas": schemas,
    "determinism": order,
    "tools": tools,
    "fairness": flood,
    "overload": refused,
    "soak_engine": soak,
}
"""By the part's name, in the page's order."""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A column of numbers stands to the right."""
    numbers = [
        all(row[column][:1].isdigit() or row[column].startswith("**") for row in rows) and column > 0 for column in range(len(heads))
    ]
    rule = ["---:" if number else "---" for number in numbers]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, rule, *rows))
