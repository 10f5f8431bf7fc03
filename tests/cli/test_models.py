"""Models are listed, brought, looked into and verified by name."""

import json
from pathlib import Path

import pytest

from tests.adapters import write_release
from tests.cli.conftest import Alize
from tests.engine.native.files import DIM, HIDDEN, Experts, write_gguf
from tests.tiny_model import TEMPLATE, write_tiny_gguf
from tests.weights.checkpoints.tiny_mmproj import write


@pytest.fixture
def file(smollm2: Path, tmp_path: Path) -> Path:
    """The real small model as a file that somebody has somewhere."""
    path = tmp_path / "mine.gguf"
    path.symlink_to(smollm2)
    return path


def test_the_catalog_is_listed_with_the_default_first(alize: Alize) -> None:
    entries = json.loads(alize("models", "list", "--json").stdout)
    assert entries[0]["id"] == "smollm2-135m-instruct"
    assert entries[0]["here"] is None
    listed = alize("models", "list").stdout
    assert all(entry["id"] in listed for entry in entries)


def test_aliases_of_the_settings_are_listed(alize: Alize) -> None:
    result = alize("models", "list", "--json", env={"ALIZE_MODEL_ALIASES": "mistral-small-latest=smollm2-135m-instruct"})
    assert json.loads(result.stdout)[0]["aliases"] == ["alize-small-latest", "mistral-small-latest"]


def test_adapters_of_the_settings_are_listed(alize: Alize, tmp_path: Path) -> None:
    path = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (8, 8)})
    adapters = f"law={path},lost={tmp_path / 'nowhere' / 'lora.safetensors'}"
    law, lost = json.loads(alize("models", "list", "--json", env={"ALIZE_ADAPTERS": adapters}).stdout)[-2:]
    assert (law["id"], law["here"]["path"]) == ("law", str(path))
    assert "rank 4" in law["description"]
    assert (lost["id"], lost["here"]) == ("lost", None)
    assert "law" in alize("models", "list", env={"ALIZE_ADAPTERS": adapters}).stdout


def test_a_draft_model_is_listed_as_what_it_is_for(alize: Alize) -> None:
    environment = {"ALIZE_MODEL": "mistral-7b-instruct-v0.3", "ALIZE_DRAFT_MODEL": "alize-small-latest"}
    entries = json.loads(alize("models", "list", "--json", env=environment).stdout)
    assert [entry["id"] for entry in entries if entry["drafts_for"]] == ["smollm2-135m-instruct"]
    assert entries[0]["drafts_for"] == "mistral-7b-instruct-v0.3"
    assert "drafts for" in " ".join(alize("models", "list", env=environment).stdout.split())
    assert alize("models", "list", env={"ALIZE_DRAFT_MODEL": "no-such-model"}).exit_code == 0


def test_a_file_is_pulled_listed_and_verified_under_the_name_that_the_catalog_has_for_it(alize: Alize, file: Path) -> None:
    pulled = json.loads(alize("pull", str(file), "--json").stdout)
    assert pulled["id"] == "smollm2-135m-instruct"
    (first, *_) = json.loads(alize("models", "list", "--json").stdout)
    assert first["id"] == pulled["id"]
    assert first["here"]["sha256"] == pulled["sha256"]
    assert alize("models", "verify", pulled["id"]).exit_code == 0
    verified = json.loads(alize("models", "verify", pulled["id"], "--json").stdout)
    assert verified == {"id": pulled["id"], "sha256": pulled["sha256"], "whole": True}


def test_a_model_is_looked_into_without_being_pulled(alize: Alize, file: Path) -> None:
    assert "134,515,008" in alize("models", "inspect", str(file)).stdout
    inspected = json.loads(alize("models", "inspect", str(file), "--json").stdout)
    assert inspected["id"] == "mine"
    assert inspected["parameters"] == 134515008
    assert inspected["params"]["n_layers"] == 30
    assert inspected["active_parameters"] == 134515008
    assert inspected["cache_bytes"] == {str(length): length * 30 * 2 * 3 * 64 * 2 for length in (1024, 4096, 8192)}
    # a key has a scale for each 16 of its numbers, a value one
    assert inspected["cache_bytes_int8"] == {str(length): length * 30 * 3 * (64 + 4 * 4 + 64 + 4) for length in (1024, 4096, 8192)}


def test_it_is_said_what_computes_a_model_here_and_why_it_is_not_the_native_core(alize: Alize, file: Path, tmp_path: Path) -> None:
    assert json.loads(alize("inspect", str(file), "--json").stdout)["runner"] == "native"
    wide = json.loads(alize("inspect", str(file), "--json", env={"ALIZE_DTYPE": "float32"}).stdout)
    assert (wide["runner"], wide["runner_reason"]) == ("torch", "the setting `dtype` wants float32")
    assert (wide["deterministic"], wide["deterministic_reason"]) == (False, "PyTorch's sums depend on how many rows a step has")
    other = write_gguf(tmp_path / "other.gguf", "F32")
    assert "PyTorch, because 'tok_embeddings.weight' is stored as F32" in alize("inspect", str(other)).stdout
    alize("pull", str(file))
    (first, *_) = json.loads(alize("models", "list", "--json").stdout)
    assert (first["here"]["runner"], first["here"]["runner_reason"]) == ("native", None)
    assert "native core" in alize("models", "list").stdout


@pytest.mark.parametrize("normed", [False, True])
def test_a_model_of_experts_is_computed_by_the_native_core(alize: Alize, tmp_path: Path, normed: bool) -> None:
    sparse = write_gguf(tmp_path / "sparse.gguf", experts=Experts(count=6, active=2), normed=normed)
    said = json.loads(alize("inspect", str(sparse), "--json").stdout)
    assert (said["runner"], said["runner_reason"], said["deterministic"]) == ("native", None, True)
    assert said["memory"]["stored"] >= sum(kind["bytes"] for kind in said["kinds"].values())
    assert said["active_parameters"] == said["parameters"] - 3 * 4 * 3 * DIM * HIDDEN
    assert "the native core" in alize("inspect", str(sparse)).stdout
    alize("pull", str(sparse))
    listed = {entry["id"]: entry for entry in json.loads(alize("models", "list", "--json").stdout)}
    assert listed["sparse"]["here"]["runner"] == "native"


def test_the_short_command_says_the_same(alize: Alize, file: Path) -> None:
    assert alize("inspect", str(file)).stdout == alize("models", "inspect", str(file)).stdout


HERMES = (
    "{% for tool in tools or [] %}{{ tool | tojson }}{% endfor %}"
    "{% for m in messages %}<|start|>{{ 'result' if m['role'] == 'tool' else m['role'] }}: {{ m['content'] }}"
    "{% for call in m.tool_calls or [] %}"
    '<tool_call>\n{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}\n</tool_call>'
    "{% endfor %}<|end|>{% endfor %}{% if add_generation_prompt %}<|start|>assistant: {% endif %}"
)
"""Writes calls in the form of Hermes and Qwen."""
THINKS = "{# <think> and </think> stand around its thoughts #}"


@pytest.mark.parametrize(("template", "calls", "thinks"), [(TEMPLATE, False, False), (HERMES, True, False), (THINKS + HERMES, True, True)])
def test_it_is_said_whether_a_model_calls_tools_and_thinks(alize: Alize, tmp_path: Path, template: str, calls: bool, thinks: bool) -> None:
    tiny = write_tiny_gguf(tmp_path / "tiny.gguf", template)
    inspected = json.loads(alize("inspect", str(tiny), "--json").stdout)
    assert (inspected["calls_tools"], inspected["thinks"]) == (calls, thinks)
    lines = [line.split() for line in alize("inspect", str(tiny)).stdout.splitlines()]
    assert ["calls", "tools", "yes" if calls else "no"] in lines
    assert ["thinks", "yes" if thinks else "no"] in lines


def test_a_template_beside_a_gguf_without_one_lets_it_chat_and_is_verified_with_it(alize: Alize, tmp_path: Path) -> None:
    tiny = write_tiny_gguf(tmp_path / "tiny.gguf", None)
    assert not json.loads(alize("inspect", str(tiny), "--json").stdout)["chat_template"]
    template = tmp_path / "chat_template.jinja"
    template.write_text(HERMES)
    inspected = json.loads(alize("inspect", str(tiny), "--json").stdout)
    assert (inspected["chat_template"], inspected["calls_tools"]) == (True, True)
    assert alize("pull", str(tiny)).exit_code == 0
    assert alize("models", "verify", str(tiny)).exit_code == 0
    template.write_text(TEMPLATE)
    assert "chat_template.jinja has the SHA-256" in " ".join(alize("models", "verify", str(tiny)).stderr.split())


def test_of_a_model_without_a_tokenizer_it_is_not_known_whether_it_calls_tools(alize: Alize, tmp_path: Path) -> None:
    path = write(tmp_path, b"", "nothing.txt") / "model.gguf"
    inspected = json.loads(alize("inspect", str(path), "--json").stdout)
    assert (inspected["calls_tools"], inspected["thinks"]) == (None, None)
    assert "unknown" in alize("inspect", str(path)).stdout


@pytest.mark.parametrize("command", [["pull"], ["models", "inspect"], ["models", "verify"]])
def test_an_unknown_name_is_said_with_what_was_meant(alize: Alize, command: list[str]) -> None:
    result = alize(*command, "smollm2-135m-instruckt")
    assert result.exit_code == 1
    assert "smollm2-135m-instruct" in result.stderr


def test_a_model_that_was_only_used_by_its_path_is_pulled_by_it_to_be_verified(alize: Alize, tmp_path: Path) -> None:
    tiny = write_tiny_gguf(tmp_path / "tiny.gguf")
    refused = alize("models", "verify", str(tiny))
    assert refused.exit_code == 1
    assert f"alize pull {tiny}" in " ".join(refused.stderr.split())
    assert alize("pull", str(tiny)).exit_code == 0
    assert alize("models", "verify", str(tiny)).exit_code == 0


def test_nothing_is_fetched_offline(alize: Alize) -> None:
    result = alize("pull", "smollm2-135m-instruct", env={"ALIZE_OFFLINE": "true"})
    assert result.exit_code == 1
    assert "offline" in result.stderr


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF" + b"\xff" * 100])
def test_files_that_are_no_weights_are_refused(alize: Alize, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.gguf").write_bytes(content)
    for command in (["pull"], ["models", "inspect"]):
        result = alize(*command, str(tmp_path / "bad.gguf"))
        assert result.exit_code == 1, result.stdout
        assert result.stderr.startswith("Error: ")
