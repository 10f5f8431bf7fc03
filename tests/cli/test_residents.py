"""The models of a running server from the command line: listed with their state, loaded, put to sleep, pinned, given other weights."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from alize.cli.residents import worded
from tests import house as houses
from tests.adapters import write_peft
from tests.cli.conftest import Alize
from tests.house import KEY, House
from tests.tiny_model import write_tiny_gguf

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The real server, with a tiny model beside the real one."""
    folder = tmp_path_factory.mktemp("house")
    tiny = write_tiny_gguf(folder / "tiny.gguf")
    more = {"memory": "2", "cache_memory": "0.1", "embedding_model": "", "weight_folders": str(folder)}
    running = houses.start(folder / "home", folder / "log.txt", smollm2, models=str(tiny), **more)
    running.wait_ready()
    yield running
    running.stop(signal.SIGKILL)


def test_a_model_is_loaded_pinned_and_put_to_sleep(alize: Alize, house: House) -> None:
    """Without a key, which is made for the command and revoked by it."""
    home = ("--home", str(house.home))

    def state() -> str:
        entries = {entry["id"]: entry for entry in json.loads(alize("models", "list", "--json", *home).stdout)}
        return entries["tiny"]["state"]["state"]

    assert state() == "asleep"
    loaded = alize("models", "load", "tiny", *home)
    assert loaded.exit_code == 0, loaded.stderr
    assert loaded.stdout.startswith("tiny: awake, ")
    assert state() == "awake"
    assert "awake" in alize("models", "list", *home).stdout
    assert "awake, pinned, " in alize("models", "pin", "tiny", *home).stdout
    assert "awake, pinned, " in alize("models", "list", *home).stdout
    refused = alize("models", "sleep", "tiny", *home)
    assert (refused.exit_code, "Unpin it first" in refused.stderr) == (1, True)
    assert json.loads(alize("models", "unpin", "tiny", "--json", *home).stdout)["pinned"] is False
    assert alize("models", "sleep", "tiny", *home).exit_code == 0
    house.until(lambda: state() == "asleep")
    keys = json.loads(alize("keys", "list", "--all", "--json", *home).stdout)
    assert all(key["state"] == "revoked" for key in keys if key["name"] == "alize models")


def test_other_weights_are_named_by_path_and_what_is_wrong_is_said(alize: Alize, house: House) -> None:
    home = ("--home", str(house.home))
    other = write_tiny_gguf(house.home.parent / "other.gguf", seed=1)

    def said() -> str:
        body = {"model": "tiny", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 8, "temperature": 0}
        answer = httpx.post(f"{house.url}/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=60)
        return answer.raise_for_status().json()["choices"][0]["message"]["content"]

    alize("models", "load", "tiny", *home)
    before = said()
    reloaded = json.loads(alize("models", "reload", "tiny", "--path", str(other), "--json", *home).stdout)
    assert reloaded["generation"] >= 2
    assert said() != before
    assert f"loaded {reloaded['generation']} times" in alize("models", "list", *home).stdout
    missing = alize("models", "reload", "tiny", "--path", str(other) + ".not", *home)
    assert (missing.exit_code, "There is no file or folder" in missing.stderr) == (1, True)
    unknown = alize("models", "load", "tyni", *home)
    assert (unknown.exit_code, "Did you mean tiny?" in unknown.stderr) == (1, True)


def test_an_adapter_is_listed_with_its_model_and_how_often_its_name_was_given_something_new(alize: Alize, house: House) -> None:
    def listed() -> str:
        lines = alize("models", "list", "--home", str(house.home)).stdout.splitlines()
        return next((line for line in lines if line.strip().startswith("own")), "")

    assert listed() == ""
    for seed, said in ((1, "awake, adapter of smollm2-135m-instruct"), (2, "adapter of smollm2-135m-instruct, version 2")):
        path = write_peft(house.home.parent / f"adapter-{seed}", 30, {"q": (576, 576)}, seed=seed)
        there = f"{house.url}/api/models/smollm2-135m-instruct/adapters/own"
        httpx.put(there, json={"path": str(path)}, headers={"Authorization": f"Bearer {KEY}"}, timeout=60).raise_for_status()
        assert said in listed()
    httpx.delete(there, headers={"Authorization": f"Bearer {KEY}"}, timeout=60).raise_for_status()
    assert listed() == ""


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"state": "loading", "percent": 40, "generation": 1, "bytes": 0}, "loading 40 %"),
        (
            {"state": "awake", "reloading": True, "pinned": True, "generation": 3, "bytes": 2**30},
            "reloading, pinned, loaded 3 times, 1.0 GiB",
        ),
        ({"state": "asleep", "generation": 2, "bytes": 0, "adapter_of": "m"}, "asleep, adapter of m, version 2"),
        (None, ""),
    ],
)
def test_a_state_in_words(entry: dict[str, Any] | None, words: str) -> None:
    assert worded(entry) == words


def test_another_server_is_named_by_its_address_and_key(alize: Alize, house: House) -> None:
    there = ("--url", house.url, "--key", KEY)
    assert alize("models", "load", "tiny", *there).exit_code == 0
    wrong = alize("models", "load", "tiny", "--url", house.url, "--key", "not-the-key")
    assert wrong.exit_code == 1
    nobody = alize("models", "load", "tiny", "--url", "http://127.0.0.1:9")
    assert (nobody.exit_code, "Nothing answers" in nobody.stderr) == (75, True)
    assert "is not an address" in alize("models", "load", "tiny", "--url", "nonsense").stderr


def test_without_a_server_it_says_how_to_start_one(alize: Alize, tmp_path: Path) -> None:
    result = alize("models", "load", "tiny", "--home", str(tmp_path / "empty"))
    assert (result.exit_code, "alize up" in result.stderr) == (1, True)
    assert alize("models", "list", "--home", str(tmp_path / "empty")).exit_code == 0
