"""`alize replay` says identical, or which token differs and why, or why it cannot; by its text and by its status."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

import alize as library
from alize.engine.record import ReplayRecord, written
from alize.weights.keep import sha256_at
from alize.weights.pull import pull
from tests.adapters import write_release
from tests.cli.conftest import Alize
from tests.tiny_model import write_tiny_gguf

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, ReplayRecord]]:
    """A small model, and a record of what it said; by PyTorch, since the core does not run it."""
    path = write_tiny_gguf(tmp_path_factory.mktemp("made") / "tiny.gguf")
    with closing(library.load(path, cache_memory=0.01, dtype="float32")) as model:
        answer = model.stream("hello", max_tokens=9, seed=3)
        for _ in answer:
            pass
        assert answer.replay is not None
        yield path, answer.replay


@pytest.fixture
def replayed(alize: Alize, made: tuple[Path, ReplayRecord], tmp_path: Path) -> Callable[..., Any]:
    """Replay the record, changed: `replayed("--json", answer=(1, 2))`."""

    def call(*arguments: str, model: str | Path | None = None, **changed: Any) -> Any:
        (tmp_path / "record.json").write_bytes(written(msgspec.structs.replace(made[1], **changed)))
        at = ("--model", str(model or made[0]))
        return alize("replay", str(tmp_path / "record.json"), *at, *arguments, env={"ALIZE_CACHE_MEMORY": "0.01"})

    return call


def test_the_same_is_identical_and_what_it_took_is_said(replayed: Callable[..., Any]) -> None:
    done = replayed()
    assert done.exit_code == 0
    assert done.stdout.startswith("identical (9 tokens in ")
    assert "weights: not recorded" in done.stdout
    told = json.loads(replayed("--json").stdout)
    assert (told["identical"], told["records"][0]["tokens"], told["records"][0]["difference"]) == (True, 9, None)
    assert "sums that no batch changes" in [each["what"] for each in told["records"][0]["changed"]]


def test_a_token_that_differs_is_named_with_both_texts_and_status_1(replayed: Callable[..., Any], made: tuple[Path, ReplayRecord]) -> None:
    answer = list(made[1].answer)
    answer[4] = 65 if answer[4] != 65 else 66
    done = replayed(answer=tuple(answer))
    assert done.exit_code == 1
    assert done.stdout.startswith(f"Token 4 differs: {answer[4]} ")
    assert done.stdout.count("log-probability -") == 2
    assert "What may be why:" in done.stdout
    difference = json.loads(replayed("--json", answer=tuple(answer)).stdout)["records"][0]["difference"]
    assert (difference["index"], difference["recorded"], difference["found"]) == (4, answer[4], made[1].answer[4])


def test_other_weights_are_told_by_their_hash(replayed: Callable[..., Any], made: tuple[Path, ReplayRecord]) -> None:
    told = json.loads(replayed("--json", weights_sha256="ab" * 32).stdout)
    here = sha256_at(made[0])
    weights = {"what": "weights", "recorded": "ab" * 32, "here": here, "decides": True}
    assert weights in told["records"][0]["changed"]
    told = json.loads(replayed("--json", weights_sha256=here).stdout)
    assert "weights" not in [each["what"] for each in told["records"][0]["changed"]]


def test_weights_that_were_pulled_are_found_by_their_hash(
    alize: Alize, home: Path, made: tuple[Path, ReplayRecord], tmp_path: Path
) -> None:
    path, record = made
    moved = path.rename(path.with_name("elsewhere.gguf"))
    try:
        pull(str(moved), home)
        named = msgspec.structs.replace(record, weights_sha256=sha256_at(moved), model="a name of another house")
        done = alize("replay", "-", input=written(named), env={"ALIZE_CACHE_MEMORY": "0.01"})
        assert (done.exit_code, done.stdout.partition(" ")[0]) == (0, "identical")
    finally:
        moved.rename(path)


def test_the_parts_of_an_answer_are_replayed_in_turn(alize: Alize, made: tuple[Path, ReplayRecord]) -> None:
    path, record = made
    parts = {"object": "list", "data": [json.loads(written(record))] * 2, "whole": True}
    done = alize("replay", "-", "--model", str(path), input=json.dumps(parts).encode(), env={"ALIZE_CACHE_MEMORY": "0.01"})
    assert done.exit_code == 0
    assert done.stdout.count("identical") == 2
    assert "Part 2 of 2: identical" in done.stdout


def test_one_that_was_left_is_compared_as_far_as_it_goes(replayed: Callable[..., Any], made: tuple[Path, ReplayRecord]) -> None:
    done = replayed(answer=made[1].answer[:5], finish=None)
    assert done.exit_code == 0
    assert done.stdout.startswith("identical, as far as the record goes: the answer was ended from outside (5 tokens")
    ended = replayed(finish="stop")
    assert (ended.exit_code, "it ended by 'length', and in the record by 'stop'" in ended.stdout) == (1, True)


def test_an_adapter_is_asked_for_and_taken(replayed: Callable[..., Any], made: tuple[Path, ReplayRecord], tmp_path: Path) -> None:
    from alize.engine.record import AdapterFact

    adapter = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wv": (32, 32)}, size=0.001)
    sha256 = library.load(made[0], adapter=adapter, cache_memory=0.01).info.adapters[0].sha256
    fact = AdapterFact(name="poet", sha256=sha256)
    lacking = replayed(adapter=fact)
    assert (lacking.exit_code, "--adapter" in lacking.stderr) == (2, True)
    told = json.loads(replayed("--json", "--adapter", str(adapter), adapter=fact).stdout)
    assert "adapter" not in [each["what"] for each in told["records"][0]["changed"]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"", "This is no replay record"),
        (b"[]", "There is no record in it"),
        (b'{"format": "alize.replay", "version": 2}', "a newer Alizé"),
        (b'{"format": "alize.replay", "version": 1, "prompt"', "This is no replay record"),
    ],
)
def test_what_is_no_record_is_status_2(alize: Alize, given: bytes, said: str) -> None:
    done = alize("replay", "-", input=given)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    body = json.loads(alize("replay", "-", "--json", input=given).stderr)
    assert body["object"] == "error"


def test_weights_that_are_not_here_are_status_2_and_say_what_to_do(alize: Alize, made: tuple[Path, ReplayRecord], tmp_path: Path) -> None:
    path, record = made
    real = "0e1ac4d0b3c6b1a6f2f8a8c35d7ef1a4cf2ad67a2ed4e5c9f0a0b3f6d1f6c0aa"
    for changed, said in (
        ({"weights_sha256": real}, "--model PATH"),
        ({"model": "smollm2-135m-instruct"}, "alize pull smollm2-135m-instruct"),
    ):
        done = alize("replay", "-", input=written(msgspec.structs.replace(record, **changed)))
        assert (done.exit_code, done.stdout, said in done.stderr) == (2, "", True)
    for place in (tmp_path / "nowhere.json", tmp_path, "a\0b"):
        assert alize("replay", str(place)).exit_code == 2
    assert alize("replay", "-", "--model", str(tmp_path / "no.gguf"), input=written(record)).exit_code == 2
    assert path.exists()


@pytest.mark.slow
def test_the_real_model_says_the_same_again(alize: Alize, smollm2: Path) -> None:
    home = smollm2.parent.parent.parent
    with closing(library.load(home=home, cache_memory=0.3, offline=True)) as model:
        asked = [model.stream(f"Tell me about {what}.", temperature=0.8, seed=7, max_tokens=40) for what in ("rain", "wind", "snow")]
        running = [iter(each) for each in asked]
        while running:
            running = [each for each in running if next(each, None) is not None]
        records = [each.replay for each in asked]
    for record in records:
        assert record is not None
        done = alize("replay", "-", "--home", str(home), input=written(record))
        assert (done.exit_code, done.stdout.partition(" ")[0]) == (0, "identical")
        assert "weights" not in done.stdout
