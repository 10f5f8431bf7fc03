"""The benchmark measures the real engine, and its last line is one JSON document."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Alize


@pytest.mark.slow
def test_the_last_line_is_the_document(process: Callable[..., "subprocess.Popen[bytes]"], smollm2: Path) -> None:
    works = "prefill-16,decode-2"
    out, err = process("bench", "-m", str(smollm2), "--works", works, "--rounds", "1").communicate()
    *table, last = out.decode().splitlines()
    document = json.loads(last)
    assert [row["work"] for row in document["rows"]] == works.split(",")
    assert all(row["ours"] > 0 and row["unit"] == "tok/s" and row["peers"] == {} for row in document["rows"])
    assert document["memory"]["ours"]["peak"] > smollm2.stat().st_size
    assert any("decode-2" in line for line in table), err


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
