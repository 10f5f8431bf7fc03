"""A cursor leads to one place, and what is no cursor leads nowhere."""

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.errors import InvalidRequest
from alize.storage.cursor import Place, check_limit, decode, encode

places = st.builds(Place, st.datetimes(timezones=st.just(UTC)), st.text(st.characters(exclude_categories=["Cs"]), max_size=60))


@given(places)
def test_a_cursor_leads_back_to_its_place(place: Place) -> None:
    cursor = encode("usage", place)
    assert decode("usage", cursor) == place
    assert cursor.isascii()
    assert all(character.isalnum() or character in "-_" for character in cursor)


@given(places, st.data())
def test_a_cursor_with_one_character_changed_is_refused_or_leads_elsewhere(place: Place, data: st.DataObject) -> None:
    cursor = encode("usage", place)
    at = data.draw(st.integers(0, len(cursor) - 1))
    changed = cursor[:at] + data.draw(st.characters().filter(lambda character: character != cursor[at])) + cursor[at + 1 :]
    with suppress(InvalidRequest):
        assert decode("usage", changed) != place


@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="))))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        decode("usage", text)


def written(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "hostile",
    [
        written(["keys", 0, "r1"]),
        written(["usage", 10**30, "r1"]),
        written(["usage", 2**62, "r1"]),
        written(["usage", True, "r1"]),
        written(["usage", 1.5, "r1"]),
        written(["usage", 0, 7]),
        written(["usage", 0, None]),
        written(["usage", 0]),
        written({"usage": 0}),
        written(None),
        "x" * 100_000,
        base64.urlsafe_b64encode(b"[" * 6000).decode(),
        encode("usage", Place(datetime(2026, 1, 1, tzinfo=UTC), "r1")) + "=",
    ],
)
def test_a_hostile_cursor_is_refused(hostile: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode("usage", hostile)
    assert len(caught.value.text) < 300


def test_limits_from_one_to_a_thousand_are_good() -> None:
    assert [check_limit(limit) for limit in (1, 1000)] == [1, 1000]
