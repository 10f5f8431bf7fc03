"""Column types that mean the same on SQLite and PostgreSQL. In: Python values. Out: stored values, and back."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, String, types

from alize.errors import InvalidRequest
from alize.reasons import because

__all__ = ["Count", "Json", "Moment", "Text", "Words"]


class Count(types.TypeDecorator[int]):
    """How many: a whole number from 0 up to what 64 bits with a sign hold. Others are refused (InvalidRequest)."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        if value is not None and not 0 <= value < 1 << 63:
            raise InvalidRequest(f"{value} is not a count that can be stored.")
        return value


class Moment(types.TypeDecorator[datetime]):
    """An aware datetime, kept in UTC to the microsecond. SQLite keeps it as text of one width, so it sorts as it reads.

    A naive datetime is refused (ValueError): nobody could say later which hour it meant.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Text(types.TypeDecorator[str]):
    """Unicode text. NUL, which PostgreSQL cannot hold, and half surrogate pairs are refused on both (InvalidRequest)."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is not None and ("\0" in value or any("\ud800" <= character <= "\udfff" for character in value)):
            raise InvalidRequest(
                f"{value[:40]!r} holds a character that cannot be stored.",
                remedy="Remove NUL and lone surrogates.",
                reason=because("character_unstorable"),
            )
        return value


class Json(types.TypeDecorator[Any]):
    """A value that JSON can say, kept as its text and never asked about inside. NUL and half surrogate pairs are refused as in `Text`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        if "\\u0000" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise InvalidRequest(
                "The data holds a character that cannot be stored.",
                remedy="Remove NUL and lone surrogates.",
                reason=because("character_unstorable"),
            )
        return text

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Words(types.TypeDecorator[Sequence[str]]):
    """A short list of words without spaces, kept as OAuth writes scopes: `inference admin`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if any(not word or word.split() != [word] for word in value):
            raise InvalidRequest(f"{list(value)!r} are not all single words.")
        return " ".join(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value.split())
