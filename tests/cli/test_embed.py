"""`alize embed` gives a vector for each text, and says which one is none."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.embedding import encoder, released

Start = Callable[..., "subprocess.Popen[bytes]"]


def finish(process: "subprocess.Popen[bytes]", given: bytes = b"") -> tuple[int, str, str]:
    out, err = process.communicate(given)
    return process.returncode, out.decode(), err.decode()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("torch")
    return str(released(encoder(), tmp_path_factory.mktemp("m")))


def test_each_line_becomes_a_vector(process: Start, reader: str) -> None:
    status, out, err = finish(process("embed", "-m", reader), b"the cat sat\r\ndogs bark\n")
    assert (status, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["text"] for line in lines] == ["the cat sat", "dogs bark"]
    assert [len(line["embedding"]) for line in lines] == [32, 32]
    _, again, _ = finish(process("embed", "the cat sat", "-m", reader, "--dimension", "8", "--dtype", "ubinary"))
    (bits,) = json.loads(again)["embedding"]
    assert 0 <= bits <= 255


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        ((), b"", "nothing to embed"),
        ((), b"the cat\n\n", "Line 2 is empty"),
        ((), b"\xff\n", "Line 1 is not UTF-8"),
        (("the cat", "--dtype", "int4"), b"", "no output_dtype 'int4'"),
        (("the cat", "--dimension", "33"), b"", "32 numbers"),
        (("the cat " * 70,), b"", "tokens"),
    ],
)
def test_what_cannot_be_embedded_is_said(process: Start, reader: str, arguments: tuple[str, ...], given: bytes, said: str) -> None:
    status, out, err = finish(process("embed", *arguments, "-m", reader), given)
    assert (status, out) == (1, "")
    assert said in err


def test_without_a_model_that_embeds_one_must_be_named(process: Start) -> None:
    status, _, err = finish(process("embed", "a", "-m", ""))
    assert status == 1
    assert "is empty: there is no model to ask" in err
    assert "--model" in err


def test_a_model_that_is_none_is_named(process: Start, tmp_path: Path) -> None:
    status, _, err = finish(process("embed", "a", "-m", "no-such-model"))
    assert status == 1
    assert "no-such-model" in err


def test_a_model_that_chats_is_refused_as_the_api_refuses_it(process: Start, smollm2: Path) -> None:
    status, out, err = finish(process("embed", "the cat", "-m", str(smollm2)))
    assert (status, out) == (1, "")
    assert "does not embed" in err
    assert "alize models list" in err
