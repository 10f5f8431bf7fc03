"""Every value is shown with its origin; secrets are not."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Alize


def test_each_value_says_where_it_came_from(alize: Alize, home: Path) -> None:
    home.mkdir()
    (home / "settings.toml").write_text("max_running = 3\nport = 1\n")
    shown = json.loads(alize("settings", "--json", env={"ALIZE_PORT": "2"}).stdout)
    assert shown["max_running"] == {"value": 3, "origin": str(home / "settings.toml"), "environment": "ALIZE_MAX_RUNNING"}
    assert shown["port"]["value"] == 2
    assert shown["port"]["origin"] == "environment"
    assert shown["threads"]["origin"] == "default"


def test_an_empty_home_is_not_taken_for_this_folder(alize: Alize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert alize("settings", "--home", "").exit_code == 2
    assert alize("keys", "list", "--home", "").exit_code == 2
    assert list(tmp_path.iterdir()) == []
    assert json.loads(alize("settings", "--home", ".", "--json").stdout)["home"]["value"] == str(tmp_path)


def test_secrets_are_not_shown(alize: Alize) -> None:
    for arguments in (["settings"], ["settings", "--json"]):
        result = alize(*arguments, env={"ALIZE_API_KEY": "a-secret-of-some-length"})
        assert result.exit_code == 0
        assert "a-secret" not in result.stdout


def test_a_wrong_value_is_said_with_its_origin(alize: Alize, home: Path) -> None:
    home.mkdir()
    (home / "settings.toml").write_text("prot = 1\n")
    result = alize("settings")
    assert result.exit_code == 1
    assert "prot" in result.stderr
    assert "settings.toml" in result.stderr
