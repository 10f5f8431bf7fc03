"""docs/performance says what was measured, of each engine the best, and what was not."""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = str(Path(__file__).resolve().parents[2] / "benchmarks")


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Scripts import each other by name, from their own folder."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield importlib.import_module
    for name in (
        "performance",
        "performance_page",
        "performance_plots",
        "performance_sections",
        "divergence",
        "large",
        "overload",
        "fairness",
    ):
        sys.modules.pop(name, None)


def row(work: str, ours: float, peers: dict[str, float], **more: Any) -> dict[str, Any]:
    memory = {"ours": 200 * 2**20, "peers": dict.fromkeys(peers, 300 * 2**20)}
    ratio = round(ours / max(peers.values()), 3) if peers else None
    return {"work": work, "ours": ours, "peers": peers, "ratio_to_best": ratio, "memory": memory, "tried": {}, **more}


def document(*rows: dict[str, Any], load: float = 0.0) -> dict[str, Any]:
    machine = {"processor": "A processor", "cores": 2, "memory_bytes": 2**34, "system": "Linux", "python": "3.11", "load": load}
    sides = ["alize", "llama.cpp/Q4_0", "llama.cpp/Q4_1", "openvino/Q4_1"]
    return {
        "machine": machine,
        "model": "some-model",
        "when": "2026-11-29",
        "rounds": 5,
        "versions": {"alize": "1.0", "llama.cpp": "0.3", "openvino": "2026.4"},
        "weights": {side: {"bits": 4.5, "format": "Q4_0", "head": "Q8_0"} for side in sides},
        "settings": dict.fromkeys(sides, "by default"),
        "rows": list(rows),
    }


TABLE = document(
    row("decode-1", 300.0, {"llama.cpp/Q4_0": 150.0, "llama.cpp/Q4_1": 100.0, "openvino/Q4_1": 120.0}),
    row("decode-8", 900.0, {"llama.cpp/Q4_0": 200.0, "openvino/Q4_1": 600.0}, tried={"llama.cpp/Q4_1": 12.0}),
)
FAR = {
    "sides": {
        "alize": {"perplexity_percent": 0.31, "same_percent": 98.4, "kl": 0.0009},
        "openvino/Q4_1": {"perplexity_percent": -0.2, "same_percent": None, "kl": None},
    }
}
GAPS = {"alize": {"alone": 5.0, "p99": 10.0}, "llama.cpp/Q4_0": {"alone": 9.0, "p99": 400.0}, "openvino/Q4_1": {"alone": 8.0, "p99": 80.0}}


def test_each_engine_counts_with_the_best_of_what_it_was_given(module: Any) -> None:
    text = module("performance_page").page({"avx2": {"table": TABLE}}, set())
    assert "| decode-1 | 300 | 150 (Q4_0) | 120 (Q4_1) | **2.00** |" in text
    assert "| decode-8 | 900 | 200 (Q4_0) | 600 (Q4_1) | **1.50** |" in text
    assert "| decode-8 | llama.cpp (Q4_1) 12 |" in text
    assert "| AVX2 only | *measured* |" in text
    assert "| AMX (int8 and bfloat16 tiles) | *not run* |" in text
    assert "| Arm with dot products | *emulated (correctness only)*: `python scripts/emulate.py` |" in text
    assert "beside other work" not in text
    assert "Unsteady" not in text


def test_what_is_said_to_be_emulated_is(module: Any) -> None:
    from scripts import emulate

    assert set(module("performance_page").EMULATED) == set(emulate.FAMILIES)


def test_a_trial_that_was_better_than_the_measurement_is_said(module: Any) -> None:
    shaken = document(row("decode-2", 300.0, {"llama.cpp/Q4_1": 7.0, "openvino/Q4_1": 128.0}, tried={"llama.cpp/Q4_0": 41.0}))
    assert "**Unsteady** at decode-2:" in module("performance_page").page({"avx2": {"table": shaken}}, set())


def test_what_a_long_prompt_does_to_the_gaps_is_said_for_each_engine(module: Any) -> None:
    mixed = document(row("mixed-8", 700.0, {"llama.cpp/Q4_0": 350.0, "openvino/Q4_1": 500.0}, gaps_ms=GAPS), load=3.0)
    text = module("performance_page").page({"avx2": {"mixed": mixed}}, set())
    assert "| Alizé | 5.0 | 10.0 | 2.0 |" in text
    assert "| llama.cpp (Q4_0) | 9.0 | 400.0 | 44.4 |" in text
    assert "**Taken beside other work** (load 3.0 before the run)" in text


def test_decoding_with_a_window_stands_beside_decoding_without(module: Any) -> None:
    rates = {"window": {"512": 410.0, "8192": 320.0}, "full": {"512": 409.0, "8192": 200.0}}
    known = {"window": {"window": 4096, "when": "2026-12-01", "rounds": 3, "tokens_per_s": rates}}
    text = module("performance_page").page({"avx2": known}, {"avx2-window.svg"})
    assert "| 8,192 | 320 | 200 |" in text
    assert "(avx2-window.svg)" in text
    assert "a window of 4,096 tokens" in module("performance_plots").plots(known)["window"]


def test_a_trial_of_a_mixed_work_counts_where_it_had_all_steps(module: Any) -> None:
    far = {"sides": {side: {"perplexity_percent": 0.1, "same_percent": None, "kl": None} for side in ("alize", "llama.cpp/Q4_1")}}
    peers, tried = {"llama.cpp/Q4_0": 350.0, "openvino/Q4_1": 500.0}, {"llama.cpp/Q4_1": 280.0}
    few, all_steps = (row("mixed-8", 700.0, peers, gaps_ms=GAPS, tried=tried, tried_steps=steps) for steps in (16, 127))
    page = module("performance_page").page
    assert "llama.cpp Q4_1, tried" not in page({"avx2": {"mixed": document(few), "divergence": far}}, set())
    text = page({"avx2": {"mixed": document(all_steps), "divergence": far}}, set())
    assert "**2.50** (llama.cpp Q4_1, tried)" in text
    assert "| mixed-8, 127 steps | llama.cpp (Q4_1) 280 |" in text


def test_larger_models_say_how_near_they_come_to_what_memory_gives(module: Any) -> None:
    one = document(row("prefill-128", 70.0, {"llama.cpp/Q4_0": 35.0}), row("decode-1", 8.0, {"llama.cpp/Q4_0": 10.0}))
    one["weights"]["alize"]["read"] = 4 * 10**9
    text = module("performance_page").page(
        {"amx": {"large": {"memory_gb_s": 40.0, "when": "2026-12-01", "rounds": 3, "shapes": {"seven-billion": one}}}}, set()
    )
    assert "| Mistral 7B's shape, Q4_0 | prefill-128 | 70.0 | 35.0 | **2.00** | 0.2 / 0.3 |  |" in text
    assert "| Mistral 7B's shape, Q4_0 | decode-1 | 8.0 | 10.0 | **0.80** | 0.2 / 0.3 | 32.0 GB/s: 80 % |" in text


def test_the_start_and_what_python_costs_have_sections(module: Any) -> None:
    when = {"when": "2026-12-01", "load": 0.1}
    parts = {
        "cold_start": {"first_word_s": {"alize": 0.6, "llama.cpp": 0.5}, "rounds": {"alize": [0.6, 0.6]}, **when},
        "engine_overhead": {"rows": [{"streams": 32, "step_us": 600, "wire_us": 90, "core_us": 21000}], **when},
        "stream_cost": {"streams": 32, "server_us": 71.4, "engine_us": 900.0, "tokens_per_second": 1300, **when, "load": 1.5},
    }
    text = module("performance_page").page({"amx": parts}, set())
    assert module("performance_plots").plots(parts) == {}
    assert "| first word, s | 0.60 | 0.50 | **1.20** |" in text
    assert "| 32 | 600 | 90 | 21,000 |" in text
    assert "| 32 | 71 | 900 | 1,300 |" in text
    assert text.count("beside other work") == 1


def test_figures_of_a_processor_that_was_held_to_fewer_instructions_stand_apart(module: Any) -> None:
    alone = document(row("decode-64", 500.0, {}))
    alone["weights"] = {"alize": alone["weights"]["alize"]}
    known = {"avx2": {"table": TABLE}, "avx2-held": {"crowd": alone}}
    text = module("performance_page").page(known, set())
    assert "## AVX2 only, on a processor that has more" in text
    assert "its kernels held to `avx2`" in text
    assert list(known) == [name for name in module("performance_page").FILES if name in known]


def test_memory_is_read_at_some_rate(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    large = module("large")
    monkeypatch.setattr(large, "LENGTH", 2**20)
    assert large.memory_rate(2) > 1e6


def test_a_plot_is_drawn_where_there_are_two_points(module: Any) -> None:
    drawn = module("performance_plots").plots({"table": TABLE})
    assert list(drawn) == ["concurrency"]
    assert "Alizé" in drawn["concurrency"]
    assert module("performance_plots").plots({"table": TABLE}) == drawn


def test_what_a_side_computed_with_says_how_far_it_is_from_the_file(module: Any) -> None:
    text = module("performance_page").page({"avx2": {"table": TABLE, "divergence": FAR}}, set())
    assert "| Alizé | 4.5 | Q4_0 | Q8_0 | +0.31 % | 98.4 % | 0.0009 | by default |" in text
    assert "| OpenVINO GenAI (Q4_1) | 4.5 | Q4_0 | Q8_0 | -0.20 % |  |  | by default |" in text
    assert "| llama.cpp (Q4_0) | 4.5 | Q4_0 | Q8_0 |  |  |  | by default |" in text
    assert "perplexity |" not in module("performance_page").page({"avx2": {"table": TABLE}}, set())


def test_a_second_ratio_counts_the_sides_that_are_near_the_file(module: Any) -> None:
    near = {"alize": 0.3, "llama.cpp/Q4_0": 20.2, "llama.cpp/Q4_1": -0.4, "openvino/Q4_1": 23.7}
    far = {"sides": {side: {"perplexity_percent": percent, "same_percent": None, "kl": None} for side, percent in near.items()}}
    text = module("performance_page").page({"avx2": {"table": TABLE, "divergence": far}}, set())
    assert "| Alizé / best | Alizé / best near the file |" in text
    assert "| **2.00** | **3.00** (llama.cpp Q4_1) |" in text
    assert "| **1.50** | **75.00** (llama.cpp Q4_1, tried) |" in text


def test_the_divergence_of_the_reference_from_itself_is_none(module: Any) -> None:
    divergence = module("divergence")
    logits = np.random.default_rng(1).normal(0, 3, (8, 50)).astype(np.float32)
    tokens = list(range(8))
    reference, sums, probabilities = divergence.log_probabilities(logits[:-1]), divergence.Sums(), divergence.Sums()
    sums.add(logits, tokens, reference)
    probabilities.add(reference[np.arange(7), tokens[1:]].astype(np.float32), tokens, reference)
    perplexity = float(np.exp(-reference[np.arange(7), tokens[1:]].mean()))
    assert sums.document(perplexity) == {"perplexity_percent": 0.0, "same_percent": 100.0, "kl": 0.0}
    assert probabilities.document(perplexity) == {"perplexity_percent": 0.0, "same_percent": None, "kl": None}


RUN = {"when": "2026-12-02", "load": 0.1, "cores": 2, "rounds": 5}


def section(module: Any, part: str, document: dict[str, Any]) -> str:
    return module("performance_page").page({"amx": {part: document}}, set())


def guess(task: str, streams: int, ratio: float, least: float) -> dict[str, Any]:
    guessing = {"rate": 300 * ratio, "ratio": ratio, "guessed": 169, "accepted": 110}
    return {"task": task, "streams": streams, "tokens": 160, "plain": 300.0, "least": least, "guessing": guessing}


def test_every_script_that_is_a_part_has_a_section(module: Any) -> None:
    performance = module("performance")
    assert set(module("performance_sections").SECTIONS) == set(performance.SCRIPTS) - {"divergence"}
    for name in performance.SCRIPTS:
        assert (Path(BENCHMARKS) / f"{name}.py").exists()
    assert set(performance.IN_ROUNDS) | set(performance.WITH_PEERS) <= set(performance.SCRIPTS)


def test_what_guesses_are_worth_stands_beside_what_is_claimed_and_a_peer_s_ratio(module: Any) -> None:
    rows = [guess("code edited", 1, 1.85, 1.5), guess("a story", 1, 0.96, 0.97), guess("code edited", 8, 1.16, 0.97)]
    rows.append(guess("a story", 8, 1.0, 0.97))
    document = {**RUN, "rows": rows, "llama.cpp": {"a story": {"plain": 200.0, "guessing": 130.0}}}
    text = section(module, "speculation", document)
    assert "| code edited | 300 | **1.85** | 1.5 | 110 of 169 | **1.16** | 0.97 | 110 of 169 |  |" in text
    assert "| a story | 300 | **0.96** | 0.97: missed | 110 of 169 | **1.00** | 0.97 | 110 of 169 | 0.65 |" in text
    assert "beside other work" not in text


def test_what_a_draft_model_is_worth_stands_beside_what_the_text_s_own_guesses_are(module: Any) -> None:
    drafting = {"rate": 280.0, "ratio": 0.93, "guessed": 200, "accepted": 150}
    rows = [{**guess("a story", 1, 1.2, 0.97), "draft": "its first layers", "drafting": drafting}]
    text = section(module, "drafts", {**RUN, "least": 0.97, "rows": rows})
    assert "| its first layers | a story | 1 | 300 | 1.20 | **0.93** | 0.97: missed | 150 of 200 |" in text


def test_held_answers_are_counted_by_how_they_ended_and_a_peer_s_beside_ours_of_the_same_schemas(module: Any) -> None:
    cost = {"guesses": True, "streams": 8, "free": 1000.0, "held": 800.0, "cost_percent": 20.0}
    ours = {"schemas": 1262, "ends": {"valid": 716, "cut": 545, "refused": 1}, "refused": {"no `a|b`": 1}, "wrong": {}, "most_tokens": 1000}
    theirs = {"schemas": 100, "ends": {"valid": 20, "died": 30, "cut": 50}, "refused": {}, "wrong": {}, "ours": {"valid": 60, "cut": 40}}
    peer = {**theirs, "version": "0.3", "seconds": 60.0, "cost": {"streams": 1, "free": 200.0, "held": 100.0, "cost_percent": 50.0}}
    costs = [cost, {**cost, "guesses": False, "held": 960.0, "cost_percent": 4.0}, {**cost, "of": "several"}]
    took = {"records": {"p50": 21.2, "mean": 30.1, "p95": 140.0}}
    text = section(module, "schemas", {**RUN, **ours, "cost": costs, "masks_us": took, "llama.cpp": peer})
    assert "|  | schemas | valid | wrong | cut | refused | died |" in text
    assert "| Alizé, every schema | 1,262 | 716 | 0 | 545 | 1 | 0 |" in text
    assert "| Alizé, the sample | 100 | 60 | 0 | 40 | 0 | 0 |" in text
    assert "| llama.cpp, the sample | 100 | 20 | 0 | 50 | 0 | 30 |" in text
    assert "| Alizé, every schema | `no 'a/b'` | 1 |" in text
    assert "| Alizé | a list of records | 8 | 1,000.0 | 800.0 | 20.0 % | 5 %: missed | 2.00 |" in text
    assert "| Alizé without guesses | a list of records | 8 | 1,000.0 | 960.0 | 4.0 % | 5 % | 0.33 |" in text
    assert "| Alizé | eight schemas of the corpus | 8 | 1,000.0 | 800.0 | 20.0 % | 5 %: missed |  |" in text
    assert "| llama.cpp | a list of records | 1 | 200.0 | 100.0 | 50.0 % |  | 5.00 |" in text
    assert "of a list of records 21 in the middle, 30 in the mean and 140 at 95 %" in text
    alone = section(module, "schemas", {**RUN, **ours, "cost": [], "llama.cpp": {}})
    assert "| Alizé | 1,262 | 716 |" in alone
    assert "llama.cpp" not in alone.split("### Answers held to schemas")[1]


def test_what_a_fixed_order_costs_is_said_with_what_is_the_same_without(module: Any) -> None:
    same = {"answers": 8, "held_in_company": 8, "free_in_company": 7, "free_as_held": 2, "logits_as_held": False}
    rows = [{"work": "decode-1", "unit": "tok/s", "held": 400.0, "free": 500.0, "ratio": 0.8}]
    text = section(module, "determinism", {**RUN, "load": 1.5, "runner": "native-amx", "model": "m", "rows": rows, "same": same})
    assert "| decode-1 | 400 | 500 | 20.0 % | 5 %: missed |" in text
    assert "8 of the core and 7 of the one left free were in company as alone; 2 were the same in both" in text
    assert "**Taken beside other work** (1.5 cores busy before the run)" in text


def test_tools_are_counted_by_kind_with_what_came_without_a_grammar(module: Any) -> None:
    counts = {"of": "pick", "tasks": 34, "called": 34, "valid": 34, "tool": 31, "arguments": 26, "percent": 76.5, "low": 60.0, "high": 87.6}
    rows = [{**counts, "side": "held", "whole": 26}, {**counts, "side": "free", "whole": 1}]
    text = section(module, "tools", {**RUN, "model": "a-model", "seed": 7, "rows": rows})
    assert "| pick | 34 | 34 | 34 | 31 | 26 | **26** | 60.0 to 87.6 % | 1 |" in text


def test_first_tokens_beside_a_flood_have_a_bound_and_a_plot(module: Any) -> None:
    row: dict[str, Any] = {
        "prompt": 128,
        "alone_p50": 0.07,
        "alone_p95": 0.1,
        "beside_p50": 0.2,
        "beside_p95": 0.31,
        "bound": 0.3,
        "within": False,
    }
    rows = [
        {**row, "engine": engine, "requests": count, "unanswered": count % 2}
        for engine, count in (("alize", 20), ("llama.cpp, 4 slots", 3))
    ]
    seconds = {
        "alize": {"128": {"alone": [0.07, 0.1], "beside": [0.2, 0.31]}},
        "llama.cpp, 4 slots": {"128": {"alone": [0.2], "beside": []}},
    }
    seconds["llama.cpp, a slot each"] = seconds["alize"]
    counted = {
        "flood": 64,
        "flood_answered": {"alize": 200, "llama.cpp, 4 slots": 9},
        "flood_seconds": {"alize": 60.0, "llama.cpp, 4 slots": 180.0},
        "step_seconds": 0.1,
        "rows": rows,
        "seconds": seconds,
    }
    known = {"fairness": {**RUN, **counted}}
    text = module("performance_page").page({"amx": known}, {"amx-fairness.svg"})
    assert "| Alizé | 128 | 20 | 0.070, 0.100 | 0.200, 0.310 | 0.300: missed |" in text
    assert "| llama.cpp, 4 slots | 128 | 3, 1 without an answer | 0.070, 0.100 | 0.200, 0.310 (the longest) | 0.300 |" in text
    assert "answered in a minute meanwhile: 200.0 by Alizé; 3.0 by llama.cpp, 4 slots" in text
    assert "(amx-fairness.svg)" in text
    assert "beside the flood" in module("performance_plots").plots(known)["fairness"]


def test_what_who_is_refused_is_told_stands_beside_what_came(module: Any) -> None:
    ratio, took = {"p5": 0.8, "p50": 1.04, "p95": 1.3}, {"p50": 3.2, "p99": 8.1}
    row = {"refused": 60, "told_s": 7.0, "came_s": 6.8, "ratio": ratio, "refused_in_ms": took, "tokens_per_second": 700}
    row["computed"] = 16.0
    back = {"clients": 96, "tokens_per_second": 690, "sent_mean": 1.52, "sent_most": 4, "computed": 15.8}
    rows = {"alike": row, "mixed": row}
    text = section(module, "overload", {**RUN, "running": 16, "waiting": 32, "rows": rows, "coming_back": back})
    assert "| all alike | 60 | 7.0, 6.8 | 0.80 / 1.04 / 1.30 | 3, 8 | 16.0 |" in text
    assert "96 clients come back when they are told to, each request is sent 1.52 times, 4 at most; 15.8 are computed" in text


def test_a_refusal_is_true_where_those_before_it_had_their_first_token_then(module: Any) -> None:
    overload = module("overload")
    load = overload.Load(None, None, overload.ALIKE, 1)
    load.asked = [overload.Asked(0.0, 1.0), overload.Asked(0.0, 5.0), overload.Asked(0.0, 7.5), overload.Asked(3.0, 9.0)]
    load.refused = [(2.0, 6.0, 0.01), (8.5, 2.0, 0.01), (9.5, 1.0, 0.01)]
    assert load.truth() == [(6.0, 5.5), (2.0, 0.5)], "nobody waited at the third"
    load.asked.append(overload.Asked(8.0))
    assert load.truth() == [(6.0, 5.5)], "of the second nobody knows"


def test_half_an_hour_of_everything_has_its_counts_and_its_memory_by_time(module: Any) -> None:
    told = {"clients": 24, "seconds": 60.0, "done": {"short": 1000, "long": 200, "cut": 7}, "kills_at_s": [10], "errors_within_s": [0.05]}
    sizes = [[0, 150.0, 200.0], [20, 200.0, 300.0], [30, 200.0, 290.0], [40, 200.0, 301.0], [50, 199.0, 300.0]]
    known = {"soak_engine": {**RUN, **told, "memory_mib": sizes, "most_mib": [500.2, 501.1], "preemptions": 12, "wrong": []}}
    text = module("performance_page").page({"amx": known}, {"amx-soak_engine.svg"})
    for row in ("| requests done as asked | 1,200 |", "| cut by a kill, each told so | 7 |", "| sequences that gave way to others | 12 |"):
        assert row in text
    assert "| 500 and 501 |" in text
    assert "(amx-soak_engine.svg)" in text
    assert "kill -9 of the engine" in module("performance_plots").plots(known)["soak_engine"]
