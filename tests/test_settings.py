"""Settings: what a file says is taken as it was meant, or refused in a sentence."""

from pathlib import Path
from typing import get_type_hints

import pytest

from alize.errors import SettingInvalid
from alize.settings import _BOUNDS, Settings
from alize.storage.ids import new_id, tenant_of


def load(home: Path, text: str) -> Settings:
    (home / "settings.toml").write_text(text)
    return Settings.load({}, home=str(home))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("port = inf", "whole number"),
        ("port = 8600.7", "whole number"),
        ("port = true", "whole number"),
        ("port = 70000", r"port = 70000 \(.*settings\.toml\) is not between 0 and 65535"),
        ("tokens_per_minute = -1", "between 0 and 1000000000000"),
        ("log_level = 'loud'", r"settings\.toml\) is not one of debug"),
        ("api_key = 'short'", r"settings\.toml\) is shorter"),
        ("drain_seconds = nan", "between"),
        ("home = '/elsewhere'", "lies in it"),
        ("origins = {}", "Unknown"),
        ("model_aliases = ['a']", "alias=model"),
        ("port = ", "TOML"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_origin(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingInvalid, match=says):
        load(tmp_path, text)


def test_an_empty_variable_does_not_turn_keys_off(tmp_path: Path) -> None:
    """`ALIZE_AUTH=$AUTH` with no AUTH is a mistake, and must not open the server."""
    with pytest.raises(SettingInvalid, match=r"auth = '' \(environment\) is not true or false"):
        Settings.load({"ALIZE_AUTH": ""}, home=str(tmp_path))


def test_a_secret_of_the_wrong_kind_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="api_key") as caught:
        load(tmp_path, "api_key = 1234567890123456")
    assert "1234567890123456" not in caught.value.text


def test_spaces_around_the_parts_of_a_list_are_not_meant(tmp_path: Path) -> None:
    assert load(tmp_path, "model_aliases = ['a = b', ' c=d ']").aliases() == {"a": "b", "c": "d"}
    assert Settings.load({"ALIZE_MODEL_ALIASES": "a = b, c=d"}, home=str(tmp_path)).aliases() == {"a": "b", "c": "d"}


def test_adapters_are_named_with_their_paths(tmp_path: Path) -> None:
    chosen = load(tmp_path, "adapters = ['law = some/folder', 'owner/poems:1=/else/where=here']")
    assert chosen.adapter_paths() == {"law": str(Path("some/folder").absolute()), "owner/poems:1": "/else/where=here"}
    for wrong in ("law", "law=", "=path", "two words=path", "a" * 201 + "=path", "law=a', 'law=b"):
        with pytest.raises(SettingInvalid, match="adapters"):
            load(tmp_path, f"adapters = ['{wrong}']")


NOBODY = ("key_7=4", "ws_1/=2", "/x=3", "ws_1 /key_7=2", "ws_1/key_7/=2", "ws_=2", "ws_1/key_7/key_8=2")
"""Weights of ids that no tenant has."""


def test_tenants_are_given_weights(tmp_path: Path) -> None:
    chosen = load(tmp_path, "tenant_weights = ['ws_1 = 2', 'ws_1/key_7=0.5']")
    assert chosen.weights_of_tenants() == {"ws_1": 2.0, "ws_1/key_7": 0.5}
    workspace, key = new_id("ws"), new_id("key")
    tenant = tenant_of(workspace, key)
    assert load(tmp_path, f"tenant_weights = ['{workspace}=2', '{tenant}=3']").weights_of_tenants() == {workspace: 2.0, tenant: 3.0}
    for wrong in ("ws_1", "=2", *(f"ws_1={weight}" for weight in ("", "two", "0", "-1", "nan", "inf", "1=2", "1', 'ws_1 = 2")), *NOBODY):
        with pytest.raises(SettingInvalid, match="tenant_weights"):
            load(tmp_path, f"tenant_weights = ['{wrong}']")


def test_later_wins_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("port = 1\nmax_running = 1\nmax_waiting = 1")
    chosen = Settings.load({"ALIZE_MAX_RUNNING": "2", "ALIZE_MAX_WAITING": "2"}, home=str(tmp_path), max_waiting=3)
    assert (chosen.port, chosen.max_running, chosen.max_waiting) == (1, 2, 3)
    assert [chosen.origins[name] for name in ("port", "max_running", "max_waiting")] == [
        str(tmp_path / "settings.toml"),
        "environment",
        "command line",
    ]


def test_a_temperature_that_somebody_set_goes_before_the_models_own(tmp_path: Path) -> None:
    untouched, chosen = Settings.load({}, home=str(tmp_path)), Settings.load({"ALIZE_DEFAULT_TEMPERATURE": "0.7"}, home=str(tmp_path))
    assert [untouched.temperature(card) for card in (None, 0.0, 1.0)] == [0.7, 0.0, 1.0]
    assert [chosen.temperature(card) for card in (None, 0.0, 1.0)] == [0.7, 0.7, 0.7]


def test_every_number_has_bounds() -> None:
    """One without would be taken at any value: a negative count, an endless wait."""
    numbers = {name for name, kind in get_type_hints(Settings).items() if kind in (int, float)}
    assert numbers == set(_BOUNDS)
    defaults = Settings()
    for name, (low, high) in _BOUNDS.items():
        assert low <= getattr(defaults, name) <= high


def test_a_models_longest_answer_gives_way_to_what_somebody_set(tmp_path: Path) -> None:
    unset = Settings.load({}, home=tmp_path)
    assert (unset.max_tokens(512), unset.max_tokens(0)) == (512, 0)
    assert Settings.load({}, home=tmp_path, default_max_tokens=3).max_tokens(512) == 3
    assert Settings.load({"ALIZE_DEFAULT_MAX_TOKENS": "0"}, home=tmp_path).max_tokens(512) == 0
