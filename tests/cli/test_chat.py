"""`alize chat` keeps a conversation, typed or piped in."""

import codecs
import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Alize

Start = Callable[..., "subprocess.Popen[bytes]"]


def test_a_server_that_is_not_there_is_said(alize: Alize) -> None:
    result = alize("chat", "--url", "http://127.0.0.1:1", input="Hello\n")
    assert result.exit_code == 75
    assert "alize up" in result.stderr


def test_what_is_no_command_is_said(alize: Alize) -> None:
    result = alize("chat", "--url", "http://127.0.0.1:1", input="/nonsense\n")
    assert result.exit_code == 1
    assert "/help" in result.stderr


def test_input_that_is_no_text_is_said(alize: Alize) -> None:
    result = alize("chat", "--url", "http://127.0.0.1:1", input=b"\xff\n")
    assert result.exit_code == 1
    assert "UTF-8" in result.stderr


def test_commands_work_without_a_word_from_the_model(alize: Alize, tmp_path: Path) -> None:
    saved = tmp_path / "talk.json"
    result = alize("chat", "--url", "http://127.0.0.1:1", input=f"/help\n\n/system Be brief.\n/save {saved}\n/exit\nnever read\n")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "/retry" in result.stderr
    assert json.loads(saved.read_text()) == {"system": "Be brief.", "messages": []}


@pytest.mark.slow
def test_piped_turns_are_answered_in_order(process: Start, smollm2: Path, tmp_path: Path) -> None:
    saved = tmp_path / "talk.json"
    lines = f'What is the capital of France?\n"""\nWhat is\n2 + 2?\n"""\n/retry\n/save {saved}\n'
    running = process("chat", "-t", "0", "-n", "20", "-m", str(smollm2))
    out, err = running.communicate(lines.encode())
    assert running.returncode == 0, err.decode()
    talk = json.loads(saved.read_text())["messages"]
    assert [turn["role"] for turn in talk] == ["user", "assistant", "user", "assistant"]
    assert "Paris" in talk[1]["content"]
    assert talk[2]["content"] == "What is\n2 + 2?"
    assert out.decode().count(talk[3]["content"].strip()) == 2  # a retry at temperature 0 says the same


@pytest.mark.slow
def test_a_person_can_stop_an_answer_and_go_on(smollm2: Path, home: Path) -> None:
    with Terminal("chat", "-t", "1.5", "--seed", "1", "-m", str(smollm2), home=home) as terminal:
        terminal.wait_for("› ")
        terminal.type("Tell me a very long story.\n")
        terminal.wait_for("story.\r\n")
        terminal.wait_for("", more=20)  # the answer has begun
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_for("› ")
        terminal.type("/exit\n")
        assert terminal.process.wait() == 0
    assert "Traceback" not in terminal.seen


def test_a_person_reads_an_error_and_goes_on(home: Path) -> None:
    with Terminal("chat", "--url", "http://127.0.0.1:1", home=home) as terminal:
        terminal.wait_for("› ")
        terminal.type("Hello\n")
        terminal.wait_for("alize up")
        terminal.wait_for("› ")
        terminal.process.send_signal(signal.SIGINT)
        terminal.type("\n")  # a signal that comes between the prompt and the wait for a key is heard with that key (CPython's readline.c)
        terminal.wait_for("Ctrl-D ends")
        terminal.wait_for("› ")
        terminal.type("\x04")
        assert terminal.process.wait() == 0


def test_a_person_whose_terminal_types_no_text_is_told_and_goes_on(home: Path) -> None:
    with Terminal("chat", "--url", "http://127.0.0.1:1", home=home) as terminal:
        terminal.wait_for("› ")
        terminal.type("/system \udcff\n")
        terminal.wait_for("not valid UTF-8")
        terminal.wait_for("› ")
        terminal.type("Hello\n")
        terminal.wait_for("alize up")
        terminal.wait_for("› ")
        terminal.type("\x04")
        assert terminal.process.wait() == 0


def test_an_option_that_is_no_text_is_refused(process: Start) -> None:
    not_text = b"\xff".decode("utf-8", "surrogateescape")
    for command in ("chat", "run"):
        running = process(command, *(["x"] if command == "run" else []), "--system", not_text)
        _, err = running.communicate(b"Hello\n")
        assert running.returncode == 1
        assert "not valid UTF-8" in err.decode()


class Terminal:
    """A command on a terminal of its own, and what it shows there."""

    def __init__(self, *arguments: str, home: Path) -> None:
        self._master, slave = pty.openpty()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ALIZE_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "alize", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**clean, "ALIZE_HOME": str(home), "TERM": "xterm"},
            start_new_session=True,
        )
        os.close(slave)
        self.seen, self._looked_at = "", 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def type(self, text: str) -> None:
        os.write(self._master, text.encode("utf-8", "surrogateescape"))

    def wait_for(self, text: str, more: int = 0) -> None:
        """Read until `text`, and `more` characters behind it, have come."""
        while (at := self.seen.find(text, self._looked_at)) < 0 or len(self.seen) < at + len(text) + more:
            assert select.select([self._master], [], [], 120)[0], f"{text!r} did not come after {self.seen!r}"
            self.seen += self._decoder.decode(os.read(self._master, 1024))
        self._looked_at = at + len(text)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
