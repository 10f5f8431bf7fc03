"""The text of docs/performance. In: what was measured, by instruction set. Out: a page in Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from performance_sections import SECTIONS, table

__all__ = ["EMULATED", "FILES", "KERNELS", "SETS", "best", "engines", "instruction_set", "page"]

SETS = {
    # file name: (title, extensions of which the first set that a machine has all is its own)
    "amx": ("AMX (int8 and bfloat16 tiles)", ("AMX INT8",)),
    "avx512-bf16": ("AVX-512 with VNNI and BF16", ("AVX-512 VNNI", "AVX-512 BF16")),
    "avx512-vnni": ("AVX-512 with VNNI", ("AVX-512 VNNI",)),
    "avx512": ("AVX-512", ("AVX-512",)),
    "avx2-vnni": ("AVX2 with VNNI", ("AVX2", "AVX-VNNI")),
    "avx2": ("AVX2 only", ("AVX2",)),
    "i8mm": ("Arm with i8mm", ("I8MM",)),
    "dotprod": ("Arm with dot products", ("DOTPROD",)),
    "other": ("none of these", ()),
}
KERNELS = {"avx512": "avx512-bf16-held", "avx2": "avx2-held", "portable": "other-held"}
"""Kernels with which Alizé can be measured on a processor that has more: file names, of a set and behind it that it was held to it."""

FILES = [name for each in SETS for name in (each, f"{each}-held")]
"""File names there may be, in the page's order."""

EMULATED = dict.fromkeys(("i8mm", "dotprod"), "python scripts/emulate.py")
"""File names of sets whose kernels are compared with the others bit by bit, on an emulated processor; and the command that does it."""

NAMES = {"openvino": "OpenVINO GenAI"}
PLOTS = {
    "concurrency": "Throughput by streams",
    "context": "Decode of one stream by context",
    "memory": "Memory by context",
    "first-token": "Time to the first token by prompt",
}
DRAWN = {
    "window": "Decode by context, with a window and without",
    "fairness": "The share of first tokens by time, alone and beside the flood",
    "soak_engine": "Memory in half an hour of everything at once",
}
"""Plots that stand in sections, and what they show."""

HEAD = """# Performance

Alizé's engine beside other engines for CPUs: the same machine, the same model, all sides loaded in one run and measured in turns, the
order reversed each round; a figure is the median of the rounds. `make bench` writes this page; `alize bench` measures one's own model.

- **Works.** `prefill-N`: tokens a second of reading one prompt of N tokens, to the first token of the answer. `decode-N`: N streams
  draw 128 tokens each, greedily, after prompts of 128 random tokens; tokens a second of all together. `decode-1@M`: one stream after a
  prompt of M tokens. `mixed-8`: a prompt of 2,000 tokens arrives while 8 streams decode; tokens a second of reading and drawing until it
  is read and each stream has drawn 127 more.
- **Peers at their best.** Each has an environment of its own (`alize bench` installs them from pip) and as many threads as Alizé.
  llama.cpp is built from source for this processor (on one with AMX by GCC without leaving out stores, or it ends there) and is given the
  model's file, Q4_0 and Q8_0; OpenVINO GenAI the file and Q8_0;
  ik_llama.cpp the file, Q4_0, and Q4_0 repacked, from a wheel for many processors. Q4_0 and Q8_0 are rounded from the model's file
  with `alize quantize`. Each format is tried at each work, with flash attention on and off where there is the choice; an engine's best,
  and a second that comes within 8 % of it, go on to the rounds, and the better of those is its figure.
- **Memory.** Resident bytes of the engine's process at most during a work, weights and cache. The cache is as large as the work needs:
  for llama.cpp a context of whole 256 tokens for each stream (of `mixed-8`, for each as long as the longest: so it is fastest), for
  Alizé as many tokens as each needs, in whole 256, and two blocks of 16. (`alize up` gives the cache a part of the free memory
  instead, and fills it with prompts to be found again.) OpenVINO's grows by itself. Keys and values are kept as
  each does by default: in 8 bits by OpenVINO and, where its settings say so below, by Alizé, in 16 by the others.
- **Divergence** of a side from the model's file: the reference is the specification (PyTorch, float32) with the weights that the file's
  blocks stand for, on 512 tokens of a text at a time (`python benchmarks/divergence.py`): by how much its perplexity is more, how often
  both find the same token likeliest, and KL in nats. OpenVINO GenAI gives the probability of what stands in the text and no others.
- **Alizé / best** is the ratio to the fastest peer, whatever it computes. **Alizé / best near the file** is the ratio to the fastest
  side whose perplexity is within 0.5 % of the file's, as Alizé's own must be: a format that a peer is fast with may be another model.
  Where such a side was tried and not measured on, the trial's figure stands for it, marked *tried*: it is of 16 steps at most, but where
  the table of trials says otherwise.
"""

TRIAL_STEPS = 16
"""Of decoding, at most, where a document does not say."""

NEAR_PERCENT = 0.5
"""Of perplexity, by which a side may differ from the model's file and still be the same model."""


def instruction_set(extensions: Sequence[str]) -> str:
    """
    >>> instruction_set(["AVX2", "AVX-512", "AVX-512 VNNI"]), instruction_set(["AVX2", "FMA"])
    ('avx512-vnni', 'avx2')
    """
    return next(name for name, (_, needed) in SETS.items() if set(needed) <= set(extensions))


def page(known: Mapping[str, Mapping[str, Any]], figures: set[str]) -> str:
    """`known`: file name → part → document. `figures`: the plots that there are."""
    rows = [[title, "*measured*" if name in known else _unmeasured(name)] for name, (title, _) in SETS.items() if name != "other"]
    sections = [_section(name, parts, figures) for name, parts in known.items()]
    return "\n".join([HEAD, "## Instruction sets", "", table(["instruction set", "figures"], rows), "", *sections]).rstrip() + "\n"


def _unmeasured(name: str) -> str:
    return f"*emulated (correctness only)*: `{EMULATED[name]}`" if name in EMULATED else "*not run*"


def _section(name: str, parts: Mapping[str, Any], figures: set[str]) -> str:
    base = name.removesuffix("-held")
    lines = [f"## {SETS[base][0]}{', on a processor that has more' if base != name else ''}", ""]
    if base != name:
        kernels = next(kernels for kernels, file in KERNELS.items() if file == name)
        lines += [f"Alizé alone, its kernels held to `{kernels}` (the setting `kernels`): the shape of a curve counts here, no rate.", ""]
    for part, title in (("table", ""), ("mixed", "A long prompt among streams"), ("growth", "Longer prompts"), ("crowd", "More streams")):
        if part in parts:
            lines += [*([f"### {title}", ""] if title else []), *_part(parts[part], parts.get("divergence"))]
        if part == "table":
            lines += _plots(name, figures)
    for part, section in SECTIONS.items():
        lines += section(parts[part]) if part in parts else []
        if part in parts and part in DRAWN and f"{name}-{part}.svg" in figures:
            lines += [f"![{DRAWN[part]}]({name}-{part}.svg)", ""]
    return "\n".join(lines)


def _plots(name: str, figures: set[str]) -> list[str]:
    return [line for plot, text in PLOTS.items() if f"{name}-{plot}.svg" in figures for line in (f"![{text}]({name}-{plot}.svg)", "")]


def _part(document: Mapping[str, Any], divergence: Mapping[str, Any] | None) -> list[str]:
    machine, names = document["machine"], engines(document)
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB, {machine['system']}, "
        f"Python {machine['python']}; {document['model']}; {document['when']}, {document['rounds']} rounds. "
        + ", ".join(f"{NAMES.get(engine, engine)} {version}" for engine, version in document["versions"].items())
        + ".",
        "",
    ]
    if machine["load"] > machine["cores"] / 4:
        lines += [
            f"**Taken beside other work** (load {machine['load']:.1f} before the run): figures are rough, peers' too low.",
            "",
        ]
    unsteady = [row["work"] for row in document["rows"] if _unsteady(row)]
    if unsteady:
        text = "a peer was faster when it tried one format than when it was measured with another: measure again on a quiet machine"
        lines += [f"**Unsteady** at {', '.join(unsteady)}: {text}.", ""]
    titles = ["Alizé", *(NAMES.get(engine, engine) for engine in names)]
    alike = _alike(divergence)
    ratios = ["Alizé / best", *(["Alizé / best near the file"] if alike else [])] if names else []
    speed, memory, gaps = [], [], []
    for row in document["rows"]:
        chosen = [best(row["peers"], engine) for engine in names]
        ratio = [f"**{row['ratio_to_best']:.2f}**", *([_ratio_near(row, alike)] if alike else [])] if names else []
        speed.append([row["work"], f"{row['ours']:,.0f}", *(f"{row['peers'][side]:,.0f} {_given(side)}" for side in chosen), *ratio])
        memory.append([row["work"], *(f"{_peak(row, side) / 2**20:,.0f}" for side in ("alize", *chosen))])
        for side in ("alize", *chosen) if "gaps_ms" in row else ():
            gap = row["gaps_ms"][side]
            alone, p99 = gap["alone"], gap["p99"]
            gaps.append([_title(side), f"{alone:.1f}", f"{p99:.1f}", f"{p99 / alone:.1f}"])
    lines += [table(["tokens/s", *titles, *ratios], speed), "", table(["memory, MiB", *titles], memory), ""]
    if gaps:
        heads = ["mixed: ms from a token to the next", "8 streams alone", "99th percentile, from the arrival on", "ratio"]
        lines += [table(heads, gaps), ""]
    return [*lines, *_sides(document, divergence)]


def _alike(divergence: Mapping[str, Any] | None) -> set[str]:
    """Peers' sides that are near the model's file; none where Alizé itself is not."""
    near = {side for side, of in (divergence or {"sides": {}})["sides"].items() if abs(of["perplexity_percent"]) <= NEAR_PERCENT}
    return near - {"alize"} if "alize" in near else set()


def _ratio_near(row: Mapping[str, Any], alike: set[str]) -> str:
    tried = row["tried"] if _comparable(row) else {}
    rates = {side: rate for side, rate in {**tried, **row["peers"]}.items() if side in alike}
    if not rates:
        return ""
    side = max(rates, key=lambda each: rates[each])
    engine, _, format = side.partition("/")
    return f"**{row['ours'] / rates[side]:.2f}** ({NAMES.get(engine, engine)} {format}{'' if side in row['peers'] else ', tried'})"


def _unsteady(row: Mapping[str, Any]) -> bool:
    """Whether the trial left out what would have been the best of an engine."""
    return _comparable(row) and any(
        rate > row["peers"][best(row["peers"], side.partition("/")[0])] for side, rate in row["tried"].items() if side != "alize"
    )


def _comparable(row: Mapping[str, Any]) -> bool:
    """Whether a trial was of the same work as the measurement: of few steps of a mixed work most is its long prompt."""
    return "gaps_ms" not in row or row.get("tried_steps", TRIAL_STEPS) > TRIAL_STEPS


def _sides(document: Mapping[str, Any], divergence: Mapping[str, Any] | None) -> list[str]:
    """What each side computed with, how far that is from the file, and what was tried and not measured on."""
    far = {} if divergence is None else divergence["sides"]
    rows = [
        [_title(side), str(each["bits"]), each["format"], each["head"], *_far(far, side), document["settings"][side]]
        for side, each in document["weights"].items()
    ]
    heads = ["side", "bits a weight", "format", "output head", *(["perplexity", "same token", "KL"] if far else []), "settings"]
    tried = [
        [_tried(row), ", ".join(f"{_title(side)} {rate:,.0f}" for side, rate in row["tried"].items())]
        for row in document["rows"]
        if row["tried"]
    ]
    lines = [table(heads, rows), ""]
    return [*lines, table(["tried, 16 steps at most, and not measured on", "tokens/s"], tried), ""] if tried else lines


def _tried(row: Mapping[str, Any]) -> str:
    steps = row.get("tried_steps", TRIAL_STEPS)
    return row["work"] + (f", {steps} steps" if steps > TRIAL_STEPS else "")


def _far(sides: Mapping[str, Any], side: str) -> list[str]:
    if not sides:
        return []
    if side not in sides:
        return ["", "", ""]
    of = sides[side]
    told = ["", ""] if of["kl"] is None else [f"{of['same_percent']:.1f} %", f"{of['kl']:.4f}"]
    return [f"{of['perplexity_percent']:+.2f} %", *told]


def engines(document: Mapping[str, Any]) -> list[str]:
    """The peers' names, in their order."""
    return list(dict.fromkeys(side.partition("/")[0] for side in document["weights"] if side != "alize"))


def best(rates: Mapping[str, float], engine: str) -> str:
    """The fastest side of an engine."""
    return max((side for side in rates if side.partition("/")[0] == engine), key=lambda side: rates[side])


def _peak(row: Mapping[str, Any], side: str) -> int:
    return row["memory"]["ours"] if side == "alize" else row["memory"]["peers"][side]


def _given(side: str) -> str:
    return f"({side.partition('/')[2]})"


def _title(side: str) -> str:
    engine = side.partition("/")[0]
    return "Alizé" if side == "alize" else f"{NAMES.get(engine, engine)} {_given(side)}"
