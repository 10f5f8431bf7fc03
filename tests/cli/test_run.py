"""`alize run` answers what it was asked, whichever way it was asked, and stops when told to."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Start = Callable[..., "subprocess.Popen[bytes]"]


def finish(process: "subprocess.Popen[bytes]", given: bytes = b"") -> tuple[int, str, str]:
    out, err = process.communicate(given)
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        ((), b"", "nothing to ask"),
        ((" \n",), b" \n\t", "nothing to ask"),
        (("x",), b"\xff\xfe", "not UTF-8"),
        (("x",), b"\x89PNG\r\n", "Images and sounds are asked about"),
        (("x",), b"half a character \xc3", "byte 17"),
        (("x",), b"a" * 5000, "More than 4096 bytes"),
        ((b"\xff".decode("utf-8", "surrogateescape"),), b"", "not valid UTF-8"),
        (("x", "-m", "no-such-model"), b"", "no model 'no-such-model'"),
    ],
)
def test_what_cannot_be_asked_is_said(process: Start, arguments: tuple[str, ...], given: bytes, said: str) -> None:
    status, out, err = finish(process("run", *arguments, ALIZE_MAX_BODY_BYTES="4096"), given)
    assert (status, out) == (1, "")
    assert said in err
    assert "→" in err


@pytest.mark.parametrize("option", [("-t", "nan"), ("-t", "-1"), ("-t", "2"), ("-n", "0"), ("-n", "x"), ("--seed", "-1"), ("--no-such",)])
def test_options_that_cannot_be_are_refused_before_anything_is_loaded(process: Start, option: tuple[str, ...]) -> None:
    status, out, err = finish(process("run", "Hello", *option))
    assert (status, out) == (2, "")
    assert option[0] in err


@pytest.mark.slow
def test_the_model_says_paris(process: Start, smollm2: Path) -> None:
    """The README's first question, with nothing set: whoever tries it once must not meet a seed that goes astray."""
    home = str(smollm2.parent.parent.parent)
    status, out, err = finish(process("run", "What is the capital of France?", ALIZE_HOME=home, ALIZE_OFFLINE="true"))
    assert (status, err) == (0, "")
    assert out == "The capital of France is Paris.\n"


@pytest.mark.slow
def test_the_setting_limits_an_answer_that_is_given_no_limit(process: Start, smollm2: Path) -> None:
    arguments = ("run", "Count from one to one thousand.", "-t", "0", "--json", "-m", str(smollm2))
    status, out, _ = finish(process(*arguments, ALIZE_DEFAULT_MAX_TOKENS="5"))
    told = json.loads(out)
    assert (status, told["usage"]["completion_tokens"], told["finish_reason"]) == (0, 5, "length")


@pytest.mark.slow
def test_a_pipe_follows_the_prompt(process: Start, smollm2: Path) -> None:
    arguments = ("run", "Repeat this word:", "--system", "You repeat words.", "-t", "0", "-n", "7", "--json", "-m", str(smollm2))
    status, out, _ = finish(process(*arguments), "\ufeffbanana\n".encode())
    told = json.loads(out)
    assert status == 0
    assert "banana" in told["content"].lower()
    assert told["usage"]["completion_tokens"] <= 7
    assert told["usage"]["total_tokens"] == told["usage"]["prompt_tokens"] + told["usage"]["completion_tokens"]
    assert told["finish_reason"] in ("stop", "length")


@pytest.mark.slow
def test_a_text_that_does_not_fit_is_refused_with_the_numbers(process: Start, smollm2: Path) -> None:
    status, _, err = finish(process("run", "Summarize", "-m", str(smollm2)), b"wind " * 9000)
    assert status == 1
    assert "8192" in err


@pytest.mark.slow
@pytest.mark.parametrize("end", ["interrupted", "unread"])
def test_an_answer_stops_when_nobody_wants_it(process: Start, smollm2: Path, end: str) -> None:
    running = process("run", "Count from one to one thousand.", "-t", "1.5", "--seed", "1", "-m", str(smollm2))
    assert running.stdin
    assert running.stdout
    running.stdin.close()
    assert running.stdout.read(1)
    if end == "interrupted":
        running.send_signal(signal.SIGINT)
    running.stdout.close()
    assert running.wait() == (130 if end == "interrupted" else 1)
    assert running.stderr
    assert b"Traceback" not in running.stderr.read()
    running.stderr.close()
