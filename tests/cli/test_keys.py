"""Keys are made, shown once, listed and ended from the command line."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from alize.cli.keys import lifetime
from alize.errors import InvalidRequest
from tests.cli.conftest import Alize


def test_a_key_is_shown_once_and_listed_without_its_secret(alize: Alize) -> None:
    made = alize("keys", "create", "my program")
    secret = made.stdout.strip()
    assert secret.startswith("alz_")
    listed = alize("keys", "list")
    assert "my program" in listed.stdout
    assert secret not in listed.stdout


def test_only_the_secret_is_on_standard_output(alize: Alize) -> None:
    """So that `key=$(alize keys create ci)` works."""
    assert len(alize("keys", "create", "ci").stdout.split()) == 1


def test_json_tells_the_same(alize: Alize) -> None:
    made = json.loads(alize("keys", "create", "ci", "--admin", "--expires", "1h", "--json").stdout)
    assert made["scopes"] == ["inference", "admin"]
    (listed,) = json.loads(alize("keys", "list", "--json").stdout)
    assert listed == {name: value for name, value in made.items() if name != "key"}


def test_a_revoked_key_leaves_the_list_but_not_the_record(alize: Alize) -> None:
    made = json.loads(alize("keys", "create", "ci", "--json").stdout)
    revoked = json.loads(alize("keys", "revoke", made["id"], "--json").stdout)
    assert json.loads(alize("keys", "list", "--json").stdout) == []
    (kept,) = json.loads(alize("keys", "list", "--all", "--json").stdout)
    assert kept["state"] == "revoked"
    assert kept == revoked


def test_several_keys_may_have_one_name_and_the_id_ends_one_of_them(alize: Alize) -> None:
    """So that a new one can be handed out before the old one ends."""
    old, new = (json.loads(alize("keys", "create", "ci", "--json").stdout) for _ in range(2))
    assert alize("keys", "revoke", old["id"]).stdout == f"Revoked {old['id']}, 'ci'.\n"
    assert [key["id"] for key in json.loads(alize("keys", "list", "--json").stdout)] == [new["id"]]


def test_a_lost_admin_key_is_replaced(alize: Alize) -> None:
    first = json.loads(alize("keys", "replace-admin", "--json").stdout)
    second = json.loads(alize("keys", "replace-admin", "--json").stdout)
    states = {key["id"]: key["state"] for key in json.loads(alize("keys", "list", "--all", "--json").stdout)}
    assert states == {first["id"]: "revoked", second["id"]: "active"}
    assert first["key"] != second["key"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("revoke", "nope"),
        ("replace-admin", "--id", "nope"),
        ("create", ""),
        ("create", "admin"),
        ("create", "ci", "--expires", "soon"),
        ("create", "ci", "--expires", "99999y"),
    ],
)
def test_what_cannot_be_done_is_said(alize: Alize, arguments: tuple[str, ...]) -> None:
    result = alize("keys", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


def test_an_unusable_home_is_said(alize: Alize, home: Path) -> None:
    home.write_text("a file")
    result = alize("keys", "list")
    assert result.exit_code == 1
    assert "It is a file" in result.stderr


def test_a_length_of_time_is_a_number_and_a_unit() -> None:
    assert [lifetime(text) for text in ("1h", "2D", "1w", "1y")] == [
        timedelta(hours=1),
        timedelta(days=2),
        timedelta(weeks=1),
        timedelta(days=365),
    ]
    for text in ("", "0d", "-1d", "1", "1m", "1.5h", "999999d", "٣d"):
        with pytest.raises(InvalidRequest, match="no length of time"):
            lifetime(text)
