"""What stands in the way of a server is said before it starts; a real one is tried in tests/e2e."""

import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Alize


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--no-auth", "--host", "0.0.0.0"], "loopback"),
        (["--port", "70000"], "65535"),
        (["--offline"], "offline"),
        (["--model", "no-such-model"], "no-such-model"),
        (["--model", "no-such-model.gguf"], "no-such-model"),
        (["--adapter", "law"], "NAME=PATH"),
        (["--adapter", "adapters/law"], "law=adapters/law"),
        (["--adapter", "law=a", "--adapter", "law=b"], "twice"),
    ],
)
def test_a_start_that_cannot_be_is_refused(alize: Alize, arguments: list[str], said: str) -> None:
    result = alize("up", *([] if "--port" in arguments else ["--port", "0"]), *arguments)
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_path_that_looks_like_a_model_of_a_hub_is_said_to_be_none(alize: Alize, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIZE_HUB_ENDPOINT", "http://127.0.0.1:9")
    result = alize("up", "--port", "0", "--model", "models/absent")
    assert result.exit_code == 1
    assert "There is no file or folder models/absent here." in result.stderr
    assert "cannot be reached for models/absent" in " ".join(result.stderr.split())


def test_a_port_in_use_is_said(alize: Alize, smollm2: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = alize("up", "--port", str(other.getsockname()[1]), "--model", str(smollm2))
    assert result.exit_code == 1
    assert "taken" in result.stderr
