"""Opaque cursors of lists. In: a row's place in its list. Out: a text for the next page, and back.

A list is ordered by (created, id). The cursor is that pair of the last row shown, so a page begins where the last one ended
whatever was added in between. It is not signed: every query also filters by workspace, and a forged one only names another
place in the caller's own list.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from alize.errors import InvalidRequest
from alize.reasons import because

__all__ = ["MAX_LIMIT", "Place", "check_limit", "decode", "encode", "is_of"]

MAX_LIMIT = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 8192  # characters; an id is far shorter


class Place(NamedTuple):
    """Where a row stands in its list."""

    created: datetime
    id: str


def encode(kind: str, place: Place) -> str:
    """
    >>> decode("usage", encode("usage", Place(_EPOCH, "r1"))).id
    'r1'
    """
    microseconds = (place.created - _EPOCH) // timedelta(microseconds=1)
    raw = json.dumps([kind, microseconds, place.id], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(kind: str, cursor: str) -> Place:
    """Raises InvalidRequest for anything that `encode` did not write for this kind of list."""
    try:
        if len(cursor) > _LONGEST:
            raise ValueError
        raw: Any = json.loads(base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        written_for, microseconds, id = raw
        if written_for != kind or type(microseconds) is not int or type(id) is not str:
            raise ValueError
        place = Place(_EPOCH + timedelta(microseconds=microseconds), id)
        if encode(kind, place) != cursor:  # one place, one cursor
            raise ValueError
        return place
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise InvalidRequest(
            f"after = {cursor[:60]!r} is not a cursor of this list.",
            param="after",
            remedy="Give the `next` of the page before.",
            reason=because("list_changed"),
        ) from None


def is_of(kind: str, cursor: str) -> bool:
    """Whether `encode` wrote it for this kind of list.

    >>> is_of("usage", encode("usage", Place(_EPOCH, "r1"))), is_of("usage", "r1")
    (True, False)
    """
    try:
        decode(kind, cursor)
    except InvalidRequest:
        return False
    return True


def check_limit(limit: int) -> int:
    """Raises InvalidRequest outside 1…1000."""
    if type(limit) is not int or not 1 <= limit <= MAX_LIMIT:
        raise InvalidRequest(f"limit = {limit!r} is not a whole number from 1 to {MAX_LIMIT}.", param="limit")
    return limit
