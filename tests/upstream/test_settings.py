"""Where the upstream may be: what is no address, would leak, or leaves a machine that is offline is refused before the server starts."""

from pathlib import Path
from typing import Any

import pytest

from alize.errors import SettingInvalid
from alize.settings import Settings
from alize.upstream import upstream_of
from alize.upstream.models import models_of

KEY = "sk-a-secret-that-nobody-may-see"


def given(tmp_path: Path, **values: Any) -> Settings:
    return Settings.load({}, home=tmp_path, **values)


def test_there_is_none_by_default(tmp_path: Path) -> None:
    assert upstream_of(given(tmp_path)) is None


@pytest.mark.parametrize(
    "url",
    [
        "api.mistral.ai/v1",
        "ftp://host/v1",
        "https:///v1",
        "https://host:word/v1",
        "https://user:pass@host/v1",
        "https://host/v1?key=1",
        "https://host/v1#x",
        "https://ho st/v1",
        "https://host:99999/v1",
        "https://hôte/v1",
        "https://host/\x07",
    ],
)
def test_what_is_no_plain_base_address_is_refused_without_being_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingInvalid, match="upstream_url") as caught:
        upstream_of(given(tmp_path, upstream_url=url))
    assert url not in caught.value.text


@pytest.mark.parametrize(
    "url", ["https://api.mistral.ai/v1", "http://10.0.0.7:8080/v1", "http://localhost.example/v1", "http://0.0.0.0/v1"]
)
def test_offline_nothing_beyond_this_machine_is_an_upstream(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingInvalid, match="offline"):
        upstream_of(given(tmp_path, upstream_url=url, offline=True))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/v1", "http://localhost:8080", "https://[::1]:8443/v1/"])
def test_offline_an_upstream_on_this_machine_is_one(tmp_path: Path, url: str) -> None:
    address = upstream_of(given(tmp_path, upstream_url=url, offline=True))
    assert address is not None
    assert address.loopback


@pytest.mark.parametrize("values", [{"upstream_key": KEY}, {"upstream_models": ("a",)}])
def test_a_key_or_names_without_an_address_are_a_mistake(tmp_path: Path, values: dict[str, Any]) -> None:
    with pytest.raises(SettingInvalid, match="upstream_url is not") as caught:
        upstream_of(given(tmp_path, **values))
    assert KEY not in caught.value.text


@pytest.mark.parametrize("key", ["two words", "clé-secrète", "line\nbreak"])
def test_a_key_that_is_none_is_refused_without_being_repeated(tmp_path: Path, key: str) -> None:
    with pytest.raises(SettingInvalid, match="upstream_key") as caught:
        upstream_of(given(tmp_path, upstream_url="https://host/v1", upstream_key=key))
    assert key not in caught.value.text


def test_the_key_is_not_among_what_is_shown(tmp_path: Path) -> None:
    shown = list(given(tmp_path, upstream_url="https://host/v1", upstream_key=KEY).describe())
    assert KEY not in str(shown)
    assert ("upstream_key", "…", "command line") in shown


CARDS = [
    {
        "id": "large",
        "capabilities": {"completion_chat": True, "vision": True, "audio": True, "audio_transcription": True, "ocr": True},
        "max_context_length": 131072,
        "aliases": ["big"],
    },
    {"id": "embed", "capabilities": {"completion_chat": False}},
    {"id": "gguf", "meta": {"n_ctx_train": 4096}},
    {"id": "vllm", "max_model_len": 8192, "license": "MIT"},
    {"id": "bare"},
]
ODD: list[Any] = [
    *(None, 1, "large", [], {}, {"id": None}, {"id": "x" * 300}, {"id": "a\x00"}),
    {
        "id": "odd",
        "capabilities": [],
        "max_context_length": True,
        "aliases": {},
        "created": -1,
        "name": 5,
        "default_model_temperature": "hot",
    },
    {"id": "odd", "name": "second"},
]


def test_cards_of_every_kind_of_server_are_understood(tmp_path: Path) -> None:
    address = upstream_of(given(tmp_path, upstream_url="https://host.example/v1"))
    assert address is not None
    found = {model.id: model for model in models_of([*CARDS, *ODD], (), address, 1000)}
    assert [(id, model.context, model.mistral) for id, model in found.items()] == [
        *(("large", 131072, True), ("gguf", 4096, False), ("vllm", 8192, False), ("bare", 1000, False), ("odd", 1000, False)),
    ]
    assert found["large"].capabilities == {"completion_chat", "vision", "audio"}
    assert found["large"].aliases == ("big",)
    assert (found["vllm"].licence, found["bare"].licence) == ("MIT", None)
    assert found["bare"].left == ("host.example",)
    assert (found["odd"].name, found["odd"].created, found["odd"].aliases) == ("", 0, ())


def test_named_models_are_offered_under_their_names_here_whether_they_are_listed_or_not(tmp_path: Path) -> None:
    address = upstream_of(given(tmp_path, upstream_url="http://127.0.0.1:1/v1"))
    assert address is not None
    found = models_of(CARDS, ("ours=large", "unlisted"), address, 1000)
    assert [(model.id, model.there, model.context, model.aliases) for model in found] == [
        ("ours", "large", 131072, ()),
        ("unlisted", "unlisted", 1000, ()),
    ]
    assert found[0].left == ()
