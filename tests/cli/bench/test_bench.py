"""The benchmark measures the real engine, and its last line is one JSON document."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from alize.cli.bench.formats import facts_of, in_format
from tests.cli.conftest import Alize
from tests.engine.native.files import DIM, HIDDEN, VOCAB, Experts, write_gguf


@pytest.mark.slow
def test_the_last_line_is_the_document(process: Callable[..., "subprocess.Popen[bytes]"], smollm2: Path) -> None:
    works = "prefill-16,decode-2,mixed-1"
    out, err = process("bench", "-m", str(smollm2), "--works", works, "--rounds", "1", ALIZE_RUNNER="native").communicate()
    *table, last = out.decode().splitlines()
    document = json.loads(last)
    assert [row["work"] for row in document["rows"]] == works.split(",")
    assert all(row["ours"] > 0 and row["unit"] == "tok/s" and row["peers"] == {} for row in document["rows"])
    assert document["memory"]["ours"]["peak"] > smollm2.stat().st_size
    assert document["memory"]["ours"]["peak"] >= document["rows"][1]["memory"]["ours"]
    mixed = document["rows"][2]["gaps_ms"]["alize"]
    assert mixed["p99"] > mixed["alone"] > 0  # a piece of the long prompt stands between two tokens
    assert document["weights"]["alize"]["bits"] > 4
    assert any("decode-2" in line for line in table), err


def test_a_peer_gets_the_model_in_another_format_made_once(smollm2: Path, tmp_path: Path) -> None:
    said: list[str] = []
    file = in_format(smollm2, "q4_0", tmp_path, said.append)
    facts = facts_of(file)
    assert (facts["format"], facts["head"]) == ("Q4_0", "Q8_0")
    assert 4.5 < facts["bits"] < facts_of(smollm2)["bits"]
    assert in_format(smollm2, "q4_0", tmp_path, said.append) == file
    assert len(said) == 1
    assert in_format(smollm2, "", tmp_path, said.append) == smollm2


def test_of_experts_those_of_one_token_are_what_it_reads(smollm2: Path, tmp_path: Path) -> None:
    """Of 6 experts 2, of the table a row, and of one that is the head, too, all."""
    sparse = facts_of(write_gguf(tmp_path / "sparse.gguf", "Q8_0", experts=Experts(count=6, active=2)))
    table, experts, rest = VOCAB * DIM * 34 // 32, 3 * 6 * 3 * DIM * HIDDEN * 34 // 32, sparse["bytes"]
    assert sparse["read"] < rest - table - experts * 4 // 6
    assert sparse["read"] > experts * 2 // 6 + table
    dense = facts_of(smollm2)
    assert 0.98 * dense["bytes"] < dense["read"] + 2_000_000 < dense["bytes"] + 2_000_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--works", "decode-0"], "decode-0"),
        (["--against", "vllm"], "llama.cpp"),
        (["--model", "no-such-model"], "no-such-model"),
    ],
)
def test_what_cannot_be_measured_is_refused(alize: Alize, arguments: list[str], said: str) -> None:
    result = alize("bench", *arguments)
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_peer_that_is_not_here_is_not_fetched_offline(alize: Alize, smollm2: Path) -> None:
    result = alize("bench", "-m", str(smollm2), "--against", "llama.cpp", env={"ALIZE_OFFLINE": "true"})
    assert result.exit_code == 1
    assert "llama.cpp 0.3.36 is not installed" in result.stderr


@pytest.mark.slow
def test_a_context_that_is_too_short_is_refused(alize: Alize, smollm2: Path) -> None:
    result = alize("bench", "-m", str(smollm2), "--works", "prefill-9000")
    assert result.exit_code == 1
    assert "8192" in result.stderr
