"""The doctor finds what is in the way, and says what to do."""

import json
import socket
from pathlib import Path
from typing import Any

from tests.cli.conftest import Alize


def findings(alize: Alize, *arguments: str, **environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
    result = alize("doctor", "--json", *arguments, env=environment)
    told = json.loads(result.stdout)
    assert told["healthy"] == (result.exit_code == 0)
    assert result.exit_code in (0, 1)
    return result.exit_code, {finding["what"]: finding for finding in told["findings"]}


def test_a_healthy_machine_is_told_so(alize: Alize, smollm2: Path) -> None:
    status, found = findings(alize, ALIZE_MODEL=str(smollm2), ALIZE_PORT="0")
    assert status == 0, found
    assert found["model"]["state"] == "ok"
    assert found["state folder"]["state"] == "ok"
    assert {"processor", "memory", "instruction sets", "GPU", "PyTorch", "address"} <= found.keys()
    drawn = alize("doctor", env={"ALIZE_MODEL": str(smollm2)})
    assert drawn.exit_code == 0
    assert all(name in drawn.stdout for name in found)


def test_how_a_model_fits_into_memory_is_told(alize: Alize, smollm2: Path) -> None:
    _, found = findings(alize, ALIZE_MODEL=str(smollm2), ALIZE_WEIGHTS_IN_MEMORY="stored")
    assert "weights as stored" in found["memory for it"]["found"]
    status, found = findings(alize, ALIZE_MODEL=str(smollm2), ALIZE_MEMORY="0.1")
    assert status == 1
    assert "does not fit into memory" in found["memory for it"]["found"]
    assert "smaller" in found["memory for it"]["meaning"]


def test_the_threads_are_those_of_the_settings(alize: Alize) -> None:
    assert "1 (environment: ALIZE_THREADS)" in findings(alize, ALIZE_THREADS="1")[1]["threads"]["found"]
    assert findings(alize)[1]["threads"]["found"].isdecimal()


def test_a_model_that_can_be_fetched_is_only_a_note(alize: Alize) -> None:
    status, found = findings(alize)
    assert status == 0
    assert found["model"]["state"] == "note"
    assert "alize pull" in found["model"]["meaning"]


def test_a_model_that_cannot_be_had_is_a_problem(alize: Alize) -> None:
    for environment in ({"ALIZE_OFFLINE": "true"}, {"ALIZE_MODEL": "no-such-model"}):
        status, found = findings(alize, **environment)
        assert status == 1
        assert found["model"]["state"] == "problem"


def test_a_home_that_is_a_file_is_a_problem(alize: Alize, home: Path) -> None:
    home.write_text("")
    status, found = findings(alize)
    assert status == 1
    assert "file" in found["state folder"]["meaning"]


def test_wrong_settings_are_a_problem_and_do_not_stop_the_doctor(alize: Alize) -> None:
    status, found = findings(alize, ALIZE_PORT="many")
    assert status == 1
    assert "port" in found["settings"]["found"]
    assert "processor" in found


def test_an_address_in_use_is_noted(alize: Alize) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        _, found = findings(alize, ALIZE_PORT=str(other.getsockname()[1]))
    assert found["address"]["state"] == "note"
    assert "--port" in found["address"]["meaning"]


def test_an_address_that_is_not_this_machine_s_is_a_problem(alize: Alize) -> None:
    status, found = findings(alize, ALIZE_HOST="192.0.2.1", ALIZE_MODEL="smollm2-135m-instruct")  # kept free for examples (RFC 5737)
    assert status == 1
    assert found["address"]["state"] == "problem"
    assert "host" in found["address"]["meaning"]
