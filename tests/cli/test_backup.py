"""What was backed up comes back, by two commands."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Alize


@pytest.fixture
def archive(alize: Alize, tmp_path: Path) -> Path:
    """A backup of a state folder with one key, `mine`."""
    assert alize("keys", "create", "mine").exit_code == 0
    path = tmp_path / "saved.tar.gz"
    assert alize("backup", str(path)).exit_code == 0
    return path


def names(alize: Alize, *arguments: str) -> list[str]:
    return [key["name"] for key in json.loads(alize("keys", "list", "--json", *arguments).stdout)]


def test_keys_come_back_in_another_folder(alize: Alize, archive: Path, tmp_path: Path) -> None:
    other = ["--home", str(tmp_path / "other")]
    assert alize("restore", str(archive), *other).exit_code == 0
    assert names(alize, *other) == ["mine"]


def test_a_state_folder_is_replaced_only_by_force_and_kept_beside(alize: Alize, archive: Path) -> None:
    alize("keys", "create", "later")
    refused = alize("restore", str(archive))
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert names(alize) == ["later", "mine"]
    done = json.loads(alize("restore", str(archive), "--force", "--json").stdout)
    assert names(alize) == ["mine"]
    assert Path(done["before"]).is_dir()


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_what_is_no_archive_is_refused(alize: Alize, archive: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.tar.gz").write_bytes(content or archive.read_bytes()[:-100])
    result = alize("restore", str(tmp_path / "bad.tar.gz"), "--force")
    assert result.exit_code == 1
    assert names(alize) == ["mine"]


def test_a_backup_is_named_after_the_moment_where_no_name_is_given(alize: Alize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alize("keys", "create", "mine")
    monkeypatch.chdir(tmp_path)
    made = json.loads(alize("backup", "--json").stdout)
    assert Path(made["archive"]).parent == tmp_path
    assert made["bytes"] == Path(made["archive"]).stat().st_size


def test_there_is_nothing_to_back_up_in_an_empty_folder(alize: Alize, tmp_path: Path) -> None:
    result = alize("backup", str(tmp_path / "saved.tar.gz"))
    assert result.exit_code == 1
    assert not (tmp_path / "saved.tar.gz").exists()
