"""The doctor finds what is in the way, and says what to do."""

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alize.cli.doctor import Finding
from alize.cli.doctor import findings as looked
from alize.cli.machine import Machine, describe
from alize.engine.fit import OVERHEAD, least_cache
from alize.model.params import read_params
from alize.settings import Settings
from alize.weights.adapters import open_adapter
from alize.weights.checkpoints import open_checkpoint
from alize.weights.footprint import stored_bytes
from tests.adapters import write_release
from tests.cli.conftest import Alize
from tests.engine.native.files import Experts, write_gguf


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


def test_the_memory_for_adapters_is_told_and_one_that_cannot_be_read_is_a_problem(alize: Alize, smollm2: Path, tmp_path: Path) -> None:
    path = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (576, 576)}, rank=256)
    environment = {"ALIZE_MODEL": str(smollm2), "ALIZE_WEIGHTS_IN_MEMORY": "stored", "ALIZE_DTYPE": "float32"}
    status, found = findings(alize, **environment, ALIZE_ADAPTERS=f"law={path}")
    assert status == 0
    assert found["memory for adapters"]["found"] == "1.1 MiB beside the weights"
    status, found = findings(alize, **environment, ALIZE_ADAPTERS=f"law={tmp_path / 'nowhere'}")
    assert (status, found["adapter law"]["state"]) == (1, "problem")
    assert "nowhere" in found["adapter law"]["found"]


def test_a_draft_model_is_told_with_what_it_takes_and_one_that_cannot_draft_is_a_problem(
    alize: Alize, smollm2: Path, tmp_path: Path
) -> None:
    environment = {"ALIZE_MODEL": str(smollm2), "ALIZE_DRAFT_MODEL": str(smollm2)}
    status, found = findings(alize, **environment)
    assert status == 0
    assert found["draft model"]["found"].endswith(", 0.1 GiB")
    status, found = findings(alize, **environment, ALIZE_MEMORY="0.45")
    assert (status, found["draft model"]["state"]) == (1, "problem")
    status, found = findings(alize, **environment | {"ALIZE_DRAFT_MODEL": str(write_gguf(tmp_path / "wordless.gguf", "Q8_0"))})
    assert (status, found["draft model"]["state"]) == (1, "problem")
    assert "No tokenizer" in found["draft model"]["found"]
    status, found = findings(alize, **environment, ALIZE_RUNNER="torch")
    assert "PyTorch computes that" in found["draft model"]["found"]
    status, found = findings(alize, **environment, ALIZE_SPECULATION="false")
    assert (status, found["draft model"]["state"]) == (0, "note")
    assert "draft model" not in findings(alize, ALIZE_MODEL=str(smollm2))[1]


def test_adapters_for_which_no_memory_is_left_are_a_problem(smollm2: Path, home: Path, tmp_path: Path) -> None:
    path = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (576, 576)})
    settings = Settings.load(home=home, model=str(smollm2), port=0, dtype="float32", weights_in_memory="stored", adapters=f"law={path}")
    checkpoint = open_checkpoint(smollm2)
    least = stored_bytes(checkpoint, 4) + OVERHEAD + least_cache(read_params(checkpoint.params), "float32")
    size = 4 * open_adapter(path).numbers
    for free, state in ((least + size, "ok"), (least + size - 1, "problem")):
        found = {each.what: each for each in looked(settings, replace(describe(), memory_free_bytes=free))}
        assert found["memory for it"].state == "ok"
        assert found["memory for adapters"].state == state


def test_where_a_gpu_computes_its_memory_counts(smollm2: Path, home: Path) -> None:
    """The machine is a value: tests have one of their own."""
    settings = Settings.load(home=home, model=str(smollm2), port=0)
    here = replace(describe(), gpus=("One, 100 GiB",), gpu_free_bytes=100 << 30, torch="2.13.0", memory_free_bytes=1 << 20)

    def said(machine: Machine) -> Finding:
        return next(each for each in looked(settings, machine) if each.what.endswith("memory for it"))

    assert said(here).what == "GPU memory for it"
    assert "bfloat16, weights expanded" in said(here).found
    assert "of the 100.0 GiB that are free" in said(here).found
    assert said(replace(here, gpu_free_bytes=1 << 20)).state == "problem"
    assert said(replace(here, torch="2.13.0+cpu")).what == "memory for it"
    assert said(replace(here, torch="2.13.0+cpu")).state == "problem"


def test_a_model_of_experts_needs_no_pytorch(home: Path, tmp_path: Path) -> None:
    settings = Settings.load(home=home, model=str(write_gguf(tmp_path / "sparse.gguf", experts=Experts())), port=0)
    found = {each.what: each for each in looked(settings, replace(describe(), torch=None))}
    assert (found["computed by"].state, found["computed by"].found) == ("ok", "the native core")
    assert (found["deterministic"].state, found["deterministic"].found.partition(":")[0]) == ("ok", "yes")


def test_what_no_runner_can_do_is_a_problem_of_who_computes(home: Path, smollm2: Path) -> None:
    settings = Settings.load(home=home, model=str(smollm2), port=0, runner="torch", cache_dtype="int8")
    found = {each.what: each for each in looked(settings, describe())}
    assert found["computed by"].state == "problem"
    assert "cannot be served with keys and values in int8" in found["computed by"].found
    assert found["computed by"].meaning == "Set cache_dtype to auto: that is int8 for every model of the native core."


@pytest.mark.parametrize(("runner", "state"), [("auto", "ok"), ("torch", "problem")])
def test_pytorch_is_missed_only_where_the_model_needs_it(runner: str, state: str, smollm2: Path, home: Path) -> None:
    settings = Settings.load(home=home, model=str(smollm2), port=0, runner=runner)
    found = {each.what: each.state for each in looked(settings, replace(describe(), torch=None))}
    assert found["computed by"] == state
    assert found["deterministic"] == ("ok" if runner == "auto" else "note")


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
