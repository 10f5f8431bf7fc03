"""Addresses and names as people type them, and as they would be forged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.errors import InvalidRequest
from alize.governance.people import checked_email, checked_name, folded


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.L+x@EXAMPLE.org ", "ada.l+x@example.org"),
        ("\uff41da@example.org", "ada@example.org"),
        ("änne@exämple.de", "änne@exämple.de"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_an_address_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert checked_email(typed) == kept
    assert folded(typed) == kept


@pytest.mark.parametrize(
    "wrong",
    [
        *("", " ", "ada", "@", "ada@", "@example.org", "a b@example.org", "ada@exam ple.org", "ada@@example.org", "a..b@example.org"),
        *("ada@example.org\r\nBcc: eve", "ada\x00@example.org", "ada\u202e@example.org", "ada\u200b@example.org", "a@b.org\u2028c"),
        *("<script>@example.org", '"ada"@example.org', "ada@example.org,eve@example.org", "x" * 65 + "@example.org"),
        *("a@" + "x" * 254, "a" * 100_000),
    ],
)
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidRequest, match="address"):
        checked_email(wrong)


@given(st.text(max_size=60))
def test_a_kept_address_is_kept_as_it_is(text: str) -> None:
    try:
        kept = checked_email(text)
    except InvalidRequest:
        return
    assert checked_email(kept) == kept
    assert kept.isprintable()


@pytest.mark.parametrize(
    "name", ["Ada Lovelace", "李小龍", "O'Brien", "<b>Ada</b>", "می\u200cخواهم", "👩\u200d💻", "'; DROP TABLE accounts"]
)
def test_a_name_may_be_anything_that_can_be_seen(name: str) -> None:
    assert checked_name(f" {name} ") == name


@pytest.mark.parametrize("wrong", ["", "   ", "\u200d", "Ada\nroot", "Ada\x1b[2J", "Ada\u202egnp.exe", "Ada\x00", "\ufeffAda", "x" * 101])
def test_what_cannot_be_seen_is_no_name(wrong: str) -> None:
    with pytest.raises(InvalidRequest):
        checked_name(wrong)
